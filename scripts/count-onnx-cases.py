#!/usr/bin/env python3
"""How many cases of tests/golden/onnx ONNX Runtime and Rondo pass: the table of docs/onnx.md, and why others fail.

Needs numpy, onnxruntime, ml_dtypes, and the built command:
  scripts/count-onnx-cases.py [build/rondo] [--why]"""
import collections
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np
import onnxruntime

TOP = pathlib.Path(__file__).resolve().parent.parent
TYPES = {"F32": np.float32, "F64": np.float64, "F16": np.float16, "BF16": ml_dtypes.bfloat16, "I32": np.int32, "U8": np.uint8}
TOLERANCE = {"F32": 1e-5, "F64": 1e-12, "F16": 4e-3, "BF16": 4e-2}  # generous: another order of sums is no failure


def read(path):
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    groups = header.pop("__metadata__")
    cases = {name: {"in": {}, "out": {}} for name in groups}
    for key, facts in header.items():
        begin, end = (8 + size + x for x in facts["data_offsets"])
        name, *where = key.split("/")
        if where == ["model"]:
            cases[name]["model"] = data[begin:end]
        else:
            array = np.frombuffer(data[begin:end], TYPES[facts["dtype"]]).reshape(facts["shape"])
            cases[name][where[0]][where[1]] = array
    return groups, cases


def judge(case, got):
    kind = {np.float64: "F64", np.float16: "F16", ml_dtypes.bfloat16: "BF16"}.get(case["in"]["X"].dtype.type, "F32")
    for name, want in case["out"].items():
        have, want = np.asarray(got[name], np.float64), want.astype(np.float64)
        if have.shape != want.shape:
            return "another shape"
        worst = np.max(np.abs(have - want) / np.maximum(1, np.abs(want)), initial=0)
        if not worst <= TOLERANCE[kind]:
            return "other numbers"
    return "passes"


def by_runtime(case):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(case["model"], options, providers=["CPUExecutionProvider"])
        names = [o.name for o in session.get_outputs()]
        got = dict(zip(names, session.run(names, case["in"])))
    except Exception as error:  # every way of refusing is one
        return "refused", str(error).replace("\n", " ")[-150:]
    verdict = judge(case, got)
    return verdict, verdict


def by_rondo(case, rondo, folder):
    (folder / "m.onnx").write_bytes(case["model"])
    words = []
    for name, array in case["in"].items():
        np.save(folder / f"{name}.npy", array.astype(np.float32) if array.dtype == ml_dtypes.bfloat16 else array)
        words.append(f"{name}={folder / name}.npy")
    run = subprocess.run([rondo, "run", folder / "m.onnx", "--quiet", "--threads", "1", "--output", folder / "out", "--input", *words],
                         capture_output=True, text=True)
    if run.returncode:
        return "refused", run.stderr.strip()
    verdict = judge(case, {name: np.load(folder / "out" / f"{name}.npy") for name in case["out"]})
    return verdict, verdict


def main():
    words = [w for w in sys.argv[1:] if w != "--why"]
    rondo = words[0] if words else TOP / "build/rondo"
    table, why = collections.defaultdict(collections.Counter), collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for op in "rnn", "gru", "lstm":
            groups, cases = read(TOP / f"tests/golden/onnx/{op}.safetensors")
            for name, case in cases.items():
                runtime, story = by_runtime(case)
                ours, _ = by_rondo(case, rondo, pathlib.Path(folder))
                for key in (op.upper(), groups[name]), (op.upper(), None), (None, None):
                    table[key].update(["cases", "runtime " + runtime, "rondo " + ours])
                if runtime != "passes":
                    why[f"{op.upper()}, {groups[name]}: {story}"] += 1
    print(f"| operator | group | cases | Rondo | ONNX Runtime {onnxruntime.__version__} | of the others: refused | wrong |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for (op, group), c in sorted(table.items(), key=lambda e: (e[0][0] or "~", e[0][1] or "~")):
        wrong = c["runtime other numbers"] + c["runtime another shape"]
        label = f"{op or 'all'} | {group or '**all**'}"
        print(f"| {label} | {c['cases']} | {c['rondo passes']} | {c['runtime passes']} | {c['runtime refused']} | {wrong} |")
    if "--why" in sys.argv:
        for story, count in sorted(why.items()):
            print(f"{count:4d}  {story}")


main()
