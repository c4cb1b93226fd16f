"""Whole recipes in bench/race.py: symbols/s of training, sentences/s of decoding, peak of memory; through the scripts beside this one
(pytorch_language_model.py, translate_race.py), which hold how the PyTorch side is written."""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

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


def train_record(name, unit, ours, theirs, memory):
    record = {"kind": "recipe", "name": name, "unit": unit, "times": {"rondo": median_of(ours), "pytorch": median_of(theirs)},
              "memory_mib": memory}
    print(f"recipes  {name}: {record['times']} {unit}, peak {memory}", flush=True)
    return record


def rondo_train(args, recipe, steps, folder, more=()):
    """tokens/s as metrics.jsonl says at its end, and the peak of memory."""
    words = [args.rondo, "train", recipe, "--out", folder, "--quiet", "--threads", args.threads, "--set", f"train.max_steps={steps}",
             "--set", "train.evaluate_every=0", *more]
    _, peak = call(words)
    with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
        return json.loads(file.readlines()[-1])["tokens_per_second"], peak


def shakespeare(args, steps, rounds):
    recipe, theirs = os.path.join(RECIPES, "shakespeare.yaml"), pytorch(args)
    ours, others, memory = [], [], {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            run = os.path.join(folder, "run")
            speed, memory["rondo"] = rondo_train(args, recipe, steps, run)
            ours.append(speed)
            if theirs:
                text, memory["pytorch"] = call([theirs, os.path.join(HERE, "pytorch_language_model.py"), run, "--threads",
                                                args.threads, "--steps", steps])
                others.append(float(re.search(r"symbols/s: .*PyTorch (\d+)", text).group(1)))
    yield train_record("shakespeare.yaml, training", "symbols/s", ours, others, memory)


LINE = re.compile(r"^(.*?)\s+Rondo\s+([\d.]+)(?:\s+PyTorch\s+([\d.]+))?.*?(target tokens/s|sentences/s)", re.M)


def translate_race(args, run, only, rounds, steps):
    """Rows that bench/translate_race.py prints, as records."""
    python = pytorch(args) or sys.executable
    text, _ = call([python, os.path.join(HERE, "translate_race.py"), run, "--rondo", args.rondo, "--threads", args.threads, "--rounds",
                    rounds, "--steps", steps, "--only", only])
    for what, ours, theirs, unit in LINE.findall(text):
        name = "training" if what.startswith("training") else f"decoding, {what}"
        yield train_record(f"enja-attention.yaml, {name}", unit, [float(ours)], [float(theirs)] if theirs else [], {})


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
    """Peaks of training alone, as PyTorch's script trains here: without decoding."""
    recipe, theirs, memory = os.path.join(RECIPES, "enja-attention.yaml"), pytorch(args), {}
    with tempfile.TemporaryDirectory() as folder:
        _, memory["rondo"] = rondo_train(args, recipe, 20, os.path.join(folder, "run"), one_line(folder))
    if theirs:
        _, memory["pytorch"] = call([theirs, os.path.join(HERE, "pytorch_translate.py"), run, "--steps", 15, "--threads", args.threads])
    return {"kind": "recipe", "name": "enja-attention.yaml, memory", "unit": "MiB", "times": {}, "memory_mib": memory}


def enja(args, steps, rounds):
    run = enja_run(args, args.enja_steps or 600)
    yield from translate_race(args, run, "train", rounds, steps)
    yield enja_memory(args, run)
    if args.full or args.enja_run or args.enja_steps:
        yield from translate_race(args, run, "decode", rounds, steps)


def tried(records):
    """What fails is told, and the race goes on."""
    try:
        yield from records
    except RuntimeError as e:
        print(f"recipes  {e}", flush=True)


def run(args):
    steps, rounds = args.recipe_steps or (60 if args.full else 15), 3 if args.full else 1
    os.environ["RONDO_DATA"] = os.path.abspath(data_folder())
    if os.path.exists(os.path.join(data_folder(), "tinyshakespeare/train.txt")):
        yield from tried(shakespeare(args, steps, rounds))
    else:
        print("recipes  shakespeare.yaml: no data (scripts/get-data shakespeare, RONDO_DATA): left out")
    quick = not (args.full or args.enja_run or args.enja_steps)
    if not os.path.exists(os.path.join(data_folder(), "enja/train.ja")):
        print("recipes  enja-attention.yaml: no data (scripts/get-data enja, RONDO_DATA): left out")
    elif quick:
        print("recipes  enja-attention.yaml: only with --full, --enja-run or --enja-steps")
    else:
        yield from tried(enja(args, steps, rounds))
