"""numpy in and out: what is copied and what is not, types, lifetimes."""

from __future__ import annotations

import gc
import unittest
import weakref

import numpy as np
from support import folder, model_of, run_of

import rondo
from rondo import _arrays


class ToTensor(unittest.TestCase):
    def test_contiguous_arrays_are_not_copied(self) -> None:
        for dtype in (np.float32, np.float64, np.int32, np.int64, np.uint8, np.float16, np.int8, np.bool_):
            array = np.ones((2, 3), dtype)
            tensor, kept = _arrays.to_tensor(array, "x")
            self.assertEqual(tensor.data, array.ctypes.data)
            self.assertEqual(_arrays.shape_of(tensor), (2, 3))

    def test_others_are_put_in_order(self) -> None:
        array = np.arange(6.0).reshape(2, 3).T
        tensor, kept = _arrays.to_tensor(array, "x")
        self.assertTrue(kept.flags.c_contiguous)
        np.testing.assert_array_equal(kept, array)
        swapped = np.arange(3, dtype=">f4")
        np.testing.assert_array_equal(_arrays.to_tensor(swapped, "x")[1], [0, 1, 2])
        self.assertEqual(_arrays.to_tensor(np.ones(2, np.uint16), "x")[1].dtype, np.int32)
        self.assertEqual(_arrays.to_tensor(np.float64(3), "x")[1].ndim, 0)
        self.assertEqual(_arrays.to_tensor([[1, 2], [3, 4]], "x")[1].dtype, np.int64)

    def test_refusals(self) -> None:
        for wrong in (np.ones(2, np.complex64), np.array(["a"]), np.ones(1, np.uint64), np.array([object()])):
            with self.assertRaisesRegex(TypeError, "^x: arrays of"):
                _arrays.to_tensor(wrong, "x")
        with self.assertRaisesRegex(rondo.Error, "5 dimensions") as caught:
            _arrays.to_tensor(np.ones((1,) * 5), "x")
        self.assertEqual(caught.exception.status, rondo.Status.SHAPE)

    def test_bfloat16(self) -> None:
        values = np.array([1, -2.5, 3.140625, np.inf], np.float32)
        halves = (values.view(np.uint32) >> 16).astype(np.uint16)
        np.testing.assert_array_equal(_arrays.widened(halves), values)


class Files(unittest.TestCase):
    def test_npy_and_npz(self) -> None:
        a, b = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([1, 2], np.int64)
        np.save(folder() / "a.npy", a)
        np.savez(folder() / "ab.npz", a=a, b=b)
        np.testing.assert_array_equal(rondo.read_arrays(folder() / "a.npy")["a"], a)
        both = rondo.read_arrays(folder() / "ab.npz")
        np.testing.assert_array_equal(both["a"], a)
        np.testing.assert_array_equal(both["b"], b)
        self.assertFalse(both["b"].flags.owndata)

    def test_views_outlive_the_dict(self) -> None:
        np.savez(folder() / "large.npz", a=np.full(100000, 7.0), b=np.zeros(3))
        a = rondo.read_arrays(folder() / "large.npz")["a"]
        gc.collect()
        self.assertEqual(a.sum(), 700000)

    def test_safetensors(self) -> None:
        run = run_of("language")
        arrays = rondo.read_arrays(run.model_path)
        state = model_of("language").state_dict()
        self.assertEqual(set(arrays), set(state))
        for name in arrays:
            np.testing.assert_array_equal(arrays[name], state[name])

    def test_hostile(self) -> None:
        path = folder() / "broken.npy"
        path.write_bytes(b"\x93NUMPY\1\0garbage")
        with self.assertRaisesRegex(rondo.Error, "broken.npy") as caught:
            rondo.read_arrays(path)
        self.assertEqual(caught.exception.status, rondo.Status.FORMAT)


class Lifetimes(unittest.TestCase):
    def test_parameters_outlive_their_model(self) -> None:
        model = model_of("language")
        state = model.state_dict()
        weight = state["output.weight"]
        wanted = weight.copy()
        handle = weakref.ref(model._handle)
        model.close()
        del model, state
        gc.collect()
        self.assertIsNotNone(handle())
        np.testing.assert_array_equal(weight, wanted)
        self.assertFalse(weight.flags.writeable)
        with self.assertRaises(ValueError):
            weight[0, 0] = 1
        part = weight[1:]
        del weight
        self.assertIsNotNone(handle())
        del part
        gc.collect()
        self.assertIsNone(handle())

    def test_results_outlive_their_model(self) -> None:
        model = model_of("language")
        y = model(np.array([1, 2, 3]))
        again = model(np.array([1, 2, 3]))
        del model
        gc.collect()
        np.testing.assert_array_equal(y, again)
        self.assertFalse(y.flags.owndata)
        y += 1  # the caller's own

    def test_forecasts_outlive_their_model(self) -> None:
        model = model_of("forecast")
        point = model.forecast(folder() / "table.csv").series[0].point
        wanted = point.copy()
        del model
        gc.collect()
        np.testing.assert_array_equal(point, wanted)


if __name__ == "__main__":
    unittest.main()
