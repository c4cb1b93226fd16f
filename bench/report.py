#!/usr/bin/env python3
"""Writes the page on performance from what bench/race.py measured: tables, shares of the machine's ceiling, ratios to peers, pictures.

usage: bench/report.py [build/bench/race.jsonl] [--to docs/performance.md] [--pictures docs/pictures] [--plot build/bench_plot]

Several files may be given: of a case that is in more than one the last counts. A ratio is the peer's median over Rondo's: above 1
Rondo is quicker. The ceiling is the best that bench/ceiling.c reached in the same run.
"""
import argparse
import json
import os
import statistics
import subprocess

from report_tables import CELLS, PASSES, Cases, number, page_tables, ratio, table, told, what_of
from report_targets import targets


class Results:
    def __init__(self, paths):
        self.machine, self.ceilings, self.recipes, cases = None, {}, {}, {}
        for path in paths:
            with open(path, encoding="utf-8") as file:
                for record in map(json.loads, file):
                    self.take(record, cases)
        if not self.machine or not (cases or self.recipes):
            raise SystemExit("report: nothing was measured (run bench/race.py first)")
        self.cases = Cases(list(cases.values()), self.ceilings, self.machine["threads"])

    def take(self, record, cases):
        kind = record["kind"]
        if kind == "machine":
            self.machine = {**record, "versions": {**(self.machine or {}).get("versions", {}), **record["versions"]}}
        if kind in ("machine", "machine_after"):
            for c in record["ceilings"]:
                held = self.ceilings.setdefault(c["threads"], {})
                held.update({k: max(c[k], held.get(k) or 0) for k in ("fp32", "bf16", "int8") if c[k]})
        elif kind == "case":
            record["commit"] = self.machine["commit"] if self.machine else "?"
            key = [record.get(k) for k in ("part", "cell", "pass", "I", "H", "B", "T", "both", "name", "axis", "ragged", "sides", "options")]
            cases[json.dumps(key)] = record
        elif kind == "recipe":
            self.recipes[record["name"]] = record


NAMES = {"pytorch": "PyTorch", "onnxruntime": "ONNX Runtime", "onednn": "oneDNN (OpenMP)", "onednn-sycl": "oneDNN (SYCL, the newest package)"}


def command(m):
    words = ["make bench"] + (["FULL=1"] if m["mode"] == "full" else [])
    return " ".join(words + ([f'RACE="--budget {m["budget"]:g}"'] if m.get("budget") else []))


def introduction(r):
    m, lines = r.machine, []
    versions = ", ".join(f"{NAMES.get(k, k)} {v}" for k, v in m["versions"].items()) or "no peer"
    lines.append(f"Measured on {m['date']} with {m['rondo']} (commit {m['commit']}) against {versions}. {m['processor']}, "
                 f"{m['cores']} core{'s' if m['cores'] > 1 else ''}, {m['memory_gib']} GiB, {m['system']}, kernel {m['kernel']}, {m['compiler']}. "
                 f"Threads: {m['threads']}. `{command(m)}` measures it again.")
    parts = {}
    for c in r.cases.all:
        parts.setdefault(c["commit"], {})[c["part"]] = None
    if len(parts) > 1:
        lines.append("Several runs: " + "; ".join(f"{', '.join(p)} at commit {commit}" for commit, p in parts.items()) + ".")
    rows = [[f"{t}", *(number(c.get(k)) if c.get(k) else "-" for k in ("fp32", "bf16", "int8"))] for t, c in sorted(r.ceilings.items())]
    lines += ["", "What this machine can do at most, in registers (`bench/ceiling.c`, the best of the run):", "",
              *table(["threads", "fp32, GFLOP/s", "bf16, GFLOP/s", "int8, GOP/s"], rows), ""]
    lines.append("Each number is the median of rounds that lie apart in time; a round runs all sides one right after the other, a turn of a side takes about "
                 f"{m['seconds']:g} s or one run, whatever is longer. How many rounds the cases of each part had stands below. Before and after "
                 "each round the round trip between the cores is measured, and a round in a slow spell is thrown away and run again. "
                 "*Share* is the arithmetic done in that time over the fp32 ceiling. Ratios are the peer's time over Rondo's: above 1 "
                 "Rondo is quicker. PyTorch trains without the gradient to the layer's input, as the first layer of a network does; "
                 "oneDNN always computes it, and so does Rondo beside it. oneDNN gets its weights in its own order beforehand, "
                 "Rondo packs them in each pass of training. Of oneDNN two builds take part, the last that its packages offer with OpenMP and "
                 "the newest, which they offer with SYCL only; ratios are to the quicker one.")
    return lines


PEERS = {"pytorch": "PyTorch", "onnxruntime": "ONNX Runtime", "onednn": "oneDNN"}


def summary(r):
    rows, late = [], []
    for what in ("train", "forward", "step"):
        for who, name in PEERS.items():
            found = [(v, c) for c in r.cases.all if c["part"] in ("cells", "named", "odd", "step") and c["pass"] == what
                     if (v := r.cases.against(c, who)) is not None]
            if not found:
                continue
            values = [v for v, _ in found]
            rows.append([PASSES[what], name, len(values), ratio(statistics.median(values)), ratio(min(values)), ratio(max(values)),
                         sum(v >= 1 for v in values), sum(v < 1 for v in values)])
            late += [[f"{what_of(c)}, {what}", name, ratio(v)] for v, c in sorted(found, key=lambda f: f[0]) if v < 1]
    out = ["## In short", "", "One layer in fp32 (tables below), the peer's time over Rondo's:", "",
           *table(["pass", "peer", "cases", "median ratio", "least", "most", "Rondo ahead in", "behind in"], rows)]
    fast = [[x["name"], number(x["times"]["rondo"]), number(x["times"]["pytorch"]), told(x["times"]["rondo"] / x["times"]["pytorch"])]
            for x in r.recipes.values() if x["times"].get("pytorch")]
    if fast:
        out += ["", *table(["whole recipes", "Rondo", "PyTorch", "ratio"], fast)]
    if late:
        out += ["", "**Where Rondo is behind**, all cases:", "", *table(["case", "peer", "ratio"], late)]
    elif rows:
        out += ["", "There is no case of these in which a peer is ahead."]
    return out


def spells(r):
    thrown = sum(c["slow_rounds"] for c in r.cases.all)
    marked = [c for c in r.cases.all if c["in_slow_spell"]]
    pings = [c["ping_ns"] for c in r.cases.all if c["ping_ns"]]
    text = f"{thrown} rounds fell into slow spells and were run again; {len(marked)} cases had no other rounds and are marked with *."
    if pings:
        text += f" Round trip between two cores over all kept rounds: {min(pings):.0f} to {max(pings):.0f} ns."
    rows = []
    for part in dict.fromkeys(c["part"] for c in r.cases.all):
        counts = [c["rounds"] for c in r.cases.of(part)]
        rows.append([part, len(counts), min(counts), number(statistics.median(counts)), max(counts)])
    for x in r.recipes.values():
        if "rounds" in x:
            rows.append([x["name"], 1, *[x["rounds"]] * 3])
    return ["## The state of the machine, and how many rounds", "", text, "",
            *table(["part", "cases", "least rounds", "median", "most"], rows)]


def recipes(r):
    if not r.recipes:
        return []
    speed = [[x["name"], x["unit"], number(x["times"]["rondo"]), number(x["times"].get("pytorch")),
              told(x["times"]["rondo"] / x["times"]["pytorch"]) if x["times"].get("pytorch") else "-"]
             for x in r.recipes.values() if x["times"]]
    memory = [[x["name"].replace(", memory", ", training"), *(number(x["memory_mib"].get(k)) for k in ("rondo", "pytorch")),
               f"{x['memory_mib']['rondo'] / x['memory_mib']['pytorch']:.2f}" if x["memory_mib"].get("pytorch") else "-"]
              for x in r.recipes.values() if x["memory_mib"]]
    out = ["## Whole recipes", "", "The same model, data, batches and optimiser in PyTorch (`bench/pytorch_language_model.py`, "
           "`bench/pytorch_translate.py`).", "", *table(["recipe", "unit", "Rondo", "PyTorch", "ratio"], speed)]
    if memory:
        out += ["", "Peak of the whole process (resident set), MiB:", "", *table(["recipe", "Rondo", "PyTorch", "share"], memory)]
    return out


# ---- pictures ----


def curves(r, part, what, along, keep, unit=1.0):
    """{series: [(x, ms)]} of the cases of a part that `keep` wants; of a peer the better number of threads."""
    out = {}
    for c in r.cases.of(part, what):
        for side, t in c["times"].items() if keep(c) else ():
            if "int8" not in side and "bf16" not in side:
                series = out.setdefault(side if side.startswith("rondo") else side.split()[0], {})
                series[c[along]] = min(unit * t["median_ms"], series.get(c[along], float("inf")))
    return {side: sorted(points.items()) for side, points in out.items()}


LEGEND = {"rondo": "Rondo", "rondo+dx": "Rondo, with the gradient to the input", "pytorch": "PyTorch", "onnxruntime": "ONNX Runtime",
          "onednn": "oneDNN", "onednn-sycl": "oneDNN (SYCL)", "rondo 1t": "Rondo, one thread", "rondo shared": "Rondo, all threads"}


def pictures(r):
    """name, title, label of x and y, points by series"""
    T = 64
    for what, word in (("train", "training"), ("forward", "forward")):
        for cell in CELLS:
            yield (f"{what}-{cell}-size", f"{CELLS[cell]}, {word}: cost against H (B = 32, T = {T})", "hidden units H", "time, ms",
                   curves(r, "cells", what, "H", lambda c: c["cell"] == cell and c["B"] == 32))
        yield (f"{what}-batch", f"LSTM, {word}: cost against B (H = 256, T = {T})", "sequences B", "time, ms",
               curves(r, "scaling", what, "B", lambda c: c.get("axis") == "B"))
        yield (f"{what}-steps", f"LSTM, {word}: cost against T (H = 128, B = 16)", "steps T", "time, ms",
               curves(r, "scaling", what, "T", lambda c: c.get("axis") == "T"))
        yield (f"{what}-threads", f"LSTM, {word}: one thread and {r.machine['threads']} (B = 32, T = {T})", "hidden units H", "time, ms",
               curves(r, "scaling", what, "H", lambda c: c.get("axis") == "threads"))
    for cell in CELLS:
        yield (f"step-{cell}", f"{CELLS[cell]}: one step of a stream (B = 1)", "hidden units H", "time of a step, µs",
               curves(r, "step", "step", "H", lambda c: c["cell"] == cell, 1000.0))


def draw(r, args):
    """{name: line of Markdown} of the pictures that have at least two points in a series."""
    out = {}
    if not os.path.exists(args.plot):
        print(f"{args.plot} is not there (cmake --build build --target bench_plot): no pictures")
        return out
    os.makedirs(args.pictures, exist_ok=True)
    for name, title, x, y, series in pictures(r):
        if max((len(p) for p in series.values()), default=0) < 2:
            continue
        path = os.path.join(args.pictures, f"speed-{name}.svg")
        order = [s for s in [*LEGEND, *series] if s in series]
        points = "".join(f"{LEGEND.get(s, s)}\t{a}\t{b:.6g}\n" for s in dict.fromkeys(order) for a, b in series[s])
        subprocess.run([args.plot, path, title, x, y], input=points, text=True, check=True)
        out[name] = f"![{title}]({os.path.relpath(path, os.path.dirname(args.to) or '.')})"
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("results", nargs="*", default=["build/bench/race.jsonl"])
    p.add_argument("--to", default="", help="the page (docs/performance.md after a full race, else build/bench/performance.md)")
    p.add_argument("--pictures", default="", help="their folder (pictures/ beside the page)")
    p.add_argument("--plot", default="build/bench_plot")
    args = p.parse_args()
    r = Results(args.results)
    args.to = args.to or ("docs/performance.md" if r.machine["mode"] == "full" else "build/bench/performance.md")
    args.pictures = args.pictures or os.path.join(os.path.dirname(args.to) or ".", "pictures")
    drawn = draw(r, args)
    parts = [["# Performance"], introduction(r), summary(r), targets(r.cases, r.recipes), *page_tables(r.cases, drawn), recipes(r), spells(r)]
    with open(args.to, "w", encoding="utf-8") as file:
        file.write("\n\n".join("\n".join(part) for part in parts if part) + "\n")
    print(f"{args.to}, {len(drawn)} pictures")


if __name__ == "__main__":
    main()
