"""How far back does each network remember? Three tasks that ask for something seen a known number of steps ago."""
import json
import math
import random
import subprocess

from lab.page import table
from lab.plan import DataSet, Job

NAME = "memory"
TITLE = "Near and far context"
CLAIM = "An Elman or Jordan network keeps only the near past; LSTM and GRU carry it over long lags."

# About 4,100 recurrent weights each. A Jordan network has two matrices where an Elman network has one.
CONTENDERS = {
    "Elman": {"model.cell": "elman", "model.hidden_size": 64},
    "Jordan": {"model.cell": "jordan", "model.hidden_size": 45},
    "LSTM": {"model.cell": "lstm", "model.hidden_size": 32},
    "LSTM, forget bias 5": {"model.cell": "lstm", "model.hidden_size": 32, "model.forget_bias": 5},
    "GRU": {"model.cell": "gru", "model.hidden_size": 37},
}
# Chosen from 0.001, 0.003 and 0.01 by pilot runs of one seed at lags 10 to 100, on other draws of the data.
RATES = {
    "order": {"Elman": 0.001, "Jordan": 0.001, "LSTM": 0.01, "LSTM, forget bias 5": 0.003, "GRU": 0.01},
    "adding": {"Elman": 0.003, "Jordan": 0.003, "LSTM": 0.003, "LSTM, forget bias 5": 0.003, "GRU": 0.01},
    "copy": {"Elman": 0.003, "Jordan": 0.001, "LSTM": 0.01, "LSTM, forget bias 5": 0.003, "GRU": 0.01},
}
TASKS = {"order": "temporal order", "adding": "adding problem", "copy": "copy memory"}
# lag: sequences to train on, passes over them (batches of 32), seconds of an LSTM
FULL = {10: (16000, 8, 1), 30: (16000, 10, 4), 100: (16000, 12, 13), 300: (10000, 13, 26), 1000: (6000, 6, 29)}
QUICK = {10: (4000, 8, 1), 30: (8000, 8, 2), 100: (8000, 8, 5)}
TINY = {4: (128, 1, 1), 8: (128, 1, 1)}
KEPT, SYMBOLS = 3, "ABCDEFGH"  # of copy memory
LOOKED_AT = ("order", 100)     # the models whose gradients are shown


# ---- the data ----


def places(lag, rng):
    """The first mark within the first tenth, the second between a third and the half."""
    first = rng.randrange(max(1, lag // 10))
    low = max(first + 1, lag // 3)
    return first, rng.randrange(low, max(low + 1, lag // 2))


def write_order(path, count, lag, rng):
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(count):
            symbols = rng.choices("abcd", k=lag)
            first, second = places(lag, rng)
            symbols[first], symbols[second] = rng.choice("XY"), rng.choice("XY")
            out.write(f"{' '.join(symbols)}\t{symbols[first]}{symbols[second]}\n")


def write_adding(path, count, lag, rng):
    with open(path, "w", encoding="utf-8") as out:
        out.write("value,marker,sum\n")
        before = "0.0000"
        for _ in range(count):
            values, marked = [rng.random() for _ in range(lag)], places(lag, rng)
            out.write("".join(f"{v:.4f},{int(i in marked)},{before if i == 0 else ''}\n" for i, v in enumerate(values)))
            before = f"{sum(round(values[i], 4) for i in marked):.4f}"
        out.write(f"0,0,{before}\n")


def write_copy(path, count, lag, rng):
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(count):
            kept = rng.choices(SYMBOLS, k=KEPT)
            out.write("".join(f"{s}\t-\n" for s in kept) + "_\t-\n" * lag)
            out.write("".join(f"{'_' if i else '!'}\t{s}\n" for i, s in enumerate(kept)) + "\n")


WRITERS = {"order": (write_order, "tsv"), "adding": (write_adding, "csv"), "copy": (write_copy, "tags")}


def write(task, lag, count, folder):
    rng = random.Random(f"{task} {lag} {count}")
    writer, ending = WRITERS[task]
    held = max(count // 16, 64)
    if task == "adding":  # one file, whose last part validates
        writer(folder / "train.csv", count + held, lag, rng)
    else:
        writer(folder / f"train.{ending}", count, lag, rng)
        writer(folder / f"valid.{ending}", held, lag, rng)
    writer(folder / f"test.{ending}", held, lag, rng)


# ---- the jobs ----


def plan(scale):
    jobs = []
    for seed in range(1, scale.seeds + 1):
        for lag, (count, epochs, seconds) in scale.pick(FULL, QUICK, TINY).items():
            for task in TASKS:
                data = DataSet(f"{task} {lag} {count} v1", lambda folder, t=task, g=lag, c=count: write(t, g, c, folder))
                for name, sets in CONTENDERS.items():
                    sets = {**sets, "train.optimizer.learning_rate": RATES[task][name], "train.epochs": epochs}
                    if task == "adding":
                        held = max(count // 16, 64)
                        sets |= {"model.window": lag, "data.splits": f"[{count * lag + 1}, {held * lag}]"}
                    jobs.append(Job(f"{task} {lag}", name, seed, f"experiments/recipes/memory-{task}.yaml", sets,
                                    {"test": ["--data", "{data}/test." + WRITERS[task][1]]}, data=data, expect=seconds,
                                    keep=(task, lag) == LOOKED_AT and seed == 1))
    return jobs


# ---- what came of it ----


def score(record):
    """How much of the answer is known, in per cent: 0 is chance, 100 perfect."""
    task, lag = record["case"].split()
    test = record["test"]
    if task == "order":
        return max(0.0, (test["accuracy"] - 0.25) / 0.75) * 100
    if task == "adding":  # saying the mean leaves the variance of the sum of two uniform numbers, 1/6
        return max(0.0, 1 - test["mse"] * 6) * 100
    wrong = (1 - test["accuracy"]) * (int(lag) + 2 * KEPT) / KEPT  # all that is wrong counts against the symbols asked for
    return max(0.0, (1 - wrong - 1 / 8) / (7 / 8)) * 100


def reach(results, task, lags, name):
    """The longest lag up to which the mean score is 90 or more; 0: none."""
    far = 0
    for lag in lags:
        if (results.mean(f"{task} {lag}", name, score) or 0) < 90:
            break
        far = lag
    return far


def lags_of(results):
    return sorted({int(r["case"].split()[1]) for r in results.records})


def tables(results, figures):
    lags, out = lags_of(results), []
    for task, title in TASKS.items():
        rows, points = [], []
        for name in CONTENDERS:
            rows.append([name, *(results.told(f"{task} {g}", name, score) for g in lags), reach(results, task, lags, name) or "-",
                         results.parameters(f"{task} {lags[-1]}", name), results.seconds(f"{task} {lags[-1]}", name)])
            points += [(name, g, m) for g in lags if (m := results.mean(f"{task} {g}", name, score)) is not None]
        columns = ["network", *(f"lag {g}" for g in lags), "reaches", "parameters", f"seconds at {lags[-1]}"]
        out += [f"## {title[0].upper()}{title[1:]}", "", figures.lines(task, f"{title[0].upper()}{title[1:]}: what is known after a lag",
                "lag, steps", "score (0: chance, 100: perfect)", points, "log_x", "from_zero"), "", *table(columns, rows), ""]
    return out


def verdict(results):
    lags = lags_of(results)
    far = {n: [reach(results, t, lags, n) for t in TASKS] for n in CONTENDERS}
    plain = {n: math.prod(v + 1 for v in f) for n, f in far.items()}
    told = "; ".join(f"{n} " + ", ".join(f"{f or 'none'}" for f in far[n]) for n in CONTENDERS)
    gated = [n for n in CONTENDERS if n[:4] in ("LSTM", "GRU")]
    wins = [all(far[n][t] > max(far["Elman"][t], far["Jordan"][t]) for t in range(len(TASKS))) for n in gated]
    not_worse = all(far[n][t] >= max(far["Elman"][t], far["Jordan"][t]) for n in gated for t in range(len(TASKS)))
    if all(wins):
        word = "confirmed: in all three tasks each gated network reaches further than Elman and Jordan"
    elif not_worse and max(plain[n] for n in gated) > max(plain["Elman"], plain["Jordan"]):
        word = "confirmed with a qualification: no gated network reaches less far than Elman and Jordan, but not each reaches further in each task"
    elif max(plain[n] for n in gated) > max(plain["Elman"], plain["Jordan"]):
        word = "qualified: some gated network reaches further, but not in each task"
    else:
        word = "refuted with this budget: no gated network reaches further"
    return f"{word} (longest lag with a score of 90, {', '.join(TASKS.values())}: {told})"


def page(results, figures, extra):
    out = ["Three tasks ask at the end of a sequence for something that stood near its beginning. All networks have about as many recurrent "
           "weights, and for each lag the same sequences, batches and number of steps; the learning rate of each network and task was chosen "
           "from 0.001, 0.003 and 0.01 by pilot runs of one seed at lags 10 to 100. An answer is scored from 0 (chance) to 100 (perfect): "
           "of *temporal order* the share of right answers above chance, of *adding* the share of the sum's variance that is explained, "
           f"of *copy memory* the share of the {KEPT} symbols above chance. *Reaches*: the longest lag up to which the mean is 90 or more.", "",
           "In these tasks a Jordan network feeds back as many outputs as it has hidden units, not only its answer; that helps it.", "",
           *tables(results, figures)]
    gradients = extra.get("gradients")
    if gradients:
        points = [(n, x, y) for n, g in gradients.items() for x, y in zip(g["lags"], g["norms"]) if y and y >= 1e-12]
        out += ["## Gradients by lag", "", "How strongly the loss depends on the state so many steps before the answer: the norm of the gradient relative to "
                f"lag 0, of the models of temporal order at lag {LOOKED_AT[1]}, seed 1 (`rondo inspect MODEL gradients`; of an LSTM with respect to its cell "
                "state). The horizon is the first lag at which less than 1 % is left. What is below 1e-12 is left out of the picture.", "",
                figures.lines("gradients", "Gradient of the loss with respect to the state k steps before, after training", "k, steps",
                              "norm, relative to k = 0", points, "log_y"), "",
                *table(["network", "horizon before training", "after it"], [[n, g["start"], g["horizon"]] for n, g in gradients.items()]), ""]
    return out


def after(lab, jobs):
    """Gradients of the kept models, where `rondo inspect` can tell them."""
    task, lag = LOOKED_AT
    found = {}
    for job in jobs:
        model = lab.model_of(NAME, job) / "model.safetensors"
        if job.keep and model.exists():
            out = model.with_name("gradients.json")
            words = [lab.rondo, "inspect", model, "gradients", str(lab.data(job.data) / f"test.{WRITERS[task][1]}"), "--lags", str(lag), "--to", out]
            if out.exists() or subprocess.run(list(map(str, words)), capture_output=True).returncode == 0:
                found[job.contender] = read_gradients(json.loads(out.read_text(encoding="utf-8")))
    return {"gradients": {n: g for n, g in found.items() if g}}


def curve(panel, when):
    """The cell state's where there is one, else the hidden state's."""
    found = [s for s in panel.get("series", []) if s["name"].endswith(when)]
    return min(found, key=lambda s: not s["name"].startswith("c "))["values"] if found else []


def horizon(lags, norms):
    """The first lag at which less than a hundredth is left."""
    return next((f"{k:g}" for k, v in zip(lags, norms) if v is not None and v < 0.01 * norms[0]), f"over {lags[-1]:g}") if norms and norms[0] else "-"


def read_gradients(view):
    for panel in view["panels"]:
        if panel["kind"] == "lines" and curve(panel, "as trained"):
            lags = panel["x"]["values"]
            trained, start = curve(panel, "as trained"), curve(panel, "at its start")
            return {"lags": lags, "norms": trained, "horizon": horizon(lags, trained), "start": horizon(lags, start)}
    return None
