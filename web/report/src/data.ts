/* What a report holds: the JSON that `rondo inspect` writes (docs/inspect.md), and matrices out of their base64 bytes. */

export interface Axis {
    label?: string;
    names?: string[] | null;
}
export interface MatrixData {
    rows: number;
    columns: number;
    low: number;
    high: number;
    values?: (number | null)[][];
    base64?: string;
}
export interface HeatmapPanel {
    kind: "heatmap";
    title: string;
    group?: string;
    name?: string;
    diverging?: boolean;
    rows: Axis;
    columns: Axis;
    matrix: MatrixData;
}
export interface Mark {
    axis: "x" | "y";
    at: number;
    name?: string;
}
export interface LinesPanel {
    kind: "lines";
    title: string;
    x: { label?: string; log?: boolean; values: number[] };
    y: { label?: string; log?: boolean };
    series: { name: string; values: (number | null)[] }[];
    marks?: Mark[];
}
export interface BarsPanel {
    kind: "bars";
    title: string;
    x: { label?: string; names?: string[]; edges?: number[] };
    y: { label?: string };
    series: { name: string; values: (number | null)[] }[];
}
export type Entry = string | number | null;
export interface TablePanel {
    kind: "table";
    title: string;
    columns: string[];
    rows: Entry[][];
}
export interface PassageItem {
    title?: string;
    names: string[];
    values: (number | null)[];
    low?: number;
    high?: number;
    score?: number | null;
    mark?: [number, number] | null;
}
export interface PassagesPanel {
    kind: "passages";
    title: string;
    items: PassageItem[];
}
export type Panel = HeatmapPanel | LinesPanel | BarsPanel | TablePanel | PassagesPanel;
export interface View {
    kind: string;
    title: string;
    facts?: [string, string][];
    panels: Panel[];
}
export interface Passage {
    title: string;
    target?: string | null;
    views: View[];
}
export interface TensorFacts {
    name: string;
    dtype: string;
    shape: number[];
    bytes?: number;
}
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
/* What `rondo info MODEL --json` says. */
export interface ModelInfo {
    task?: string;
    recipe?: Json;
    metrics?: Record<string, number>;
    tensors?: TensorFacts[];
    [fact: string]: unknown;
}
export type Evaluation = Record<string, number>; /* a line of metrics.jsonl */
export interface Report {
    version: number;
    rondo: string;
    model: { file: string; info: ModelInfo };
    data: { files: string[]; passages: number };
    evaluations?: Evaluation[];
    passages?: Passage[];
    views?: View[];
    absent?: { kind: string; why: string }[]; /* views that do not fit the model */
}

export function readReport(text: string): Report {
    const report = JSON.parse(text) as Report;
    if (report.version !== 1) throw new Error(`this page reads reports of version 1, not ${String(report.version)}`);
    return report;
}

/* Numbers by row and column; bytes are kept as they are and scaled when they are asked for. */
export class Matrix {
    readonly rows: number;
    readonly columns: number;
    readonly low: number;
    readonly high: number;
    private readonly bytes: Uint8Array | null = null;
    private readonly values: (number | null)[][] = [];

    constructor(data: MatrixData) {
        this.rows = data.rows;
        this.columns = data.columns;
        this.low = data.low;
        this.high = data.high > data.low ? data.high : data.low + 1;
        if (data.base64 !== undefined) this.bytes = bytesOf(data.base64, data.rows * data.columns);
        else this.values = data.values ?? [];
    }

    at(row: number, column: number): number {
        if (this.bytes) {
            const byte = this.bytes[row * this.columns + column];
            return byte === undefined ? NaN : this.low + (byte / 255) * (this.high - this.low);
        }
        return this.values[row]?.[column] ?? NaN;
    }

    row(row: number): number[] {
        return Array.from({ length: this.columns }, (_, c) => this.at(row, c));
    }

    column(column: number): number[] {
        return Array.from({ length: this.rows }, (_, r) => this.at(r, column));
    }
}

function bytesOf(base64: string, count: number): Uint8Array {
    const text = atob(base64);
    if (text.length !== count) throw new Error(`a matrix holds ${text.length} bytes, not ${count}`);
    return Uint8Array.from(text, letter => letter.charCodeAt(0));
}

export function namesOf(axis: Axis, count: number): string[] {
    const names = axis.names ?? [];
    return Array.from({ length: count }, (_, i) => names[i] ?? String(i));
}
