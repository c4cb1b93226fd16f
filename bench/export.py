#!/usr/bin/env python3
"""What exported C files cost: flash, RAM, time here, instructions on a Cortex-M4. Needs only the build; what else there is takes
part: arm-none-eabi-gcc and qemu-system-arm (scripts/install-deps --tests), ONNX Runtime (bench/install-peers).

    bench/export.py [--rounds 9] [--write]

The models are a character language model of one LSTM layer of 32 units, one of a GRU layer of 64 units, and a tagger of words with
one LSTM layer of 32 units in each direction; their weights do not matter, so each is trained for one step only. Times are
medians of rounds in which all sides take turns. --write puts the tables into docs/deploy.md in place of the old ones.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

from race_sides import Absent, Peers, Rondo

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORTEX = os.path.join(TOP, "tests/exchange/cortex-m")
M4 = "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard"
DTYPES = ("f32", "int8", "int16")
BEGIN, END = "<!-- begin bench/export.py -->", "<!-- end bench/export.py -->"

LANGUAGE = """task: language_model
data: {{train: text.txt, valid_fraction: 0.1, tokenizer: {{type: char}}}}
model: {{cell: {cell}, embedding_size: {size}, hidden_size: {size}, layers: 1}}
train: {{max_steps: 1, batch_size: 4, steps_per_sequence: 16}}
"""
TAGGER = """task: tag
data: {{train: tags.conllu, valid: tags.conllu}}
model: {{cell: {cell}, embedding_size: {size}, hidden_size: {size}, layers: 1, bidirectional: true, characters: {{hidden_size: 0}}}}
train: {{max_steps: 1, batch_size: 4}}
"""
# one step of the whole model, and one of its layer alone
STEP = """enum { STEPS = 1, CALLS = 20 };
static void whole(int t) { model_step(&m, t % MODEL_INPUT, y); }
static void layer(int t) { (void)t; CALL(&model_rnn1_l0, x, rnn1_l0); }
"""
BOTH = """enum { STEPS = 20, CALLS = 2 };
static int words[STEPS];
static float room[MODEL_ROOM(STEPS)];
static void whole(int t) { words[0] = t % MODEL_INPUT; model_run(&m, words, STEPS, room, y); }
static void layer(int t) {
    model_init(&m);
    for (t = 0; t < STEPS; t++) {
        CALL(&model_rnn1_l0, x, rnn1_l0);
        model_copy(room + t * 2 * SIZE, m.rnn1_l0_h, SIZE);
    }
    for (t = STEPS - 1; t >= 0; t--) {
        CALL(&model_rnn1_l0_back, x, rnn1_l0_back);
        model_copy(room + t * 2 * SIZE + SIZE, m.rnn1_l0_back_h, SIZE);
    }
}
"""
CALL = {"lstm": "#define CALL(layer, x, state) model_lstm_step(layer, x, m.state##_h, m.state##_c, m.room)\n",
        "gru": "#define CALL(layer, x, state) model_gru_step(layer, x, m.state##_h, m.room)\n"}
CASES = [
    {"name": "LSTM-32", "recipe": LANGUAGE, "cell": "lstm", "size": 32, "code": STEP, "pass": "step", "T": 1},
    {"name": "GRU-64", "recipe": LANGUAGE, "cell": "gru", "size": 64, "code": STEP, "pass": "step", "T": 1},
    {"name": "tagger, 2 × LSTM-32", "recipe": TAGGER, "cell": "lstm", "size": 32, "code": BOTH, "pass": "forward", "T": 20, "both": True},
]


def run(command, **options):
    done = subprocess.run(command, shell=isinstance(command, str), capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def have(program):
    return subprocess.run(["sh", "-c", f"command -v {program}"], capture_output=True).returncode == 0


def make_data(folder):
    text = run([os.path.join(TOP, "tests/support/sentences"), "300"])
    words = [line.split() for line in text.splitlines()[:200]]
    kinds = ["NOUN", "VERB", "DET", "ADJ", "PUNCT", "ADV", "PRON", "ADP", "AUX", "NUM", "PART", "INTJ"]
    with open(os.path.join(folder, "text.txt"), "w") as f:
        f.write(text)
    with open(os.path.join(folder, "tags.conllu"), "w") as f:
        for sentence in words:
            for i, word in enumerate(sentence, 1):
                f.write("\t".join([str(i), word, "_", kinds[sum(map(ord, word)) % len(kinds)], "_", "_", "0", "dep", "_", "_"]) + "\n")
            f.write("\n")


def make_model(case, rondo, folder):
    """model-DTYPE.c of each precision in a folder of the case's own."""
    case["folder"] = os.path.join(folder, case["cell"] + case["pass"])
    os.mkdir(case["folder"])
    recipe = os.path.join(folder, "recipe.yaml")
    with open(recipe, "w") as f:
        f.write(case["recipe"].format(**case))
    run([rondo, "train", recipe, "--out", case["folder"] + "/run", "--quiet"])
    for dtype in DTYPES:
        run([rondo, "export", case["folder"] + "/run/model.safetensors", "--to", f"{case['folder']}/model-{dtype}.c", "--name", "model",
             "--dtype", dtype, "--check-steps", "0"])
    for dtype in DTYPES:
        os.mkdir(f"{case['folder']}/{dtype}")
        with open(f"{case['folder']}/{dtype}/case.h", "w") as f:
            f.write(f'#include "../model-{dtype}.c"\nenum {{ SIZE = {case["size"]} }};\nstatic model_state m;\n'
                    f"static float x[SIZE], y[20 * MODEL_OUTPUT];\n" + CALL[case["cell"]] + case["code"] +
                    "static void begin(void) { int i; for (i = 0; i < SIZE; i++) x[i] = 0.03f * (float)i - 0.4f; model_init(&m); }\n")


def flash_of(case, dtype, level):
    """Code and constants of the object."""
    source, target = f"{case['folder']}/model-{dtype}.c", f"{case['folder']}/m.o"
    run(f"arm-none-eabi-gcc -std=c99 {M4} -{level} -ffunction-sections -c {source} -o {target}")
    fields = run(["arm-none-eabi-size", target]).splitlines()[1].split()
    assert fields[1] == fields[2] == "0", "no variables"
    return int(fields[0])


def state_of(case, dtype):
    """The state, and the room that a sentence takes where both directions are read."""
    with open(f"{case['folder']}/model-{dtype}.c") as f:
        text = f.read()
    room = re.search(r"MODEL_ROOM\(T\) \(\(size_t\)\(T\) \* (\d+)\)", text)
    return int(re.search(r"state +(\d+) bytes", text)[1]) + (4 * case["T"] * int(room[1]) if room else 0)


def on_cortex(case, dtype, level):
    program = f"{case['folder']}/cortex.elf"
    run(f"arm-none-eabi-gcc -std=gnu99 {M4} -{level} -I {case['folder']}/{dtype} {TOP}/bench/export_cortex.c {CORTEX}/startup.c "
        f"-T {CORTEX}/link.ld -nostartfiles --specs=rdimon.specs -lm -o {program}")
    result = json.loads(run("qemu-system-arm -M mps2-an386 -icount shift=0 -nographic -monitor none -serial none "
                            f"-semihosting-config enable=on,target=native -kernel {program}", timeout=120))
    assert abs(result["check"] - 400) < 20, f"the count of instructions is off: {result['check']} where 400 are known"
    return result


class Native:
    def __init__(self, case, dtype, options, what):
        self.program, self.what = f"{case['folder']}/native-{dtype}-{abs(hash(options))}", what
        run(f"{os.environ.get('CC', 'cc')} -std=c99 {options} -I {case['folder']}/{dtype} {TOP}/bench/export_native.c -o {self.program} -lm")

    def time(self, seconds):
        return json.loads(run([self.program, str(seconds)]))[self.what] / 1000


class Library:
    def __init__(self, case, side):
        self.case, self.side = {"I": case["size"], "H": case["size"], "B": 1, **case}, side

    def time(self, seconds):
        return self.side.time(self.case, seconds, 1)["median_ms"] * 1000 / self.case["T"]


class Runtime(Library):
    def time(self, seconds):
        values = {k: self.case[k] for k in ("cell", "pass", "I", "H", "B", "T")}
        words = {**values, "both": int(bool(self.case.get("both"))), "dtype": "f32", "seconds": seconds}
        return self.side.ask(" ".join(f"{k}={v}" for k, v in words.items()))["median_ms"] * 1000 / self.case["T"]


def sides_of(case, rondo, worker):
    """Name of a column -> what gives microseconds per step."""
    sides = {"whole model": Native(case, "f32", "-O3 -march=native", "whole")}
    for dtype in DTYPES:
        sides[dtype] = Native(case, dtype, "-O3 -march=native", "layer")
    sides["f32, -O2"] = Native(case, "f32", "-O2", "layer")
    sides["f32, -O2, no libm"] = Native(case, "f32", "-O2 -DMODEL_NO_LIBM", "layer")
    sides["library"] = Library(case, Rondo(rondo))
    if worker:
        sides["ONNX Runtime"] = Runtime(case, worker)
    return sides


def times_of(case, rondo, worker, rounds, seconds):
    sides = sides_of(case, rondo, worker)
    found = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            try:
                found[name].append(side.time(seconds))
            except Absent as e:
                print(f"{name}: {e}", file=sys.stderr)
    return {name: statistics.median(values) for name, values in found.items() if values}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def cortex_table(cases):
    rows = []
    for case in cases:
        for dtype in DTYPES:
            small, quick = on_cortex(case, dtype, "Os"), on_cortex(case, dtype, "O2")
            rows.append([f"{case['name']}, {dtype}", flash_of(case, dtype, "Os"), flash_of(case, dtype, "O2"), state_of(case, dtype),
                         quick["stack"], small["whole"], quick["whole"], quick["layer"]])
    return table(["model", "flash -Os", "flash -O2", "state", "stack", "instructions a step -Os", "-O2", "of these the layer"], rows)


def native_table(cases, rondo, worker, rounds, seconds):
    found = [times_of(case, rondo, worker, rounds, seconds) for case in cases]
    names = [name for name in found[0] if all(name in f for f in found)]
    return table(["model", *names], [[c["name"], *(f"{f[name]:.2f}" for name in names)] for c, f in zip(cases, found)])


def write_page(text):
    path = os.path.join(TOP, "docs/deploy.md")
    with open(path) as f:
        page = f.read()
    before, rest = page.split(BEGIN)
    with open(path, "w") as f:
        f.write(f"{before}{BEGIN}\n{text}{END}{rest.split(END)[1]}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rondo", default="build/rondo")
    p.add_argument("--peers", default="build/peers", help="folder of bench/install-peers")
    p.add_argument("--rounds", type=int, default=9)
    p.add_argument("--seconds", type=float, default=0.2, help="for each time")
    p.add_argument("--write", action="store_true", help="the tables into docs/deploy.md")
    args = p.parse_args()
    peers = Peers(args.peers, ["onnxruntime"])
    text = ""
    with tempfile.TemporaryDirectory() as folder:
        make_data(folder)
        for case in CASES:
            make_model(case, os.path.abspath(args.rondo), folder)
        if have("arm-none-eabi-gcc") and have("qemu-system-arm"):
            text += ("On a Cortex-M4 (`arm-none-eabi-gcc`): bytes of flash (code and weights), of state (the tagger's with room for 20 words) and of stack; "
                     "instructions counted by qemu.\n\n" + cortex_table(CASES))
        worker = peers.worker("onnxruntime", 1)
        text += ("\nHere, in microseconds a step, one thread: the whole model, and the layer alone (compiled with `-O3 -march=native` where "
                 "nothing else is said) beside the library's and ONNX Runtime's.\n\n" +
                 native_table(CASES, os.path.abspath(args.rondo), worker, args.rounds, args.seconds))
        peers.stop()
    print(text)
    if args.write:
        write_page(text)


if __name__ == "__main__":
    main()
