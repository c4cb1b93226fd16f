/* Light and dark: as the system has it until the reader chooses; on paper always light. */
import { make } from "./dom";

const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let chosen: "light" | "dark" | null = null;
let printing = false;

export const isPrinting = (): boolean => printing;
export const isDark = (): boolean => !printing && (chosen ? chosen === "dark" : dark.matches);

/* Canvases do not follow style sheets by themselves. The element ties the listener's life to its own. */
export function onTheme(owner: Element, redraw: () => void): void {
    const listener = (): void => {
        if (owner.isConnected) redraw();
        else listeners.delete(listener);
    };
    listeners.add(listener);
}

/* A colour of the style sheet, as it is now. */
export const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function apply(): void {
    document.documentElement.dataset["theme"] = isDark() ? "dark" : "light";
    for (const listener of [...listeners]) listener();
}

function remembered(): "light" | "dark" | null {
    try {
        const kept = localStorage.getItem("rondo-theme");
        return kept === "light" || kept === "dark" ? kept : null;
    } catch {
        return null; // pages from disk may have no storage
    }
}

function keep(theme: "light" | "dark"): void {
    try {
        localStorage.setItem("rondo-theme", theme);
    } catch { /* then it lasts as long as the page */ }
}

export function themeButton(): HTMLElement {
    const button = make("button", { type: "button", class: "theme", id: "theme" });
    const name = (): void => {
        button.textContent = isDark() ? "\u2600 Light" : "\u263e Dark";
        button.setAttribute("aria-label", isDark() ? "Change to light colours" : "Change to dark colours");
    };
    button.addEventListener("click", () => {
        chosen = isDark() ? "light" : "dark";
        keep(chosen);
        apply();
    });
    onTheme(button, name);
    name();
    return button;
}

export function startTheme(): void {
    chosen = remembered();
    dark.addEventListener("change", apply);
    addEventListener("beforeprint", () => { printing = true; apply(); });
    addEventListener("afterprint", () => { printing = false; apply(); });
    apply();
}
