"""Classifiers: a label for a recording, a text or a series (rondo/classify.h)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from ctypes import POINTER, byref, c_float, cast
from ctypes import pointer as pointer_to
from dataclasses import dataclass
from typing import Union

import numpy as np
from numpy.typing import ArrayLike

from . import _check
from ._arrays import Array
from ._base import Opened, Stream
from ._errors import Error, Status
from ._handles import Handle, opened
from ._library import lib
from ._sound import Sound, samples_of, struct_of
from ._structs import doubles, rondo_classification, rondo_classify_input

Example = Union[str, "os.PathLike[str]", Sound, Array]


@dataclass(frozen=True)
class Classification:
    """The most probable label of an example, and the probabilities of all (in the order of Model.labels)."""

    name: str
    label: int
    probability: float
    probabilities: Array


def rows_of(value: ArrayLike, what: str) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{what}: a series is an array of numbers (rows, columns), not of {array.dtype}")
    if array.ndim != 2:
        raise Error(Status.SHAPE, f"{what}: a series has {array.ndim} dimensions (it must be (rows, columns))")
    return np.ascontiguousarray(array, np.float32)


class _Inputs:
    """Examples as the library takes them, with everything that must live until the call is over."""

    def __init__(self, kind: str, columns: int) -> None:
        self.kind = kind
        self.columns = columns
        self.kept: list[object] = []

    def make(self, example: Example, what: str) -> rondo_classify_input:
        if isinstance(example, Sound):
            struct, samples = struct_of(example, what)
            self.kept += [struct, samples]
            return rondo_classify_input(sound=pointer_to(struct))
        if self.kind == "text":
            return rondo_classify_input(text=_check.text(example, what))  # type: ignore[arg-type]
        if isinstance(example, (str, os.PathLike)):
            return rondo_classify_input(file=_check.path(example, what))
        if self.kind == "audio":
            raise TypeError(
                f"{what}: samples alone do not say how many a second holds (give rondo.Sound(samples, rate))"
            )
        rows = rows_of(example, what)
        if rows.shape[1] != self.columns:
            raise Error(Status.SHAPE, f"{what}: {rows.shape[1]} columns (the model reads {self.columns})")
        self.kept.append(rows)
        return rondo_classify_input(rows=cast(rows.ctypes.data, POINTER(c_float)), count=len(rows))


class Classifies(Opened):
    @property
    def labels(self) -> list[str]:
        """The labels of a classifier by number; empty for other models."""
        return self._names(lib.rondo_model_labels)

    @property
    def input(self) -> str:
        """What a classifier takes, "audio", "text" or "series"; "" for other models."""
        return str(self._ask(lib.rondo_model_input).decode())

    def _columns(self) -> int:
        """Of a classifier of series: the numbers in a row."""
        raise NotImplementedError

    def classify(self, examples: Sequence[Example]) -> list[Classification]:
        """A label for each example: a file's path or a rondo.Sound where the model hears, a text where it reads, a CSV
        file or an array (rows, columns) where it takes series."""
        listed = _check.listed(examples, "classify")
        inputs = _Inputs(self.input, self._columns() if self.input == "series" else 0)
        structs = [inputs.make(example, f"classify: example {i + 1}") for i, example in enumerate(listed)]
        if not structs:
            return []
        out = (rondo_classification * len(structs))()
        array = (rondo_classify_input * len(structs))(*structs)
        self._call(lib.rondo_model_classify, len(structs), array, out)
        labels = len(self.labels)
        try:
            return [
                Classification(
                    _check.shown(c.name), c.label, c.probability, np.array(c.probabilities[:labels], np.float64)
                )
                for c in out
            ]
        finally:
            lib.rondo_classifications_free(len(structs), out)

    def classify_stream(self) -> ClassifyStream:
        """A recording or series while it is being made."""
        handle = opened(lib.rondo_classify_stream_open, lib.rondo_classify_stream_close, self._handle)
        return ClassifyStream(handle, len(self.labels), self._columns() if self.input == "series" else 0)


class ClassifyStream(Stream):
    """What a recording or series is so far. Samples per second: rate; series: columns numbers a row."""

    def __init__(self, handle: Handle, labels: int, columns: int) -> None:
        super().__init__(handle, lib.rondo_classify_stream_reset)
        self.rate = int(lib.rondo_classify_stream_rate(handle.pointer))
        self.hop = int(lib.rondo_classify_stream_hop(handle.pointer))
        self.columns = columns
        self._labels = labels

    def step(self, samples: ArrayLike) -> Array | None:
        """Takes samples (series: rows, or one row) and tells the probabilities after the last step that the network
        made with them; None where it made none."""
        if self.columns:
            taken = rows_of(np.atleast_2d(np.asarray(samples)), "classify: stream")
            if taken.shape[1] != self.columns:
                raise Error(
                    Status.SHAPE, f"classify: stream: {taken.shape[1]} columns (the model reads {self.columns})"
                )
        else:
            taken = samples_of(samples, "classify: stream")
        return self._ask(self._feed, taken)

    def finish(self) -> Array | None:
        """No more will come: the probabilities of the whole. Then reset()."""
        return self._ask(self._finish)

    def _feed(self, pointer: int, taken: Array) -> Array | None:
        probability, last, at, size = doubles(), None, 0, taken.itemsize * max(1, self.columns)
        address = taken.ctypes.data
        while at < len(taken):
            n = lib.rondo_classify_stream_feed(pointer, len(taken) - at, address + at * size, byref(probability))
            if probability:
                last = self._copy(probability)
            if n <= 0:
                break  # the stream was finished
            at += n
        return last

    def _finish(self, pointer: int) -> Array | None:
        probability = doubles()
        lib.rondo_classify_stream_finish(pointer, byref(probability))
        return self._copy(probability) if probability else None

    def _copy(self, probability: object) -> Array:
        return np.array(probability[: self._labels], np.float64)  # type: ignore[index]
