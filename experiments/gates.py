"""What is each part of the LSTM worth, and does the GRU do as well with less? On text, speech and a series."""
import math
import os
import pathlib

from lab.page import table
from lab.plan import DataSet, Job

NAME = "gates"
TITLE = "The gates of the LSTM, and the GRU"
CLAIM = "Each gate of the LSTM earns its place, the forget gate most of all (Greff 2017), and the GRU does nearly as well with fewer parameters and less time."
NEEDS = ["tinyshakespeare/train.txt", "fsdd/fsdd.tar", "ett/ETTh1.csv"]

BASE = "LSTM"
CONTENDERS = {
    BASE: {},
    "no input gate": {"model.without_gate": "input"},
    "no forget gate": {"model.without_gate": "forget"},
    "no output gate": {"model.without_gate": "output"},
    "coupled gates": {"model.coupled_gates": "true"},
    "peepholes": {"model.peepholes": "true"},
    "forget bias 0": {"model.forget_bias": 0},
    "forget bias 2": {"model.forget_bias": 2},
    "GRU": {"model.cell": "gru"},
    "Elman": {"model.cell": "elman"},
}
GATES = ["no input gate", "no forget gate", "no output gate"]
VOICES = ["george", "jackson", "lucas", "nicolas", "theo"]
# What is measured, whether less is better, digits.
CASES = {
    "text": ("Shakespeare, bits per character", True, 3),
    "speech": ("spoken digits of a voice never heard, per cent right", False, 1),
    "series": ("ETTh1, 24 hours ahead, mse", True, 4),
}


# ---- the data ----


def source(name):
    return pathlib.Path(os.environ.get("RONDO_DATA", "data")) / name


def write_text(folder, share):
    """Of the first `share` of the text 90 % train, 5 % validate, the last 5 % test."""
    text = source("tinyshakespeare/train.txt").read_text(encoding="utf-8")
    text = text[: int(len(text) * share)]
    cuts = [0, int(0.9 * len(text)), int(0.95 * len(text)), len(text)]
    for part, begin, end in zip(("train", "valid", "test"), cuts, cuts[1:]):
        (folder / f"{part}.txt").write_text(text[begin:end], encoding="utf-8")


def write_series(folder):
    """Ten months to train, two to validate, four to test, whose part begins with the window before it."""
    lines = source("ett/ETTh1.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "train.csv").write_text("".join(lines[: 1 + 8640]), encoding="utf-8")
    (folder / "test.csv").write_text("".join([lines[0], *lines[1 + 8640 - 336 : 1 + 11520]]), encoding="utf-8")


# ---- the jobs ----


def text_job(scale, seed):
    share, epochs = scale.pick((1.0, 3), (0.25, 1), (0.05, 1))
    sets = {"data.train": "train.txt", "data.valid": "valid.txt", "model.embedding_size": 64, "model.hidden_size": 128, "model.layers": 1, "model.dropout": 0,
            "model.output_dropout": 0.1, "train.epochs": epochs}
    data = DataSet(f"shakespeare {share:g} v1", lambda folder: write_text(folder, share))
    return "recipes/shakespeare.yaml", sets, {"test": ["--data", "{data}/test.txt"]}, data, 8 * share * epochs


def speech_job(scale, seed):
    """Each seed leaves another voice out, so that pairs compare the same voices."""
    voice, epochs = VOICES[(seed - 1) % len(VOICES)], scale.pick(15, 4, 1)
    sets = {"data.where": f"speaker!={voice}", "model.bidirectional": "false", "train.epochs": epochs}
    return "recipes/digits-classify.yaml", sets, {"test": ["--data", "fsdd/fsdd.tar/fsdd/train", "--where", f"speaker={voice}"]}, None, 0.75 * epochs


def series_job(scale, seed):
    epochs = scale.pick(6, 2, 1)
    sets = {"data.file": "train.csv", "data.splits": "[7200, 1440]", "model.hidden_size": 64, "train.epochs": epochs, "train.patience": 0}
    return "recipes/etth1.yaml", sets, {"test": ["--data", "{data}/test.csv"]}, DataSet("etth1 v2", write_series), 1.6 * epochs


def plan(scale):
    jobs = []
    for seed in range(1, scale.seeds + 1):
        for case, make in (("text", text_job), ("speech", speech_job), ("series", series_job)):
            for name, own in CONTENDERS.items():
                recipe, sets, measures, data, seconds = make(scale, seed)
                sets = {"model.cell": "lstm", **sets, **own}
                jobs.append(Job(case, name, seed, recipe, sets, measures, data=data, expect=seconds))
    return jobs


# ---- what came of it ----


def score(record):
    test = record["test"]
    return {"text": lambda: test["bits_per_character"], "speech": lambda: 100 * test["accuracy"], "series": lambda: test["mse"]}[record["case"]]()


def worse(results, case, name):
    """+1: shown to be worse than the LSTM, -1: better, 0: neither."""
    d = results.difference(case, name, BASE, score)
    return 0 if not d.shown else (1 if d.above else -1) * (1 if CASES[case][1] else -1)


def words(results, name):
    told = {1: "worse", -1: "better", 0: "no difference shown"}
    return [told[worse(results, c, name)] if name != BASE and results.of(c, name) else "" for c in CASES]


def harm(results, case, name):
    """How much worse on average, in parts of the LSTM's own value."""
    base, own = results.mean(case, BASE, score), results.mean(case, name, score)
    return math.nan if None in (base, own) else (own - base) / base * (1 if CASES[case][1] else -1)


def verdict(results):
    needed = {g: [c for c in CASES if worse(results, c, g) > 0] for g in GATES}
    most = [max(GATES, key=lambda g: harm(results, c, g)) for c in CASES]
    gru = {c: worse(results, c, "GRU") for c in CASES}
    # What the GRU may lose and still be "nearly as well": a hundredth of the LSTM's value.
    near = [c for c in CASES if harm(results, c, "GRU") <= 0.01]
    slower = sum((results.mean(c, "GRU", lambda r: r["seconds"]) or 0) >= (results.mean(c, BASE, lambda r: r["seconds"]) or 0) for c in CASES)
    gates = "; ".join(f"{g}: " + (f"worse on {', '.join(cs)}" if cs else "nowhere shown to be worse") for g, cs in needed.items())
    facts = (f"{gates}. What hurts most is {', '.join(f'{m} ({c})' for m, c in zip(most, CASES))}. The GRU is within 1 % of the LSTM or better on "
             f"{', '.join(near) or 'none'}" + (f", shown to be better on {', '.join(c for c in CASES if gru[c] < 0)}" if -1 in gru.values() else "")
             + (f", shown to be worse on {', '.join(c for c in CASES if gru[c] > 0)}" if 1 in gru.values() else "")
             + f", and takes less time on {len(CASES) - slower} of {len(CASES)}")
    whole = all(len(cs) == len(CASES) for cs in needed.values()) and all(m == "no forget gate" for m in most) and len(near) == len(CASES) and slower == 0
    none = not any(needed.values()) and not near
    return ("confirmed" if whole else "refuted with this budget" if none else "qualified") + f": {facts}"


def page(results, figures, extra):
    out = ["One layer with the same number of hidden units each, the same data, batches and epochs, the recipe's own settings but for size and "
           "length. A gate that is left out stands open (`model.without_gate`; its weights "
           "stay at 0 and are still counted among the parameters). *Coupled*: the input gate is one minus the forget gate. The LSTM's forget bias is 1. For speech each "
           "seed leaves another of the five voices out, reading in one direction. There are 27 comparisons with the LSTM, so one or two that "
           "chance alone would show are to be expected.", ""]
    for case, (what, less, digits) in CASES.items():
        rows = [[n, results.told(case, n, score, digits), results.parameters(case, n), results.seconds(case, n), words(results, n)[list(CASES).index(case)]]
                for n in CONTENDERS if results.of(case, n)]
        out += [f"## {case[0].upper()}{case[1:]}: {what} ({'less' if less else 'more'} is better)", "",
                *table(["network", what.rsplit(", ", 1)[1], "parameters", "seconds", "against the LSTM"], rows), ""]
    points = [(n, c, 100 * harm(results, c, n)) for n in CONTENDERS if n not in (BASE, "Elman") for c in CASES if results.of(c, n)]
    return [*out[:2], figures.bars("harm", "What a change costs: how much worse than the LSTM", "", "per cent of the LSTM's value; below 0: better", points),
            "", *out[2:]]
