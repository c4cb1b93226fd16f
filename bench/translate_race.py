#!/usr/bin/env python3
"""Times training and decoding of a finished `rondo train` run in Rondo and in PyTorch, turn by turn, and prints medians.

usage: bench/translate_race.py RUN_FOLDER [--rondo build/rondo] [--threads 2] [--rounds 3] [--steps 40] [--beam 5]
                               [--batches 1 64] [--lines N] [--low] [--only train|decode|start]

  --low   also Rondo in bf16 (training and decoding) and int8 (decoding), in rows of their own without PyTorch
  --lines only so many lines of valid_source

  train   the recipe of RUN_FOLDER/model.safetensors for --steps steps: target tokens/s. Rondo's number counts all of them,
          also the first, which finds the memory; PyTorch's begins after five. Evaluating counts in neither.
  decode  all of valid_source with Rondo's weights: sentences/s of greedy and beam search. Rondo's time is what `rondo
          translate --time` says: tokenising, searching and joining, without opening the model; PyTorch's the same without
          tokenising. Both sort by length.
  start   Rondo alone: seconds from the start of the process to the end of the first translation (median of ten), and its
          peak of memory, for one line and for all lines by the widest beam and batch.

A round runs each measurement once in Rondo and once in PyTorch, one right after the other. PyTorch is optional: without it
only Rondo's numbers are printed. How the PyTorch side is written: bench/pytorch_translate.py.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time

twin = torch = None


def import_torch():
    """After Rondo's memory has been measured: a child's peak counts what its parent held when it began."""
    global twin, torch
    try:
        import pytorch_translate as twin
        import torch
    except ImportError:
        twin = torch = None


def recipe_of(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return json.loads(header["__metadata__"]["rondo"])["recipe"]


def find(args, recipe, name):
    for folder in ("", args.run, recipe["data"].get("folder") or ".", os.environ.get("RONDO_DATA", ".")):
        if os.path.exists(os.path.join(folder, name)):
            return os.path.abspath(os.path.join(folder, name))
    raise SystemExit(f"{name}: not found (set RONDO_DATA)")


def first_lines(path, n, folder):
    result = os.path.join(folder, "lines.txt")
    with open(path, encoding="utf-8") as file, open(result, "w", encoding="utf-8") as out:
        out.writelines(line for _, line in zip(range(n), file))
    return result


def call(args, *words):
    """Standard error of a run of Rondo."""
    done = subprocess.run([args.rondo, *words, "--threads", str(args.threads)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    return done.stderr


def median(times):
    return statistics.median(times) if times else None


def show(what, ours, theirs, unit):
    a, b = median(ours), median(theirs)
    other = f"   PyTorch {b:9.1f}   {a / b:5.2f} x" if b else ""
    spread = f"  ({min(ours):.1f} to {max(ours):.1f}{f'; {min(theirs):.1f} to {max(theirs):.1f}' if b else ''})"
    print(f"{what:22s} Rondo {a:9.1f}{other}   {unit}{spread}", flush=True)


# ---- training ----


def rondo_train(args, recipe, precision="f32"):
    """Without search at the evaluation that ends it: over a part of one line only."""
    with tempfile.TemporaryDirectory() as folder:
        for side in ("source", "target"):
            with open(find(args, recipe, recipe["data"][f"valid_{side}"]), encoding="utf-8") as file:
                line = file.readline()
            with open(os.path.join(folder, side), "w", encoding="utf-8") as file:
                file.write(line)
        sets = [f"train.max_steps={args.steps}", "train.evaluate_every=0", f"train.precision={precision}", f"data.valid_source={folder}/source",
                f"data.valid_target={folder}/target"]
        out = os.path.join(folder, "run")
        call(args, "train", os.path.join(args.run, "recipe.yaml"), "--out", out, "--quiet", *[w for s in sets for w in ("--set", s)])
        with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
            return json.loads(file.readlines()[-1])["tokens_per_second"]


def torch_train(args, recipe, data):
    torch.manual_seed(recipe["train"]["seed"])
    sides = data.vocabulary_sizes
    return twin.Trainer(twin.Model(recipe, *sides), recipe, data).time_steps(args.steps)


# ---- decoding ----


def rondo_decode(args, source, beam, batch, dtype="f32"):
    """Lines per second."""
    text = call(args, "translate", os.path.join(args.run, "model.safetensors"), source, "--beam", str(beam), "--batch",
                str(batch), "--length-penalty", str(args.length_penalty), "--dtype", dtype, "--time")
    return float(text.split(" s, ")[1].split(" lines/s")[0])


def torch_decode(args, data, model, beam, batch):
    name = "greedy" if beam == 1 else f"beam {beam}"
    search = twin.searches_of(model, data.end, beam, args.length_penalty)[name]
    search([s for s in data.sources[: min(batch, 8)] if s]) # the first call of each shape is slow
    texts, seconds, _ = twin.translate(search, data, batch)
    return len(texts) / seconds


def race_decode(args, source, data, model, beam, batch):
    ours, theirs = {d: [] for d in (("f32", "bf16", "int8") if args.low else ("f32",))}, []
    for _ in range(args.rounds):
        for dtype, times in ours.items():
            times.append(rondo_decode(args, source, beam, batch, dtype))
        if torch:
            theirs.append(torch_decode(args, data, model, beam, batch))
    name = f"{'greedy' if beam == 1 else f'beam {beam}'}, batch {batch}"
    for dtype, times in ours.items():
        show(name if dtype == "f32" else f"{name}, {dtype}", times, theirs if dtype == "f32" else [], "sentences/s")


def race_train(args, recipe, data):
    ours, theirs = {d: [] for d in (("f32", "bf16") if args.low else ("f32",))}, []
    for _ in range(args.rounds):
        for precision, speeds in ours.items():
            speeds.append(rondo_train(args, recipe, precision))
        if torch:
            theirs.append(torch_train(args, recipe, data))
    for precision, speeds in ours.items():
        show("training" if precision == "f32" else f"training, {precision}", speeds, theirs if precision == "f32" else [],
             "target tokens/s")


def peak():
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def start(args, source):
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as one:
        with open(source, encoding="utf-8") as file:
            one.write(file.readline())
        one.flush()
        times = []
        for _ in range(10):
            begun = time.perf_counter()
            call(args, "translate", os.path.join(args.run, "model.safetensors"), one.name)
            times.append(time.perf_counter() - begun)
    print(f"start to first translation: {median(times):.3f} s ({min(times):.3f} to {max(times):.3f}), peak {peak():.1f} MiB")
    rondo_decode(args, source, args.beam, max(args.batches))
    print(f"peak of all lines, beam {args.beam}, batch {max(args.batches)}: {peak():.1f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run")
    parser.add_argument("--rondo", default="build/rondo")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--length-penalty", type=float, default=0.0)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--low", action="store_true")
    parser.add_argument("--only", nargs="+", default=["start", "decode", "train"], choices=["start", "decode", "train"])
    args = parser.parse_args()
    recipe = recipe_of(os.path.join(args.run, "model.safetensors"))
    source = find(args, recipe, recipe["data"]["valid_source"])
    data = model = None
    folder = tempfile.TemporaryDirectory() # goes with the process
    if args.lines:
        source = first_lines(source, args.lines, folder.name)
    if "start" in args.only:
        start(args, source)
    import_torch()
    print(f"PyTorch {torch.__version__ if torch else 'not installed'}, {args.threads} threads, medians of {args.rounds} rounds "
          "turn by turn (least to most)")
    if torch:
        torch.set_num_threads(args.threads)
        _, _, data, model, _ = twin.load(args.run)
        model.eval()
        if args.lines:
            data.sources, data.references = data.sources[: args.lines], data.references[: args.lines]
    if "decode" in args.only:
        for beam in sorted({1, args.beam}):
            for batch in args.batches:
                race_decode(args, source, data, model, beam, batch)
    if "train" in args.only:
        race_train(args, recipe, data)


if __name__ == "__main__":
    main()
