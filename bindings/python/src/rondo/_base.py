"""What every kind of use of a model builds on."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from ctypes import byref, c_int64
from typing import Any

from . import _check
from ._arrays import Array
from ._errors import Error, Status
from ._handles import Handle, Owner, failure
from ._structs import rondo_error


class Opened(Owner):
    """An opened model. Its uses are mixed in, one class per header of the library."""

    _what = "model"

    def _names(self, function: Callable[..., Any]) -> list[str]:
        count = c_int64()

        def ask(pointer: int) -> list[str]:
            names = function(pointer, byref(count))
            return [_check.shown(names[i]) for i in range(count.value)] if names else []

        return self._ask(ask)


def companion(model: Opened, other: Opened, what: str) -> Handle:
    """The handle of another model that model uses in its calls, which must therefore hang from the same context."""
    if not isinstance(other, Opened):
        raise TypeError(f"{what}: {other!r} is no model")
    handle = other._handle
    if handle.guard is not model._handle.guard:
        raise Error(Status.ARGUMENT, f"{what}: it has a context of its own (load it with context=model.context)")
    return handle


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
        self._ask(self._reset)

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
