/* Elements out of names, attributes and children; texts only ever become text nodes. */

type Child = Node | string | null | undefined | false;
type Value = string | number | boolean | null | undefined | EventListener;

export function make<K extends keyof HTMLElementTagNameMap>(
    name: K, attributes: Record<string, Value> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
    const element = document.createElement(name);
    fill(element, attributes, children);
    return element;
}

export function makeSvg<K extends keyof SVGElementTagNameMap>(
    name: K, attributes: Record<string, Value> = {}, ...children: Child[]
): SVGElementTagNameMap[K] {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    fill(element, attributes, children);
    return element;
}

/* An attribute of "on…" is a listener; false, null and undefined leave it away; true sets it empty. */
function fill(element: Element, attributes: Record<string, Value>, children: Child[]): void {
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function") element.addEventListener(name.slice(2), value);
        else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.filter((child): child is Node | string => !!child));
}

let count = 0;
export const newId = (stem: string): string => `${stem}-${++count}`;

/* Japanese text asks for Japanese shapes of its letters; kana say that it is Japanese. */
const KANA = /[\u3040-\u30ff]/;
export const languageOf = (text: string): string | null => (KANA.test(text) ? "ja" : null);

/* What has no shape of its own, as readers of text files know it. */
const SHOWN: Record<string, string> = { "\n": "\u21b5", "\t": "\u21e5", " ": "\u2423", "\r": "\u240d", "": "\u2205" };
const CONTROL = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}]$/u;
export const shown = (symbol: string): string =>
    SHOWN[symbol] ?? (CONTROL.test(symbol) ? `U+${symbol.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}` : symbol);

/* Three digits, and a true minus. */
export function digits(value: number | null | undefined, many = 3): string {
    if (value === null || value === undefined || Number.isNaN(value)) return "\u2013";
    if (!Number.isFinite(value)) return value > 0 ? "\u221e" : "\u2212\u221e";
    const size = Math.abs(value);
    let text: string;
    if (Number.isInteger(value) && size < 1e6) text = String(value);
    else if (size !== 0 && (size < 1e-3 || size >= 1e6)) text = value.toExponential(many - 1).replace(/\.?0*e\+?/, "e");
    else text = size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(many)));
    return text.replace(/-/g, "\u2212");
}

export const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/* One message at a time for readers of the screen. */
const live = make("div", { class: "unseen", "aria-live": "polite", role: "status" });
export function say(text: string): void {
    if (!live.isConnected) document.body.append(live);
    live.textContent = text;
}
