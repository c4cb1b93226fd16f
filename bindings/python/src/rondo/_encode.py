"""Texts and the symbols of a model's network (rondo_model_encode, rondo_model_decode of rondo/model.h)."""

from __future__ import annotations

from ctypes import byref, c_int64, c_size_t, c_void_p, string_at

import numpy as np
from numpy.typing import ArrayLike

from . import _check
from ._arrays import Array, view
from ._base import Opened, Result
from ._errors import Error, Status
from ._library import lib


def _free(made: c_void_p) -> None:
    lib.rondo_model_coded_free(made)


class Encodes(Opened):
    def encode(self, text: str) -> Array:
        """The symbols of a text, as the network of a language model or of a classifier of texts reads them, on the
        memory that they were written to."""
        data = _check.text(text, "encode")
        symbols, count = c_void_p(), c_int64()
        self._call(lib.rondo_model_encode, data, len(data), byref(symbols), byref(count))
        return view(symbols.value or 0, (count.value,), "i4", Result(symbols, _free), writable=True)

    def decode(self, symbols: ArrayLike) -> str:
        """The text of symbols; also of what a transcriber's network writes."""
        given = np.asarray(symbols)
        if given.dtype.kind not in "iu" and given.size:
            raise TypeError(f"decode: symbols are {given.dtype} (they must be whole numbers)")
        if given.ndim != 1:
            raise Error(Status.SHAPE, f"decode: symbols have {given.ndim} dimensions (a text has one)")
        if given.size and not -(2**31) <= int(given.min()) <= int(given.max()) < 2**31:
            raise Error(Status.ARGUMENT, "decode: a symbol is out of range")
        ids = np.ascontiguousarray(given, np.int32)
        text, size = c_void_p(), c_size_t()
        self._call(lib.rondo_model_decode, len(ids), ids.ctypes.data, byref(text), byref(size))
        try:
            return _check.shown(string_at(text.value or 0, size.value))
        finally:
            _free(text)
