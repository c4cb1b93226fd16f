#!/usr/bin/env python3
"""Writes tests/golden/import: models of other makers, small, and what they compute.

cases.safetensors holds for each case CASE.x (steps, sequences[, width]) and CASE.y. The weights of PyTorch's cases stand
in it, too, as CASE|NAME; those of Keras in CASE.npz, those of ONNX in CASE.onnx. PyTorch computes its own cases and
those that its exporters wrote; Keras is not needed: its cells are written down below from the equations of its
documentation, in double precision, one step at a time. Needs torch, onnx, onnxscript, safetensors, numpy."""
import os
import pathlib
import warnings

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from torch import nn

warnings.filterwarnings("ignore")
folder = pathlib.Path(__file__).resolve().parent.parent / "golden" / "import"
out = {}
T, B, I, H, V, O = 5, 3, 4, 3, 7, 2


# ---- PyTorch ----
class Around(nn.Module):
    """Embedding, stack, linear, under the names given."""

    def __init__(self, rnn, embedding=None, linear=None, names=("emb", "rnn", "fc")):
        super().__init__()
        self.names = names
        for name, part in zip(names, (embedding, rnn, linear)):
            if part is not None:
                setattr(self, name, part)

    def forward(self, x):
        if hasattr(self, self.names[0]):
            x = getattr(self, self.names[0])(x)
        x, _ = getattr(self, self.names[1])(x)
        return getattr(self, self.names[2])(x) if hasattr(self, self.names[2]) else x


def vectors(width=I):
    return torch.randn(T, B, width)


def symbols():
    return torch.randint(V, (T, B))


def put(case, x, y, state=None):
    out[case + ".x"] = (x.float() if x.is_floating_point() else x).clone(memory_format=torch.contiguous_format)
    out[case + ".y"] = y.detach().float().clone(memory_format=torch.contiguous_format)
    for name, tensor in (state or {}).items():
        out[case + "|" + name] = tensor.detach().clone(memory_format=torch.contiguous_format)


def pytorch(case, module, x, rename=lambda name: name, dtype=None):
    """dtype: what the file holds; the values are those that it rounds to."""
    if dtype:
        module = module.to(dtype)
        state = {k: v.clone() for k, v in module.state_dict().items()}
        module = module.float() if dtype != torch.float64 else module
        x = x.to(torch.float64) if dtype == torch.float64 and x.is_floating_point() else x
    else:
        state = module.state_dict()
    put(case, x, module(x), {rename(k): v for k, v in state.items()})


class Cells(nn.Module):
    """Single cells on top of each other."""

    def __init__(self):
        super().__init__()
        self.cells = nn.ModuleList([nn.LSTMCell(I, H), nn.LSTMCell(H, H + 2)])

    def forward(self, x):
        for cell in self.cells:
            state, steps = None, []
            for step in x:
                state = cell(step, state)
                steps.append(state[0])
            x = torch.stack(steps)
        return x


class Chain(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru10 = nn.GRU(H + 1, H + 2, bidirectional=True)
        self.gru9 = nn.GRU(I, H + 1)

    def forward(self, x):
        return self.gru10(self.gru9(x)[0])[0]


class OneWayChain(Chain):
    def __init__(self):
        super().__init__()
        self.gru10 = nn.GRU(H + 1, H + 2)


torch.manual_seed(6)
pytorch("rnn", Around(nn.RNN(I, H, num_layers=2)), vectors())
pytorch("rnn_relu", Around(nn.RNN(I, H, nonlinearity="relu", bidirectional=True)), vectors())
pytorch("lstm", Around(nn.LSTM(I, H)), vectors())
pytorch("lstm_both", Around(nn.LSTM(I, H, num_layers=2, bidirectional=True)), vectors())
pytorch("lstm_projected", Around(nn.LSTM(I, H + 2, num_layers=2, proj_size=2, bidirectional=True)), vectors())
pytorch("gru", Around(nn.GRU(I, H, num_layers=3)), vectors())
pytorch("gru_no_bias", Around(nn.GRU(I, H, bias=False), None, nn.Linear(H, O, bias=False)), vectors())
pytorch("language", Around(nn.LSTM(I, H), nn.Embedding(V, I), nn.Linear(H, V), ("encoder", "rnn", "decoder")), symbols())
pytorch("numbers", Around(nn.GRU(I, I, bidirectional=True), nn.Embedding(V, I), nn.Linear(2 * I, O)), symbols(),
        lambda n: n.replace("emb.", "0.").replace("rnn.", "1.").replace("fc.", "2."))
pytorch("nested", Around(nn.LSTM(I, H), nn.Embedding(V, I), nn.Linear(H, O)), symbols(), lambda n: "module.model." + n)
pytorch("cells", Cells(), vectors())
pytorch("chain", OneWayChain(), vectors())
pytorch("f64", Around(nn.LSTM(I, H, bidirectional=True)), vectors(), dtype=torch.float64)
pytorch("f16", Around(nn.GRU(I, H)), vectors(), dtype=torch.float16)
pytorch("bf16", Around(nn.LSTM(I, H)), vectors(), dtype=torch.bfloat16)


def other_order():
    """As another maker might keep an LSTM: gates i o f c, kernels turned round, names of its own."""
    module = Around(nn.LSTM(I, H), nn.Embedding(V, I), nn.Linear(H, O))
    x = symbols()
    state = module.state_dict()

    def reorder(t):
        i, f, g, o = t.chunk(4)
        return torch.cat((i, o, f, g))

    put("mapped", x, module(x), {
        "tok": state["emb.weight"], "lstm/W": reorder(state["rnn.weight_ih_l0"]).T, "lstm/U": reorder(state["rnn.weight_hh_l0"]).T,
        "lstm/b": reorder(state["rnn.bias_ih_l0"]), "lstm/c": reorder(state["rnn.bias_hh_l0"]),
        "head.kernel": state["fc.weight"].T, "head.bias": state["fc.bias"], "optimizer.step": torch.zeros(1)})


other_order()


# ---- Keras, by its equations ----
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def weights(rng, *shape):
    return rng.uniform(-0.6, 0.6, shape).astype(np.float32)


def simple_rnn(x, kernel, recurrent, bias):
    h, ys = np.zeros((B, recurrent.shape[0])), []
    for step in x:
        h = np.tanh(step @ kernel + h @ recurrent + bias)
        ys.append(h)
    return np.stack(ys)


def lstm(x, kernel, recurrent, bias):
    units = recurrent.shape[0]
    h, c, ys = np.zeros((B, units)), np.zeros((B, units)), []
    for step in x:
        a = step @ kernel + h @ recurrent + bias
        i, f, g, o = (a[:, k * units:(k + 1) * units] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        ys.append(h)
    return np.stack(ys)


def gru(x, kernel, recurrent, bias):
    """bias (2, 3H): reset_after=True; (3H): False."""
    units = recurrent.shape[0]
    after = np.ndim(bias) == 2
    b, c = (bias[0], bias[1]) if after else (bias, np.zeros(3 * units))
    h, ys = np.zeros((B, units)), []
    for step in x:
        a = step @ kernel + b
        z = sigmoid(a[:, :units] + h @ recurrent[:, :units] + c[:units])
        r = sigmoid(a[:, units:2 * units] + h @ recurrent[:, units:2 * units] + c[units:2 * units])
        if after:
            n = np.tanh(a[:, 2 * units:] + r * (h @ recurrent[:, 2 * units:] + c[2 * units:]))
        else:
            n = np.tanh(a[:, 2 * units:] + (r * h) @ recurrent[:, 2 * units:])
        h = z * h + (1 - z) * n
        ys.append(h)
    return np.stack(ys)


def both(cell, x, forward, backward):
    return np.concatenate((cell(x, *forward), cell(x[::-1], *backward)[::-1]), -1)


def cell_weights(rng, gates, inputs, units, bias=(1,)):
    k, u = weights(rng, inputs, gates * units), weights(rng, units, gates * units)
    return k, u, weights(rng, *(bias[1:]), gates * units) if len(bias) == 2 else weights(rng, gates * units)


def keras(case, x, y, arrays):
    out[case + ".x"] = torch.from_numpy(x.copy())
    out[case + ".y"] = torch.from_numpy(y.astype(np.float32))
    with open(folder / (case + ".npz"), "wb") as file:
        np.savez_compressed(file, **arrays)


def named(path, arrays, names=("kernel", "recurrent_kernel", "bias")):
    return {path + "/" + name: array for name, array in zip(names, arrays)}


def keras_cases():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((T, B, I)).astype(np.float32)
    w = cell_weights(rng, 1, I, H)
    # Keras's own start of a recurrent kernel leaves it in Fortran order
    keras("keras_rnn", x, simple_rnn(x, *w), named("simple_rnn/simple_rnn_cell", (w[0], np.asfortranarray(w[1]), w[2])))
    w, v = cell_weights(rng, 4, I, H), cell_weights(rng, 4, H, H + 1)
    keras("keras_lstm", x, lstm(lstm(x, *w), *v), {**named("lstm/lstm_cell", w), **named("lstm_1/lstm_cell", v)})
    w = cell_weights(rng, 3, I, H, (2, 2))
    keras("keras_gru_after", x, gru(x, *w), named("gru/gru_cell", w))
    w = cell_weights(rng, 3, I, H)
    keras("keras_gru_before", x, gru(x, *w), named("gru/gru_cell", w, ("kernel:0", "recurrent_kernel:0", "bias:0")))
    w = cell_weights(rng, 3, I, H)[:2]
    keras("keras_gru_no_bias", x, gru(x, *w, np.zeros((2, 3 * H))), named("gru/gru_cell", w))
    ids = rng.integers(V, size=(T, B))
    table, dense, bias = weights(rng, V, I), weights(rng, 2 * H, O), weights(rng, O)
    w, v = cell_weights(rng, 4, I, H), cell_weights(rng, 4, I, H)
    keras("keras_tagger", ids, both(lstm, table[ids], w, v) @ dense + bias, {
        "embedding/embeddings": table, **named("bidirectional/forward_lstm/lstm_cell", w),
        **named("bidirectional/backward_lstm/lstm_cell", v), "dense/kernel": dense, "dense/bias": bias})


# ---- ONNX ----
def exported(case, module, x, dynamo):
    path = folder / (case + ".onnx")
    module = module.eval()
    torch.onnx.export(module, (x,), str(path), dynamo=dynamo, opset_version=18 if dynamo else 14, verbose=False,
                      **({"external_data": False} if dynamo else {}))
    model = onnx.load(str(path))
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    del model.graph.value_info[:]
    onnx.save(model, str(path))
    y = module(x)
    batch_first = getattr(module.rnn, "batch_first", False)
    put(case, x.transpose(0, 1) if batch_first else x, y.transpose(0, 1) if batch_first else y)


def by_hand(case, op, arrays, attributes, x, y):
    """One node: W, R, B and P of direction 0."""
    names = ("W", "R", "B", "", "", "", "P")
    given = ["X"] + [n if n in arrays else "" for n in names]
    node = helper.make_node(op, given, ["Y"], name="cell", hidden_size=H, **attributes)
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("X", TensorProto.FLOAT, None)],
                              [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)],
                              [numpy_helper.from_array(a, n) for n, a in arrays.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    onnx.save(model, str(folder / (case + ".onnx")))
    out[case + ".x"] = torch.from_numpy(x.copy())
    out[case + ".y"] = torch.from_numpy(y.astype(np.float32))


def onnx_lstm_peepholes(x, w, r, b, p):
    h, c, ys = np.zeros((B, H)), np.zeros((B, H)), []
    pi, po, pf = p.reshape(3, H)
    for step in x:
        a = step @ w.T + h @ r.T + b[:4 * H] + b[4 * H:]
        i, o, f, g = (a[:, k * H:(k + 1) * H] for k in range(4))
        i, f = sigmoid(i + pi * c), sigmoid(f + pf * c)
        c = f * c + i * np.tanh(g)
        h = sigmoid(o + po * c) * np.tanh(c)
        ys.append(h)
    return np.stack(ys)


def onnx_cases():
    torch.manual_seed(7)
    exported("onnx_tagger", Around(nn.LSTM(I, H, 2, bidirectional=True, batch_first=True), nn.Embedding(V, I), nn.Linear(2 * H, O)),
             torch.randint(V, (B, T)), False)
    exported("onnx_gru", Around(nn.GRU(I, H, 2), None, nn.Linear(H, O)), vectors(), True)
    exported("onnx_rnn", Around(nn.RNN(I, H, nonlinearity="relu")), vectors(), False)
    rng = np.random.default_rng(8)
    x = rng.standard_normal((T, B, I)).astype(np.float32)
    w, r, b = weights(rng, 1, 3 * H, I), weights(rng, 1, 3 * H, H), weights(rng, 1, 6 * H)
    y = gru(x, w[0].T, r[0].T, (b[0, :3 * H] + b[0, 3 * H:]).astype(np.float64))
    by_hand("onnx_gru_before", "GRU", {"W": w, "R": r, "B": b}, {"linear_before_reset": 0}, x, y)
    w, r, b, p = weights(rng, 1, 4 * H, I), weights(rng, 1, 4 * H, H), weights(rng, 1, 8 * H), weights(rng, 1, 3 * H)
    by_hand("onnx_peepholes", "LSTM", {"W": w, "R": r, "B": b, "P": p}, {}, x, onnx_lstm_peepholes(x, w[0], r[0], b[0], p[0]))


folder.mkdir(exist_ok=True)
os.environ["TORCH_LOGS"] = "-all"
keras_cases()
onnx_cases()
save_file(out, str(folder / "cases.safetensors"))
print(f"{len({k.split('.')[0].split('|')[0] for k in out})} cases, {sum(f.stat().st_size for f in folder.iterdir())} bytes")
