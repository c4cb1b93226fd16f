"""Networks alone, as `rondo import` makes them of PyTorch's state dicts, against the LSTM's equations in numpy. Needs
the command, in $RONDO."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import unittest
from pathlib import Path
from typing import Any

import numpy as np
from support import folder, model_of, run_of

import rondo
from rondo import Status

N, H, T = 3, 5, 7  # inputs, hidden units, steps


def write_safetensors(path: Path, arrays: dict[str, Any]) -> None:
    head, at = {}, 0
    for name, array in arrays.items():
        head[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(a.tobytes() for a in arrays.values()))


def lstm(weights: dict[str, Any], x: Any) -> Any:
    w = {name: array.astype(np.float64) for name, array in weights.items()}
    h, c, out = np.zeros(H), np.zeros(H), []
    for row in x.astype(np.float64):
        a = w["weight_ih_l0"] @ row + w["bias_ih_l0"] + w["weight_hh_l0"] @ h + w["bias_hh_l0"]
        i, f, g, o = np.split(a, 4)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        out.append(h)
    return np.array(out)


@unittest.skipUnless(os.environ.get("RONDO"), "no command in $RONDO")
class Bare(unittest.TestCase):
    def setUp(self) -> None:
        draw = np.random.default_rng(5)
        shapes = {
            "weight_ih_l0": (4 * H, N),
            "weight_hh_l0": (4 * H, H),
            "bias_ih_l0": (4 * H,),
            "bias_hh_l0": (4 * H,),
        }
        self.weights = {name: draw.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
        self.x = draw.standard_normal((T, N)).astype(np.float32)
        write_safetensors(folder() / "theirs.safetensors", self.weights)
        self.path = folder() / "bare.safetensors"
        command = [os.environ["RONDO"], "import", str(folder() / "theirs.safetensors"), "--to", str(self.path)]
        subprocess.run(command, check=True, capture_output=True)

    def test_whole_and_stream(self) -> None:
        model = rondo.load(self.path)
        self.assertEqual(model.task, "network")
        y = model(self.x)
        np.testing.assert_allclose(y, lstm(self.weights, self.x), atol=2e-6)
        stream = model.stream()
        self.assertEqual((stream.symbols, stream.width, stream.output), (0, N, H))
        np.testing.assert_array_equal(np.array([stream.step(row) for row in self.x]), y)

    def test_input_under_output(self) -> None:
        """A network of one block would read what it writes, where the arrays overlap."""
        model = rondo.load(self.path)
        wanted = model(self.x)
        stream, room = model.stream(), np.zeros(N + H, np.float32)
        for t in range(T):
            x, out = room[:N], room[1 : 1 + H]
            x[:] = self.x[t]
            np.testing.assert_array_equal(stream.step(x, out=out), wanted[t])

    def test_what_it_is(self) -> None:
        model = rondo.load(self.path)
        state = model.state_dict()
        for name, array in self.weights.items():
            np.testing.assert_array_equal(state[f"rnn.{name}"], array)
        self.assertEqual(model.metrics, {})
        self.assertFalse(model.vocabulary)
        for call in (lambda: model.encode("a"), lambda: model.evaluate("a"), lambda: model.generate("a")):
            with self.assertRaises(rondo.Error) as caught:
                call()
            self.assertEqual(caught.exception.status, Status.UNSUPPORTED)


@unittest.skipUnless(os.environ.get("RONDO"), "no command in $RONDO")
class LowPrecision(unittest.TestCase):
    def made(self, kind: str) -> rondo.Model:
        out = folder() / f"{kind}.safetensors"
        command = [os.environ["RONDO"], "export", str(run_of("language").model_path), f"--{kind}", "--to", str(out)]
        if subprocess.run(command, capture_output=True).returncode:
            self.skipTest(f"rondo export has no --{kind}")
        return rondo.load(out)

    def test_same_bits_step_by_step(self) -> None:
        exact = model_of("language")
        x = exact.encode("the cat sees")
        for kind in ("int8", "bf16"):
            model = self.made(kind)
            y, stream = model(x), model.stream()
            np.testing.assert_array_equal(np.array([stream.step(i) for i in x]), y)
            np.testing.assert_allclose(y, exact(x), atol=0.1)
            self.assertEqual(len(model.generate("the ", tokens=20, seed=1)), 20)

    def test_weights(self) -> None:
        exact, name = model_of("language").state_dict(), "output.weight"
        whole = self.made("int8").state_dict()[name]
        scale = rondo.read_arrays(folder() / "int8.safetensors")[f"{name}_scale"]
        self.assertEqual(whole.dtype, np.int8)
        np.testing.assert_allclose(whole * scale[:, None], exact[name], atol=float(scale.max()))
        np.testing.assert_allclose(self.made("bf16").state_dict()[name], exact[name], rtol=2**-7)


if __name__ == "__main__":
    unittest.main()
