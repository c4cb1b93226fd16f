#!/usr/bin/env python3
"""The conformance corpus of ONNX's recurrent operators: tests/golden/onnx/{rnn,gru,lstm}.safetensors.

Needs NumPy only. The expected values come from the functions below, which are the operators' specification written out
in double precision, one row and one step at a time; nothing of Rondo takes part. Each case is three kinds of tensors in
the file of its operator: NAME/model (the bytes of an ONNX model with one node), NAME/in/X ... and NAME/out/Y ... .
The metadata give the group of each case, for the table of docs/onnx.md (scripts/count-onnx-cases.py).

  scripts/make-onnx-cases.py [FOLDER]        writes the same bytes each time"""
import itertools
import json
import pathlib
import struct
import sys

import numpy as np

# ---- the specification -------------------------------------------------------------------------------------------

FUNCTIONS = {  # name: (function of x, alpha, beta), default alpha, default beta (None: takes none)
    "Relu": (lambda x, a, b: np.maximum(x, 0), None, None),
    "Tanh": (lambda x, a, b: np.tanh(x), None, None),
    "Sigmoid": (lambda x, a, b: 1 / (1 + np.exp(-x)), None, None),
    "Affine": (lambda x, a, b: a * x + b, 1.0, 0.0),
    "LeakyRelu": (lambda x, a, b: np.where(x >= 0, x, a * x), 0.01, None),
    "ThresholdedRelu": (lambda x, a, b: np.where(x >= a, x, 0), 1.0, None),
    "ScaledTanh": (lambda x, a, b: a * np.tanh(b * x), 1.0, 1.0),
    "HardSigmoid": (lambda x, a, b: np.clip(a * x + b, 0, 1), 0.2, 0.5),
    "Elu": (lambda x, a, b: np.where(x >= 0, x, a * (np.exp(x) - 1)), 1.0, None),
    "Softsign": (lambda x, a, b: x / (1 + np.abs(x)), None, None),
    "Softplus": (lambda x, a, b: np.log(1 + np.exp(x)), None, None),
}
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
USUAL = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}


def activations(op, attributes, directions):
    """One list of functions of x per direction; clip acts on what goes in."""
    names = attributes.get("activations") or USUAL[op] * directions
    alphas, betas = list(attributes.get("activation_alpha", [])), list(attributes.get("activation_beta", []))
    clip = attributes.get("clip")
    out = []
    for name in names:
        function, alpha, beta = FUNCTIONS[name]
        if alpha is not None and alphas:
            alpha = float(np.float32(alphas.pop(0)))
        if beta is not None and betas:
            beta = float(np.float32(betas.pop(0)))

        def act(x, function=function, alpha=alpha, beta=beta):
            bound = None if clip is None else float(np.float32(clip))
            return function(x if bound is None else np.clip(x, -bound, bound), alpha, beta)

        out.append(act)
    n = len(USUAL[op])
    return [out[d * n : (d + 1) * n] for d in range(directions)]


def step(op, attributes, f, x, h, c, W, R, Wb, Rb, P):
    """x (I), h (H), c (H) -> h, c. Rows of W and R: RNN i; GRU z r h; LSTM i o f c."""
    H = len(h)
    rows = [slice(k * H, (k + 1) * H) for k in range(4)]
    if op == "RNN":
        return f[0](W @ x + R @ h + Wb + Rb), c
    if op == "GRU":
        z, r, n = rows[:3]
        zt = f[0](W[z] @ x + R[z] @ h + Wb[z] + Rb[z])
        rt = f[0](W[r] @ x + R[r] @ h + Wb[r] + Rb[r])
        if attributes.get("linear_before_reset"):
            ht = f[1](W[n] @ x + rt * (R[n] @ h + Rb[n]) + Wb[n])
        else:
            ht = f[1](W[n] @ x + R[n] @ (rt * h) + Rb[n] + Wb[n])
        return (1 - zt) * ht + zt * h, c
    i, o, fo, g = rows
    Pi, Po, Pf = P[:H], P[H : 2 * H], P[2 * H :]
    it = f[0](W[i] @ x + R[i] @ h + Pi * c + Wb[i] + Rb[i])
    ft = f[0](W[fo] @ x + R[fo] @ h + Pf * c + Wb[fo] + Rb[fo])
    if attributes.get("input_forget"):
        ft = 1 - it
    ct = f[1](W[g] @ x + R[g] @ h + Wb[g] + Rb[g])
    c = ft * c + it * ct
    ot = f[0](W[o] @ x + R[o] @ h + Po * c + Wb[o] + Rb[o])
    return ot * f[2](c), c


def reference(op, attributes, inputs):
    """All outputs in double. A row ends at its length: beyond it Y is 0, and its last state is the final one."""
    given = {k: v.astype(np.float64) for k, v in inputs.items() if k != "sequence_lens"}
    X, W, R = given["X"], given["W"], given["R"]
    first = attributes.get("layout", 0) == 1
    if first:
        X = X.transpose(1, 0, 2)
    (T, B, _), D, H, G = X.shape, W.shape[0], R.shape[2], GATES[op]
    lens = inputs.get("sequence_lens", np.full(B, T))
    bias = given.get("B", np.zeros((D, 2 * G * H)))
    P = given.get("P", np.zeros((D, 3 * H)))

    def state(name):
        s = given.get(name)
        return np.zeros((D, B, H)) if s is None else s.transpose(1, 0, 2).copy() if first else s.copy()

    Y, h, c = np.zeros((T, D, B, H)), state("initial_h"), state("initial_c")
    direction = attributes.get("direction", "forward")
    f = activations(op, attributes, D)
    for d, b in itertools.product(range(D), range(B)):
        order = range(lens[b])
        if direction == "reverse" or (direction == "bidirectional" and d == 1):
            order = reversed(order)
        for t in order:
            h[d, b], c[d, b] = step(op, attributes, f[d], X[t, b], h[d, b], c[d, b], W[d], R[d], bias[d, : G * H],
                                    bias[d, G * H :], P[d])
            Y[t, d, b] = h[d, b]
    if first:
        Y, h, c = Y.transpose(2, 0, 1, 3), h.transpose(1, 0, 2), c.transpose(1, 0, 2)
    return {"Y": Y, "Y_h": h, "Y_c": c}


# ---- files -------------------------------------------------------------------------------------------------------

TYPES = {"F32": (1, np.float32), "F64": (11, np.float64), "F16": (10, np.float16), "BF16": (16, None), "I32": (6, np.int32),
         "I64": (7, np.int64), "U8": (2, np.uint8), "I8": (3, np.int8), "BOOL": (9, np.bool_)}


def to_bfloat(x):
    """float64 -> (bits as uint16), to the nearest, ties to even."""
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bfloat(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def whole(field, n):
    return varint(field << 3) + varint(n)


def piece(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    """value: a number, text, a list of one of these, a Graph or an array."""
    out = piece(1, name)
    if isinstance(value, bytes):
        return out + piece(6, value) + whole(20, 5)
    if isinstance(value, np.ndarray):
        return out + piece(5, tensor("", dtype_of(value), value)) + whole(20, 4)
    if isinstance(value, str):
        return out + piece(4, value) + whole(20, 3)
    if isinstance(value, float):
        return out + varint(2 << 3 | 5) + struct.pack("<f", value) + whole(20, 1)
    if isinstance(value, int):
        return out + whole(3, value) + whole(20, 2)
    if isinstance(value[0], str):
        return out + b"".join(piece(9, v) for v in value) + whole(20, 8)
    if isinstance(value[0], int):
        return out + b"".join(whole(8, v) for v in value) + whole(20, 7)
    return out + b"".join(varint(7 << 3 | 5) + struct.pack("<f", v) for v in value) + whole(20, 6)


def dtype_of(array):
    return next(name for name, (_, kind) in TYPES.items() if kind is not None and array.dtype == kind)


def raw(dtype, array):
    return np.ascontiguousarray(to_bfloat(array) if dtype == "BF16" else array.astype(TYPES[dtype][1])).tobytes()


def tensor(name, dtype, array):
    return b"".join(whole(1, n) for n in array.shape) + whole(2, TYPES[dtype][0]) + piece(8, name) + piece(9, raw(dtype, array))


def value(name, dtype, shape):
    dims = b"".join(piece(1, whole(1, n)) for n in shape)
    return piece(1, name) + piece(2, piece(1, whole(1, TYPES[dtype][0]) + piece(2, dims)))


INPUTS = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]


def model(op, attributes, opset, dtype, inputs, outputs, shapes, constants):
    used = INPUTS[: 1 + max(INPUTS.index(k) for k in inputs)]
    made = ["Y", "Y_h", "Y_c"][: 1 + max(["Y", "Y_h", "Y_c"].index(k) for k in outputs)]
    types = {k: "I32" if k == "sequence_lens" else dtype for k in inputs}
    node = b"".join(piece(1, k if k in inputs else "") for k in used)
    node += b"".join(piece(2, k if k in outputs else "") for k in made)
    node += piece(3, "cell") + piece(4, op) + b"".join(piece(5, attribute(k, v)) for k, v in attributes.items())
    graph = piece(1, node) + piece(2, "case")
    graph += b"".join(piece(5, tensor(k, types[k], inputs[k])) for k in inputs if k in constants)
    graph += b"".join(piece(11, value(k, types[k], inputs[k].shape)) for k in inputs if k not in constants)
    graph += b"".join(piece(12, value(k, dtype, shapes[k])) for k in outputs)
    return whole(1, 10 if opset >= 22 else 8 if opset >= 14 else 4) + piece(2, "rondo") + piece(7, graph) + piece(8, whole(2, opset))


def write_safetensors(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":"))
    text += " " * (-(8 + len(text)) % 64)
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + data)


# ---- cases -------------------------------------------------------------------------------------------------------


class Corpus:
    def __init__(self, op):
        self.op, self.count, self.tensors, self.groups = op, 0, {}, {}
        self.random = np.random.RandomState({"RNN": 1, "GRU": 2, "LSTM": 3}[op])

    def numbers(self, dtype, *shape):
        """Values that the type holds exactly, so that reference and operator see the same."""
        x = self.random.uniform(-1, 1, shape)
        if dtype == "BF16":
            return from_bfloat(to_bfloat(x))
        return x.astype(TYPES[dtype][1]).astype(np.float64)

    def add(self, group, with_inputs="", outputs=None, dtype="F32", lens=None, opset=None, constants=None, say=True, **attributes):
        """with_inputs: letters of B, h(0), c(0), P."""
        op, n = self.op, self.count
        T, B, I, H = 3 + n % 2, 3, 1 + n % 3, 2 + n % 2
        D = 2 if attributes.get("direction") == "bidirectional" else 1
        first = attributes.get("layout", 0) == 1
        G, draw = GATES[op], lambda *shape: self.numbers(dtype, *shape)
        inputs = {"X": 2 * draw(B, T, I) if first else 2 * draw(T, B, I), "W": draw(D, G * H, I), "R": draw(D, G * H, H)}
        state = (B, D, H) if first else (D, B, H)
        for letter, name, shape in ("B", "B", (D, 2 * G * H)), ("h", "initial_h", state), ("c", "initial_c", state), ("P", "P", (D, 3 * H)):
            if letter in with_inputs:
                inputs[name] = draw(*shape)
        if lens:
            inputs["sequence_lens"] = np.array([min(x, T) for x in lens], np.int32)
        if say:
            attributes["hidden_size"] = H
        wanted = outputs or (["Y", "Y_h", "Y_c"] if op == "LSTM" else ["Y", "Y_h"])
        results = reference(op, attributes, inputs)
        if opset is None:
            opset = 22 if dtype == "BF16" or n % 3 == 0 else 14 if first or n % 3 == 1 else 7
        if constants is None:
            constants = ["W", "R", "B", "P"] if n % 4 else []
        order = {k: inputs[k] for k in INPUTS if k in inputs}
        content = model(op, attributes, opset, dtype, order, wanted, {k: results[k].shape for k in wanted}, constants)
        name = f"{op.lower()}_{n:03d}_{group.replace(' ', '_')}"
        self.tensors[f"{name}/model"] = ("U8", (len(content),), content)
        for k, v in order.items():
            if k not in constants:
                kind = "I32" if k == "sequence_lens" else dtype
                self.tensors[f"{name}/in/{k}"] = (kind, v.shape, raw(kind, v))
        exact = "F64" if dtype == "F64" else "F32"
        for k in wanted:
            self.tensors[f"{name}/out/{k}"] = (exact, results[k].shape, raw(exact, results[k]))
        self.groups[name] = group
        self.count += 1

    def crossed(self, extra):
        """Direction, layout, lengths and states, all with all, and with each entry of extra."""
        state = "hc" if self.op == "LSTM" else "h"
        lengths = {"": None, " ragged": [4, 1, 2], " zero length": [2, 0, 4]}
        for direction, layout, lens, given, more in itertools.product(
                ("forward", "reverse", "bidirectional"), (0, 1), lengths, ("", "B" + state), extra):
            attributes = {k: v for k, v in more.items() if k != "P"}
            if direction != "forward":
                attributes["direction"] = direction
            if layout:
                attributes["layout"] = 1
            self.add(f"layout {layout}{lens}", given + ("P" if "P" in more else ""), lens=lengths[lens], **attributes)

    def all_activations(self):
        usual = USUAL[self.op]
        names = list(FUNCTIONS)
        for place, name in itertools.product(range(len(usual)), names):
            functions = usual[:place] + [name] + usual[place + 1 :]
            facts = FUNCTIONS[name]
            if name not in ("Affine", "ScaledTanh"):  # what these do without alpha and beta, no operator says
                self.add("activations", "B", activations=functions)
            numbers = {}
            if facts[1] is not None:
                numbers["activation_alpha"] = [0.7]
            if facts[2] is not None:
                numbers["activation_beta"] = [0.4]
            if numbers:
                self.add("alpha and beta", "B", activations=functions, **numbers)
        for i, name in enumerate(names):  # both directions, each with functions of its own, alphas of all in one list
            functions = [names[(i + k) % len(names)] for k in range(2 * len(usual))]
            self.add("activations of both directions", "Bh", direction="bidirectional", activations=functions, lens=[4, 2, 3],
                     activation_alpha=[0.9, 0.3, 0.6, 0.8, 0.5, 0.7], activation_beta=[0.5, 0.2, 0.4])

    def outputs(self):
        names = ["Y", "Y_h", "Y_c"][: 3 if self.op == "LSTM" else 2]
        for n in range(1, len(names) + 1):
            for wanted in itertools.combinations(names, n):
                self.add("outputs absent", "B", outputs=list(wanted), direction="bidirectional")

    def types(self):
        for dtype, direction in itertools.product(("F64", "F16", "BF16"), ("forward", "reverse", "bidirectional")):
            state = "hc" if self.op == "LSTM" else "h"
            self.add({"F64": "double", "F16": "float16", "BF16": "bfloat16"}[dtype], "B" + state, dtype=dtype, direction=direction,
                     lens=[4, 2, 3])

    def rest(self):
        for clip, direction in itertools.product((0.25, 0.75, 2.0), ("forward", "bidirectional")):
            self.add("clip", "Bh", direction=direction, clip=clip)
            self.add("clip", "Bh", direction=direction, clip=clip, lens=[4, 2, 1])
        for opset in (7, 14, 22):
            self.add("hidden_size absent", "B", say=False, opset=opset)
        if self.op == "GRU":
            for direction, clip in itertools.product(("forward", "reverse", "bidirectional"), (None, 0.5)):
                more = {} if clip is None else {"clip": clip}
                self.add("linear_before_reset", "h", direction=direction, linear_before_reset=1, **more)
                self.add("linear_before_reset", "Bh", direction=direction, linear_before_reset=1, lens=[4, 3, 1], **more)
        if self.op == "LSTM":
            for direction, given, lens in itertools.product(("forward", "reverse", "bidirectional"), ("B", "BhcP"), (None, [4, 1, 3])):
                self.add("input_forget", given, direction=direction, input_forget=1, lens=lens)
                self.add("input_forget", given, direction=direction, input_forget=1, lens=lens, clip=0.5)
            for direction in ("forward", "reverse", "bidirectional"):
                self.add("peepholes", "BhcP", direction=direction, clip=0.5)
                self.add("peepholes", "P", direction=direction, lens=[4, 1, 3])
                self.add("one initial state", "Bh", direction=direction)
                self.add("one initial state", "Bc", direction=direction)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "tests/golden/onnx")
    total = 0
    for op in "RNN", "GRU", "LSTM":
        corpus = Corpus(op)
        corpus.crossed({"RNN": [{}], "GRU": [{"linear_before_reset": 0}, {"linear_before_reset": 1}], "LSTM": [{}, {"P": True}]}[op])
        corpus.all_activations()
        corpus.outputs()
        corpus.types()
        corpus.rest()
        write_safetensors(folder / f"{op.lower()}.safetensors", corpus.tensors, corpus.groups)
        print(f"{op}: {corpus.count} cases")
        total += corpus.count
    print(f"{total} cases")


if __name__ == "__main__":
    main()
