"""What every kind of use of a model builds on."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from ctypes import byref, c_int64
from typing import Any

from . import _check
from ._arrays import Array
from ._handles import Handle, Owner, failure
from ._structs import rondo_error


class Opened(Owner):
    """An opened model. Its uses are mixed in, one class per header of the library."""

    _what = "model"

    def _names(self, function: Callable[..., Any]) -> list[str]:
        count = c_int64()
        names = function(self._handle.pointer, count)
        return [_check.shown(names[i]) for i in range(count.value)] if names else []


class Stream(Owner):
    """Base of all streams: a recording, series or text while it is being made. Keeps its model alive; one user at a
    time."""

    _what = "stream"

    def __init__(self, handle: Handle, reset: Callable[[int], None]) -> None:
        super().__init__(handle)
        self._reset = reset
        self._err = rondo_error()  # one for all steps: they allocate nothing
        self._err_at = byref(self._err)

    def reset(self) -> None:
        """Begins another sequence."""
        self._handle.guard.call(self._reset, self._handle.pointer)

    def _fail(self, status: int) -> None:
        if status:
            raise failure(status, self._err)


class Result:
    """A struct that the library filled in. ``free`` frees what it points to when nothing views it any more."""

    def __init__(self, struct: Any, free: Callable[[Any], None]) -> None:
        self.struct = struct
        weakref.finalize(self, free, struct)


def settled(out: Array | None, like: Array, what: str) -> Array:
    """The array that a step writes to: a new one like `like`, or the caller's."""
    if out is None:
        return like.copy()
    if (
        not isinstance(out, type(like))
        or out.dtype != like.dtype
        or out.shape != like.shape
        or not out.flags.c_contiguous
        or not out.flags.writeable
        or not out.flags.aligned
    ):
        raise TypeError(f"{what}: out must be a contiguous, writable array of {like.dtype}, of shape {like.shape}")
    return out
