/* The symbols of a passage as text, each on the shade of one unit's value: point at one to look, press it to stay. */
import { css, inkOn, shadeIndex, shades } from "./colours";
import { languageOf, make, shown } from "./dom";
import { onTheme } from "./theme";
import type { StateArray } from "./states";

export class Strip {
    readonly element = make("div", { class: "symbols strip", role: "group" });
    private buttons: HTMLButtonElement[] = [];
    private array: StateArray | null = null;
    private unit = 0;

    constructor(private readonly onChoose: (step: number) => void, private readonly onHover: (step: number | null) => void) {
        this.element.addEventListener("pointerleave", () => this.onHover(null));
        onTheme(this.element, () => this.paint());
    }

    setSymbols(symbols: string[], label: string): void {
        const joined = symbols.join("");
        this.element.setAttribute("aria-label", `Steps of the passage (${label})`);
        const language = languageOf(joined);
        if (language) this.element.lang = language;
        else this.element.removeAttribute("lang");
        this.buttons = symbols.map((symbol, t) => make("button", {
            type: "button", class: "symbol", tabindex: -1, "aria-label": `${label} ${t + 1}: ${symbol}`,
            onclick: () => this.onChoose(t), onpointerenter: () => this.onHover(t),
        }, shown(symbol)));
        this.element.replaceChildren(...this.buttons);
    }

    show(array: StateArray, unit: number, step: number, range: [number, number] | null): void {
        this.array = array;
        this.unit = unit;
        this.buttons.forEach((button, t) => {
            button.classList.toggle("now", t === step);
            button.classList.toggle("marked", range !== null && t >= range[0] && t <= range[1]);
            if (t === step) button.setAttribute("aria-current", "step");
            else button.removeAttribute("aria-current");
        });
        this.paint();
    }

    private paint(): void {
        const { array, unit } = this;
        if (!array) return;
        const table = shades(array.diverging);
        this.buttons.forEach((button, t) => {
            const shade = table[shadeIndex(array.at(unit, t), array.low, array.high)]!;
            button.style.backgroundColor = css(shade);
            button.style.color = inkOn(shade);
        });
    }
}
