#!/usr/bin/env python3
"""Cases of ONNX's other operators, around the recurrent ones: tests/golden/onnx/operators.safetensors.

Expected values are NumPy's, or written out here where NumPy has no such function. The file is laid out as those of
make-onnx-cases.py, whose writer this uses.  scripts/make-onnx-operator-cases.py [FOLDER]"""
import importlib.machinery
import importlib.util
import math
import pathlib
import sys

import numpy as np

here = pathlib.Path(__file__).resolve().parent
loader = importlib.machinery.SourceFileLoader("cases", str(here / "make-onnx-cases.py"))
cases = importlib.util.module_from_spec(importlib.util.spec_from_loader("cases", loader))
sys.dont_write_bytecode = True
loader.exec_module(cases)
piece, whole = cases.piece, cases.whole

tensors, groups = {}, {}
random = np.random.RandomState(7)


def f(*shape):
    return random.uniform(-2, 2, shape).astype(np.float32)


def ids(*values):
    return np.array(values, np.int64)


def node(op, inputs, outputs, **attributes):
    out = b"".join(piece(1, i) for i in inputs) + b"".join(piece(2, o) for o in outputs) + piece(4, op)
    return piece(1, out + b"".join(piece(5, cases.attribute(k, v)) for k, v in attributes.items()))


def port(field, name, array):
    return piece(field, piece(1, name) + piece(2, piece(1, whole(1, cases.TYPES[cases.dtype_of(array)][0]))))


def body(nodes, inputs, outputs, constants=()):
    """A graph for an attribute: nodes in bytes, names and example arrays of inputs and outputs."""
    out = piece(2, "body") + b"".join(nodes) + b"".join(piece(5, cases.tensor(k, cases.dtype_of(v), v)) for k, v in dict(constants).items())
    return out + b"".join(port(11, k, v) for k, v in inputs.items()) + b"".join(port(12, k, v) for k, v in outputs.items())


def add(op, inputs, outputs, opset=18, constant=(), **attributes):
    """inputs: a list of arrays, None where absent. constant: places of inputs that stand in the file."""
    outputs = [np.asarray(o) for o in outputs]
    inputs = [None if i is None else np.asarray(i) for i in inputs]
    names = ["" if a is None else f"i{k}" for k, a in enumerate(inputs)]
    made = [f"o{k}" for k in range(len(outputs))]
    graph = node(op, names, made, **attributes) + piece(2, "case")
    for k, a in enumerate(inputs):
        if a is not None:
            graph += piece(5, cases.tensor(names[k], cases.dtype_of(a), a)) if k in constant else port(11, names[k], a)
    graph += b"".join(port(12, n, a) for n, a in zip(made, outputs))
    content = whole(1, 8) + piece(7, graph) + piece(8, whole(2, opset))
    name = f"{op.lower()}_{len(groups):03d}"
    groups[name] = op
    tensors[f"{name}/model"] = ("U8", (len(content),), content)
    for where, arrays, labels in ("in", inputs, names), ("out", outputs, made):
        for label, a in zip(labels, arrays):
            if a is not None and not (where == "in" and int(label[1:]) in constant):
                kind = cases.dtype_of(a)
                tensors[f"{name}/{where}/{label}"] = (kind, a.shape, cases.raw(kind, a))


def elementwise():
    x, y = f(2, 3, 4), f(4)
    z = np.abs(f(3, 1)) + 0.5
    with np.errstate(all="ignore"):
        for op, function in (("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("Div", np.divide)):
            for a, b in (x, y), (y, x), (x, z), (z, y), (f(2, 1, 4), f(3, 1)), (f(), x), (x, x):
                add(op, [a, b], [function(a, b)])
            add(op, [x.astype(np.float64), y.astype(np.float64)], [function(x.astype(np.float64), y.astype(np.float64))])
            add(op, [f(0, 3), f(3)], [np.zeros((0, 3), np.float32)])
            whole_function = (lambda a, b: (np.sign(a) * np.sign(b) * (abs(a) // abs(b)))) if op == "Div" else function
            add(op, [ids(7, -7, 9), ids(2, 2, -4)], [whole_function(ids(7, -7, 9), ids(2, 2, -4))])
    half = f(2, 3).astype(np.float16)
    add("Add", [half, half[0]], [half + half[0]])
    add("Pow", [z, y], [np.power(z, y)])
    add("Pow", [ids(2, 3, -2), ids(3, 2, 3)], [ids(8, 9, -8)])
    add("Mod", [ids(7, -7, 7, -7), ids(3, 3, -3, -3)], [np.mod(ids(7, -7, 7, -7), ids(3, 3, -3, -3))])
    add("Mod", [x, y], [np.fmod(x, y)], fmod=1)
    for op, function in ("Max", np.maximum), ("Min", np.minimum):
        add(op, [x, y, z], [function(function(x, y), z)])
        add(op, [ids(3, -1), ids(2, 2)], [function(ids(3, -1), ids(2, 2))])
    add("Sum", [x, y, z], [x + y + z])
    add("Mean", [x, y], [(x + y) / 2])
    few = np.round(f(3, 4))
    for op, function in (("Equal", np.equal), ("Less", np.less), ("Greater", np.greater), ("LessOrEqual", np.less_equal),
                         ("GreaterOrEqual", np.greater_equal)):
        add(op, [few, few[:1]], [function(few, few[:1])])
        add(op, [ids(1, 2, 3), ids(2, 2, 2)], [function(ids(1, 2, 3), ids(2, 2, 2))])
    yes = random.rand(3, 4) > 0.5
    for op, function in ("And", np.logical_and), ("Or", np.logical_or), ("Xor", np.logical_xor):
        add(op, [yes, yes[0]], [function(yes, yes[0])])
    add("Not", [yes], [~yes])
    add("Where", [yes, x[0, :1], few[:, :1]], [np.where(yes, x[0, :1], few[:, :1])])
    add("Where", [yes[0], ids(1, 2, 3, 4), ids(9)], [np.where(yes[0], ids(1, 2, 3, 4), ids(9))])
    add("Clip", [x, f() * 0 - 1, f() * 0 + 1], [np.clip(x, -1, 1)])
    add("Clip", [x, None, f() * 0], [np.minimum(x, 0)])
    add("Clip", [x], [np.clip(x, -0.5, 0.5)], opset=7, min=-0.5, max=0.5)
    erf = np.vectorize(math.erf)
    x = x.astype(np.float64)
    sigmoid, softplus = 1 / (1 + np.exp(-x)), np.log1p(np.exp(x))
    for op, want, more in (
            ("Tanh", np.tanh(x), {}), ("Sigmoid", sigmoid, {}), ("Relu", np.maximum(x, 0), {}), ("Exp", np.exp(x), {}),
            ("Neg", -x, {}), ("Abs", np.abs(x), {}), ("Floor", np.floor(x), {}), ("Ceil", np.ceil(x), {}), ("Round", np.round(x), {}),
            ("Sign", np.sign(x), {}), ("Erf", erf(x), {}), ("Sin", np.sin(x), {}), ("Cos", np.cos(x), {}), ("Reciprocal", 1 / x, {}),
            ("Softplus", softplus, {}), ("Softsign", x / (1 + np.abs(x)), {}), ("LeakyRelu", np.where(x < 0, 0.01 * x, x), {}),
            ("LeakyRelu", np.where(x < 0, 0.25 * x, x), {"alpha": 0.25}), ("Elu", np.where(x < 0, np.expm1(x), x), {}),
            ("HardSigmoid", np.clip(0.25 * x + 0.5, 0, 1), {"alpha": 0.25}), ("ThresholdedRelu", np.where(x > 0.5, x, 0), {"alpha": 0.5}),
            ("HardSwish", x * np.clip(x / 6 + 0.5, 0, 1), {}), ("Mish", x * np.tanh(softplus), {}),
            ("Gelu", 0.5 * x * (1 + erf(x / math.sqrt(2))), {}),
            ("Gelu", 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))), {"approximate": "tanh"})):
        add(op, [x.astype(np.float32)], [want.astype(np.float32)], opset=20, **more)
    positive = np.abs(f(5)) + 0.1
    add("Sqrt", [positive], [np.sqrt(positive)])
    add("Log", [positive], [np.log(positive)])
    add("IsNaN", [np.array([1, np.nan, np.inf], np.float32)], [np.array([False, True, False])])
    add("Neg", [ids(3, -4)], [ids(-3, 4)])
    add("Abs", [ids(3, -4)], [ids(3, 4)])
    add("Identity", [half], [half])
    add("Dropout", [positive], [positive, np.ones(5, bool)])
    for to, kind in (1, np.float32), (11, np.float64), (7, np.int64), (6, np.int32), (10, np.float16):
        add("Cast", [few * 1.5], [(few * 1.5).astype(kind)], to=to)
    add("Cast", [np.array([0, 0.5, -2], np.float32)], [np.array([False, True, True])], to=9)
    add("Cast", [np.array([True, False])], [np.array([1, 0], np.float32)], to=1)
    add("CastLike", [ids(1, 2), half], [ids(1, 2).astype(np.float16)])


def shapes():
    x = f(2, 3, 4)
    for shape, want in (([6, 4], (6, 4)), ([0, -1], (2, 12)), ([-1], (24,)), ([1, 2, 3, 4], (1, 2, 3, 4))):
        add("Reshape", [x, ids(*shape)], [x.reshape(want)], constant=(1,))
        add("Reshape", [x, ids(*shape)], [x.reshape(want)])
    add("Reshape", [f(0, 3), ids(0, 5)], [np.zeros((0, 5), np.float32)], allowzero=1)
    y = f(1, 3, 1, 2)
    add("Squeeze", [y], [y.reshape(3, 2)])
    add("Squeeze", [y, ids(0)], [y.reshape(3, 1, 2)])
    add("Squeeze", [y], [y.reshape(1, 3, 2)], opset=11, axes=[-2])
    add("Unsqueeze", [x[0], ids(0, -1)], [x[0].reshape(1, 3, 4, 1)])
    add("Unsqueeze", [x[0]], [x[0].reshape(3, 1, 4)], opset=11, axes=[1])
    for axis in 0, 1, 2, 3, -1:
        add("Flatten", [x], [x.reshape(int(np.prod(x.shape[:axis])), -1)], axis=axis)
    add("Shape", [x], [ids(2, 3, 4)])
    add("Shape", [x], [ids(3)], start=1, end=-1)
    add("Size", [x], [np.array(24, np.int64)])
    add("Constant", [], [x], value=x)
    add("Constant", [], [ids(1, 2)], value_ints=[1, 2])
    add("Constant", [], [np.array(0.5, np.float32)], value_float=0.5)
    add("ConstantOfShape", [ids(2, 3)], [np.zeros((2, 3), np.float32)])
    add("ConstantOfShape", [ids(2, 0)], [np.zeros((2, 0), np.int64)], value=ids(7))
    add("ConstantOfShape", [ids(4)], [np.full(4, 7, np.int64)], value=ids(7))
    add("Range", [np.array(v, np.int64) for v in (1, 8, 3)], [ids(1, 4, 7)])
    add("Range", [np.array(v, np.float32) for v in (2, 0, -0.5)], [np.arange(2, 0, -0.5, dtype=np.float32)])


def moves():
    x = f(2, 3, 4)
    add("Transpose", [x], [x.T])
    for perm in [0, 2, 1], [1, 0, 2], [2, 0, 1], [0, 1, 2]:
        add("Transpose", [x], [x.transpose(perm)], perm=perm)
    add("Expand", [f(3, 1) * 0 + 1, ids(2, 3, 4)], [np.ones((2, 3, 4), np.float32)])
    add("Expand", [x[0], ids(1, 1)], [x[0]])
    for axis in 0, 1, -1:
        add("Concat", [x, 2 * x, np.take(x, [0], axis)], [np.concatenate([x, 2 * x, np.take(x, [0], axis)], axis)], axis=axis)
    for axis, sizes in (0, [1, 1]), (1, [2, 0, 1]), (-1, [1, 3]):
        want = np.split(x, np.cumsum(sizes)[:-1], axis)
        add("Split", [x, ids(*sizes)], want, axis=axis)
        add("Split", [x], want, opset=11, axis=axis, split=sizes)
    add("Split", [x], [x[..., :2], x[..., 2:]], axis=-1, num_outputs=2)
    add("Split", [x[0, 0][:3]], [x[0, 0][:2], x[0, 0][2:3]], num_outputs=2)
    for begin, end, axes, steps, cut in (
            ([1], [3], [2], None, np.s_[..., 1:3]), ([0, -1], [9, -9], [0, 1], [1, -1], np.s_[:, ::-1]), ([-3], [-1], [2], None, np.s_[..., -3:-1]),
            ([3], [-(2**63)], [2], [-2], np.s_[..., ::-2]), ([1], [2**63 - 1], [1], [2], np.s_[:, 1::2]), ([2], [1], [2], None, np.s_[..., 2:1]),
            ([-99], [99], [0], None, np.s_[:]), ([99], [-99], [2], [-1], np.s_[..., 99:-99:-1])):
        more = [] if steps is None else [ids(*steps)]
        add("Slice", [x, ids(*begin), ids(*end), ids(*axes)] + more, [x[cut]])
    add("Slice", [x], [x[:1, 1:3]], opset=9, starts=[0, 1], ends=[1, 3])
    add("Tile", [x[0], ids(2, 3)], [np.tile(x[0], (2, 3))])
    add("Pad", [x, ids(1, 0, -1, 0, 2, 1), np.array(5, np.float32)], [np.pad(x[..., 1:], ((1, 0), (0, 2), (0, 1)), constant_values=5)])
    add("Trilu", [x], [np.triu(x)])
    add("Trilu", [x, np.array(-1, np.int64)], [np.tril(x, -1)], upper=0)
    add("ReverseSequence", [f(3, 2) * 0 + ids(1, 2, 3)[:, None].astype(np.float32), ids(3, 2)],
        [np.array([[3, 2], [2, 1], [1, 3]], np.float32)], time_axis=0, batch_axis=1)
    for axis, where in (0, ids(1, 0, 1)), (1, ids(-1)), (2, np.array([[0, 1], [3, 2]], np.int64)), (1, np.array(2, np.int64)):
        add("Gather", [x, where], [np.take(x, where, axis)], axis=axis)
    along = random.randint(0, 3, (2, 2, 4)).astype(np.int64)
    add("GatherElements", [x, along], [np.take_along_axis(x, along, 1)], axis=1)
    add("GatherND", [x, np.array([[0, 1], [1, -1]], np.int64)], [np.stack([x[0, 1], x[1, -1]])])
    put = x.copy()
    put[1, 2], put[0, 0] = x[0, 1], x[1, 1]
    add("ScatterND", [x, np.array([[1, 2], [0, 0]], np.int64), np.stack([x[0, 1], x[1, 1]])], [put])
    put = x[0].copy()
    np.put_along_axis(put, ids(2, 0, 1)[:, None], x[1, :, :1], 1)
    add("ScatterElements", [x[0], ids(2, 0, 1)[:, None], x[1, :, :1]], [put], axis=1)
    put = x[0].copy()
    np.add.at(put, (ids(2, 2), ids(0, 0)), x[1, :2, 0])
    add("ScatterElements", [x[0], ids(2, 2)[:, None], x[1, :2, :1]], [put], axis=0, reduction="add")
    add("NonZero", [np.array([[1, 0], [0, 2]], np.float32)], [np.array([[0, 1], [0, 1]], np.int64)])
    add("OneHot", [ids(1, 0, -1), ids(3), np.array([0, 5], np.float32)], [np.array([[0, 5, 0], [5, 0, 0], [0, 0, 5]], np.float32)])


def products():
    for a, b in (f(3, 4), f(4, 5)), (f(2, 3, 4), f(4, 5)), (f(2, 3, 4), f(2, 4, 5)), (f(2, 1, 3, 4), f(3, 4, 2)), (f(4), f(4, 5)), (f(3, 4), f(4)), \
            (f(4), f(4)), (f(3, 0), f(0, 2)), (f(17, 33), f(33, 40)):
        add("MatMul", [a, b], [np.matmul(a.astype(np.float64), b.astype(np.float64)).astype(np.float32)])
        add("MatMul", [a.astype(np.float64), b.astype(np.float64)], [np.matmul(a.astype(np.float64), b.astype(np.float64))])
    a, b = f(3, 4), f(4, 5)
    for c in None, f(5), f(3, 1), f(3, 5), f():
        for ta, tb in (0, 0), (1, 0), (0, 1), (1, 1):
            want = 0.5 * (a.astype(np.float64) @ b) + (0 if c is None else 2.0 * c)
            inputs = [a.T.copy() if ta else a, b.T.copy() if tb else b] + ([] if c is None else [c])
            add("Gemm", inputs, [want.astype(np.float32)], transA=ta, transB=tb, alpha=0.5, beta=2.0)


def reductions():
    x = f(2, 3, 4)
    wide = x.astype(np.float64)
    functions = {"ReduceSum": np.sum, "ReduceMean": np.mean, "ReduceMax": np.max, "ReduceMin": np.min, "ReduceProd": np.prod,
                 "ReduceL1": lambda v, **k: np.sum(np.abs(v), **k), "ReduceL2": lambda v, **k: np.sqrt(np.sum(v * v, **k)),
                 "ReduceSumSquare": lambda v, **k: np.sum(v * v, **k), "ReduceLogSumExp": lambda v, **k: np.log(np.sum(np.exp(v), **k))}
    for op, function in functions.items():
        for axes in None, [0], [1, -1], [2]:
            want = function(wide, axis=None if axes is None else tuple(axes), keepdims=True).astype(np.float32)
            add(op, [x] + ([] if axes is None else [ids(*axes)]), [want])
            if axes:
                add(op, [x], [want.reshape([n for d, n in enumerate(want.shape) if d not in [a % 3 for a in axes]])], opset=11, axes=axes, keepdims=0)
    add("ReduceSum", [x, ids()], [x], noop_with_empty_axes=1)
    add("ReduceMax", [ids(3, -5, 4)], [ids(4)])
    for axis in 0, 1, -1:
        e = np.exp(wide - wide.max(axis, keepdims=True))
        soft = e / e.sum(axis, keepdims=True)
        add("Softmax", [x], [soft.astype(np.float32)], axis=axis)
        add("LogSoftmax", [x], [np.log(soft).astype(np.float32)], axis=axis)
    e = np.exp(wide.reshape(2, 12))
    add("Softmax", [x], [(e / e.sum(1, keepdims=True)).reshape(x.shape).astype(np.float32)], opset=11)
    for axis in -1, 1:
        over = tuple(range(axis % 3, 3))
        normal = (wide - wide.mean(over, keepdims=True)) / np.sqrt(wide.var(over, keepdims=True) + 1e-5)
        scale, bias = f(*x.shape[axis % 3:]), f(*x.shape[axis % 3:])
        add("LayerNormalization", [x, scale, bias], [(normal * scale + bias).astype(np.float32)], axis=axis)
        add("LayerNormalization", [x, scale], [(normal * scale).astype(np.float32)], axis=axis)
    add("CumSum", [x, np.array(1, np.int64)], [np.cumsum(wide, 1).astype(np.float32)])
    add("CumSum", [x, np.array(-1, np.int64)], [(np.cumsum(wide[..., ::-1], -1)[..., ::-1] - wide).astype(np.float32)], exclusive=1, reverse=1)
    few = np.round(x)
    for axis in 0, 1, -1:
        add("ArgMax", [few], [np.expand_dims(np.argmax(few, axis), axis)], axis=axis)
        add("ArgMin", [few], [np.argmin(few, axis)], axis=axis, keepdims=0)
    add("ArgMax", [np.array([1, 3, 3], np.float32)], [ids(2)], select_last_index=1)
    order = np.argsort(-few, -1, kind="stable")[..., :2]
    add("TopK", [few, ids(2)], [np.take_along_axis(few, order, -1), order.astype(np.int64)])
    order = np.argsort(few, 1, kind="stable")[:, :2]
    add("TopK", [few, ids(2)], [np.take_along_axis(few, order, 1), order.astype(np.int64)], axis=1, largest=0)


def control():
    x, y = f(2, 3), f(3)
    # outer names are seen inside: both branches use the condition's neighbours through Identity of constants
    yes = body([node("Add", ["a", "b"], ["r"])], {}, {"r": x}, {"a": x, "b": y})
    no = body([node("Sub", ["a", "b"], ["r"])], {}, {"r": x}, {"a": x, "b": y})
    for flag in True, False:
        add("If", [np.array(flag)], [x + y if flag else x - y], then_branch=yes, else_branch=no)
        add("If", [np.array([flag])], [x + y if flag else x - y], else_branch=no, then_branch=yes)
    # a running sum by Scan; the state comes out, too
    turn = body([node("Add", ["s", "v"], ["t"]), node("Identity", ["t"], ["o"])], {"s": y, "v": y}, {"t": y, "o": y})
    sums = np.cumsum(np.concatenate([y[None], x]), 0, dtype=np.float32)[1:]
    add("Scan", [y, x], [sums[-1], sums], body=turn, num_scan_inputs=1)
    back = np.cumsum(np.concatenate([y[None], x[::-1]]), 0, dtype=np.float32)[1:]
    add("Scan", [y, x.T.copy()], [back[-1], back[::-1].T], body=turn, num_scan_inputs=1, scan_input_axes=[1], scan_input_directions=[1],
        scan_output_axes=[1], scan_output_directions=[1])
    # Loop: until the sum of what is carried passes a limit, or the turns are over
    nodes = [node("Add", ["s", "one"], ["t"]), node("ReduceSum", ["t"], ["sum"], keepdims=0), node("Less", ["sum", "limit"], ["go"]),
             node("Identity", ["t"], ["o"])]
    start = np.zeros(2, np.float32)
    loop = body(nodes, {"k": ids(0), "c": np.array(True), "s": start}, {"go": np.array(True), "t": start, "o": start},
                {"one": np.ones(2, np.float32), "limit": np.array(7, np.float32)})
    steps = np.arange(1, 5, dtype=np.float32)[:, None] + np.zeros((1, 2), np.float32)
    add("Loop", [np.array(100, np.int64), np.array(True), start], [steps[3], steps[:4]], body=loop)
    add("Loop", [np.array(2, np.int64), None, start], [steps[1], steps[:2]], body=loop)
    add("Loop", [None, None, start], [steps[3], steps[:4]], body=loop)
    add("Loop", [np.array(0, np.int64), None, start], [start, np.zeros((0,), np.float32)], body=loop)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else here.parent / "tests/golden/onnx")
    elementwise()
    shapes()
    moves()
    products()
    reductions()
    control()
    cases.write_safetensors(folder / "operators.safetensors", tensors, groups)
    print(f"{len(groups)} cases of {len(set(groups.values()))} operators")


main()
