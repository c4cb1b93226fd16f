/* The page: what the report holds, in sections, from the JSON that stands in the element #data. */
import "./style.css";
import { curves } from "./curves";
import { readReport, type Report, type View } from "./data";
import { make } from "./dom";
import { panelElement, viewElement } from "./panels";
import { nameOf, passageSection } from "./passage_section";
import { plain, summary } from "./summary";
import { startTheme, themeButton } from "./theme";

interface Section {
    id: string;
    name: string;
    fill: () => Node[];
}

const titled = (view: View, section: string, element: HTMLElement): Node[] =>
    view.title === section ? [element] : [make("h3", {}, view.title), element];

function sectionsOf(report: Report): Section[] {
    const sections: Section[] = [{ id: "summary", name: "Summary", fill: () => summary(report) }];
    const lines = curves(report.evaluations ?? []), passages = report.passages ?? [];
    if (lines.length > 0) sections.push({ id: "training", name: "Training", fill: () => [make("div", { class: "panels" }, ...lines.map(line => panelElement(line)))] });
    if (passages.length > 0) sections.push({ id: "passages", name: "Passages", fill: () => [passageSection(passages, report.model.info.task)] });
    const kinds = new Map<string, View[]>();
    for (const view of report.views ?? []) kinds.set(view.kind, [...(kinds.get(view.kind) ?? []), view]);
    for (const [kind, views] of kinds)
        sections.push({ id: `view-${kind}`, name: nameOf(kind, views[0]!.title), fill: () => views.flatMap(view => titled(view, nameOf(kind, ""), viewElement(view))) });
    return sections;
}

/* A section that cannot be shown says so in its place; the others stay. */
function filled({ id, name, fill }: Section): HTMLElement {
    let parts: Node[];
    try {
        parts = fill();
    } catch (error) {
        parts = [make("p", { class: "failed", role: "alert" }, `This part cannot be shown: ${error instanceof Error ? error.message : String(error)}.`)];
    }
    return make("section", { id, "aria-labelledby": `${id}-name` }, make("h2", { id: `${id}-name` }, name), ...parts);
}

function start(): void {
    startTheme();
    const at = (id: string): HTMLElement => document.getElementById(id)!;
    let report: Report;
    try {
        report = readReport(at("data").textContent ?? "");
    } catch (error) {
        at("content").replaceChildren(make("p", { class: "failed", role: "alert" }, `This report cannot be read: ${error instanceof Error ? error.message : String(error)}.`));
        document.body.dataset["state"] = "failed";
        return;
    }
    const { model } = report, sections = sectionsOf(report);
    document.title = `${model.file} \u2013 Rondo report`;
    at("top").append(make("div", {}, make("h1", {}, model.file), make("p", {}, [model.info.task, model.info["cell"]].filter(Boolean).map(v => plain(String(v))).join(", "))), themeButton());
    at("sections").append(make("ul", {}, ...sections.map(({ id, name }) => make("li", {}, make("a", { href: `#${id}` }, name)))));
    at("content").replaceChildren();
    at("foot").append(`Made by rondo inspect, Rondo ${report.rondo}. Nothing in this page asks for the network.`);
    fillAll(sections, at("content"));
}

/* One section after another, so that the first can be read while the last are drawn; a print waits for none. */
function fillAll(sections: Section[], content: HTMLElement): void {
    let next = 0;
    const fillNext = (): void => {
        const section = sections[next++];
        if (section) {
            content.append(filled(section));
            return;
        }
        document.body.dataset["state"] = "ready";
        if (location.hash && scrollY === 0) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
    };
    const goOn = (): void => {
        if (next > sections.length) return;
        fillNext();
        setTimeout(goOn, 0);
    };
    addEventListener("beforeprint", () => {
        while (next <= sections.length) fillNext();
    });
    goOn();
}

start();
