"""Can a recurrent network foretell prices? Against saying that nothing will change, over five stretches of history."""
import os
import pathlib

from lab import numbers
from lab.page import table
from lab.plan import DataSet, Job

NAME = "prices"
TITLE = "Prices, as it is"
CLAIM = "A recurrent network forecasts prices better than saying that nothing will change."
NEEDS = ["finance/sp500-monthly.csv", "finance/vix-daily.csv"]

CELLS = {"Elman": "elman", "LSTM": "lstm", "GRU": "gru"}
# recipe, file, rows that a window and its first difference take, seconds
CASES = {"S&P 500, 5 months": ("recipes/sp500.yaml", "finance/sp500-monthly.csv", 25, 3),
         "VIX, 5 days": ("recipes/vix.yaml", "finance/vix-daily.csv", 21, 10)}
FOLDS = 5


def write(folder, name, window, fold):
    """Rolling origins: of all rows the first 42 % + 10 % · fold train, the next 8 % validate, the 10 % after them test."""
    source = pathlib.Path(os.environ.get("RONDO_DATA", "data")) / name
    header, *rows = source.read_text(encoding="utf-8").splitlines(keepends=True)
    known, end = (len(rows) * (50 + 10 * fold) // 100, len(rows) * (60 + 10 * fold) // 100)
    (folder / "train.csv").write_text("".join([header, *rows[:known]]), encoding="utf-8")
    (folder / "test.csv").write_text("".join([header, *rows[known - window : end]]), encoding="utf-8")


def plan(scale):
    jobs = []
    for seed in range(1, scale.seeds + 1):
        fold = (seed - 1) % FOLDS
        for case, (recipe, name, window, seconds) in CASES.items():
            data = DataSet(f"{pathlib.Path(name).stem} fold {fold} v1", lambda folder, n=name, w=window, f=fold: write(folder, n, w, f))
            share = round((42 + 10 * fold) / (50 + 10 * fold), 4)
            for contender, cell in CELLS.items():
                sets = {"model.cell": cell, "data.file": "train.csv", "data.splits": f"[{share}, {round(1 - share, 4)}]",
                        "train.epochs": scale.pick(10, 3)}
                jobs.append(Job(case, contender, seed, recipe, sets, {"test": ["--data", "{data}/test.csv"]}, data=data,
                                expect=seconds * scale.pick(1.0, 0.3)))
    return jobs


def gain(what, base="naive"):
    """By how many per cent the error lies below that of the baseline."""
    return lambda record: 100 * (1 - record["test"][what] / record["test"][f"{base}_{what}"])


def shown(results, case, name, value):
    """+1: shown to be above 0, -1: below, 0: neither."""
    values = results.values(case, name, value)
    d = numbers.Difference(values, {seed: 0.0 for seed in values})
    return 1 if d.above else -1 if d.below else 0


COLUMNS = {"squared error": "mse", "absolute error": "mae"}
BASES = {"naive": "\"nothing changes\"", "drift": "drift"}


def winners(results, what, base):
    """Who is shown to be better, by series: "VIX, 5 days, by LSTM and GRU"."""
    found = {c: [n for n in CELLS if results.of(c, n) and shown(results, c, n, gain(what, base)) > 0] for c in CASES}
    return " and ".join(f"{c}, by {' and '.join(names)}" for c, names in found.items() if names) or "none"


def verdict(results):
    first = {c: [n for n in CELLS if results.of(c, n) and shown(results, c, n, gain("mse")) > 0] for c in CASES}
    told = "; ".join(f"{c}: " + ", ".join(f"{n} {results.told(c, n, gain('mse'), 1)} %" for n in CELLS) for c in CASES)
    facts = "; ".join(f"{word} against {BASES[base]}: {winners(results, what, base)}" for word, what in COLUMNS.items() for base in BASES)
    all_of_them = all(len(names) == len(CELLS) for names in first.values())
    word = "confirmed" if all_of_them else "qualified" if any(first.values()) else "not confirmed"
    return f"{word}: a gain is shown in {facts} (squared error below that of \"nothing changes\": {told})"


def page(results, figures, extra):
    out = ["Recipes `sp500.yaml` and `vix.yaml`, with returns as input and a Student's t distribution as output, whose mean is the forecast. Each seed is "
           "another stretch of history: trained on the past alone, tested on the tenth of all rows that follows (rolling origins), so the standard "
           "errors hold the differences between times, too. *Naive* says that nothing changes, *drift* goes on along the line from the first to the last "
           "known value: what grows in the long run is ahead of naive without any foresight. By how many per cent the error is lower than the "
           "baseline's (below 0: higher); **bold** where that is shown. There are 24 comparisons, so one that chance alone would show is to be expected:", ""]
    rows = []
    for case in CASES:
        for n in CELLS:
            if results.of(case, n):
                told = [(results.told(case, n, gain(w, b), 1), shown(results, case, n, gain(w, b))) for b in BASES for w in COLUMNS.values()]
                rows.append([case, n, *(f"**{t}**" if s else t for t, s in told), results.parameters(case, n), results.seconds(case, n)])
    heads = [f"{w}, {b}" for b in BASES for w in COLUMNS.values()]
    points = [(f"{c}: {n}", f"test part {r['seed']}", gain("mse")(r)) for c in CASES for n in CELLS for r in results.of(c, n)]
    return [*out, *table(["series", "network", *heads, "parameters", "seconds"], rows, left=2), "",
            figures.bars("gain", "Squared error below that of \"nothing changes\"", "", "per cent", points), "",
            "The monthly index is an average of each month's days, which alone makes neighbouring changes alike (Working 1960) and leaves something to "
            "forecast that no one could have traded. Volatility returns to its usual level, which is a known effect as well.", ""]
