/* Views and panels as the report holds them, each in the way of its kind. */
import { bars } from "./bars";
import { Matrix, namesOf, type HeatmapPanel, type Panel, type View } from "./data";
import { languageOf, make } from "./dom";
import { Heatmap } from "./heatmap";
import { Hub } from "./hub";
import { Lines } from "./lines";
import { passages } from "./passages";
import { table } from "./table";

function heatmap(panel: HeatmapPanel, hub: Hub): HTMLElement {
    const matrix = new Matrix(panel.matrix), rows = namesOf(panel.rows, matrix.rows), columns = namesOf(panel.columns, matrix.columns);
    const far = Math.max(Math.abs(matrix.low), Math.abs(matrix.high)), diverging = panel.diverging ?? false;
    let row: number | null = null, column: number | null = null;
    const picture: Heatmap = new Heatmap({
        label: panel.title, rowLabel: panel.rows.label ?? "row", columnLabel: panel.columns.label ?? "column", rows, columns,
        value: (r, c) => matrix.at(r, c), low: diverging ? -far : matrix.low, high: diverging ? far : matrix.high, diverging,
        onChoose: (r, c) => {
            [row, column] = [r, c];
            picture.setCursor(row, column);
            hub.tell(picture, Hub.key(rows), r);
            hub.tell(picture, Hub.key(columns), c);
        },
    });
    hub.listen(picture, Hub.key(rows), r => picture.setCursor(row = r, column));
    hub.listen(picture, Hub.key(columns), c => picture.setCursor(row, column = c));
    return picture.element;
}

function body(panel: Panel, hub: Hub): HTMLElement {
    switch (panel.kind) {
    case "heatmap": return heatmap(panel, hub);
    case "lines": return new Lines(panel, { label: panel.title }).element;
    case "bars": return bars(panel);
    case "table": return table(panel);
    case "passages": return passages(panel);
    default: return make("p", {}, `This page has no picture for panels of kind ${String((panel as { kind: unknown }).kind)}.`);
    }
}

export function panelElement(panel: Panel, hub = new Hub()): HTMLElement {
    return make("figure", { class: `panel panel-${panel.kind}` }, make("figcaption", { lang: languageOf(panel.title) }, panel.title), body(panel, hub));
}

export function factList(facts: [string, string][]): HTMLElement {
    return make("dl", { class: "facts" }, ...facts.map(([name, text]) =>
        make("div", {}, make("dt", {}, name), make("dd", { lang: languageOf(text) }, text))));
}

export function viewElement(view: View, hub = new Hub()): HTMLElement {
    return make("div", { class: "view" }, (view.facts?.length ?? 0) > 0 && factList(view.facts!),
        make("div", { class: "panels" }, ...view.panels.map(panel => panelElement(panel, hub))));
}
