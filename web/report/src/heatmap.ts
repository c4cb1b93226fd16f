/* A grid of shades on a canvas. One canvas holds cells and labels and is drawn anew when the data, the width or the theme
 * change; a second one above it holds what follows the reader: the cross, the chosen range, marked rows. */
import { css, shadeIndex, shades } from "./colours";
import { clamp, digits, make, say, shown } from "./dom";
import { layoutOf, stride, type Layout } from "./layout";
import { colour, isPrinting, onTheme } from "./theme";

export interface HeatmapOptions {
    label: string;
    rowLabel: string;
    columnLabel: string;
    rows: string[];
    columns: string[];
    value: (row: number, column: number) => number;
    low: number;
    high: number;
    diverging: boolean;
    height?: number;
    onHover?: (row: number | null, column: number | null) => void;
    onChoose?: (row: number, column: number) => void;
    onRange?: (from: number, to: number) => void;
    hasOwnKeys?: boolean; /* someone above handles the arrow keys */
}

export class Heatmap {
    readonly element: HTMLElement;
    private readonly base = make("canvas", { "aria-hidden": "true" });
    private readonly over = make("canvas", { "aria-hidden": "true" });
    private readonly tip = make("div", { class: "tip", hidden: true });
    private readonly frame: HTMLElement;
    private readonly bar = make("span", { class: "scale-bar", "aria-hidden": "true" });
    private readonly ends = [make("span"), make("span")] as const;
    private layout: Layout;
    private order: number[];
    private place: number[] = []; /* of a row in the order */
    private width = 0;
    private row: number | null = null;
    private column: number | null = null;
    private range: [number, number] | null = null;
    private marked: ReadonlySet<number> = new Set();
    private dragFrom: number | null = null;

    constructor(private options: HeatmapOptions) {
        this.order = options.rows.map((_, r) => r);
        this.setPlaces();
        this.frame = make("div", {
            class: "heatmap-frame", tabindex: 0, role: "application", "aria-roledescription": "heatmap",
            "aria-label": `${options.label}. ${options.rows.length} rows (${options.rowLabel}) by ${options.columns.length} columns (${options.columnLabel}). Arrow keys move.`,
        }, this.base, this.over, this.tip);
        this.element = make("div", { class: "heatmap" }, this.frame,
            make("div", { class: "scale" }, this.ends[0], this.bar, this.ends[1]));
        this.layout = layoutOf(options.rows, options.columns, 0, options.height ?? 420);
        this.listen();
        new ResizeObserver(() => this.resize()).observe(this.element);
        onTheme(this.element, () => this.draw());
    }

    /* Other numbers in the same grid. */
    setValues(label: string, value: HeatmapOptions["value"], low: number, high: number, diverging: boolean): void {
        this.options = { ...this.options, label, value, low, high, diverging };
        this.frame.setAttribute("aria-label", `${label}. Arrow keys move.`);
        this.draw();
    }

    setOrder(order: number[]): void {
        this.order = order;
        this.setPlaces();
        this.draw();
    }

    rowAt(place: number): number { return this.order[clamp(place, 0, this.order.length - 1)]!; }
    placeOf(row: number): number { return this.place[row]!; }

    setCursor(row: number | null, column: number | null): void {
        this.row = row;
        this.column = column;
        this.drawOver();
    }

    setRange(range: [number, number] | null): void {
        this.range = range;
        this.drawOver();
    }

    setMarked(marked: ReadonlySet<number>): void {
        this.marked = marked;
        this.drawOver();
    }

    /* Brings a column into sight where the grid is wider than its frame. */
    reveal(column: number): void {
        const x = this.layout.left + column * this.layout.cellWidth, frame = this.frame;
        if (x < frame.scrollLeft + this.layout.left) frame.scrollLeft = x - this.layout.left;
        else if (x + this.layout.cellWidth > frame.scrollLeft + frame.clientWidth)
            frame.scrollLeft = x + this.layout.cellWidth - frame.clientWidth;
    }

    private setPlaces(): void {
        this.place = [];
        this.order.forEach((row, i) => { this.place[row] = i; });
    }

    private resize(): void {
        if (this.element.clientWidth === this.width || this.element.clientWidth === 0) return;
        this.width = this.element.clientWidth;
        this.draw();
    }

    private draw(): void {
        const { rows, columns, height } = this.options;
        if (this.width === 0 || rows.length === 0 || columns.length === 0) return;
        const layout = this.layout = layoutOf(rows, columns, this.width, height ?? 420);
        const g = context(this.base, layout);
        g.imageSmoothingEnabled = false;
        g.drawImage(this.picture(), layout.left, layout.top, layout.cellWidth * columns.length, layout.cellHeight * rows.length);
        this.drawLabels(g);
        if (isPrinting()) this.paintOver(g); /* in print a canvas wipes out the one below it */
        this.drawOver();
        this.drawScale();
    }

    /* One point of a picture for each cell, which the canvas stretches. */
    private picture(): HTMLCanvasElement {
        const { rows, columns, value, low, high, diverging } = this.options;
        const canvas = make("canvas", { width: columns.length, height: rows.length });
        const g = canvas.getContext("2d")!, image = g.createImageData(columns.length, rows.length);
        const table = shades(diverging);
        for (let i = 0; i < rows.length; i++)
            for (let c = 0; c < columns.length; c++) {
                const number = value(this.order[i]!, c), at = 4 * (i * columns.length + c);
                if (Number.isNaN(number)) continue; /* stays clear: the ground shows */
                image.data.set(table[shadeIndex(number, low, high)]!, at);
                image.data[at + 3] = 255;
            }
        g.putImageData(image, 0, 0);
        return canvas;
    }

    private drawLabels(g: CanvasRenderingContext2D): void {
        const { rows, columns } = this.options, l = this.layout;
        g.fillStyle = colour("ink");
        g.font = l.font;
        g.textBaseline = "middle";
        g.textAlign = "right";
        for (let i = 0, step = stride(l.cellHeight, 12); i < rows.length; i += step)
            g.fillText(l.rowText(rows[this.order[i]!]!), l.left - 6, l.top + (i + 0.5) * l.cellHeight);
        const step = stride(l.cellWidth, l.turned ? 12 : l.columnRoom);
        for (let c = 0; c < columns.length; c += step) {
            const x = l.left + (c + 0.5) * l.cellWidth, text = l.columnText(columns[c]!);
            if (!l.turned) {
                g.textAlign = "center";
                g.fillText(text, x, l.top - 10);
            } else {
                g.save();
                g.translate(x, l.top - 5);
                g.rotate(-Math.PI / 2);
                g.textAlign = "left";
                g.fillText(text, 0, 0);
                g.restore();
            }
        }
    }

    private drawOver(): void {
        if (this.width > 0 && this.order.length > 0 && this.options.columns.length > 0) this.paintOver(context(this.over, this.layout));
    }

    private paintOver(g: CanvasRenderingContext2D): void {
        const l = this.layout, { rows, columns } = this.options;
        const gridWidth = columns.length * l.cellWidth, gridHeight = rows.length * l.cellHeight;
        if (this.range) {
            const [from, to] = this.range;
            g.fillStyle = colour("veil");
            g.fillRect(l.left, l.top, from * l.cellWidth, gridHeight);
            g.fillRect(l.left + (to + 1) * l.cellWidth, l.top, gridWidth - (to + 1) * l.cellWidth, gridHeight);
            outline(g, l.left + from * l.cellWidth, l.top, (to - from + 1) * l.cellWidth, gridHeight, colour("mark"), 2);
        }
        g.fillStyle = colour("mark");
        for (const row of this.marked) {
            const y = l.top + this.place[row]! * l.cellHeight;
            g.fillRect(l.left - 5, y, 4, Math.max(l.cellHeight, 1.5));
            g.fillRect(l.left + gridWidth + 1, y, 4, Math.max(l.cellHeight, 1.5));
        }
        if (this.column !== null)
            outline(g, l.left + this.column * l.cellWidth, l.top, l.cellWidth, gridHeight, colour("cursor"), 1.5);
        if (this.row !== null)
            outline(g, l.left, l.top + this.place[this.row]! * l.cellHeight, gridWidth, Math.max(l.cellHeight, 3), colour("cursor"), 1.5);
    }

    private drawScale(): void {
        const { low, high, diverging } = this.options, table = shades(diverging);
        this.bar.style.backgroundImage = `linear-gradient(to right, ${[0, 51, 102, 128, 153, 204, 255].map(i => css(table[i]!)).join(", ")})`;
        this.ends[0].textContent = digits(low);
        this.ends[1].textContent = digits(high);
    }

    private cellAt(event: PointerEvent): [number, number] | null {
        const box = this.base.getBoundingClientRect(), l = this.layout;
        const column = Math.floor((event.clientX - box.left - l.left) / l.cellWidth);
        const place = Math.floor((event.clientY - box.top - l.top) / l.cellHeight);
        const inside = column >= 0 && column < this.options.columns.length && place < this.options.rows.length;
        return inside && event.clientY >= box.top ? [place < 0 ? -1 : this.order[place]!, column] : null;
    }

    private listen(): void {
        this.frame.addEventListener("pointermove", event => this.moved(event));
        this.frame.addEventListener("pointerleave", () => {
            this.tip.hidden = true;
            this.options.onHover?.(null, null);
        });
        this.frame.addEventListener("pointerdown", event => {
            const cell = this.cellAt(event);
            if (!cell || event.button !== 0) return;
            this.dragFrom = cell[1];
            if (this.options.onRange) this.frame.setPointerCapture(event.pointerId);
        });
        this.frame.addEventListener("pointerup", event => {
            const cell = this.cellAt(event), isClick = cell !== null && cell[1] === this.dragFrom;
            this.dragFrom = null;
            if (cell && isClick) this.choose(cell[0] < 0 ? this.row ?? 0 : cell[0], cell[1]);
        });
        this.frame.addEventListener("pointercancel", () => { this.dragFrom = null; });
        if (!this.options.hasOwnKeys) this.frame.addEventListener("keydown", event => this.key(event));
    }

    private moved(event: PointerEvent): void {
        const cell = this.cellAt(event);
        if (!cell) {
            this.tip.hidden = true;
            return;
        }
        const [row, column] = cell;
        if (this.dragFrom !== null && this.options.onRange && column !== this.dragFrom)
            this.options.onRange(Math.min(this.dragFrom, column), Math.max(this.dragFrom, column));
        if (this.options.onHover) this.options.onHover(row < 0 ? null : row, column);
        else this.setCursor(row < 0 ? this.row : row, column);
        this.showTip(row, column, event);
    }

    private showTip(row: number, column: number, event: PointerEvent): void {
        this.tip.textContent = this.textOf(row, column);
        this.tip.hidden = false;
        const box = this.frame.getBoundingClientRect();
        const x = event.clientX - box.left + this.frame.scrollLeft, y = event.clientY - box.top;
        const isRight = event.clientX - box.left > box.width - this.tip.offsetWidth - 24;
        this.tip.style.left = `${isRight ? x - this.tip.offsetWidth - 12 : x + 14}px`;
        this.tip.style.top = `${Math.max(y - 34, 0)}px`;
    }

    textOf(row: number, column: number): string {
        const { rows, columns, rowLabel, columnLabel, value } = this.options;
        const there = `${columnLabel} ${column + 1}: ${shown(columns[column]!)}`;
        return row < 0 ? there : `${rowLabel} ${shown(rows[row]!)} \u00b7 ${there} \u00b7 ${digits(value(row, column))}`;
    }

    private choose(row: number, column: number): void {
        if (this.options.onChoose) this.options.onChoose(row, column);
        else this.setCursor(row, column);
    }

    private key(event: KeyboardEvent): void {
        const moves: Record<string, [number, number]> = {
            ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -1e9], End: [0, 1e9],
        };
        const move = moves[event.key];
        if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        if (this.order.length === 0 || this.options.columns.length === 0) return;
        const isFirst = this.row === null || this.column === null;
        const place = isFirst ? 0 : this.placeOf(this.row!) + move[0];
        const row = this.rowAt(place), column = isFirst ? 0 : clamp(this.column! + move[1], 0, this.options.columns.length - 1);
        this.choose(row, column);
        this.reveal(column);
        say(this.textOf(row, column));
    }
}

function context(canvas: HTMLCanvasElement, layout: Layout): CanvasRenderingContext2D {
    const dense = Math.min(window.devicePixelRatio || 1, 3);
    canvas.width = Math.round(layout.width * dense);
    canvas.height = Math.round(layout.height * dense);
    canvas.style.width = `${layout.width}px`;
    canvas.style.height = `${layout.height}px`;
    const g = canvas.getContext("2d")!;
    g.scale(dense, dense);
    return g;
}

function outline(g: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, stroke: string, line: number): void {
    g.strokeStyle = stroke;
    g.lineWidth = line;
    g.strokeRect(x, y, width, height);
}
