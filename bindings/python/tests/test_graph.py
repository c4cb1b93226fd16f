"""ONNX models on arrays, with the cases of tests/golden/onnx."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
from support import TOP, folder

import rondo
from rondo import Status


def make_case(name: str) -> Path:
    """The folder with m.onnx, in_NAME.npy, out_NAME.npy of the first case whose name begins so."""
    out = folder() / name
    if not out.exists():
        out.mkdir()
        golden = TOP / "tests" / "golden" / "onnx" / f"{name.split('_')[0]}.safetensors"
        subprocess.run([sys.executable, TOP / "tests" / "support" / "onnx_case", golden, name], cwd=out, check=True)
    return out


def arrays(case: Path, kind: str) -> dict[str, np.ndarray]:
    return {p.stem[len(kind) :]: np.load(p) for p in sorted(case.glob(f"{kind}*.npy"))}


@unittest.skipUnless("onnx" in rondo.build_parts(), "built without protobuf-c")
class Graphs(unittest.TestCase):
    def setUp(self) -> None:
        self.case = make_case("lstm_014_layout_1")
        self.graph = rondo.load_onnx(self.case / "m.onnx", threads=2)
        self.inputs = arrays(self.case, "in_")
        self.wanted = arrays(self.case, "out_")

    def test_ports(self) -> None:
        self.assertEqual({p.name for p in self.graph.inputs}, set(self.inputs))
        self.assertEqual({p.name for p in self.graph.outputs}, set(self.wanted))
        x = next(p for p in self.graph.inputs if p.name == "X")
        self.assertEqual(x.dtype, np.float32)
        assert x.shape is not None
        self.assertEqual(len(x.shape), 3)
        self.assertIn("LSTM", self.graph.info["operators"])
        self.assertEqual(rondo.describe(self.case / "m.onnx"), self.graph.info)

    def test_values(self) -> None:
        got = self.graph.run(self.inputs)
        for name, wanted in self.wanted.items():
            self.assertEqual(got[name].shape, wanted.shape)
            np.testing.assert_allclose(got[name], wanted, atol=5e-6)
        again = self.graph.run({name: array.astype(np.float64) for name, array in self.inputs.items()})
        for name in got:
            np.testing.assert_array_equal(again[name], got[name])  # the first results still stand
        slow = rondo.load_onnx(self.case / "m.onnx", reference=True).run(self.inputs)
        np.testing.assert_allclose(slow["Y"], got["Y"], atol=5e-6)

    def test_call(self) -> None:
        names = [p.name for p in self.graph.inputs]
        by_place = self.graph(*[self.inputs[n] for n in names])
        by_name = self.graph(**self.inputs)
        self.assertEqual(len(by_place), len(self.graph.outputs))
        for a, b in zip(by_place, by_name):
            np.testing.assert_array_equal(a, b)
        with self.assertRaises(rondo.Error):
            self.graph(*[self.inputs[n] for n in names], **self.inputs)
        with self.assertRaises(rondo.Error):
            self.graph(*[0] * (len(names) + 1))

    def test_wrong_inputs(self) -> None:
        with self.assertRaisesRegex(rondo.Error, "input 'X' is missing"):
            self.graph.run({})
        with self.assertRaisesRegex(rondo.Error, "no input 'Z'"):
            self.graph.run({**self.inputs, "Z": np.zeros(1)})
        with self.assertRaisesRegex(rondo.Error, "input 'X' has shape"):
            self.graph.run({**self.inputs, "X": np.zeros((1, 1), np.float32)})
        with self.assertRaises(TypeError):
            self.graph.run([1])  # type: ignore[arg-type]
        with self.assertRaises(TypeError):
            self.graph.run({**self.inputs, "X": np.array(["a"])})

    def test_files(self) -> None:
        with self.assertRaises(rondo.Error) as caught:
            rondo.load_onnx(folder() / "none.onnx")
        self.assertEqual(caught.exception.status, Status.NOT_FOUND)
        data = (self.case / "m.onnx").read_bytes()
        path = folder() / "cut.onnx"
        for size in (0, 1, 40, len(data) // 2):
            path.write_bytes(data[:size])
            with self.assertRaisesRegex(rondo.Error, "cut.onnx"):
                rondo.load_onnx(path)
            with self.assertRaisesRegex(rondo.Error, "cut.onnx"):
                rondo.describe(path)

    def test_closed(self) -> None:
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        with self.graph as graph:
            y = graph.run(self.inputs)["Y"]
        self.assertGreater(y.size, 0)
        with self.assertRaises(rondo.Error) as caught:
            self.graph.run(self.inputs)
        self.assertEqual(caught.exception.status, Status.STATE)
        if before:
            self.assertEqual(len(os.listdir("/proc/self/fd")), before)


if __name__ == "__main__":
    unittest.main()
