#!/usr/bin/env python3
"""The node tests that the onnx package makes, through `rondo run`: those of RNN, GRU and LSTM, or of other operators.

  scripts/check-onnx-official.py [RONDO] [OPERATOR...]
Exit code 77 without the package."""
import pathlib
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
    import onnx
    from onnx import numpy_helper
    from onnx.backend.test.case.node import collect_testcases
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parent.parent
READABLE = ("float16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool")


def arrays(values):
    return [np.asarray(numpy_helper.to_array(v) if isinstance(v, onnx.TensorProto) else v) for v in values]


def run(rondo, folder, model, inputs, outputs):
    """None when all is well, else the story."""
    onnx.save(model, folder / "m.onnx")
    words = [] if not inputs else ["--input"]
    for i, (port, array) in enumerate(zip(model.graph.input, inputs)):
        np.save(folder / f"{i}.npy", array)
        words.append(f"{port.name}={folder / str(i)}.npy")
    done = subprocess.run([rondo, "run", folder / "m.onnx", "--quiet", "--output", folder / "out", *words], capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()
    for port, want in zip(model.graph.output, outputs):
        got = np.load(folder / "out" / f"{port.name}.npy")
        if got.shape != want.shape or got.dtype != want.dtype:
            return f"{port.name} is {got.dtype}{got.shape}, not {want.dtype}{want.shape}"
        if not np.allclose(got, want, rtol=1e-3, atol=1e-7, equal_nan=True):  # the tolerance of ONNX's own runner
            return f"{port.name} is off by {np.max(np.abs(got.astype(float) - want.astype(float))):.3g}"
    return None


def main():
    warnings.simplefilter("ignore")
    rondo = sys.argv[1] if len(sys.argv) > 1 else TOP / "build/rondo"
    wanted = sys.argv[2:] or ["RNN", "GRU", "LSTM"]
    passed = failed = passed_over = 0
    with tempfile.TemporaryDirectory() as folder:
        cases = collect_testcases(None) if collect_testcases.__code__.co_argcount else collect_testcases()
        for case in cases:
            if case.model is None or len(case.model.graph.node) != 1 or case.model.graph.node[0].op_type not in wanted:
                continue
            for inputs, outputs in case.data_sets:
                try:
                    inputs, outputs = arrays(inputs), arrays(outputs)
                except (TypeError, ValueError):
                    inputs = outputs = []
                if not outputs or any(str(a.dtype) not in READABLE or a.ndim > 4 for a in inputs + outputs):
                    passed_over += 1
                    continue
                story = run(rondo, pathlib.Path(folder), case.model, inputs, outputs)
                passed, failed = passed + (story is None), failed + (story is not None)
                if story:
                    print(f"{case.name}: {story}")
    print(f"onnx {onnx.__version__}: {passed} passed, {failed} failed, {passed_over} of types that .npy files cannot hold")
    sys.exit(failed > 0 or passed == 0)


main()
