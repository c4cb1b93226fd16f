/* All gates and states of one unit over the steps, with the step, the range and the threshold, which can be dragged. */
import type uPlot from "uplot";
import uplot from "uplot";
import { shown } from "./dom";
import { Lines } from "./lines";
import { colour } from "./theme";
import type { LinesPanel } from "./data";
import type { Group } from "./states";

export interface UnitLinesHooks {
    onStep: (step: number) => void;
    onHover: (step: number | null) => void;
    onThreshold: (value: number) => void;
}

export class UnitLines {
    readonly lines: Lines;
    private step = 0;
    private range: [number, number] | null = null;
    private threshold = NaN;
    private array = 0; /* whose threshold it is */

    constructor(private readonly group: Group, hooks: UnitLinesHooks) {
        this.lines = new Lines(this.panel(0), {
            label: "Gates and states of the unit over the steps", height: 250,
            isRight: i => this.isRight(i), rightLabel: group.arrays.filter((_, i) => this.isRight(i)).map(a => a.name).join(", "),
            xName: t => shown(group.symbols[t] ?? ""), onChoose: hooks.onStep, onHover: hooks.onHover,
            under: u => this.drawUnder(u), over: u => this.drawOver(u),
        });
        this.makeDraggable(hooks.onThreshold);
    }

    /* What grows beyond the others (an LSTM's cells) has an axis of its own. */
    private isRight(i: number): boolean {
        return this.group.arrays[i]!.high > 1.5 && this.group.arrays.some(array => array.high <= 1);
    }
    private get scale(): string { return this.isRight(this.array) ? "right" : "y"; }

    show(unit: number, step: number, range: [number, number] | null, threshold: number, array: number): void {
        this.array = array;
        this.step = step;
        this.range = range;
        this.threshold = threshold;
        const panel = this.panel(unit);
        this.lines.setData(panel);
        this.lines.setRest(step);
    }

    private panel(unit: number): LinesPanel {
        const steps = this.group.symbols.map((_, t) => t);
        return {
            kind: "lines", title: "", x: { values: steps }, y: {},
            series: this.group.arrays.map(array => ({ name: array.name, values: steps.map(t => array.at(unit, t)) })),
        };
    }

    private drawUnder(u: uPlot): void {
        if (!this.range) return;
        const from = u.valToPos(this.range[0] - 0.5, "x", true), to = u.valToPos(this.range[1] + 0.5, "x", true);
        const { left, top, width, height } = u.bbox, start = Math.max(from, left), end = Math.min(to, left + width);
        u.ctx.fillStyle = colour("range");
        u.ctx.fillRect(start, top, Math.max(end - start, 0), height);
    }

    private drawOver(u: uPlot): void {
        const { left, top, width, height } = u.bbox, g = u.ctx, dense = uplot.pxRatio;
        const x = u.valToPos(this.step, "x", true), y = u.valToPos(this.threshold, this.scale, true);
        g.save();
        g.lineWidth = 1.5 * dense;
        g.setLineDash([]);
        g.strokeStyle = colour("cursor");
        g.beginPath();
        g.moveTo(x, top);
        g.lineTo(x, top + height);
        g.stroke();
        if (y >= top && y <= top + height) {
            g.strokeStyle = g.fillStyle = colour("mark");
            g.setLineDash([6 * dense, 4 * dense]);
            g.beginPath();
            g.moveTo(left, y);
            g.lineTo(left + width, y);
            g.stroke();
            g.fillRect(left + width - 14 * dense, y - 3 * dense, 14 * dense, 6 * dense);
        }
        g.restore();
    }

    private makeDraggable(onThreshold: (value: number) => void): void {
        const u = this.lines.plot, over = u.over;
        let isDragged = false;
        const isNear = (event: PointerEvent): boolean =>
            Math.abs(event.clientY - over.getBoundingClientRect().top - u.valToPos(this.threshold, this.scale)) < 7;
        over.addEventListener("pointerdown", event => {
            if (!isNear(event)) return;
            isDragged = true;
            over.setPointerCapture(event.pointerId);
            event.preventDefault();
        });
        over.addEventListener("pointermove", event => {
            over.style.cursor = isDragged || isNear(event) ? "ns-resize" : "";
            if (isDragged) onThreshold(u.posToVal(event.clientY - over.getBoundingClientRect().top, this.scale));
        });
        for (const name of ["pointerup", "pointercancel"] as const) over.addEventListener(name, () => { isDragged = false; });
    }
}
