"""ONNX models of other makers (rondo/graph.h)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ctypes import byref, c_char_p, c_void_p, cast
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _check
from ._arrays import BF16, DTYPES, Array, from_tensor, to_tensor
from ._errors import Error, Status
from ._handles import Context, Owner, failure, opened
from ._library import lib
from ._structs import rondo_error, rondo_graph_options, rondo_graph_port, rondo_graph_value


@dataclass(frozen=True)
class Port:
    """What goes in or comes out. shape has None where the file leaves a dimension open, and is None where it says
    nothing. dtype is None where it is not known; of bfloat16, which numpy lacks, float32. optional: has a value of its
    own."""

    name: str
    dtype: Any
    shape: tuple[int | None, ...] | None
    optional: bool


def _port(p: rondo_graph_port) -> Port:
    shape = None if p.rank < 0 else tuple(None if d < 0 else int(d) for d in p.dims[: p.rank])
    dtype = None
    if p.typed:
        dtype = np.dtype("f4" if p.dtype == BF16 else DTYPES[p.dtype])
    return Port(_check.shown(p.name), dtype, shape, bool(p.optional))


class Graph(Owner):
    """An ONNX model, checked as a whole when it is loaded. Calling it takes arrays in the order of its inputs, or by
    name, and returns its output, a tuple where it has several; run() takes and returns dicts."""

    _what = "graph"

    def __init__(self, path: _check.Path, context: Context, reference: bool = False) -> None:
        options = rondo_graph_options(reference)
        self.path = path
        self.context = context
        super().__init__(
            opened(
                lib.rondo_graph_load,
                lib.rondo_graph_destroy,
                context._handle,
                _check.path(path, "load"),
                byref(options),
            )
        )
        pointer = self._handle.pointer
        self.inputs = [
            _port(lib.rondo_graph_input(pointer, i).contents) for i in range(lib.rondo_graph_inputs(pointer))
        ]
        self.outputs = [
            _port(lib.rondo_graph_output(pointer, i).contents) for i in range(lib.rondo_graph_outputs(pointer))
        ]

    @property
    def info(self) -> dict[str, Any]:
        """Producer, opset, inputs, outputs, operators, arrays, as `rondo info --json` says them."""
        return describe(self.path)

    def run(self, inputs: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Arrays by name in, arrays by name out. Inputs are read where they lie when they are contiguous and of the
        input's type; of other types they are converted, floats into floats, whole numbers into whole numbers that hold
        them."""
        if not isinstance(inputs, Mapping):
            raise TypeError(f"run: {type(inputs).__name__} is no mapping of names to arrays")
        kept, values = [], []
        for name, value in inputs.items():
            tensor, array = to_tensor(value, f"run: input '{name}'")
            kept.append(array)
            values.append(rondo_graph_value(_check.text(name, "run: input"), tensor))
        out: dict[str, Array] = self._ask(self._run, values)
        return out

    def _run(self, pointer: int, values: list[rondo_graph_value]) -> dict[str, Array]:
        err = rondo_error()
        array = (rondo_graph_value * max(1, len(values)))(*values)
        status = lib.rondo_graph_run(pointer, len(values), array, byref(err))
        if status:
            raise failure(status, err)
        # copied, since the graph's own arrays last only until its next run
        return {
            port.name: np.array(from_tensor(lib.rondo_graph_result(pointer, i).contents, None))
            for i, port in enumerate(self.outputs)
        }

    def __call__(self, *arrays: ArrayLike, **named: ArrayLike) -> Any:
        if len(arrays) > len(self.inputs):
            raise Error(
                Status.ARGUMENT, f"run: {len(arrays)} arrays are given (the model has {len(self.inputs)} inputs)"
            )
        inputs = {port.name: array for port, array in zip(self.inputs, arrays)}
        for name in named:
            if name in inputs:
                raise Error(Status.ARGUMENT, f"run: input '{name}' is given twice, by place and by name")
        out = tuple(self.run({**inputs, **named}).values())
        return out[0] if len(out) == 1 else out


def describe(path: _check.Path) -> dict[str, Any]:
    """What an ONNX file holds, also one that cannot be run: its operators, and which of them are not supported."""
    text, err = c_void_p(), rondo_error()
    status = lib.rondo_graph_describe(byref(text), _check.path(path, "describe"), byref(err))
    if status:
        raise failure(status, err)
    try:
        facts: dict[str, Any] = json.loads(_check.shown(cast(text, c_char_p).value))
        return facts
    finally:
        lib.rondo_graph_text_free(text)
