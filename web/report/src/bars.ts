/* Bars: upright over edges (a histogram) or few names, lying where names are many or long. SVG, so that print is sharp. */
import { digits, make, makeSvg, newId } from "./dom";
import { fit, stride, widthOf } from "./layout";
import type { BarsPanel } from "./data";

const WIDTH = 640, HEIGHT = 240, LEFT = 52, RIGHT = 24, BOTTOM = 44, TOP = 12, SERIES = 7, NAME_MOST = 260;

export function bars(panel: BarsPanel): HTMLElement {
    const values = panel.series.flatMap(s => s.values).filter((v): v is number => v !== null && Number.isFinite(v));
    const high = Math.max(0, ...values), low = Math.min(0, ...values);
    const { names } = panel.x, isTight = names && (WIDTH - LEFT - RIGHT) / Math.max(names.length, 1) < widthOf(names) + 4;
    const picture = isTight
        ? lying(panel, low, high) : upright(panel, low, high);
    return make("div", { class: "bars" }, picture, panel.series.length > 1 && legend(panel));
}

function legend(panel: BarsPanel): HTMLElement {
    return make("div", { class: "legend" }, ...panel.series.map((s, i) =>
        make("span", {}, make("span", { class: `swatch series-${i % SERIES}`, "aria-hidden": "true" }), s.name)));
}

/* Ticks at 1, 2 or 5 times a power of ten, four or so. */
function ticks(low: number, high: number): number[] {
    const raw = (high - low) / 4 || 1, power = 10 ** Math.floor(Math.log10(raw));
    const step = power * ([1, 2, 5, 10].find(k => k * power >= raw) ?? 10), out: number[] = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) out.push(i * step);
    return out;
}

function described(panel: BarsPanel, width: number, height: number): SVGSVGElement {
    const title = newId("bars");
    return makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": title, class: "bars-picture" },
        makeSvg("title", { id: title }, `${panel.title}: ${panel.x.label ?? ""} against ${panel.y.label ?? ""}`));
}

const nameAt = (panel: BarsPanel, i: number): string => {
    const { names, edges } = panel.x;
    return names ? names[i] ?? "" : edges ? `${digits(edges[i])} to ${digits(edges[i + 1])}` : String(i);
};

function upright(panel: BarsPanel, low: number, high: number): SVGElement {
    const count = panel.series[0]?.values.length ?? 0, inner = WIDTH - LEFT - RIGHT, tall = HEIGHT - TOP - BOTTOM;
    const svg = described(panel, WIDTH, HEIGHT), span = high - low || 1, y = (v: number): number => TOP + tall * (1 - (v - low) / span);
    for (const tick of ticks(low, high)) {
        svg.append(makeSvg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), class: "grid" }),
            makeSvg("text", { x: LEFT - 6, y: y(tick) + 4, class: "end" }, digits(tick)));
    }
    const slot = inner / Math.max(count, 1), gap = panel.x.edges && panel.series.length === 1 ? Math.min(1, slot * 0.1) : slot * 0.2;
    const thick = (slot - gap) / Math.max(panel.series.length, 1);
    panel.series.forEach((s, k) => s.values.forEach((v, i) => {
        if (v === null || !Number.isFinite(v)) return;
        svg.append(makeSvg("rect", {
            x: LEFT + i * slot + gap / 2 + k * thick, width: Math.max(thick, 0.5), y: Math.min(y(v), y(0)), height: Math.abs(y(v) - y(0)), class: `series-${k % SERIES}`,
        }, makeSvg("title", {}, `${nameAt(panel, i)}: ${s.name} ${digits(v)}`)));
    }));
    const { names, edges } = panel.x, labels = names ?? edges?.map(e => digits(e)) ?? [];
    const every = stride(slot, widthOf(labels) + 8);
    labels.forEach((text, i) => {
        if (i % every === 0) svg.append(makeSvg("text", { x: LEFT + (names ? i + 0.5 : i) * slot, y: HEIGHT - BOTTOM + 16, class: "middle" }, text));
    });
    svg.append(makeSvg("text", { x: LEFT + inner / 2, y: HEIGHT - 6, class: "middle" }, panel.x.label ?? ""),
        makeSvg("text", { x: 0, y: 0, class: "middle", transform: `translate(12 ${TOP + tall / 2}) rotate(-90)` }, panel.y.label ?? ""));
    return svg;
}

function lying(panel: BarsPanel, low: number, high: number): SVGElement {
    const names = panel.x.names ?? [], width = WIDTH, left = Math.min(widthOf(names), NAME_MOST) + 16, thick = panel.series.length > 1 ? 9 : 15, slot = thick * panel.series.length + 5;
    const height = names.length * slot + 44, inner = width - left - 70, span = high - low || 1;
    const svg = described(panel, width, height), x = (v: number): number => left + (inner * (v - low)) / span;
    for (const tick of ticks(low, high))
        svg.append(makeSvg("line", { x1: x(tick), x2: x(tick), y1: 0, y2: names.length * slot, class: "grid" }),
            makeSvg("text", { x: x(tick), y: names.length * slot + 16, class: "middle" }, digits(tick)));
    names.forEach((name, i) => {
        svg.append(makeSvg("text", { x: left - 8, y: i * slot + slot / 2 + 4, class: "end" }, fit(name, NAME_MOST)));
        panel.series.forEach((s, k) => {
            const v = s.values[i];
            if (v === null || v === undefined || !Number.isFinite(v)) return;
            svg.append(makeSvg("rect", { x: Math.min(x(v), x(0)), width: Math.abs(x(v) - x(0)), y: i * slot + k * thick + 2, height: thick, class: `series-${k % SERIES}` },
                makeSvg("title", {}, `${name}: ${s.name} ${digits(v)}`)));
            if (panel.series.length === 1) svg.append(makeSvg("text", { x: Math.max(x(v), x(0)) + 5, y: i * slot + slot / 2 + 4 }, digits(v)));
        });
    });
    svg.append(makeSvg("text", { x: left + inner / 2, y: height - 8, class: "middle" }, panel.y.label ?? ""));
    return svg;
}
