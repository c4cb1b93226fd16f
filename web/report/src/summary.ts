/* What the model is and what it was shown. */
import { digits, make } from "./dom";
import { factList } from "./panels";
import { table } from "./table";
import type { Json, Report, TensorFacts } from "./data";

export const plain = (name: string): string => name.replace(/_/g, " ");

const text = (value: unknown): string =>
    typeof value === "boolean" ? (value ? "yes" : "no") : typeof value === "number" && Number.isInteger(value) ? value.toLocaleString("en") : typeof value === "number" ? digits(value, 4) : String(value);

const isPlain = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value) && value !== "";
const facts = (of: Record<string, unknown>): [string, string][] =>
    Object.entries(of).filter(([, value]) => isPlain(value)).map(([name, value]) => [plain(name), text(value)]);

/* As a recipe is written. */
function yaml(value: Json, indent = ""): string {
    if (Array.isArray(value)) return ` [${value.map(v => yaml(v).trim()).join(", ")}]\n`;
    if (value === null || typeof value !== "object") return ` ${value === "" ? '""' : String(value)}\n`;
    const lines = Object.entries(value).map(([key, v]) => `${indent}${key}:${yaml(v, `${indent}  `)}`).join("");
    return indent === "" ? lines : `\n${lines}`;
}

const folded = (name: string, ...parts: Node[]): HTMLElement => make("details", {}, make("summary", {}, name), ...parts);

const tensorTable = (tensors: TensorFacts[]): HTMLElement => table({
    kind: "table", title: "Tensors", columns: ["name", "type", "shape", "numbers"],
    rows: tensors.map(t => [t.name, t.dtype, t.shape.join(" \u00d7 "), t.shape.reduce((a, b) => a * b, 1)]),
});

export function summary({ model: { info }, data, absent, passages }: Report): Node[] {
    const { recipe, metrics, tensors, ...rest } = info;
    const shownPassages = passages?.length ?? 0;
    return [
        make("div", { class: "halves" },
            make("div", {}, make("h3", {}, "Model"), factList(facts(rest))),
            make("div", {}, make("h3", {}, "Data"),
                factList([["files", data.files.join(", ") || "the validation data of the recipe"], ["passages", text(data.passages)],
                    ...(shownPassages < data.passages ? [["shown below one by one", `the first ${shownPassages}`] as [string, string]] : [])]),
                metrics && Object.keys(metrics).length > 0 && make("h3", {}, "On the validation data when it was trained"), metrics && factList(facts(metrics)))),
        ...(absent && absent.length > 0 ? [make("p", { class: "hint" }, `Not shown: ${absent.map(({ kind, why }) => `${kind} (${why.replace(/^inspect: /, "")})`).join("; ")}.`)] : []),
        ...(recipe ? [folded("Recipe", make("pre", { tabindex: 0 }, yaml(recipe)))] : []),
        ...(tensors && tensors.length > 0 ? [folded("Weights", tensorTable(tensors))] : []),
    ];
}
