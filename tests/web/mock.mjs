// A report of every kind of panel, for a look at the page without a model:  node mock.mjs PAGE.html REPORT.html
// Its texts try to break out of where they stand.
import { readFileSync, writeFileSync } from "node:fs";

const HOSTILE = "</script><img src=x onerror=\"document.title='broken'\"><!--<script>";
let seed = 7;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const source = ["私", "は", "毎", "朝", "公園", "を", "散歩", "して", "い", "ます", "。", "</s>"];
const target = ["i", "take", "a", "walk", "in", "the", "park", "every", "morning", ".", "</s>"];

function heatmap(group, name, units, names, low, high, phase) {
    const bytes = Buffer.alloc(units * names.length);
    for (let u = 0; u < units; u++)
        for (let t = 0; t < names.length; t++)
            bytes[u * names.length + t] = Math.round(255 * (0.5 + 0.45 * Math.sin(u * 0.37 + phase + (t * (1 + (u % 7))) / 4) * random() ** 0.3));
    return {
        kind: "heatmap", title: `${group}: ${name}`, group, name, diverging: low < 0,
        rows: { label: "unit", names: Array.from({ length: units }, (_, i) => String((i * 37) % units)) },
        columns: { label: "word", names }, matrix: { rows: units, columns: names.length, low, high, base64: bytes.toString("base64") },
    };
}

function states(names, groups, units) {
    const panels = groups.flatMap(group => [
        ...["input gate", "forget gate", "cell gate", "output gate"].map((name, k) => heatmap(group, name, units, names, k === 2 ? -1 : 0, 1, k)),
        heatmap(group, "cell", units, names, -2.5, 2.5, 5), heatmap(group, "hidden", units, names, -1, 1, 6),
    ]);
    return { kind: "states", title: "States", facts: [["hidden units", String(units)]], panels };
}

function attention(rows, columns) {
    const values = rows.map((_, i) => {
        const row = columns.map((_, j) => Math.exp(-((j - (i * columns.length) / rows.length) ** 2) / 2) + 0.02 * random());
        const sum = row.reduce((a, b) => a + b);
        return row.map(v => v / sum);
    });
    return {
        kind: "attention", title: "Attention", facts: [["entropy", "1.31 nats"]],
        panels: [
            { kind: "heatmap", title: "weights", rows: { label: "target", names: rows }, columns: { label: "source", names: columns }, matrix: { rows: rows.length, columns: columns.length, low: 0, high: 1, values } },
            { kind: "bars", title: "entropy of each target word", x: { label: "target", names: rows }, y: { label: "nats" }, series: [{ name: "entropy", values: rows.map(() => 1.5 * random()) }] },
        ],
    };
}

const passage = (s, t) => ({ title: s.slice(0, -1).join(""), target: t.slice(0, -1).join(" "), views: [
    states(s, ["encoder layer 0, forward", "encoder layer 0, backward"], 64), states(t, ["decoder layer 0"], 96), attention(t, s)] });
const lags = Array.from({ length: 60 }, (_, i) => i);
const epochs = Array.from({ length: 10 }, (_, i) => i + 1);
const report = {
    version: 1, rondo: "0.1.0",
    model: { file: `model ${HOSTILE}.safetensors`, info: { task: "translate", cell: "lstm", parameters: 4380912, layers: 1, hidden_size: 256, bidirectional: true,
        recipe: { task: "translate", data: { train: HOSTILE, splits: [1, 2] }, model: { hidden_size: 256, encoder: { cell: "lstm" } } }, metrics: { bleu: 32.00264, valid_loss: 1.48475 },
        tensors: [{ name: HOSTILE, dtype: "F32", shape: [4904, 256] }] } },
    data: { files: ["dev.ja", HOSTILE], passages: 500 },
    evaluations: epochs.map(e => ({ step: 292 * e, epoch: e, train_loss: 5 * Math.exp(-e / 3) + 1, ...(e === 4 ? {} : { valid_loss: 4 * Math.exp(-e / 3) + 1 }), bleu: 3 * e, chrf: 20 + 3 * e, learning_rate: 0.002 / e })),
    absent: [{ kind: "attention", why: HOSTILE }],
    passages: [
        passage(source, target), passage(source.slice(0, 6).concat(HOSTILE, "\n", "\u2028", "</s>"), target.slice(2)), passage([...source].reverse(), [...target].reverse()),
        passage(Array.from("それは本当に長い文章であり、一つの行には収まりきらないほど多くの記号を持っている。だから横に流れる。"), Array.from("such a long sentence does not fit")),
    ],
    views: [
        { kind: "gates", title: "Gates", facts: [["dead units", "3"], ["saturated", "12 %"]], panels: [
            { kind: "bars", title: "time constants of the forget gate", x: { label: "steps", edges: [1, 2, 4, 8, 16, 32, 64] }, y: { label: "units" }, series: [{ name: "units", values: [10, 60, 90, 50, 20, 5] }] },
            { kind: "bars", title: "saturation", x: { names: ["input gate", "forget gate", "output gate"] }, y: { label: "share of time" }, series: [{ name: "under 0.1", values: [0.2, 0.05, 0.12] }, { name: "over 0.9", values: [0.11, 0.4, 0.2] }] },
            { kind: "table", title: "units that remember longest", columns: ["unit", "steps", "layer"], rows: Array.from({ length: 40 }, (_, i) => [i, 90 / (i + 1), HOSTILE]) },
        ] },
        { kind: "gradients", title: "Gradients by lag", facts: [["horizon", "37 steps"]], panels: [
            { kind: "lines", title: "norm by lag", x: { label: "lag", log: false, values: lags }, y: { label: "relative norm", log: true }, marks: [{ axis: "x", at: 37, name: "horizon" }, { axis: "y", at: 0.01, name: "1 %" }],
              series: [{ name: "at the start", values: lags.map(k => Math.exp(-k / 3)) }, { name: "as trained", values: lags.map(k => (k === 12 ? 0 : Math.exp(-k / 8))) }] },
        ] },
        { kind: "neurons", title: "Neurons", panels: [
            { kind: "table", title: "units that follow a feature", columns: ["feature", "unit", "correlation"], rows: [["in quotes", 17, 0.83], ["Japanese script", 3, -0.61], ["position", 44, null]] },
            { kind: "passages", title: "unit 17", items: [{ title: "passage 3", names: source, values: source.map(() => 2 * random() - 1), low: -1, high: 1, score: 0.93, mark: [2, 4] }, { names: [HOSTILE], values: [null] }] },
        ] },
        { kind: "ablate", title: "Ablation", panels: [
            { kind: "bars", title: "loss without a gate", x: { names: Array.from({ length: 16 }, (_, i) => `encoder layer 0, unit ${i}`) }, y: { label: "change of the loss" }, series: [{ name: "change", values: Array.from({ length: 16 }, (_, i) => 0.4 - i * 0.03) }] },
        ] },
    ],
};
const [page, out] = process.argv.slice(2);
const data = JSON.stringify(report).replace(/[<>&\u2028\u2029]/g, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
writeFileSync(out, readFileSync(page, "utf8").split("@DATA@").join(data));
