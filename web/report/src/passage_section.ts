/* One passage at a time: a chooser, its states, and every other view of it. */
import { clamp, languageOf, make, newId } from "./dom";
import { Explorer, firstChoice } from "./explorer";
import { Hub } from "./hub";
import { viewElement } from "./panels";
import { statesOf } from "./states";
import type { Passage } from "./data";

const NAMES: Record<string, string> = {
    states: "States and gates", attention: "Attention", gradients: "Gradients", gates: "Gates", neurons: "Neurons", ablate: "Ablation",
};
export const nameOf = (kind: string, title: string): string => NAMES[kind] ?? title;

/* A title that is no text ("symbols 0 to 255") is followed by how the text begins. */
const TEXTUAL = ["symbol", "word", "piece"];
function titleOf(passage: Passage): string {
    const group = statesOf(passage)[0];
    if (!group || !TEXTUAL.includes(group.stepLabel)) return passage.title;
    const text = group.symbols.map(symbol => symbol.replace("\u2423", " ")).join(group.stepLabel === "word" ? " " : "").slice(0, 60);
    const bare = (s: string): string => s.replace(/\s/g, "");
    return bare(passage.title).includes(bare(text).slice(0, 8)) ? passage.title : `${passage.title}: ${text}`;
}

export function passageSection(passages: Passage[], task: string | undefined): HTMLElement {
    const select = make("select", { id: newId("passage"), class: "passage-select" },
        ...passages.map(titleOf).map((title, i) => make("option", { value: i, lang: languageOf(title) }, `${i + 1}. ${title}`)));
    const room = make("div", { class: "passage" }), choice = firstChoice();
    const previous = make("button", { type: "button", "aria-label": "Previous passage", title: "Previous passage" }, "\u25c0\ufe0e");
    const next = make("button", { type: "button", "aria-label": "Next passage", title: "Next passage" }, "\u25b6\ufe0e");
    let here = 0;

    function open(index: number): void {
        here = clamp(index, 0, passages.length - 1);
        select.value = String(here);
        previous.disabled = here === 0;
        next.disabled = here === passages.length - 1;
        room.replaceChildren(...contents(here));
    }

    function contents(index: number): HTMLElement[] {
        const passage = passages[index]!, hub = new Hub();
        const text = (name: string, value: string): HTMLElement =>
            make("p", { class: "text" }, make("span", { class: "text-name" }, name), make("span", { lang: languageOf(value) }, value));
        const isPair = task === "translate", parts: HTMLElement[] = isPair ? [text("Source", passage.title)] : [];
        if (passage.target) parts.push(text(isPair ? "Target" : "Truth", passage.target));
        if (statesOf(passage).length > 0) {
            const explorer = new Explorer({
                passages, here: index, choice, hub,
                onPlace: (other, range) => {
                    Object.assign(choice, { range, step: range[0] });
                    open(other);
                },
            });
            parts.push(make("h3", {}, nameOf("states", "")), explorer.element);
        }
        for (const view of passage.views)
            if (view.kind !== "states") parts.push(make("h3", {}, nameOf(view.kind, view.title)), viewElement(view, hub));
        return parts;
    }

    const go = (index: number): void => {
        Object.assign(choice, { range: null, step: 0 });
        open(index);
    };
    select.addEventListener("change", () => go(Number(select.value)));
    previous.addEventListener("click", () => go(here - 1));
    next.addEventListener("click", () => go(here + 1));
    open(0);
    return make("div", {}, make("div", { class: "controls chooser" },
        make("div", { class: "field" }, make("label", { for: select.id }, "Passage"), previous, select, next)), room);
}
