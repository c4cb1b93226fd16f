/* The page: what the report holds, in sections, from the JSON that stands in the element #data. */
import "./style.css";
import { readReport, type Report, type View } from "./data";
import { make } from "./dom";
import { curveElement, factList, viewElement } from "./panels";
import { nameOf, passageSection } from "./passage_section";
import { startTheme, themeButton } from "./theme";

interface Section {
    id: string;
    name: string;
    fill: () => Node[];
}

const text = (value: unknown): string => (typeof value === "number" ? value.toLocaleString("en") : String(value));
const plain = (name: string): string => name.replace(/_/g, " ");

function summary(report: Report): Node[] {
    const { recipe, ...model } = report.model, { files, ...data } = report.data;
    const facts = (of: Record<string, unknown>): [string, string][] =>
        Object.entries(of).filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => [plain(name), text(value)]);
    return [
        make("div", { class: "halves" },
            make("div", {}, make("h3", {}, "Model"), factList(facts(model))),
            make("div", {}, make("h3", {}, "Data"), factList([["files", files.join(", ")], ...facts(data)]))),
        ...(recipe ? [make("details", {}, make("summary", {}, "Recipe"), make("pre", { tabindex: 0 }, recipe))] : []),
    ];
}

const titled = (view: View, section: string, element: HTMLElement): Node[] =>
    view.title === section ? [element] : [make("h3", {}, view.title), element];

function sectionsOf(report: Report): Section[] {
    const sections: Section[] = [{ id: "summary", name: "Summary", fill: () => summary(report) }];
    const curves = report.curves ?? [], passages = report.passages ?? [];
    if (curves.length > 0) sections.push({ id: "training", name: "Training", fill: () => [make("div", { class: "panels" }, ...curves.map(curveElement))] });
    if (passages.length > 0) sections.push({ id: "passages", name: "Passages", fill: () => [passageSection(passages)] });
    const kinds = new Map<string, View[]>();
    for (const view of report.views ?? []) kinds.set(view.kind, [...(kinds.get(view.kind) ?? []), view]);
    for (const [kind, views] of kinds)
        sections.push({ id: `view-${kind}`, name: nameOf(kind, views[0]!.title), fill: () => views.flatMap(view => titled(view, nameOf(kind, ""), viewElement(view))) });
    return sections;
}

/* A section that cannot be shown says so in its place; the others stay. */
function filled({ id, name, fill }: Section): HTMLElement {
    let parts: Node[];
    try {
        parts = fill();
    } catch (error) {
        parts = [make("p", { class: "failed", role: "alert" }, `This part cannot be shown: ${error instanceof Error ? error.message : String(error)}.`)];
    }
    return make("section", { id, "aria-labelledby": `${id}-name` }, make("h2", { id: `${id}-name` }, name), ...parts);
}

function start(): void {
    startTheme();
    const at = (id: string): HTMLElement => document.getElementById(id)!;
    let report: Report;
    try {
        report = readReport(at("data").textContent ?? "");
    } catch (error) {
        at("content").replaceChildren(make("p", { class: "failed", role: "alert" }, `This report cannot be read: ${error instanceof Error ? error.message : String(error)}.`));
        document.body.dataset["state"] = "failed";
        return;
    }
    const { model } = report, sections = sectionsOf(report);
    document.title = `${model.file} \u2013 Rondo report`;
    at("top").append(make("div", {}, make("h1", {}, model.file), make("p", {}, [model.task, model["cell"]].filter(Boolean).map(v => plain(String(v))).join(", "))), themeButton());
    at("sections").append(make("ul", {}, ...sections.map(({ id, name }) => make("li", {}, make("a", { href: `#${id}` }, name)))));
    at("content").replaceChildren(...sections.map(filled));
    at("foot").append(`Made by rondo inspect, Rondo ${report.rondo}. Nothing in this page asks for the network.`);
    document.body.dataset["state"] = "ready";
}

start();
