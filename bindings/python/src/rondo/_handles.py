"""Objects of the library as Python holds them: alive as long as anything needs them, one call at a time, freed once.

A Handle owns a pointer. It keeps the handles that its object points into (a stream its model, a model its context), so
whatever order the garbage collector chooses, the library sees children go before parents. numpy arrays that view an
object's memory keep its handle, too: close() on the object lets go of it, and the memory goes with the last view.

The library wants one thread at a time per context. Each context has a Guard, through which every call goes with
anything that hangs from it: Python threads wait for each other, and the GIL is free meanwhile."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from ctypes import byref, c_void_p
from types import TracebackType
from typing import Any, TypeVar

from . import _check
from ._errors import Error, Status
from ._library import lib
from ._structs import rondo_context_options, rondo_error

PRECISIONS = ("f32", "bf16", "int8")
T = TypeVar("T")
Self = TypeVar("Self", bound="Owner")


def failure(status: int, err: rondo_error) -> Error:
    return Error(status, _check.shown(err.message) or f"rondo: status {status}")


class Guard:
    """One call at a time. A finaliser may come in the midst of a call, even on the same thread: it leaves its work to
    the one who holds the guard."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self._left: list[tuple[Callable[[Any], None], int]] = []
        self._process = os.getpid()
        self.threads = 1

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """function(*arguments), alone."""
        if self._process != os.getpid():
            self._after_fork()
        me = threading.get_ident()
        if self._owner == me and self._lock.locked():
            raise Error(Status.STATE, "rondo: a callback calls the model that calls it (wait until that is over)")
        with self._lock:
            try:
                self._owner = me
                result = function(*arguments)
            finally:
                self._owner = 0
                self._clear()
        if self._left:  # came between the last two lines
            self._sweep()
        return result

    def dispose(self, destroy: Callable[[Any], None], pointer: int, _keep: object) -> None:
        """Destroys an object now, or as soon as the call is over that is being made. _keep lives until here."""
        if self._process == os.getpid():
            self._left.append((destroy, pointer))
            self._sweep()

    def _sweep(self) -> None:
        if self._lock.acquire(blocking=False):
            try:
                self._clear()
            finally:
                self._lock.release()

    def _clear(self) -> None:
        while self._left:
            destroy, pointer = self._left.pop(0)  # children come before what they point into
            destroy(byref(c_void_p(pointer)))

    def _after_fork(self) -> None:
        if self.threads > 1:
            raise Error(
                Status.STATE,
                "rondo: the process was forked after the model was loaded, and its threads stayed behind (load it in "
                "the child, or with threads=1)",
            )
        self._lock = threading.Lock()
        self._owner = 0
        self._left = []
        self._process = os.getpid()


class Handle:
    """Owns a pointer of the library."""

    def __init__(self, pointer: c_void_p, destroy: Callable[[Any], None], guard: Guard, *keep: object) -> None:
        if not pointer.value:
            raise Error(Status.STATE, "rondo: the library gave no object")
        self.pointer = pointer.value
        self.guard = guard
        self._end = weakref.finalize(self, guard.dispose, destroy, self.pointer, keep)


class Owner:
    """Base of everything that owns a handle: closes once, may be closed early, is a context manager."""

    _what = "object"

    def __init__(self, handle: Handle) -> None:
        self._held: Handle | None = handle

    @property
    def _handle(self) -> Handle:
        if self._held is None:
            raise Error(Status.STATE, f"rondo: the {self._what} is closed")
        return self._held

    def _ask(self, function: Callable[..., T], *arguments: Any) -> T:
        """function(object, *arguments), alone."""
        handle = self._handle  # another thread may close the owner meanwhile
        return handle.guard.call(function, handle.pointer, *arguments)

    def _call(self, function: Callable[..., int], *arguments: object) -> None:
        """function(object, *arguments, &err), with the guard held."""
        handle, err = self._handle, rondo_error()
        status = handle.guard.call(function, handle.pointer, *arguments, byref(err))
        if status:
            raise failure(status, err)

    def __reduce__(self) -> Any:
        raise TypeError(f"rondo: a {self._what} cannot be copied or pickled (send its path, and load it there)")

    def close(self) -> None:
        """Lets go of it now; arrays that view its memory stay valid. Closing twice is fine."""
        self._held = None

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Context(Owner):
    """Threads, precision of products and instruction set. Every model has one of its own unless it is given one; models
    that share a context share its threads and take turns. Precision "bf16" or "int8" rounds what products multiply."""

    _what = "context"

    def __init__(self, threads: int = 0, precision: str = "f32", isa: str | None = None) -> None:
        options = rondo_context_options(
            _check.whole(threads, "context: threads", 0, 1024),
            _check.choice(precision, PRECISIONS, "context: precision"),
            None if isa is None else _check.text(isa, "context: isa"),
        )
        pointer, err = c_void_p(), rondo_error()
        status = lib.rondo_context_create(byref(pointer), byref(options), byref(err))
        if status:
            raise failure(status, err)
        super().__init__(Handle(pointer, lib.rondo_context_destroy, Guard()))
        self._handle.guard.threads = self.threads

    @property
    def threads(self) -> int:
        return int(lib.rondo_context_threads(self._handle.pointer))

    @property
    def isa(self) -> str:
        return str(lib.rondo_context_isa(self._handle.pointer).decode())


def opened(
    function: Callable[..., int],
    destroy: Callable[[Any], None],
    parent: Handle,
    *arguments: object,
    keep: object = None,
) -> Handle:
    """The handle of an object that function(&object, parent, *arguments, &err) makes."""
    pointer, err = c_void_p(), rondo_error()
    status = parent.guard.call(function, byref(pointer), parent.pointer, *arguments, byref(err))
    if status:
        raise failure(status, err)
    return Handle(pointer, destroy, parent.guard, parent, keep)
