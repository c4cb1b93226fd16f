/* Training curves out of the lines of metrics.jsonl. */
import type { Evaluation, LinesPanel } from "./data";

interface Curve {
    title: string;
    label: string;
    keys: [string, string][]; /* of a line, and its name in the legend */
}

/* Of each list the first curve that has numbers is shown. */
const CURVES: Curve[][] = [
    [{ title: "Loss", label: "loss", keys: [["train_loss", "training"], ["valid_loss", "validation"]] }],
    [
        { title: "BLEU and chrF of the validation data", label: "score", keys: [["bleu", "BLEU"], ["chrf", "chrF"]] },
        { title: "F1 of the validation data", label: "F1", keys: [["span_f1", "spans"]] },
        { title: "Error rates of the validation data", label: "errors", keys: [["label_error_rate", "labels"], ["phone_error_rate", "phones"], ["cer", "characters"]] },
        { title: "Accuracy on the validation data", label: "accuracy", keys: [["accuracy", "accuracy"], ["macro_f1", "macro F1"]] },
        { title: "Errors of the forecasts", label: "error", keys: [["mase", "MASE"], ["rmse", "RMSE"], ["mae", "MAE"], ["crps", "CRPS"]] },
        { title: "Perplexity of the validation data", label: "perplexity", keys: [["perplexity", "perplexity"]] },
    ],
    [{ title: "Learning rate", label: "learning rate", keys: [["learning_rate", "learning rate"]] }],
];

export function curves(evaluations: Evaluation[]): LinesPanel[] {
    const lines = evaluations.filter(line => Number.isFinite(line["step"]));
    const has = (key: string): boolean => lines.some(line => line[key] !== undefined);
    if (lines.length < 2) return [];
    return CURVES.flatMap(choices => {
        const curve = choices.find(({ keys }) => keys.some(([key]) => has(key)));
        return curve ? [panelOf(curve, lines, has)] : [];
    });
}

function panelOf({ title, label, keys }: Curve, lines: Evaluation[], has: (key: string) => boolean): LinesPanel {
    return {
        kind: "lines", title, x: { label: "step", values: lines.map(line => line["step"]!) }, y: { label },
        series: keys.filter(([key]) => has(key)).map(([key, name]) => ({ name, values: lines.map(line => line[key] ?? null) })),
    };
}
