/* The states of one passage: a heatmap of all units, the text, the chosen unit's lines, the chosen step in numbers, and the
 * units over a threshold. One state says what is chosen; every change goes through `set`, which shows it everywhere. */
import { clamp, digits, make, newId, say, shown } from "./dom";
import { Heatmap } from "./heatmap";
import { Hub } from "./hub";
import { SelectionPanel } from "./selection";
import { ordered, statesOf, type Group, type Order, type StateArray } from "./states";
import { stepTable } from "./step_table";
import { Strip } from "./strip";
import { UnitLines } from "./unit_lines";
import type { Passage } from "./data";

/* What stays chosen from one passage to the next. */
export interface Choice {
    group: number;
    array: string;
    unit: number;
    step: number;
    range: [number, number] | null; /* null: the step alone */
    threshold: number | null; /* null: not yet chosen */
    isStrict: boolean;
    order: Order;
}
export const firstChoice = (): Choice =>
    ({ group: 0, array: "", unit: 0, step: 0, range: null, threshold: null, isStrict: false, order: "given" });

const ORDERS: [Order, string][] = [
    ["given", "those alike together"], ["number", "by number"], ["mean", "by mean"], ["peak", "by time of peak"], ["now", "by value at this step"],
];

export interface ExplorerOptions {
    passages: Passage[];
    here: number;
    choice: Choice;
    hub: Hub;
    onPlace: (passage: number, range: [number, number]) => void;
}

export class Explorer {
    readonly element = make("div", { class: "explorer", id: "explorer" });
    private readonly groups: Group[];
    private readonly choice: Choice;
    private group!: Group;
    private heatmap!: Heatmap;
    private lines!: UnitLines;
    private readonly strip: Strip;
    private readonly selection: SelectionPanel;
    private readonly tabs = make("div", { class: "tabs", role: "radiogroup", "aria-label": "Gate or state" });
    private readonly where = make("span", { class: "where", id: "where" });
    private readonly detail = make("div", { class: "detail" });
    private readonly heatmapRoom = make("div");
    private readonly linesRoom = make("div");
    private readonly unitInput = make("input", { type: "number", class: "short", id: "unit", min: 0 });
    private orderKey = "";

    constructor(private readonly options: ExplorerOptions) {
        this.groups = statesOf(options.passages[options.here]!);
        this.choice = options.choice;
        this.choice.group = clamp(this.choice.group, 0, this.groups.length - 1);
        this.strip = new Strip(step => this.set({ step }), step => this.glance(step));
        this.selection = new SelectionPanel(options.passages, options.here, {
            onChange: ({ range, threshold, isStrict }) => this.set({ range: this.insideRange(range), threshold, isStrict }),
            onUnit: unit => this.set({ unit }), onPlace: options.onPlace,
        });
        this.build();
        this.setGroup(this.choice.group);
        this.element.addEventListener("keydown", event => this.key(event));
        for (const key of new Set(this.groups.map(group => Hub.key(group.symbols))))
            options.hub.listen(this, key, step => { if (Hub.key(this.group.symbols) === key) this.set({ step }, true); });
    }

    private get array(): StateArray {
        return this.group.arrays[this.arrayIndex]!;
    }
    private get arrayIndex(): number {
        const i = this.group.arrays.findIndex(array => array.name === this.choice.array);
        return i < 0 ? this.group.arrays.length - 1 : i;
    }
    private insideRange([from, to]: [number, number]): [number, number] {
        const last = this.group.symbols.length - 1;
        return [clamp(from, 0, last), clamp(to, 0, last)];
    }

    private build(): void {
        const button = (text: string, label: string, move: () => void): HTMLElement =>
            make("button", { type: "button", "aria-label": label, title: label, onclick: move }, text);
        const groupSelect = make("select", { id: newId("group") }, ...this.groups.map((g, i) => make("option", { value: i }, g.name)));
        groupSelect.value = String(this.choice.group);
        groupSelect.addEventListener("change", () => this.setGroup(Number(groupSelect.value)));
        const orderSelect = make("select", { id: newId("order") }, ...ORDERS.map(([value, text]) => make("option", { value }, text)));
        orderSelect.value = this.choice.order;
        orderSelect.addEventListener("change", () => this.set({ order: orderSelect.value as Order }));
        this.unitInput.addEventListener("change", () => {
            const unit = this.group.units.indexOf(this.unitInput.value);
            if (unit >= 0) this.set({ unit });
            else this.unitInput.value = this.group.units[this.choice.unit] ?? "";
        });
        const steps = make("div", { class: "steps", role: "group", "aria-label": "Step" },
            button("\u23ee\ufe0e", "First step", () => this.set({ step: 0 })), button("\u25c0\ufe0e", "Step back", () => this.set({ step: this.choice.step - 1 })),
            button("\u25b6\ufe0e", "Step forward", () => this.set({ step: this.choice.step + 1 })), button("\u23ed\ufe0e", "Last step", () => this.set({ step: 1e9 })), this.where);
        this.element.append(
            make("div", { class: "controls" },
                make("div", { class: "field" }, make("label", { for: groupSelect.id }, "Layer"), groupSelect),
                make("div", { class: "field" }, make("label", { for: orderSelect.id }, "Units"), orderSelect),
                make("div", { class: "field" }, make("label", { for: "unit" }, "Unit"), this.unitInput), steps),
            this.strip.element, this.tabs,
            make("div", { class: "halves" },
                make("div", {}, this.heatmapRoom, make("p", { class: "hint" },
                    "Point at a step or press it; drag over steps to choose a range. Keys: \u2190 \u2192 step, \u2191 \u2193 unit, Shift+\u2190 \u2192 range, Home, End.")),
                make("div", {}, this.linesRoom, this.detail)),
            this.selection.element);
    }

    private setGroup(index: number): void {
        const { choice } = this;
        choice.group = index;
        this.group = this.groups[index]!;
        if (!this.group.arrays.some(array => array.name === choice.array)) choice.array = this.group.arrays.at(-1)!.name;
        this.orderKey = "";
        this.unitInput.max = String(this.group.units.length - 1);
        this.strip.setSymbols(this.group.symbols, this.group.stepLabel);
        this.makeTabs();
        this.heatmap = new Heatmap({
            label: "", rowLabel: this.group.unitLabel, columnLabel: this.group.stepLabel, rows: this.group.units, columns: this.group.symbols,
            value: () => NaN, low: 0, high: 1, diverging: false, height: this.group.units.length > 260 ? 640 : 520, hasOwnKeys: true,
            onHover: (_, step) => this.glance(step), onChoose: (unit, step) => this.set({ unit, step, range: null }), onRange: (from, to) => this.set({ range: [from, to] }),
        });
        this.heatmapRoom.replaceChildren(this.heatmap.element);
        this.lines = new UnitLines(this.group, {
            onStep: step => this.set({ step }), onHover: step => this.glance(step), onThreshold: threshold => this.set({ threshold: clamp(threshold, this.array.low, this.array.high) }),
        });
        this.linesRoom.replaceChildren(this.lines.lines.element);
        if (choice.threshold === null) this.chooseThreshold();
        this.showArray();
        this.set({});
    }

    /* Half way up, where gates open and states take sides. */
    private chooseThreshold(): void {
        this.choice.threshold = this.array.diverging ? 0.5 * this.array.high : 0.5 * (this.array.low + this.array.high);
    }

    private makeTabs(): void {
        this.tabs.replaceChildren(...this.group.arrays.map(array => {
            const input = make("input", { type: "radio", name: "array", value: array.name, id: newId("array") });
            input.checked = array.name === this.array.name;
            input.addEventListener("change", () => {
                this.choice.array = array.name;
                this.chooseThreshold();
                this.orderKey = "";
                this.showArray();
                this.set({});
            });
            return make("label", { for: input.id, class: "tab" }, input, array.name);
        }));
    }

    private showArray(): void {
        const { array } = this;
        this.heatmap.setValues(`${this.group.name}: ${array.name}`, array.at, array.low, array.high, array.diverging);
    }

    set(part: Partial<Choice>, isFromHub = false): void {
        const { choice, group } = this;
        Object.assign(choice, part);
        choice.step = clamp(choice.step, 0, group.symbols.length - 1);
        choice.unit = clamp(choice.unit, 0, group.units.length - 1);
        if (choice.range) choice.range = this.insideRange(choice.range);
        this.order();
        const range = choice.range ?? [choice.step, choice.step], { array } = this;
        const over = this.selection.show(group, array, { range, threshold: choice.threshold ?? 0, isStrict: choice.isStrict }, choice.unit);
        this.heatmap.setMarked(new Set(over));
        this.heatmap.setRange(choice.range);
        this.heatmap.setCursor(choice.unit, choice.step);
        this.heatmap.reveal(choice.step);
        this.lines.show(choice.unit, choice.step, choice.range, choice.threshold ?? 0, this.arrayIndex);
        this.strip.show(array, choice.unit, choice.step, choice.range);
        this.showDetail(choice.step);
        this.unitInput.value = group.units[choice.unit] ?? "";
        this.where.replaceChildren(`${choice.step + 1} of ${group.symbols.length}: `, make("b", {}, shown(group.symbols[choice.step] ?? "")));
        if (!isFromHub) this.options.hub.tell(this, Hub.key(group.symbols), choice.step);
    }

    private order(): void {
        const key = [this.choice.order, this.array.name, this.choice.order === "now" ? this.choice.step : ""].join();
        if (key === this.orderKey) return;
        this.orderKey = key;
        this.heatmap.setOrder(ordered(this.group, this.array, this.choice.order, this.choice.step));
    }

    /* A step that is pointed at is shown until the pointer leaves. */
    private glance(step: number | null): void {
        const at = step ?? this.choice.step;
        this.heatmap.setCursor(this.choice.unit, at);
        this.showDetail(at);
    }

    /* It never gets lower, so that what stands below it does not jump while the pointer moves. */
    private showDetail(step: number): void {
        this.detail.replaceChildren(...stepTable(this.group, this.arrayIndex, this.choice.unit, step, unit => this.set({ unit })));
        this.detail.style.minHeight = `${this.detail.offsetHeight}px`;
    }

    private key(event: KeyboardEvent): void {
        if (event.altKey || event.ctrlKey || event.metaKey || (event.target as Element).matches("input, select")) return;
        const { choice } = this, place = this.heatmap.placeOf(choice.unit), [from, to] = choice.range ?? [choice.step, choice.step];
        const moves: Record<string, () => void> = event.shiftKey ? {
            ArrowLeft: () => this.set(to > from && choice.step === to ? { step: to - 1, range: [from, to - 1] } : { step: from - 1, range: [from - 1, to] }),
            ArrowRight: () => this.set(to > from && choice.step === from ? { step: from + 1, range: [from + 1, to] } : { step: to + 1, range: [from, to + 1] }),
        } : {
            ArrowLeft: () => this.set({ step: choice.step - 1 }), ArrowRight: () => this.set({ step: choice.step + 1 }),
            ArrowUp: () => this.set({ unit: this.heatmap.rowAt(place - 1) }), ArrowDown: () => this.set({ unit: this.heatmap.rowAt(place + 1) }),
            Home: () => this.set({ step: 0 }), End: () => this.set({ step: 1e9 }), Escape: () => this.set({ range: null }),
        };
        const move = moves[event.key];
        if (!move) return;
        event.preventDefault();
        move();
        say(`${this.group.stepLabel} ${choice.step + 1}, ${this.group.symbols[choice.step]}; unit ${this.group.units[choice.unit]}; ${this.array.name} ${digits(this.array.at(choice.unit, choice.step))}`);
    }
}
