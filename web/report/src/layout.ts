/* Where the parts of a heatmap stand: cells as large as the room allows, labels as long as they are worth. */
import { clamp, shown } from "./dom";

export interface Layout {
    width: number;
    height: number;
    left: number; /* of the cells */
    top: number;
    cellWidth: number;
    cellHeight: number;
    turned: boolean; /* the names of the columns */
    columnRoom: number; /* points that a name needs, unturned */
    font: string;
    rowText: (name: string) => string;
    columnText: (name: string) => string;
}

export const FONT = '12px system-ui, "Noto Sans JP", "Hiragino Sans", "Yu Gothic", Meiryo, "VL Gothic", sans-serif';
const LONGEST = 110, CELL_LEAST = 4, CELL_MOST = 44, COLUMN_MOST = 96, RIGHT = 10;

const ruler = document.createElement("canvas").getContext("2d")!;

export function fit(name: string, room: number): string {
    ruler.font = FONT;
    let text = [...shown(name)];
    if (ruler.measureText(text.join("")).width <= room) return text.join("");
    while (text.length > 1 && ruler.measureText(`${text.join("")}\u2026`).width > room) text = text.slice(0, -1);
    return `${text.join("")}\u2026`;
}

export function widthOf(texts: string[]): number {
    ruler.font = FONT;
    return Math.ceil(texts.reduce((most, text) => Math.max(most, ruler.measureText(text).width), 0));
}

const widest = (names: string[], room: number): number => Math.min(widthOf(names.map(shown)), room);

/* Every how many cells there is a name, where one takes `room` points. */
export const stride = (cell: number, room: number): number => (cell >= room ? 1 : Math.ceil(room / cell));

export function layoutOf(rows: string[], columns: string[], width: number, height: number): Layout {
    const left = Math.max(widest(rows, LONGEST) + 14, 34), R = Math.max(rows.length, 1), C = Math.max(columns.length, 1);
    const cellWidth = clamp((width - left - RIGHT) / C, CELL_LEAST, R > 40 ? COLUMN_MOST : CELL_MOST);
    const columnRoom = widest(columns, LONGEST) + 6;
    const turned = columnRoom > Math.max(cellWidth, 28) && columns.some(name => Number.isNaN(Number(name)));
    const top = turned ? Math.min(columnRoom, LONGEST) + 6 : 22;
    const square = R <= 40 ? Math.min(cellWidth, 26) : Infinity;
    const cellHeight = clamp(height / R, 1, Math.max(Math.min(26, square), 14));
    return {
        left, top, cellWidth, cellHeight, turned, columnRoom, font: FONT,
        width: Math.ceil(left + C * cellWidth + RIGHT),
        height: Math.ceil(top + R * cellHeight + 6),
        rowText: name => fit(name, LONGEST),
        columnText: name => (turned ? fit(name, LONGEST) : fit(name, Math.max(columnRoom, cellWidth))),
    };
}
