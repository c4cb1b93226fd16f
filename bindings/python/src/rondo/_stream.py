"""A model's network one step at a time (rondo_model_stream of rondo/model.h)."""

from __future__ import annotations

from ctypes import byref
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from . import _check
from ._arrays import Array
from ._base import Stream, settled
from ._errors import Error, Status
from ._handles import Handle
from ._library import lib

_WHAT = "stream"


class NetworkStream(Stream):
    """One step in, one result out, the same bits as the whole sequence at once. Without a batch x is a symbol, or a
    vector (width,), and y a vector (output,); with one they are (batch,), or (batch, width), and (batch, output)."""

    def __init__(self, handle: Handle, batch: int | None) -> None:
        super().__init__(handle, lib.rondo_model_stream_reset)
        sizes = lib.rondo_model_stream_get_sizes(handle.pointer)
        lead = () if batch is None else (int(sizes.batch),)
        self.symbols = int(sizes.symbols)  # how many there are; 0: the network reads vectors
        self.width = int(getattr(sizes, "in"))
        self.output = int(sizes.out)
        self._x: Array = np.zeros(lead, np.int32) if self.symbols else np.zeros((*lead, self.width), np.float32)
        self._y: Array = np.zeros((*lead, self.output), np.float32)

    def step(self, x: SupportsIndex | ArrayLike, out: Array | None = None) -> Array:
        """One step. With out, which is returned, nothing is allocated; and x is read where it lies when it is a
        contiguous array of float32."""
        y = settled(out, self._y, _WHAT)
        if self.symbols:
            return self._handle.guard.call(self._step_symbols, x, y)
        return self._handle.guard.call(self._step_vectors, x, y)

    def _step_symbols(self, x: Any, y: Array) -> Array:
        if not isinstance(x, int):
            array = np.asarray(x)
            if array.dtype.kind not in "iu":
                raise TypeError(f"{_WHAT}: x is {array.dtype} (the model reads symbols: whole numbers)")
            self._same_shape(array)
            if array.size and not 0 <= int(array.min()) <= int(array.max()) < self.symbols:
                raise Error(Status.ARGUMENT, f"{_WHAT}: x holds a symbol that is not 0 to {self.symbols - 1}")
            np.copyto(self._x, array, casting="same_kind")
        elif self._x.ndim:
            raise Error(Status.SHAPE, f"{_WHAT}: x is one symbol (it must be {self._x.shape} of them)")
        else:
            self._x[...] = _check.whole(x, f"{_WHAT}: x", 0, self.symbols - 1)
        self._fail(
            lib.rondo_model_stream_step(
                self._handle.pointer, self._x.ctypes.data, None, y.ctypes.data, byref(self._err)
            )
        )
        return y

    def _step_vectors(self, x: Any, y: Array) -> Array:
        fits = isinstance(x, np.ndarray) and x.dtype == np.float32 and x.flags.c_contiguous and x.flags.aligned
        if not fits or np.may_share_memory(x, y):
            array = np.asarray(x)
            if array.dtype.kind not in "fiu":
                raise TypeError(f"{_WHAT}: x is {array.dtype} (the model reads floats)")
            self._same_shape(array)
            np.copyto(self._x, array, casting="same_kind")
            x = self._x
        self._same_shape(x)
        self._fail(
            lib.rondo_model_stream_step(self._handle.pointer, None, x.ctypes.data, y.ctypes.data, byref(self._err))
        )
        return y

    def _same_shape(self, array: Array) -> None:
        if array.shape != self._x.shape:
            raise Error(Status.SHAPE, f"{_WHAT}: x has shape {array.shape} (it must be {self._x.shape})")
