// Opens reports from disk in a headless Chromium and uses them as a reader would:
//     node report.mjs CHROMIUM FOLDER mock MOCK.html | real REPORT.html... | broken REPORT.html
// FOLDER takes the browser's profile. Prints what fails, then how many checks there were; exit code 1 if any failed.
import { Browser } from "./browser.mjs";

const [program, folder, kind, ...files] = process.argv.slice(2);
const browser = new Browser(program, `${folder}/profile`);
let checks = 0, failures = 0;

function check(what, is, got = "") {
    checks++;
    if (is) return;
    failures++;
    console.log(`FAILED: ${what}${got === "" ? "" : ` (${JSON.stringify(got)})`}`);
}
const same = (what, got, wanted) => check(what, JSON.stringify(got) === JSON.stringify(wanted), got);
const text = selector => browser.value(`document.querySelector(${JSON.stringify(selector)}).textContent`);
const click = selector => browser.value(`document.querySelector(${JSON.stringify(selector)}).click()`);
const focus = selector => browser.value(`document.querySelector(${JSON.stringify(selector)}).focus()`);
const stepNow = async () => Number((await text("#where")).split(" ")[0]);
const over = async () => Number((await text("#over")).split(" ")[0]);
const fields = () => browser.value(`[...document.querySelectorAll(".selection input[type=number]")].map(e => Number(e.value))`);
const shot = selector => browser.value(`(() => { const c = document.querySelector(${JSON.stringify(selector)}); return c.toDataURL().length + c.toDataURL().slice(-4000); })()`);
const settled = () => browser.value("new Promise(done => setTimeout(done, 120))");
const HEATMAP = ".explorer .heatmap-frame";

async function opens(file, isWhole = true) {
    await browser.open(`file://${file}`);
    same("the page is ready", await browser.value("(async () => { while (!document.body.dataset.state) await new Promise(done => setTimeout(done, 20)); return document.body.dataset.state; })()"), isWhole ? "ready" : "failed");
    same("nothing on the console", browser.messages, []);
    same("nothing is asked for but the file", browser.requests.filter(url => !url.startsWith("data:")), [new URL(`file://${file}`).href]);
    same("no part failed", await browser.value("document.querySelectorAll('.failed').length"), isWhole ? 0 : 1);
    same("scripts: the data and ours", await browser.value("document.scripts.length"), 2);
    same("no element out of the data", await browser.value("document.querySelectorAll('img, iframe, object, embed, link, base').length"), 0);
    check("the title is the file's", !(await browser.value("document.title")).startsWith("broken"));
}

// Everything that can be used has a name, and can be reached.
async function isNamed() {
    const nameless = await browser.value(`[...document.querySelectorAll("button, select, input, a, [tabindex], canvas, svg[role]")].filter(e =>
        !e.closest("[aria-hidden=true]") && !(e.textContent.trim() || e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || (e.labels && e.labels.length))).map(e => e.outerHTML.slice(0, 120))`);
    same("everything has a name", nameless, []);
    const doubled = await browser.value(`[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`);
    same("no id stands twice", doubled, []);
    same("one main heading", await browser.value("document.querySelectorAll('h1').length"), 1);
}

async function keys() {
    await focus(HEATMAP);
    await browser.key("Home");
    same("focus is seen", await browser.value("getComputedStyle(document.activeElement).outlineStyle"), "solid");
    same("Home goes to the first step", await stepNow(), 1);
    await browser.key("ArrowRight");
    same("right goes on", await stepNow(), 2);
    await browser.key("ArrowLeft");
    same("left goes back", await stepNow(), 1);
    await browser.key("ArrowLeft");
    same("and stays at the first", await stepNow(), 1);
    const unit = await browser.value("document.querySelector('#unit').value");
    await browser.key("ArrowDown");
    check("down chooses another unit", (await browser.value("document.querySelector('#unit').value")) !== unit);
    check("which is said", (await text("[role=status]")).includes("unit"));
    await browser.key("ArrowRight", { shift: true });
    await browser.key("ArrowRight", { shift: true });
    same("Shift and right make a range", await fields(), [1, 3]);
    await browser.key("ArrowLeft", { shift: true });
    same("and left a smaller one", await fields(), [1, 2]);
    await browser.key("Escape");
    await browser.key("End");
    check("End goes to the last", (await stepNow()) > 2);
    await click("[aria-label='Step back']");
    const last = await stepNow();
    await click("[aria-label='Step forward']");
    same("the buttons step, too", await stepNow(), last + 1);
    await click("[aria-label='First step']");
}

const setThreshold = share => browser.value(`(() => { const s = document.querySelector("#threshold");
    s.valueAsNumber = Number(s.min) + ${share} * (Number(s.max) - Number(s.min)); s.dispatchEvent(new Event("input")); })()`);

async function thresholds() {
    await focus(HEATMAP);
    await browser.key("Escape");
    await setThreshold(0.3);
    await browser.mouse("mouseMoved", 5, 5, false);
    await settled();
    const low = await over();
    const { x, y, width, height } = await browser.box("#threshold");
    await browser.mouse("mouseMoved", x + width * 0.4, y + height / 2, false);
    await browser.mouse("mousePressed", x + width * 0.4, y + height / 2);
    const first = await over(), counts = [];
    for (let k = 1; k <= 4; k++) {
        await browser.mouse("mouseMoved", x + width * (0.4 + 0.14 * k), y + height / 2, true);
        counts.push(await over());
    }
    await browser.mouse("mouseReleased", x + width, y + height / 2);
    check("dragging the threshold marks fewer units", counts.every((n, i) => n <= (i ? counts[i - 1] : first)) && counts[3] < low, [low, first, ...counts]);
    const marks = await shot(".explorer .heatmap canvas + canvas");
    await setThreshold(0);
    check("at the bottom all units are over it", (await over()) === Number((await text("#over")).split(" ")[2]), await text("#over"));
    check("and are marked", (await shot(".explorer .heatmap canvas + canvas")) !== marks);
    // the line of the threshold, in the picture of the unit
    await setThreshold(0.5);
    const before = await text(".threshold-value"), box = await browser.box(".explorer .u-over");
    const found = await browser.value(`(() => { const e = document.querySelector(".explorer .u-over"), b = e.getBoundingClientRect();
        for (let y = 1; y < b.height; y++) { e.dispatchEvent(new PointerEvent("pointermove", { clientX: b.x + 50, clientY: b.y + y })); if (e.style.cursor) return y; } return -1; })()`);
    check("the line of the threshold is found", found > 0);
    await browser.mouse("mouseMoved", box.x + 50, box.y + found + 3, false);
    await browser.mouse("mousePressed", box.x + 50, box.y + found + 3);
    await browser.mouse("mouseMoved", box.x + 50, box.y + found - 25, true);
    await browser.mouse("mouseReleased", box.x + 50, box.y + found - 25);
    check("and can be dragged", (await text(".threshold-value")) !== before, before);
}

async function pointer() {
    await click("[aria-label='First step']");
    const { x, y, width, height } = await browser.box(`${HEATMAP} canvas`);
    await browser.mouse("mouseMoved", x + width / 2, y + height / 2, false);
    check("the heatmap says what is there", /unit .+ · .+ · /.test(await text(".explorer .tip")), await text(".explorer .tip"));
    const caption = await text(".step caption");
    check("and the step is shown", !caption.startsWith("Step 1:"), caption);
    await browser.mouse("mouseMoved", 5, 5, false);
    check("until the pointer leaves", (await text(".step caption")).startsWith("Step 1:"));
    await browser.click(x + width / 2, y + height / 2);
    const chosen = await stepNow();
    check("a press chooses the step", chosen > 1 && caption.startsWith(`Step ${chosen}:`), [chosen, caption]);
    await browser.mouse("mouseMoved", x + width * 0.3, y + height / 2, false);
    await browser.mouse("mousePressed", x + width * 0.3, y + height / 2);
    await browser.mouse("mouseMoved", x + width * 0.6, y + height / 2, true);
    await browser.mouse("mouseReleased", x + width * 0.6, y + height / 2);
    const [from, to] = await fields();
    check("dragging chooses a range", to > from, [from, to]);
    const symbol = await browser.box(".strip .symbol:nth-child(3)");
    await browser.mouse("mouseMoved", symbol.x + symbol.width / 2, symbol.y + symbol.height / 2, false);
    check("a symbol that is pointed at is shown", (await text(".step caption")).startsWith("Step 3:"));
    await browser.click(symbol.x + symbol.width / 2, symbol.y + symbol.height / 2);
    same("and chosen by a press", await stepNow(), 3);
}

async function explorer() {
    await keys();
    await pointer();
    await thresholds();
    const before = await shot(".explorer .heatmap canvas"), unit = await text(".step thead");
    if ((await browser.value("document.querySelectorAll('.tabs input').length")) > 1) { /* an Elman network has no gates */
        await click(".tabs input");
        check("another gate, another picture", (await shot(".explorer .heatmap canvas")) !== before);
    }
    await browser.value(`[...document.querySelectorAll(".detail .unit")].find(e => e.textContent.split(" ")[0] !== document.querySelector("#unit").value).click()`);
    check("one of the strongest units can be chosen", (await text(".step thead")) !== unit);
    await browser.value(`(() => { const s = document.querySelectorAll(".explorer select")[1]; s.value = "mean"; s.dispatchEvent(new Event("change")); })()`);
    check("units can be ordered", (await shot(".explorer .heatmap canvas")) !== before);
    await browser.value(`(() => { const s = document.querySelector(".explorer select"); s.selectedIndex = s.options.length - 1; s.dispatchEvent(new Event("change")); })()`);
    check("another layer can be chosen", (await browser.value("document.querySelector('.strip').childElementCount")) > 0);
}

async function chooser() {
    if ((await browser.value("document.querySelectorAll('.passage-select option').length")) < 2) return;
    const shown = () => browser.value("document.querySelector('.passage-select').value + document.querySelector('.strip').getAttribute('aria-label')");
    const passage = await shown();
    await click("[aria-label='Next passage']");
    check("the next passage", (await shown()) !== passage);
    await setThreshold(0);
    await settled();
    const here = await browser.value("document.querySelector('.passage-select').value");
    check("passages alike are found", await browser.value("!!document.querySelector('.place')"));
    await browser.value("[...document.querySelectorAll('.place')].at(-1).click()");
    await click("[aria-label='Previous passage'], [aria-label='Next passage']");
    check("and opened", here !== null && (await browser.value("document.querySelectorAll('.explorer').length")) === 1);
}

async function themes() {
    const ground = () => browser.value("getComputedStyle(document.body).backgroundColor");
    const light = await ground(), picture = await shot(".heatmap canvas, .lines canvas");
    await click("#theme");
    check("dark", (await ground()) !== light && (await browser.value("document.documentElement.dataset.theme")) === "dark");
    check("and so are the pictures", (await shot(".heatmap canvas, .lines canvas")) !== picture);
    await browser.value("dispatchEvent(new Event('beforeprint'))");
    same("print is light", await ground(), light);
    await browser.value("dispatchEvent(new Event('afterprint'))");
    check("and then dark again", (await ground()) !== light);
    await click("#theme");
    same("light again", await ground(), light);
    await browser.print(`${folder}/report.pdf`);
}

async function narrow() {
    await browser.size(400, 800);
    await settled();
    const wide = await browser.value("[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 400 && !e.closest('.heatmap-frame, .table-frame, pre, svg, .unseen')).map(e => e.outerHTML.slice(0, 90))");
    check("a narrow window does not scroll sideways", (await browser.value("document.documentElement.scrollWidth")) <= 400, wide.slice(0, 4));
    await browser.size(1280, 900);
}

async function mock(file) {
    await opens(file);
    await isNamed();
    await explorer();
    // attention and the decoder's states stand at one step
    await focus("#passages .panel-heatmap .heatmap-frame");
    for (let i = 0; i < 12; i++) await browser.key("ArrowUp");
    same("attention moves the states", await stepNow(), 1);
    for (let i = 0; i < 3; i++) await browser.key("ArrowDown");
    same("step by step", await stepNow(), 4);
    const { x, y, width, height } = await browser.box("#passages .panel-heatmap .heatmap-frame");
    await browser.mouse("mouseMoved", x + width / 2, y + height / 2, false);
    check("attention says its weights", /target .+ · source .+ · /.test(await text("#passages .panel-heatmap .tip")));
    await click("#view-gates th button");
    same("a table sorts", await browser.value("document.querySelector('#view-gates th').getAttribute('aria-sort')"), "descending");
    same("falling", await text("#view-gates td"), "39");
    await click("#view-gates .more");
    same("and shows all its rows", await browser.value("document.querySelectorAll('#view-gates tbody tr').length"), 40);
    await focus("#view-gradients .lines-frame");
    await browser.key("ArrowRight");
    check("lines say their values", (await text("[role=status]")).startsWith("lag "), await text("[role=status]"));
    await click("#view-gradients .legend button");
    same("a line can be hidden", await browser.value("document.querySelector('#view-gradients .legend button').getAttribute('aria-pressed')"), "false");
    await chooser();
    await themes();
    await narrow();
    await isNamed();
}

async function real(file) {
    await opens(file);
    await isNamed();
    if (await browser.value("!!document.querySelector('.explorer')")) {
        await explorer();
        await chooser();
    }
    await themes();
    await narrow();
}

try {
    for (const file of files)
        await { mock, real, broken: f => opens(f, false) }[kind](file);
    if (kind !== "broken") same("nothing on the console in the end", browser.messages, []);
} catch (error) {
    failures++;
    console.log(`FAILED: ${error.stack}`);
}
await browser.close();
console.log(`${checks} checks, ${failures} failed`);
process.exit(failures ? 1 : 0);
