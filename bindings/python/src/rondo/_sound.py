"""Recordings (rondo/audio.h)."""

from __future__ import annotations

from ctypes import POINTER, byref, c_float, c_void_p, cast
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from . import _check
from ._arrays import Array, view
from ._base import Result
from ._errors import Error, Status
from ._handles import failure
from ._library import lib
from ._structs import rondo_error, rondo_sound

MOST_RATE = 384000


@dataclass(frozen=True)
class Sound:
    """A recording: one channel of samples, full scale is 1, rate of them per second."""

    samples: Array
    rate: int


def read_sound(path: _check.Path, rate: int = 0) -> Sound:
    """Reads WAV, FLAC and what else libsndfile reads, channels averaged, resampled where a rate is given. The samples
    view the memory that they were read into."""
    struct, err = rondo_sound(), rondo_error()
    status = lib.rondo_sound_read(
        byref(struct), _check.path(path, "read_sound"), _check.whole(rate, "read_sound: rate", 0, MOST_RATE), byref(err)
    )
    if status:
        raise failure(status, err)
    owner = Result(struct, _free)
    return Sound(view(cast(struct.sample, c_void_p).value or 0, (struct.count,), "f4", owner, True), struct.rate)


def _free(struct: rondo_sound) -> None:
    lib.rondo_sound_free(byref(struct))


def samples_of(value: ArrayLike, what: str) -> Array:
    """As contiguous float32; the same array where it is."""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        raise TypeError(f"{what}: samples are {array.dtype} (they must be floats, full scale 1)")
    if array.ndim != 1:
        raise Error(Status.SHAPE, f"{what}: samples have {array.ndim} dimensions (one channel has one)")
    return np.ascontiguousarray(array, np.float32)


def struct_of(sound: Sound, what: str) -> tuple[rondo_sound, Array]:
    """The struct, and the array that must live as long as it."""
    samples = samples_of(sound.samples, what)
    rate = _check.whole(sound.rate, f"{what}: rate", 1, MOST_RATE)
    pointer = cast(samples.ctypes.data, POINTER(c_float))
    return rondo_sound(len(samples), rate, pointer, 1), samples
