#!/usr/bin/env python3
"""ONNX Runtime's side of the race (bench/race.py): its LSTM, GRU and RNN operators, forward and single steps.

Inputs and outputs are bound once, so that nothing is copied or allocated by the call; a step reads its state from where the step
before it wrote. GRU is the linear-before-reset one, as PyTorch's. int8: dynamic quantisation (LSTM).
"""
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

import peer

GATES = {"elman": 1, "lstm": 4, "gru": 3}
NAMES = {"elman": "RNN", "lstm": "LSTM", "gru": "GRU"}
threads = 2


def model_of(r):
    G, D, H, I = GATES[r["cell"]], 1 + r["both"], r["H"], r["I"]
    random = np.random.default_rng(1)
    array = lambda *shape: random.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(H))
    weights = {"W": array(D, G * H, I), "R": array(D, G * H, H), "b": array(D, 2 * G * H)}
    states = ["h0"] + (["c0"] if r["cell"] == "lstm" else []) if r["pass"] == "step" else []
    extra = {"linear_before_reset": 1} if r["cell"] == "gru" else {}
    outputs = ["y", "h"] + (["c"] if r["cell"] == "lstm" else [])
    if not states:
        outputs = ["y"]
    node = helper.make_node(NAMES[r["cell"]], ["x", "W", "R", "b"] + ([""] + states if states else []), outputs, hidden_size=H,
                            direction="bidirectional" if r["both"] else "forward", **extra)
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        [node], "race", [value("x", [r["T"], r["B"], I])] + [value(s, [D, r["B"], H]) for s in states],
        [value("y", [r["T"], D, r["B"], H])] + [value(o, [D, r["B"], H]) for o in outputs[1:]],
        [numpy_helper.from_array(a, n) for n, a in weights.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), states


def quantised(model):
    from onnxruntime.quantization import QuantType, quantize_dynamic
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "a.onnx"), os.path.join(folder, "b.onnx")
        onnx.save(model, source)
        quantize_dynamic(source, result, weight_type=QuantType.QInt8)
        return onnx.load(result)


def binding(session, x, pairs, y):
    """pairs: (input name, its value, output name, its value) of each state"""
    b = session.io_binding()
    b.bind_ortvalue_input("x", x)
    b.bind_ortvalue_output("y", y)
    for source, value, target, result in pairs:
        b.bind_ortvalue_input(source, value)
        b.bind_ortvalue_output(target, result)
    return b


def make(r):
    if r["cell"] not in NAMES or r["pass"] == "train" or r["dtype"] == "bf16":
        raise ValueError("not offered by ONNX Runtime on the CPU")
    if r["ragged"]:
        raise ValueError("not raced ragged")
    if r["dtype"] == "int8" and r["cell"] != "lstm":
        raise ValueError("int8 is offered for LSTM only")
    model, states = model_of(r)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = ort.InferenceSession((quantised(model) if r["dtype"] == "int8" else model).SerializeToString(), options,
                                   providers=["CPUExecutionProvider"])
    random = np.random.default_rng(2)
    value = lambda *shape: ort.OrtValue.ortvalue_from_numpy(random.uniform(-1, 1, shape).astype(np.float32))
    D = 1 + r["both"]
    x, y = value(r["T"], r["B"], r["I"]), value(r["T"], D, r["B"], r["H"])
    a, b = ([value(D, r["B"], r["H"]) for _ in states] for _ in range(2))
    names = ["h", "c"]
    there = binding(session, x, list(zip(states, a, names, b)), y)
    back = binding(session, x, list(zip(states, b, names, a)), y)
    turn = [there, back]

    def run():
        session.run_with_iobinding(turn[0])
        turn.reverse()

    return run


if __name__ == "__main__":
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    peer.serve(ort.__version__, make)
