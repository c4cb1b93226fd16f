/* Shades of heatmaps and colours of lines. Both scales can be read by colour-blind people: one runs through lightness
 * alone, the other from blue over the ground's colour to orange, as in the pictures of `rondo inspect --to`. */
import { clamp } from "./dom";
import { isDark } from "./theme";

type Rgb = readonly [number, number, number];

const of = (hex: string): Rgb => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16)) as unknown as Rgb;
const scale = (...stops: string[]): Rgb[] => stops.map(of);

const SCALES = {
    light: {
        rising: scale("#fbfcfe", "#d3e3f1", "#8dbbdc", "#3f87bd", "#14508c", "#06234a"),
        diverging: scale("#0a3a70", "#2a72b2", "#74add6", "#c6dcee", "#f8f8f8", "#fbdcb8", "#f0a95a", "#c8690f", "#7a3a00"),
    },
    dark: {
        rising: scale("#161b22", "#16304d", "#1f5788", "#3f8fc4", "#8fc7ea", "#eef8ff"),
        diverging: scale("#c4e6ff", "#5fb0ea", "#2372b0", "#173f66", "#1b2027", "#6d4317", "#c9741a", "#ffb04f", "#ffdda6"),
    },
};

/* 256 shades, each as it lies in the memory of a picture. */
export function shades(diverging: boolean): Rgb[] {
    const stops = SCALES[isDark() ? "dark" : "light"][diverging ? "diverging" : "rising"];
    return Array.from({ length: 256 }, (_, i) => {
        const at = (i / 255) * (stops.length - 1), below = Math.min(Math.floor(at), stops.length - 2), rest = at - below;
        const a = stops[below]!, b = stops[below + 1]!;
        return [0, 1, 2].map(k => Math.round(a[k]! + rest * (b[k]! - a[k]!))) as unknown as Rgb;
    });
}

export const shadeIndex = (value: number, low: number, high: number): number =>
    clamp(Math.round((255 * (value - low)) / (high - low || 1)), 0, 255);

export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

/* What can be read on a shade. */
export const inkOn = ([r, g, b]: Rgb): string => (0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#10151c" : "#ffffff");

/* Lines differ by colour (after Okabe and Ito) and by dash, and so also in print. */
const LINES = {
    light: ["#0072b2", "#d55e00", "#007d5a", "#a8477f", "#5c6570", "#8a6d00", "#3a8fc9"],
    dark: ["#56b4e9", "#ff9248", "#2fc79a", "#e59ac8", "#aab4c0", "#f0d54a", "#9ad4f5"],
};
const DASHES: number[][] = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [16, 3], [12, 4, 4, 4]];
export const lineColour = (i: number): string => LINES[isDark() ? "dark" : "light"][i % LINES.light.length]!;
export const lineDash = (i: number): number[] => DASHES[i % DASHES.length]!;
