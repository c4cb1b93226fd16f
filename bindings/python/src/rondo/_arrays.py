"""numpy arrays as rondo_tensor and back. Nothing is copied that lies in memory as the library wants it."""

from __future__ import annotations

from ctypes import byref, c_int64, c_void_p, cast
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _check
from ._errors import Error, Status
from ._handles import Guard, Handle, failure
from ._library import lib
from ._structs import rondo_error, rondo_tensor

Array = NDArray[Any]

# rondo_dtype by number; numpy has no bfloat16
DTYPES: tuple[Any, ...] = ("f4", "f8", "i4", "i8", "u1", None, "f2", "i1", "?")
BF16 = 5
_CODES: dict[np.dtype[Any], int] = {np.dtype(name): code for code, name in enumerate(DTYPES) if name}
_WIDER: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype("u2"): np.dtype("i4"),
    np.dtype("i2"): np.dtype("i4"),
    np.dtype("u4"): np.dtype("i8"),
}
MOST_RANK = 4


class _Memory:
    """Somebody else's memory for numpy, which keeps this object, which keeps the owner."""

    def __init__(self, pointer: int, shape: tuple[int, ...], dtype: Any, owner: object, writable: bool) -> None:
        self.__array_interface__ = {
            "shape": shape,
            "typestr": np.dtype(dtype).str,
            "data": (pointer, not writable),
            "version": 3,
        }
        self._owner = owner


def view(pointer: int, shape: tuple[int, ...], dtype: Any, owner: object, writable: bool = False) -> Array:
    """An array on memory that lives as long as owner."""
    if not pointer or 0 in shape:
        return np.empty(shape, dtype)
    return np.asarray(_Memory(pointer, shape, dtype, owner, writable))


def to_tensor(value: ArrayLike, what: str) -> tuple[rondo_tensor, Array]:
    """A tensor on the array's memory, and the array, which must be kept until the call is over: the one that was given
    where it is contiguous, in the machine's byte order and of a type that the library has, else a copy."""
    array = np.asarray(value)
    native = array.dtype.newbyteorder("=")
    dtype = _WIDER.get(native, native)
    if dtype not in _CODES:
        raise TypeError(
            f"{what}: arrays of {array.dtype} cannot go in (floats, int8 to int64, uint8 to uint32 and bool can)"
        )
    if array.ndim > MOST_RANK:
        raise Error(Status.SHAPE, f"{what}: the array has {array.ndim} dimensions (at most {MOST_RANK})")
    # not ascontiguousarray, which makes an array of no dimensions one of one
    array = np.asarray(array, dtype=dtype, order="C")
    tensor = rondo_tensor(_CODES[dtype], array.ndim, (c_int64 * MOST_RANK)(*array.shape), array.ctypes.data)
    return tensor, array


def shape_of(tensor: rondo_tensor) -> tuple[int, ...]:
    return tuple(tensor.dims[: tensor.rank])


def from_tensor(tensor: rondo_tensor, owner: object, writable: bool = False) -> Array:
    """A view; of bfloat16 a float32 array with the same values."""
    pointer = tensor.data or 0
    if tensor.dtype == BF16:
        return widened(view(pointer, shape_of(tensor), "u2", owner))
    return view(pointer, shape_of(tensor), DTYPES[tensor.dtype], owner, writable)


def widened(halves: Array) -> Array:
    out: Array = (halves.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return out


def read_arrays(path: _check.Path) -> dict[str, Array]:
    """All arrays of a .npy, .npz or .safetensors file, under their names, on the memory that the file was read into.
    bfloat16 becomes float32. Reading a file never runs code."""
    pointer, err = c_void_p(), rondo_error()
    status = lib.rondo_arrays_read(byref(pointer), _check.path(path, "read_arrays"), byref(err))
    if status:
        raise failure(status, err)
    handle = Handle(pointer, lib.rondo_arrays_free, Guard())
    return {
        _check.shown(lib.rondo_arrays_name(handle.pointer, i)): from_tensor(
            lib.rondo_arrays_at(handle.pointer, i).contents, handle, writable=True
        )
        for i in range(lib.rondo_arrays_count(handle.pointer))
    }


def doubles(pointer: Any, shape: tuple[int, ...], owner: object) -> Array:
    """A view on a struct's double *."""
    return view(cast(pointer, c_void_p).value or 0, shape, "f8", owner, writable=True)
