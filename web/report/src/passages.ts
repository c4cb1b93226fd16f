/* Texts whose symbols stand on shades of their values; a range may be underlined. */
import { css, inkOn, shadeIndex, shades } from "./colours";
import { digits, languageOf, make, shown } from "./dom";
import { onTheme } from "./theme";
import type { PassageItem, PassagesPanel } from "./data";

export function passages(panel: PassagesPanel): HTMLElement {
    const list = make("ol", { class: "passages" });
    const fill = (): void => list.replaceChildren(...panel.items.map(item));
    fill();
    onTheme(list, fill);
    return list;
}

function item(it: PassageItem): HTMLElement {
    const known = it.values.filter((v): v is number => v !== null);
    const high = it.high ?? Math.max(...known, 0), low = it.low ?? Math.min(...known, 0);
    const isDiverging = low < 0 && high > 0;
    const table = shades(isDiverging), far = Math.max(Math.abs(low), Math.abs(high));
    const [from, to] = it.mark ?? [0, 0]; /* to: the first that is not marked */
    const text = make("p", { class: "symbols", lang: languageOf(it.names.join("")) }, ...it.names.map((name, t) => {
        const value = it.values[t] ?? null;
        const symbol = make("span", { class: t >= from && t < to ? "symbol marked" : "symbol", title: `${t + 1}: ${digits(value)}` }, shown(name));
        if (value !== null) {
            const shade = table[isDiverging ? shadeIndex(value, -far, far) : shadeIndex(value, low, high)]!;
            symbol.style.backgroundColor = css(shade);
            symbol.style.color = inkOn(shade);
        }
        return symbol;
    }));
    return make("li", {}, make("span", { class: "passage-title" }, it.title ?? ""),
        it.score !== null && it.score !== undefined && make("span", { class: "score" }, digits(it.score)), text);
}
