/* One step: what each gate and state is for the chosen unit, and how it lies over all units. */
import { digits, make, makeSvg } from "./dom";
import type { Group, StateArray } from "./states";

const BINS = 24, STRONGEST = 8;

function histogram(array: StateArray, values: number[], own: number): SVGElement {
    const counts = new Array<number>(BINS).fill(0), span = array.high - array.low || 1;
    const bin = (v: number): number => Math.min(Math.max(Math.floor((BINS * (v - array.low)) / span), 0), BINS - 1);
    for (const value of values) counts[bin(value)]!++;
    const most = Math.max(...counts, 1);
    return makeSvg("svg", { viewBox: `0 0 ${BINS * 4} 26`, class: "histogram", "aria-hidden": "true" },
        ...counts.map((n, i) => makeSvg("rect", { x: i * 4, width: 3.4, y: 24 - (22 * n) / most, height: (22 * n) / most + 0.5, class: i === bin(own) ? "own" : "" })));
}

/* `chosen` is the array whose strongest units are listed. */
export function stepTable(group: Group, chosen: number, unit: number, step: number, onUnit: (unit: number) => void): Node[] {
    const rows = group.arrays.map(array => {
        const values = group.units.map((_, u) => array.at(u, step)), own = array.at(unit, step);
        const share = (is: (v: number) => boolean): string => `${Math.round((100 * values.filter(is).length) / values.length)}\u2009%`;
        const isGate = !array.diverging && array.low === 0 && array.high === 1;
        return make("tr", {}, make("th", { scope: "row" }, array.name), make("td", { class: "number" }, digits(own)),
            make("td", { class: "number" }, digits(values.reduce((a, b) => a + b, 0) / values.length)),
            make("td", { class: "number" }, isGate ? share(v => v < 0.1) : ""), make("td", { class: "number" }, isGate ? share(v => v > 0.9) : ""),
            make("td", {}, histogram(array, values, own)));
    });
    const head = [`${group.unitLabel} ${group.units[unit] ?? ""}`, "mean", "< 0.1", "> 0.9", "all units"];
    const caption = make("caption", {}, `Step ${step + 1}: `, make("span", { class: "symbol-name" }, group.symbols[step] ?? ""));
    return [
        make("table", { class: "step" }, caption,
            make("thead", {}, make("tr", {}, make("td"), ...head.map((text, i) => make("th", { scope: "col", class: i < 4 && "number" }, text)))),
            make("tbody", {}, ...rows)),
        strongest(group, group.arrays[chosen]!, step, onUnit),
    ];
}

function strongest(group: Group, array: StateArray, step: number, onUnit: (unit: number) => void): HTMLElement {
    const units = group.units.map((_, u) => u).sort((a, b) => Math.abs(array.at(b, step)) - Math.abs(array.at(a, step)));
    return make("p", { class: "units strongest" }, `Strongest here (${array.name}): `, ...units.slice(0, STRONGEST).map(u =>
        make("button", { type: "button", class: "unit", onclick: () => onUnit(u) }, `${group.units[u]} `, make("small", {}, digits(array.at(u, step), 2)))));
}
