"""Whole recipes in bench/race.py: symbols/s of training, sentences/s of decoding, peak of memory; through the scripts beside this one
(pytorch_language_model.py, translate_race.py), which hold how the PyTorch side is written."""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RECIPES = os.path.join(HERE, "..", "recipes")


def call(command, limit=7200):
    """Output, and the peak of memory of the process in MiB."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([str(w) for w in command], stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command[:3]))}: exit code {process.returncode}: {text.strip()[-400:]}")
    return text, usage.ru_maxrss / 1024


def data_folder():
    return os.environ.get("RONDO_DATA", os.path.join(HERE, "..", "data"))


def pytorch(args):
    path = os.path.join(args.peers, "pytorch")
    return path if "pytorch" in args.against and os.path.exists(path) else None


def median_of(values):
    return statistics.median(values) if values else None


class Speeds:
    """What rounds have measured: {name of a record: (unit, Rondo's speeds, PyTorch's)}, and peaks of memory."""

    def __init__(self):
        self.rows, self.memory = {}, {}

    def add(self, name, unit, ours, theirs):
        row = self.rows.setdefault(name, (unit, [], []))
        row[1].extend(ours)
        row[2].extend(theirs)

    def records(self):
        for name, (unit, ours, theirs) in self.rows.items():
            record = {"kind": "recipe", "name": name, "unit": unit, "times": {"rondo": median_of(ours), "pytorch": median_of(theirs)},
                      "rounds": len(ours), "memory_mib": self.memory.get(name, {})}
            print(f"recipes  {name}: {record['times']} {unit}, {len(ours)} rounds, peak {record['memory_mib']} MiB", flush=True)
            yield record


def repeated(one_round, rounds, until):
    """Runs rounds until there are enough, or the time is up: then at least one."""
    for done in range(rounds):
        begun = time.monotonic()
        one_round(done)
        if 2 * time.monotonic() - begun > until: # the next one would not fit
            return


def rondo_train(args, recipe, steps, folder, more=()):
    """tokens/s as metrics.jsonl says at its end, and the peak of memory."""
    words = [args.rondo, "train", recipe, "--out", folder, "--quiet", "--threads", args.threads, "--set", f"train.max_steps={steps}",
             "--set", "train.evaluate_every=0", *more]
    _, peak = call(words)
    with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
        return json.loads(file.readlines()[-1])["tokens_per_second"], peak


def shakespeare(args, steps, rounds, until):
    recipe, python, speeds = os.path.join(RECIPES, "shakespeare.yaml"), pytorch(args), Speeds()

    def one_round(_):
        for precision, words in (("f32", []), ("bf16", ["--bf16"])):
            name, theirs = f"shakespeare.yaml, training, {precision}", []
            with tempfile.TemporaryDirectory() as folder:
                run, memory = os.path.join(folder, "run"), speeds.memory.setdefault(name, {})
                ours, memory["rondo"] = rondo_train(args, recipe, steps, run, ["--set", f"train.precision={precision}"])
                if python:
                    text, memory["pytorch"] = call([python, os.path.join(HERE, "pytorch_language_model.py"), run, "--threads",
                                                    args.threads, "--steps", steps, "--speed", *words])
                    theirs = [float(re.search(r"symbols/s: PyTorch (\d+)", text).group(1))]
            speeds.add(name, "symbols/s", [ours], theirs)

    repeated(one_round, rounds, until)
    yield from speeds.records()


LINE = re.compile(r"^(\S.*?)\s+Rondo\s+([\d.]+)(?:\s+PyTorch\s+([\d.]+))?.*?(target tokens/s|sentences/s)", re.M)


def translate_race(args, run, only, rounds, steps, until):
    """Rows that bench/translate_race.py prints, as records."""
    python, speeds = pytorch(args) or sys.executable, Speeds()

    def one_round(_):
        text, _ = call([python, os.path.join(HERE, "translate_race.py"), run, "--rondo", args.rondo, "--threads", args.threads,
                        "--rounds", 1, "--steps", steps, "--low", "--lines", args.enja_lines, "--only", only])
        for what, ours, theirs, unit in LINE.findall(text):
            name = what if what.startswith("training") else f"decoding, {what}"
            speeds.add(f"enja-attention.yaml, {name}", unit, [float(ours)], [float(theirs)] if theirs else [])

    repeated(one_round, rounds, until)
    yield from speeds.records()


def enja_run(args, steps):
    """A run to take the weights from: the one given, or the one kept from before, or a short one made now."""
    if args.enja_run:
        return args.enja_run
    run = os.path.join(args.folder, "enja-run")
    if not os.path.exists(os.path.join(run, "model.safetensors")):
        print(f"training enja-attention.yaml for {steps} steps, to have weights for decoding", flush=True)
        rondo_train(args, os.path.join(RECIPES, "enja-attention.yaml"), steps, run)
    return run


def one_line(folder):
    """Settings by which the evaluation at the end, decoding included, sees one line only."""
    words = []
    for side, language in (("source", "ja"), ("target", "en")):
        path = os.path.join(folder, side)
        with open(os.path.join(data_folder(), f"enja/dev.{language}"), encoding="utf-8") as file, open(path, "w", encoding="utf-8") as to:
            to.write(file.readline())
        words += ["--set", f"data.valid_{side}={path}"]
    return words


def enja_memory(args, run):
    """Peaks of training alone, without decoding, after as many steps (PyTorch's script takes five more to warm up)."""
    recipe, theirs, memory = os.path.join(RECIPES, "enja-attention.yaml"), pytorch(args), {}
    with tempfile.TemporaryDirectory() as folder:
        _, memory["rondo"] = rondo_train(args, recipe, 12, os.path.join(folder, "run"), one_line(folder))
    if theirs:
        _, memory["pytorch"] = call([theirs, os.path.join(HERE, "pytorch_translate.py"), run, "--steps", 7, "--threads", args.threads])
    return {"kind": "recipe", "name": "enja-attention.yaml, memory", "unit": "MiB", "times": {}, "memory_mib": memory}


def enja(args, steps, rounds, until):
    run, now = enja_run(args, args.enja_steps or 600), time.monotonic()
    yield from translate_race(args, run, "train", rounds, steps, now + 0.4 * (until - now))
    yield enja_memory(args, run)
    if args.full or args.enja_run or args.enja_steps:
        yield from translate_race(args, run, "decode", rounds, steps, until)


def tried(records):
    """What fails is told, and the race goes on."""
    try:
        yield from records
    except RuntimeError as e:
        print(f"recipes  {e}", flush=True)


def run(args, until):
    steps, rounds, now = args.recipe_steps or (40 if args.full else 15), 3 if args.full else 1, time.monotonic()
    os.environ["RONDO_DATA"] = os.path.abspath(data_folder())
    if os.path.exists(os.path.join(data_folder(), "tinyshakespeare/train.txt")):
        yield from tried(shakespeare(args, steps, rounds, now + 0.3 * (until - now)))
    else:
        print("recipes  shakespeare.yaml: no data (scripts/get-data shakespeare, RONDO_DATA): left out")
    quick = not (args.full or args.enja_run or args.enja_steps)
    if not os.path.exists(os.path.join(data_folder(), "enja/train.ja")):
        print("recipes  enja-attention.yaml: no data (scripts/get-data enja, RONDO_DATA): left out")
    elif quick:
        print("recipes  enja-attention.yaml: only with --full, --enja-run or --enja-steps")
    else:
        yield from tried(enja(args, steps, rounds, until))
