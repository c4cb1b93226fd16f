/* The states of one passage as the explorer sees them: groups (a layer in a direction) of arrays (gates, cell, hidden)
 * over the same units and steps; which units stay over a threshold in a range; where else the same ones do. */
import { Matrix, namesOf, type HeatmapPanel, type Passage, type View } from "./data";

export interface StateArray {
    name: string;
    diverging: boolean;
    low: number;
    high: number;
    at: (unit: number, step: number) => number;
}
export interface Group {
    name: string;
    stepLabel: string;
    unitLabel: string;
    symbols: string[];
    units: string[]; /* their names, in the order of the first array */
    arrays: StateArray[];
}
export interface Selection {
    range: [number, number];
    threshold: number;
    isStrict: boolean; /* and not over it just before and just after the range */
}

/* Rows may stand in another order in each panel; names tell which is which. */
function arrayOf(panel: HeatmapPanel, units: string[]): StateArray {
    const matrix = new Matrix(panel.matrix), places = new Map(namesOf(panel.rows, matrix.rows).map((name, r) => [name, r]));
    const row = units.map(name => places.get(name) ?? -1);
    const far = Math.max(Math.abs(matrix.low), Math.abs(matrix.high)), isDiverging = panel.diverging ?? false;
    return {
        name: panel.name ?? panel.title,
        diverging: isDiverging,
        low: isDiverging ? -far : matrix.low,
        high: isDiverging ? far : matrix.high,
        at: (unit, step) => matrix.at(row[unit]!, step),
    };
}

export function groupsOf(view: View): Group[] {
    const groups = new Map<string, Group>();
    for (const panel of view.panels) {
        if (panel.kind !== "heatmap" || panel.matrix.rows < 1 || panel.matrix.columns < 1) continue; /* of an empty passage */
        const name = panel.group ?? panel.title;
        let group = groups.get(name);
        if (!group) {
            group = {
                name, stepLabel: panel.columns.label ?? "step", unitLabel: panel.rows.label ?? "unit",
                symbols: namesOf(panel.columns, panel.matrix.columns), units: namesOf(panel.rows, panel.matrix.rows), arrays: [],
            };
            groups.set(name, group);
        }
        group.arrays.push(arrayOf(panel, group.units));
    }
    return [...groups.values()];
}

const kept = new WeakMap<Passage, Group[]>();
export function statesOf(passage: Passage): Group[] {
    let groups = kept.get(passage);
    if (!groups) {
        groups = passage.views.filter(view => view.kind === "states").flatMap(groupsOf);
        kept.set(passage, groups);
    }
    return groups;
}

function isOver(array: StateArray, unit: number, from: number, to: number, threshold: number): boolean {
    for (let t = from; t <= to; t++)
        if (!(array.at(unit, t) >= threshold)) return false;
    return true;
}

export function unitsOver(group: Group, array: StateArray, { range: [from, to], threshold, isStrict }: Selection): number[] {
    const last = group.symbols.length - 1;
    return group.units.map((_, u) => u).filter(u => isOver(array, u, from, to, threshold) &&
        (!isStrict || !((from > 0 && array.at(u, from - 1) >= threshold) || (to < last && array.at(u, to + 1) >= threshold))));
}

export interface Likeness {
    passage: number;
    from: number;
    to: number;
    score: number;
}

/* The best range of each passage, of the same length: units over the threshold there and here, by units over it in
 * either. */
export function rangesLike(
    passages: Passage[], here: number, group: Group, array: StateArray, { range, threshold }: Selection, limit: number
): Likeness[] {
    const wanted = new Set(group.units.filter((_, u) => isOver(array, u, range[0], range[1], threshold)));
    const length = range[1] - range[0] + 1, found: Likeness[] = [];
    if (wanted.size === 0) return [];
    passages.forEach((passage, p) => {
        const other = statesOf(passage).find(g => g.name === group.name), a = other?.arrays.find(x => x.name === array.name);
        if (!other || !a) return;
        const best: Likeness = { passage: p, from: 0, to: 0, score: 0 };
        for (let from = 0; from + length <= other.symbols.length; from++) {
            const to = from + length - 1;
            if (p === here && from <= range[1] && to >= range[0]) continue;
            const score = overlap(other, a, wanted, from, to, threshold);
            if (score > best.score) Object.assign(best, { from, to, score });
        }
        if (best.score > 0) found.push(best);
    });
    return found.sort((a, b) => b.score - a.score).slice(0, limit);
}

function overlap(group: Group, array: StateArray, wanted: Set<string>, from: number, to: number, threshold: number): number {
    let both = 0, either = wanted.size;
    group.units.forEach((name, u) => {
        if (!isOver(array, u, from, to, threshold)) return;
        if (wanted.has(name)) both++;
        else either++;
    });
    return both / either;
}

export type Order = "given" | "number" | "mean" | "peak" | "now";

/* Units in the order that is asked for; of equal ones the earlier stays first. */
export function ordered(group: Group, array: StateArray, order: Order, step: number): number[] {
    const units = group.units.map((_, u) => u), T = group.symbols.length;
    const by = (key: (u: number) => number): number[] => {
        const keys = units.map(key);
        return [...units].sort((a, b) => keys[a]! - keys[b]! || a - b);
    };
    const each = (u: number): number[] => Array.from({ length: T }, (_, t) => array.at(u, t));
    switch (order) {
    case "number": return by(u => Number(group.units[u]));
    case "mean": return by(u => -each(u).reduce((a, b) => a + b, 0));
    case "peak": return by(u => each(u).reduce((best, v, t, all) => (Math.abs(v) > Math.abs(all[best]!) ? t : best), 0));
    case "now": return by(u => -array.at(u, step));
    default: return units;
    }
}
