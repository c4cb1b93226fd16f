/* As in LSTMVis: a range of steps, a threshold, the units over it all through the range, and places where the same units
 * are. */
import { digits, languageOf, make, newId, shown } from "./dom";
import { rangesLike, unitsOver, type Group, type Selection, type StateArray } from "./states";
import type { Passage } from "./data";

export interface SelectionHooks {
    onChange: (selection: Selection) => void;
    onUnit: (unit: number) => void;
    onPlace: (passage: number, range: [number, number]) => void;
}

const SHOWN = 48, ALIKE = 6;

export class SelectionPanel {
    readonly element: HTMLElement;
    private readonly slider = make("input", { type: "range", id: "threshold", step: "any" });
    private readonly number = make("output", { for: "threshold", class: "threshold-value" });
    private readonly from = make("input", { type: "number", min: 1, id: newId("from"), class: "short" });
    private readonly to = make("input", { type: "number", min: 1, id: newId("to"), class: "short" });
    private readonly strict = make("input", { type: "checkbox", id: newId("strict") });
    private readonly units = make("p", { class: "units", "aria-live": "polite" });
    private readonly alike = make("ol", { class: "alike" });
    private pending = 0;
    private selection: Selection = { range: [0, 0], threshold: 0, isStrict: false };

    constructor(private readonly passages: Passage[], private readonly here: number, private readonly hooks: SelectionHooks) {
        const row = (label: string, ...inputs: HTMLElement[]): HTMLElement =>
            make("div", { class: "field" }, make("label", { for: inputs[0]!.id }, label), ...inputs);
        this.element = make("section", { class: "selection", "aria-label": "Units over a threshold" },
            make("h4", {}, "Units over a threshold"),
            row("Threshold", this.slider, this.number),
            make("div", { class: "fields" }, row("From step", this.from), row("to", this.to),
                make("div", { class: "field" }, this.strict, make("label", { for: this.strict.id }, "and not just before and after"))),
            this.units,
            make("h4", {}, "Passages with the same units over it"), this.alike);
        this.slider.addEventListener("input", () => this.change({ threshold: this.slider.valueAsNumber }));
        this.from.addEventListener("change", () => this.changeRange(this.from.valueAsNumber - 1, this.selection.range[1]));
        this.to.addEventListener("change", () => this.changeRange(this.selection.range[0], this.to.valueAsNumber - 1));
        this.strict.addEventListener("change", () => this.change({ isStrict: this.strict.checked }));
    }

    private change(part: Partial<Selection>): void {
        this.hooks.onChange({ ...this.selection, ...part });
    }

    private changeRange(from: number, to: number): void {
        if (!Number.isInteger(from) || !Number.isInteger(to)) return;
        this.change({ range: [Math.min(from, to), Math.max(from, to)] });
    }

    /* Returns the units that are over it. */
    show(group: Group, array: StateArray, selection: Selection, unit: number): number[] {
        this.selection = selection;
        const { range, threshold, isStrict } = selection, last = String(group.symbols.length);
        this.slider.min = String(array.low);
        this.slider.max = String(array.high);
        this.slider.valueAsNumber = threshold;
        this.slider.setAttribute("aria-valuetext", digits(threshold));
        this.number.textContent = digits(threshold);
        this.from.max = this.to.max = last;
        this.from.value = String(range[0] + 1);
        this.to.value = String(range[1] + 1);
        this.strict.checked = isStrict;
        const over = unitsOver(group, array, selection);
        this.showUnits(group, array, over, unit);
        clearTimeout(this.pending);
        this.pending = window.setTimeout(() => this.showAlike(group, array), 60); /* not at every move of the slider */
        return over;
    }

    private showUnits(group: Group, array: StateArray, over: number[], unit: number): void {
        const { range } = this.selection, steps = range[0] === range[1] ? `step ${range[0] + 1}` : `steps ${range[0] + 1} to ${range[1] + 1}`;
        this.units.replaceChildren(make("strong", { id: "over" }, `${over.length} of ${group.units.length}`),
            ` units have ${array.name} \u2265 ${digits(this.selection.threshold)} in ${steps}. `,
            ...over.slice(0, SHOWN).map(u => make("button", {
                type: "button", class: u === unit ? "unit now" : "unit", onclick: () => this.hooks.onUnit(u),
            }, group.units[u] ?? "")), over.length > SHOWN ? ` and ${over.length - SHOWN} more` : "");
    }

    private showAlike(group: Group, array: StateArray): void {
        const found = rangesLike(this.passages, this.here, group, array, this.selection, ALIKE);
        this.alike.replaceChildren(...found.map(like => {
            const passage = this.passages[like.passage]!, symbols = symbolsOf(passage, group.name);
            return make("li", {}, make("button", {
                type: "button", class: "place", lang: languageOf(symbols.join("")), onclick: () => this.hooks.onPlace(like.passage, [like.from, like.to]),
            }, make("span", { class: "score" }, `${Math.round(100 * like.score)}\u2009%`), ...around(symbols, like.from, like.to)));
        }));
        if (found.length === 0) this.alike.append(make("li", { class: "none" }, "None has."));
    }
}

const symbolsOf = (passage: Passage, group: string): string[] => {
    for (const view of passage.views)
        for (const panel of view.panels)
            if (panel.kind === "heatmap" && panel.group === group) return panel.columns.names ?? [];
    return [];
};

/* The range with some of what stands around it. */
function around(symbols: string[], from: number, to: number): (HTMLElement | string)[] {
    const isLetters = symbols.every(symbol => [...symbol].length <= 1), gap = isLetters ? "" : " ";
    const text = (a: number, b: number): string => symbols.slice(Math.max(a, 0), b).map(shown).join(gap);
    const reach = isLetters ? 24 : 8;
    return [from > reach ? "\u2026" : "", text(from - reach, from), gap, make("mark", {}, text(from, to + 1)), gap,
        text(to + 1, to + 1 + reach), to + 1 + reach < symbols.length ? "\u2026" : ""].filter(part => part !== "");
}
