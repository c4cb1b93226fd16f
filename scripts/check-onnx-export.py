#!/usr/bin/env python3
"""Models that Rondo wrote as ONNX: does the checker of the onnx package take them, and does ONNX Runtime say the same?

  scripts/check-onnx-export.py [RONDO] [MODEL.safetensors...]

Without models it trains small ones, one for every task and cell and for the options of cells and tasks. Each is
exported and run on a batch with rows of different lengths. The table's columns are the largest absolute differences:
ONNX Runtime against the model itself (`rondo run MODEL.safetensors`, all rows of full length; tasks whose network reads
one array) and against Rondo's graph runner on the same file (ragged rows, all outputs).
Needs numpy, onnx, onnxruntime. Exit code 77 without them."""
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import wave

try:
    import numpy as np
    import onnx
    import onnxruntime
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOLERANCE = 1e-5
SEED = np.random.default_rng(7)
CELLS = ["elman", "jordan", "lstm", "gru"]


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


# ---- small data and recipes ----


def make_data(folder):
    words = ["a", "dog", "the", "cat", "sees", "hears", "it", "red", "house"]
    lines = [" ".join(words[int(k)] for k in SEED.integers(len(words), size=SEED.integers(3, 8))) for _ in range(200)]
    (folder / "text.txt").write_text("\n".join(lines) + "\n")
    for name, first, step in (("other", 0, -1), ("dev", 180, 1), ("dev-other", 180, -1)):
        (folder / f"{name}.txt").write_text("".join(" ".join(line.split()[::step]) + "\n" for line in lines[first:]))
    (folder / "labels.tsv").write_text("".join(f"{line}\t{'yes' if 'cat' in line else 'no'}\n" for line in lines))
    (folder / "tags.txt").write_text("\n\n".join("\n".join(f"{w} {'B-X' if len(w) > 3 else 'I-X' if len(w) == 3 else 'O'}" for w in line.split()) for line in lines) + "\n")
    rows = ["time,a,b,c,plan,kind,n"]
    for shop in ("north", "south"):
        for k in range(96):
            value = 20 + 6 * math.sin(k / 4) + SEED.normal()
            gap = "" if k % 13 == 5 else f"{value * 2:.3f}"
            rows.append(f"2020-03-{1 + k // 24:02d} {k % 24:02d}:00,{value:.3f},{value * value / 20:.3f},{gap},{k % 5},{shop},{k % 7}")
    (folder / "series.csv").write_text("\n".join(rows) + "\n")
    for i in range(12):
        with wave.open(str(folder / f"{i}.wav"), "wb") as sound:
            sound.setnchannels(1), sound.setsampwidth(2), sound.setframerate(8000)
            t = np.arange(2400 + 200 * i) / 8000
            sound.writeframes((8000 * np.sin(2 * np.pi * (300 + 200 * (i % 3)) * t)).astype("<i2").tobytes())
    (folder / "sounds.tsv").write_text("".join(f"{i}.wav\t{'abc'[i % 3]}\n" for i in range(12)))


TRAIN = "train: {optimizer: {type: adamw, learning_rate: 0.01}, batch_size: 8, epochs: 50, max_steps: 4, evaluate_every: 4"
TASKS = {
    "language_model": "data: {train: text.txt, valid_fraction: 0.1, tokenizer: {type: word}}\nmodel: {cell: CELL, embedding_size: 12, hidden_size: 16MORE}\n" + TRAIN + ", steps_per_sequence: 8}",
    "classify": "data: {input: text, train: labels.tsv, valid_fraction: 0.2, tokenizer: {type: word}}\nmodel: {cell: CELL, embedding_size: 12, hidden_size: 16MORE}\n" + TRAIN + "}",
    "tag": "data: {train: tags.txt, valid_fraction: 0.1}\nmodel: {cell: CELL, embedding_size: 12, hidden_size: 10MORE}\n" + TRAIN + "}",
    "transcribe": "data: {train: sounds.tsv, valid_fraction: 0.3, tokenizer: {type: char}}\nmodel: {cell: CELL, hidden_size: 16MORE}\n" + TRAIN + "}",
    "translate": "data: {train_source: text.txt, train_target: other.txt, valid_source: dev.txt, valid_target: dev-other.txt, source_tokenizer: {type: word}, target_tokenizer: {type: word}}\nmodel: {embedding_size: 8MORE, encoder: {cell: CELL, hidden_size: 8}, decoder: {cell: CELL, hidden_size: 8}}\n" + TRAIN + "}",
    "forecast": "data: {file: series.csv, time: time, series: kind, targets: [a, b], splits: [60, 24]DATA}\nmodel: {cell: CELL, hidden_size: 10, window: 12, horizon: 6MORE}\n" + TRAIN + "}",
}
# task, cell, more of the model, more of the data
OPTIONS = [
    ("language_model", "lstm", ", layers: 2, peepholes: true, learned_initial_state: true", ""),
    ("language_model", "lstm", ", cell_clip: 0.3, coupled_gates: true", ""),
    ("language_model", "lstm", ", layer_norm: true, projection_size: 8", ""),
    ("language_model", "lstm", ", hidden_size: 12, tie_weights: true, zoneout: 0.1", ""),
    ("language_model", "lstm", ", output: adaptive_softmax, cutoffs: [4]", ""),
    ("language_model", "gru", ", reset_before: true, layers: 3, residual: true", ""),
    ("language_model", "gru", ", layer_norm: true, zoneout: 0.2", ""),
    ("language_model", "elman", ", activation: relu, bias: false", ""),
    ("language_model", "jordan", ", decay: 0.4, feedback: embedding", ""),
    ("language_model", "jordan", ", decay: 0.4, feedback: embedding, teacher_forcing: true", ""),
    ("classify", "lstm", ", bidirectional: true, pooling: attention, layers: 2", ""),
    ("classify", "gru", ", bidirectional: true, pooling: last", ""),
    ("classify", "lstm", ", pooling: max, coupled_gates: true, peepholes: true", ""),
    ("classify", "elman", ", pooling: mean, bidirectional: true, merge: sum", ""),
    ("tag", "lstm", ", bidirectional: true, crf: true, characters: {embedding_size: 5, hidden_size: 4}", ""),
    ("tag", "gru", ", bidirectional: true, crf: true, legal_spans: false", ""),
    ("transcribe", "gru", ", bidirectional: true, layers: 2, stack: 3", ""),
    ("translate", "lstm", ", attention: {type: general}, context: initial", ""),
    ("translate", "gru", ", attention: {type: additive, placement: before, coverage: true}, bridge: linear", ""),
    ("translate", "lstm", ", attention: {type: multihead, heads: 2, size: 8}", ""),
    ("translate", "transformer", "", ""),
    ("translate", "gru", ", attention: {type: additive}, copy: true", ""),
    ("translate", "transformer", ", tie_embeddings: target", ""),
    ("translate", "jordan", ", attention: {type: scaled_dot, window: 2}", ""),
    ("forecast", "lstm", ", output: quantiles, patch: 3, instance_norm: reversible, autoregressive: true", ", covariates: [c]"),
    ("forecast", "gru", ", output: student_t, bidirectional: true, instance_norm: mean_scale", ", future_covariates: [plan], static: [kind], calendar: [hour]"),
    ("forecast", "lstm", ", mode: encoder_decoder, output: gaussian, patch: 2", ", future_covariates: [plan], calendar: [hour]"),
    ("forecast", "jordan", ", mode: encoder_decoder, output: quantiles, autoregressive: true", ", transform: differences"),
    ("forecast", "gru", ", mode: recursive, output: gaussian", ", calendar: [hour]"),
    ("forecast", "gru", ", independent: true, output: negative_binomial", ""),
]


def train(rondo, folder, task, cell, more, data, place):
    recipe = TASKS[task].replace("CELL", cell).replace("DATA", data).replace("MORE", more)
    if cell == "transformer":
        recipe = recipe.replace("hidden_size: 8", "layers: 2, heads: 2")
    if "negative_binomial" in more:
        recipe = recipe.replace("[a, b]", "[n]")
    if "hidden_size: 12" in more:
        recipe = recipe.replace("hidden_size: 16", "dropout: 0")
    (folder / "recipe.yaml").write_text(f"task: {task}\n{recipe}\n")
    run(rondo, "train", folder / "recipe.yaml", "--out", place, "--quiet", "--threads", 1)
    return place / "model.safetensors"


# ---- one file ----


def make_input(port, info, shape):
    """Numbers for an input of the graph; shape: what its open dimensions are."""
    dims = [d if isinstance(d, int) and d > 0 else shape.get(d, 1) for d in port.shape]
    if port.name == "lengths":
        lengths = SEED.integers(1, shape["T"] + 1, size=dims)
        lengths[0] = shape["T"]
        return lengths.astype(np.int32)
    if port.name == "characters":
        ids = SEED.integers(info["characters"], size=dims)
        keep = np.arange(dims[2]) < SEED.integers(1, dims[2] + 1, size=dims[:2])[..., None]
        return np.where(keep, ids, -1).astype(np.int64)
    if port.name == "fixed":
        return SEED.integers(-1, 2, size=dims).astype(np.int64)
    if port.type == "tensor(int64)":
        return SEED.integers(info["symbols"], size=dims).astype(np.int64)
    x = (SEED.normal(size=dims) * info["spread"] + info["center"]).astype(np.float32)
    if info["gaps"] and port.name == "x":
        x[SEED.random(size=dims) < 0.1] = np.nan
    return x


def about(rondo, model):
    info = json.loads(run(rondo, "info", model, "--json"))
    found = {"task": info["task"], "symbols": info.get("vocabulary_size", 2), "characters": info.get("characters", 1),
             "spread": 1, "center": 0, "gaps": info["task"] == "forecast"}
    for tensor in info["tensors"]:
        if tensor["name"] == "embedding.weight":
            found["symbols"] = tensor["shape"][0]
        if tensor["name"] == "characters.embedding.weight":
            found["characters"] = tensor["shape"][0]
    if info["task"] == "forecast":
        found.update(spread=6, center=20)
    return found


def rondo_run(rondo, path, inputs, folder):
    names = []
    for name, value in inputs.items():
        np.save(folder / f"in-{name}.npy", value)
        names.append(f"{name}={folder}/in-{name}.npy")
    run(rondo, "run", path, "--input", *names, "--output", folder / "out")
    return {p.stem: np.load(p) for p in (folder / "out").glob("*.npy")}


def worst(a, b):
    if a.shape != b.shape:
        return math.inf
    both = (np.isnan(a.astype(float)) & np.isnan(b.astype(float))) | (a == b)
    off = np.abs(np.where(both, 0, np.where(both, 0, a.astype(float)) - np.where(both, 0, b.astype(float))))
    return float(off.max(initial=0)) if not np.isnan(off).any() else math.inf


def load(path):
    onnx.checker.check_model(str(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns of every input that may be left out
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def check_translate(rondo, model, folder):
    """Greedy symbols must be the same ones; the encoder's outputs and one step's."""
    sessions = {part: load(folder / f"model{part}.onnx") for part in ("-encoder", "-decoder", "")}
    info = json.loads(sessions[""].get_modelmeta().custom_metadata_map["rondo.vocabulary"])
    size = min(len(info["source"].get("symbols", range(8))), len(info.get("target", info["source"]).get("symbols", range(8))))
    lengths = np.array([7, 4, 1], np.int32)
    copy = SEED.integers(-1, size + 3, size=(7, 3)).astype(np.int64)
    inputs, off, scale = {"copy": copy, "source": SEED.integers(size, size=(7, 3)).astype(np.int64), "lengths": lengths}, 0.0, 1.0
    handed = {"copy": copy, "symbol": np.array([1, 2, 3], np.int64), "lengths": lengths}
    for part, given in (("-encoder", inputs), ("", inputs), ("-decoder", handed)):
        session = sessions[part]
        takes = {p.name for p in session.get_inputs() + session.get_overridable_initializers()}
        given = {name: value for name, value in given.items() if name in takes}
        names = [o.name for o in session.get_outputs()]
        theirs = dict(zip(names, session.run(names, given)))
        for old in (folder / "out").glob("*"):
            old.unlink()
        ours = rondo_run(rondo, folder / f"model{part}.onnx", given, folder)
        if part == "-encoder":
            handed.update(theirs)
        off = max(off, *(worst(theirs[name], ours[name]) for name in names))
        if part == "-decoder":
            said = theirs[names[0]]
            scale = max(scale, float(np.abs(said[np.isfinite(said)]).max()))
    return off, scale


def check_text(rondo, model, folder, source):
    """The lines that `rondo translate --beam 1` writes, and those of the example that uses the greedy graph."""
    example = pathlib.Path(__file__).resolve().parent.parent / "examples" / "run_exported_onnx.py"
    want = run(rondo, "translate", "--beam", 1, model, source)
    for way in ([], ["--by-steps"]):
        with open(source) as lines:
            got = subprocess.run([sys.executable, example, folder / "model.onnx", *way], stdin=lines, capture_output=True, text=True)
        if got.stdout != want:
            raise RuntimeError(f"the example writes other lines{' by steps' if way else ''}: {got.stderr[-300:]}")


def check(rondo, model, folder, largest):
    path = folder / "model.onnx"
    info = about(rondo, model)
    run(rondo, "export", model, "--to", path)
    if info["task"] == "translate":
        of_graph, scale = check_translate(rondo, model, folder)
        if (model.parent / "recipe.yaml").exists() and model.is_relative_to(folder):
            check_text(rondo, model, folder, folder / "dev.txt")
        largest.append(of_graph / scale)
        return None, of_graph, scale
    session = load(path)
    shape = {"T": 9, "B": 3, "B_lengths": 3, "B_state": 3, "C": 7}
    inputs = {p.name: make_input(p, info, shape) for p in session.get_inputs() + session.get_overridable_initializers()}
    names = [o.name for o in session.get_outputs()]
    for old in (folder / "out").glob("*"):
        old.unlink()
    theirs = dict(zip(names, session.run(names, inputs)))
    ours = rondo_run(rondo, path, inputs, folder)
    scale = max(1.0, max(float(np.nanmax(np.abs(v.astype(float)))) for v in theirs.values()))
    of_graph = max(worst(theirs[name], ours[name]) for name in names)
    of_model = None
    required = {p.name for p in session.get_inputs()}
    if required == {"x"} and info["task"] != "forecast":
        (y,) = session.run(["y"], {"x": inputs["x"]})
        of_model = worst(y, rondo_run(rondo, model, {"x": inputs["x"]}, folder)["y"])
    largest.append(max(of_graph, of_model or 0) / scale)
    return of_model, of_graph, scale


def main():
    arguments = [a for a in sys.argv[1:]]
    top = pathlib.Path(__file__).resolve().parent.parent
    rondo = pathlib.Path(arguments.pop(0)).resolve() if arguments else top / "build" / "rondo"
    largest, failed = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_data(folder)
        jobs = [(pathlib.Path(m).parent.name, None, pathlib.Path(m)) for m in arguments]
        if not jobs:
            jobs = [(f"{task} {cell}", (task, cell, "", ""), None) for task in TASKS for cell in CELLS]
            jobs += [(f"{task} {cell}{more}{data}", (task, cell, more, data), None) for task, cell, more, data in OPTIONS]
        print("| model | ONNX Runtime - model | ONNX Runtime - Rondo on the file |\n| --- | ---: | ---: |")
        for i, (title, plan, model) in enumerate(jobs):
            try:
                model = model or train(rondo, folder, *plan, folder / f"run{i}")
                of_model, of_graph, scale = check(rondo, model, folder, largest)
                bad = max(of_graph, of_model or 0) > TOLERANCE * scale
                shown = "" if of_model is None else f"{of_model:.1e}"
                print(f"| {title} | {shown} | {of_graph:.1e}{' of ' + format(scale, '.3g') if scale > 2 else ''} |{' FAILED' if bad else ''}")
            except Exception as error:
                bad = True
                print(f"| {title} | FAILED: {str(error)[:600]}")
            failed += bad
    print(f"{len(jobs)} models, {failed} failed; the largest difference is {max(largest, default=0):.1e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
