/* A table that sorts by the column whose head is pressed, and shows its first rows until asked for all. */
import { digits, languageOf, make } from "./dom";
import type { Entry, TablePanel } from "./data";

const FIRST = 15;

export function table(panel: TablePanel): HTMLElement {
    const body = make("tbody"), isNumber = panel.columns.map((_, c) => panel.rows.every(row => typeof row[c] === "number" || row[c] === null));
    let rows = panel.rows, isAll = panel.rows.length <= FIRST + 3;
    const show = (): void => body.replaceChildren(...(isAll ? rows : rows.slice(0, FIRST)).map(row =>
        make("tr", {}, ...panel.columns.map((_, c) => cell(row[c] ?? null, isNumber[c]!)))));

    const heads = panel.columns.map((name, c) => {
        const head = make("th", { scope: "col", "aria-sort": "none", class: isNumber[c] && "number" });
        head.append(make("button", { type: "button", onclick: () => sortBy(c) }, name));
        return head;
    });
    function sortBy(c: number): void {
        const isFalling = heads[c]!.getAttribute("aria-sort") !== "descending";
        heads.forEach((head, i) => head.setAttribute("aria-sort", i !== c ? "none" : isFalling ? "descending" : "ascending"));
        rows = [...panel.rows].sort((a, b) => (isFalling ? -1 : 1) * compare(a[c] ?? null, b[c] ?? null));
        show();
    }
    const more = make("button", { type: "button", class: "more" }, `Show all ${panel.rows.length}`);
    more.addEventListener("click", () => {
        isAll = true;
        show();
        more.remove();
    });
    show();
    return make("div", { class: "table" },
        make("div", { class: "table-frame" }, make("table", {}, make("caption", { class: "unseen" }, panel.title), make("thead", {}, make("tr", {}, ...heads)), body)),
        !isAll && more);
}

function cell(value: Entry, isNumber: boolean): HTMLElement {
    if (typeof value === "number") return make("td", { class: isNumber && "number" }, digits(value, 4));
    return make("td", { class: isNumber && "number", lang: languageOf(value ?? "") }, value ?? "\u2013");
}

function compare(a: Entry, b: Entry): number {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return a === null ? -1 : b === null ? 1 : String(a).localeCompare(String(b), "ja");
}
