"use strict";
/* The page over a model that web/build has made: model.js (createModel) and symbols.js (SYMBOLS, ABOUT).
 * The part above the page itself also runs in Node, for the test. */

/* Numbers in [0, 1) that depend on the seed alone (mulberry32). */
function randomOf(seed) {
    let s = seed >>> 0;
    return () => {
        s = (s + 0x6D2B79F5) >>> 0;
        let t = Math.imul(s ^ (s >>> 15), s | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

/* The most probable symbol at temperature 0, else one drawn from softmax(scores / temperature). */
function choose(scores, temperature, random) {
    let best = 0;
    for (let i = 1; i < scores.length; i++)
        if (scores[i] > scores[best]) best = i;
    if (temperature <= 0) return best;
    const weights = Array.from(scores, s => Math.exp((s - scores[best]) / temperature));
    let left = random() * weights.reduce((a, b) => a + b, 0);
    for (let i = 0; i < weights.length; i++)
        if ((left -= weights[i]) < 0) return i;
    return best;
}

/* A text that goes on as long as next() is called. As `rondo generate` does, the model first reads the end of a line. */
class Writer {
    constructor(model, symbols, prompt, temperature, seed) {
        Object.assign(this, { model, symbols, temperature, random: randomOf(seed) });
        const number = new Map(symbols.map((s, i) => [s, i])), unknown = number.get("<unk>");
        model._page_begin();
        for (const letter of "\n" + prompt) {
            const symbol = number.has(letter) ? number.get(letter) : unknown;
            if (symbol !== undefined) this.read(symbol);
        }
    }
    read(symbol) {
        const at = this.model._page_step(symbol) >> 2;
        this.scores = this.model.HEAPF32.subarray(at, at + this.symbols.length);
    }
    next() {
        const symbol = choose(this.scores, this.temperature, this.random);
        this.read(symbol);
        return this.symbols[symbol] === "<unk>" ? "\ufffd" : this.symbols[symbol];
    }
}

/* ---- the page ---- */

function startPage(model) {
    const at = id => document.getElementById(id);
    let run = 0; // each text has a number; a newer one ends the older

    function say(done, start) {
        const seconds = (performance.now() - start) / 1000;
        at("status").textContent = `${done} characters, ${Math.round(done / Math.max(seconds, 1e-3)).toLocaleString("en")} a second`;
    }

    /* Writes for a moment, lets the browser draw, and goes on. */
    function write() {
        const mine = ++run, length = Number(at("length").value), start = performance.now();
        const writer = new Writer(model, SYMBOLS, at("prompt").value, Number(at("temperature").value), Number(at("seed").value));
        let text = at("prompt").value, done = 0;
        document.body.dataset.state = "writing";
        at("stop").disabled = false;
        (function more() {
            const until = performance.now() + 12;
            while (mine === run && done < length && performance.now() < until) {
                text += writer.next();
                done++;
            }
            if (mine !== run) return;
            at("text").textContent = text;
            say(done, start);
            if (done < length) setTimeout(more, 0);
            else stop();
        })();
    }

    function stop() {
        run++;
        document.body.dataset.state = "done";
        at("stop").disabled = true;
    }

    const show = () => { at("shown").textContent = Number(at("temperature").value).toFixed(2); };
    for (const [name, value] of new URLSearchParams(location.search))
        if (["prompt", "temperature", "length", "seed"].includes(name)) at(name).value = value;
    show();
    at("temperature").addEventListener("input", show);
    at("form").addEventListener("submit", event => { event.preventDefault(); write(); });
    at("stop").addEventListener("click", stop);
    at("about").textContent = ABOUT;
    at("write").disabled = false;
    if (new URLSearchParams(location.search).has("write")) write();
}

if (typeof document !== "undefined")
    createModel().then(startPage, error => {
        document.getElementById("about").textContent = `The model cannot run here: ${error.message || error}`;
    });
else
    module.exports = { Writer, choose };
