"""A model's network one step at a time (rondo_model_stream of rondo/model.h)."""

from __future__ import annotations

from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array
from ._base import Stream, settled
from ._errors import Error, Status
from ._handles import Handle
from ._library import lib

_WHAT = "stream"
_STEP = lib.rondo_model_stream_step


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
        self._x_at = self._x.ctypes.data
        self._like: Array = np.zeros((*lead, self.output), np.float32)
        # the arrays of the last step and where they lie: a loop that gives the same ones has them checked once
        self._in = self._x
        self._in_at = self._x_at
        self._out: Array | None = None
        self._out_at = 0

    def step(self, x: SupportsIndex | ArrayLike, out: Array | None = None) -> Array:
        """One step. With out, which is returned, nothing is allocated; and x is read where it lies when it is a
        contiguous array of float32."""
        if out is None or out is not self._out:
            out = settled(out, self._like, _WHAT)
            self._out, self._out_at = out, out.ctypes.data
            self._in = self._x  # the next x may overlap this out
        handle = self._handle
        call, pointer = handle.guard.call, handle.pointer
        if self.symbols:
            self._take_symbols(x)
            status = call(_STEP, pointer, self._x_at, None, self._out_at, self._err_at)
        else:
            if x is not self._in or out is self._in:
                self._take_vectors(x, out)
            status = call(_STEP, pointer, None, self._in_at, self._out_at, self._err_at)
        self._fail(status)
        return out

    def _take_symbols(self, x: Any) -> None:
        if isinstance(x, int) and not self._x.ndim:
            if not 0 <= x < self.symbols:
                raise Error(Status.ARGUMENT, f"{_WHAT}: x is {x} (symbols are 0 to {self.symbols - 1})")
            self._x[()] = x
            return
        array = np.asarray(x)
        if array.dtype.kind not in "iu":
            raise TypeError(f"{_WHAT}: x is {array.dtype} (the model reads symbols: whole numbers)")
        self._same_shape(array)
        if array.size and not 0 <= int(array.min()) <= int(array.max()) < self.symbols:
            raise Error(Status.ARGUMENT, f"{_WHAT}: x holds a symbol that is not 0 to {self.symbols - 1}")
        np.copyto(self._x, array, casting="same_kind")

    def _take_vectors(self, x: Any, out: Array) -> None:
        fits = isinstance(x, np.ndarray) and x.dtype == np.float32 and x.flags.c_contiguous and x.flags.aligned
        if fits and not np.may_share_memory(x, out):
            self._same_shape(x)
            self._in, self._in_at = x, x.ctypes.data
            return
        array = np.asarray(x)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"{_WHAT}: x is {array.dtype} (the model reads floats)")
        self._same_shape(array)
        np.copyto(self._x, array, casting="same_kind")
        self._in, self._in_at = self._x, self._x_at

    def _same_shape(self, array: Array) -> None:
        if array.shape != self._x.shape:
            raise Error(Status.SHAPE, f"{_WHAT}: x has shape {array.shape} (it must be {self._x.shape})")
