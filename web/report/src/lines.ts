/* Lines over a common x axis (uPlot), with a legend of buttons, marks, and a cursor that the arrow keys move. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { lineColour, lineDash } from "./colours";
import { clamp, digits, make, makeSvg, say } from "./dom";
import { fit, FONT, widthOf } from "./layout";
import { colour, onTheme } from "./theme";
import type { LinesPanel, Mark } from "./data";

export interface LinesOptions {
    height?: number;
    xName?: (index: number) => string; /* what stands under the axis instead of the number */
    isRight?: (series: number) => boolean; /* has the axis on the right */
    rightLabel?: string;
    onChoose?: (index: number) => void;
    onHover?: (index: number | null) => void;
    under?: (u: uPlot) => void; /* drawn before the lines */
    over?: (u: uPlot) => void; /* after them */
    label: string;
}

export class Lines {
    readonly element: HTMLElement;
    readonly plot: uPlot;
    private readonly legend = make("div", { class: "legend" });
    private readonly frame: HTMLElement;
    private values: HTMLElement[] = [];
    private width = 0;
    private index: number | null = null;
    private rest: number | null = null; /* shown in the legend while nothing is pointed at */

    constructor(private readonly panel: LinesPanel, private readonly options: LinesOptions) {
        this.frame = make("div", {
            class: "lines-frame", tabindex: 0, role: "application", "aria-roledescription": "line chart",
            "aria-label": `${options.label}. Lines: ${panel.series.map(s => s.name).join(", ")}. Left and right arrow keys move the cursor.`,
        });
        this.element = make("div", { class: "lines" }, this.frame, this.legend);
        this.plot = new uPlot(this.plotOptions(), this.aligned(panel), this.frame);
        this.plot.root.setAttribute("aria-hidden", "true");
        this.makeLegend();
        this.frame.addEventListener("keydown", event => this.key(event));
        new ResizeObserver(() => this.resize()).observe(this.element);
        onTheme(this.element, () => {
            this.plot.redraw(false, true);
            this.paintLegend();
        });
    }

    /* Other numbers for the same lines. */
    setData(panel: Pick<LinesPanel, "x" | "series">): void {
        this.panel.x = panel.x;
        this.panel.series = panel.series;
        this.plot.setData(this.aligned(panel), true);
        this.showValues(this.index);
    }

    redraw(): void {
        this.plot.redraw(false, false);
    }

    setRest(index: number | null): void {
        this.rest = index;
        this.showValues(this.index);
    }

    private showValues(at: number | null): void {
        const index = at ?? this.rest;
        this.values.forEach((element, i) => {
            element.textContent = index === null ? "" : digits(this.panel.series[i]?.values[index]);
        });
    }

    private aligned(panel: Pick<LinesPanel, "x" | "series">): uPlot.AlignedData {
        const above = (values: (number | null)[], isLog: boolean | undefined): (number | null)[] =>
            values.map(v => (v === null || !Number.isFinite(v) || (isLog && v <= 0) ? null : v));
        return [panel.x.values, ...panel.series.map(s => above(s.values, this.panel.y.log))] as uPlot.AlignedData;
    }

    private plotOptions(): uPlot.Options {
        const { x, y, series, marks } = this.panel, ink = (): string => colour("ink");
        const axis = (label: string | undefined, isLog: boolean | undefined): uPlot.Axis => ({
            stroke: ink, font: FONT, labelFont: FONT, labelSize: 20, labelGap: 2, gap: 4,
            grid: { stroke: () => colour("grid"), width: 1 }, ticks: { stroke: () => colour("grid"), width: 1, size: 4 },
            values: (_u, at) => at.map(v => (v === null ? "" : digits(v))),
            ...(label ? { label } : {}),
            ...(isLog ? { splits: (_u, _axis, low, high) => logTicks(low, high), filter: (_u: uPlot, at: number[]) => at } : {}),
        });
        const { xName, isRight, rightLabel } = this.options;
        const labelRoom = xName ? Math.min(widthOf(x.values.map(xName)), NAME_MOST) + 10 : 0;
        return {
            width: 400,
            height: this.options.height ?? 260,
            legend: { show: false },
            cursor: { points: { size: 7 }, drag: { x: !this.options.onChoose, y: false }, bind: {} },
            scales: {
                x: { time: false, ...(x.log ? { distr: 3 as const } : {}) },
                y: y.log ? { distr: 3 as const } : {},
                right: {},
            },
            series: [{}, ...series.map((s, i): uPlot.Series => ({
                label: s.name, stroke: () => lineColour(i), dash: lineDash(i), width: 2, spanGaps: false, scale: isRight?.(i) ? "right" : "y",
                points: { show: x.values.length < 30, size: 5, fill: () => lineColour(i) },
            }))],
            axes: [
                { ...axis(x.label, x.log), size: 24, ...(xName ? { values: (_u, at) => at.map(v => (Number.isInteger(v) ? fit(xName(v), NAME_MOST) : "")), incrs: STEPS, space: Math.max(labelRoom, 24) } : {}) },
                { ...axis(y.label, y.log), size: (_u, texts) => widthOf(texts ?? []) + 12 },
                { ...axis(rightLabel, false), show: series.some((_, i) => isRight?.(i)), scale: "right", side: 1, grid: { show: false }, size: (_u, texts) => widthOf(texts ?? []) + 12 },
            ],
            hooks: {
                drawAxes: [u => this.options.under?.(u)],
                draw: [u => { drawMarks(u, marks ?? []); this.options.over?.(u); }],
                setCursor: [u => this.cursorMoved(u.cursor.idx ?? null)],
                ready: [u => u.over.addEventListener("click", () => {
                    if (u.cursor.idx !== null && u.cursor.idx !== undefined) this.options.onChoose?.(u.cursor.idx);
                })],
            },
        };
    }

    private cursorMoved(index: number | null): void {
        this.index = index;
        this.showValues(index);
        this.options.onHover?.(index);
    }

    private makeLegend(): void {
        this.values = this.panel.series.map(() => make("span", { class: "legend-value" }));
        this.legend.append(...this.panel.series.map((s, i) => {
            const line = makeSvg("svg", { width: 28, height: 10, "aria-hidden": "true" },
                makeSvg("line", { x1: 0, y1: 5, x2: 28, y2: 5, "stroke-width": 2.5, "stroke-dasharray": lineDash(i).join(" ") }));
            const button = make("button", { type: "button", "aria-pressed": "true" }, line, ` ${s.name} `, this.values[i]!);
            button.addEventListener("click", () => {
                const isOn = button.getAttribute("aria-pressed") !== "true";
                button.setAttribute("aria-pressed", String(isOn));
                this.plot.setSeries(i + 1, { show: isOn });
            });
            return button;
        }));
        this.paintLegend();
    }

    private paintLegend(): void {
        this.legend.querySelectorAll("line").forEach((line, i) => line.setAttribute("stroke", lineColour(i)));
    }

    private resize(): void {
        if (this.element.clientWidth === this.width || this.element.clientWidth === 0) return;
        this.width = this.element.clientWidth;
        this.plot.setSize({ width: this.width, height: this.options.height ?? 260 });
    }

    private key(event: KeyboardEvent): void {
        if (this.options.onChoose || (event.key !== "ArrowLeft" && event.key !== "ArrowRight") || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const { x, series } = this.panel, move = event.key === "ArrowLeft" ? -1 : 1;
        const at = this.index === null ? 0 : clamp(this.index + move, 0, x.values.length - 1);
        this.plot.setCursor({ left: this.plot.valToPos(x.values[at]!, "x"), top: this.plot.over.clientHeight / 2 });
        say(`${x.label ?? "x"} ${digits(x.values[at])}: ${series.map(s => `${s.name} ${digits(s.values[at])}`).join(", ")}`);
    }
}

const NAME_MOST = 110;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/* Powers of ten, at most seven or so; within two decades also 2 and 5 times each. */
function logTicks(low: number, high: number): number[] {
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high)), decades = last - first;
    const factors = decades <= 2 ? [1, 2, 5] : [1], every = Math.max(1, Math.ceil(decades / 7)), ticks: number[] = [];
    for (let power = Math.ceil(first / every) * every; power <= last; power += every) /* so that 1 is one of them */
        ticks.push(...factors.map(k => Number(`${k}e${power}`)).filter(v => v >= low && v <= high));
    return ticks;
}

function drawMarks(u: uPlot, marks: Mark[]): void {
    const g = u.ctx, { left, top, width, height } = u.bbox, dense = uPlot.pxRatio;
    g.save();
    g.strokeStyle = g.fillStyle = colour("mark");
    g.lineWidth = 1.5 * dense;
    g.setLineDash([5 * dense, 4 * dense]);
    g.font = FONT.replace("12px", `${12 * dense}px`);
    for (const mark of marks) {
        const at = u.valToPos(mark.at, mark.axis, true);
        const isInside = mark.axis === "x" ? at >= left && at <= left + width : at >= top && at <= top + height;
        if (!Number.isFinite(at) || !isInside) continue;
        g.beginPath();
        if (mark.axis === "x") { g.moveTo(at, top); g.lineTo(at, top + height); }
        else { g.moveTo(left, at); g.lineTo(left + width, at); }
        g.stroke();
        const isLate = mark.axis === "x" && at > left + width * 0.7;
        g.textAlign = mark.axis === "y" || isLate ? "right" : "left";
        g.textBaseline = mark.axis === "x" ? "top" : "bottom";
        if (mark.name) g.fillText(mark.name, mark.axis === "y" ? left + width - 4 * dense : at + (isLate ? -4 : 4) * dense, mark.axis === "x" ? top + 4 * dense : at - 3 * dense);
    }
    g.restore();
}
