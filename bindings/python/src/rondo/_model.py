"""A trained model: what it is, and its network on arrays."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from ctypes import byref
from typing import Any

from numpy.typing import ArrayLike

from . import _check
from ._arrays import Array, from_tensor, shape_of, to_tensor, view
from ._base import Result
from ._classify import Classifies
from ._encode import Encodes
from ._errors import Error, Status
from ._forecast import Forecasts
from ._generate import Generates
from ._graph import Graph
from ._handles import Context, opened
from ._library import lib
from ._stream import NetworkStream
from ._structs import rondo_metrics, rondo_tensor
from ._tag import Tags
from ._transcribe import Transcribes
from ._translate import Translates


def metrics_of(metrics: rondo_metrics) -> dict[str, float]:
    return {_check.shown(m.name): float(m.value) for m in metrics.item[: metrics.count]}


class Model(Encodes, Generates, Translates, Classifies, Tags, Forecasts, Transcribes):
    """A trained model of any task. What its task cannot do is refused with Status.UNSUPPORTED."""

    def __init__(self, path: _check.Path, context: Context) -> None:
        self.path = path
        self.context = context
        super().__init__(
            opened(lib.rondo_model_open, lib.rondo_model_close, context._handle, _check.path(path, "load"))
        )
        pointer = self._handle.pointer
        self.info: dict[str, Any] = json.loads(_check.shown(lib.rondo_model_info(pointer)))

    def __repr__(self) -> str:
        return f"<rondo.Model {self.task} {os.fspath(self.path)!r}, {self.parameters} parameters>"

    @property
    def task(self) -> str:
        """language_model, translate, classify, tag, forecast or transcribe."""
        return str(self.info["task"])

    @property
    def parameters(self) -> int:
        """Numbers that were trained."""
        return int(self.info["parameters"])

    @property
    def recipe(self) -> dict[str, Any]:
        """The recipe as run, every default filled in."""
        recipe: dict[str, Any] = self.info["recipe"]
        return recipe

    @property
    def metrics(self) -> dict[str, float]:
        """Of the evaluation during training that the weights are from."""
        return dict(self.info["metrics"])

    @property
    def vocabulary(self) -> Any:
        """Symbols, labels, or what else of the data the model needs, as it stands in the file."""
        text = self._ask(lib.rondo_model_vocabulary)
        if text is None:
            raise Error(Status.MEMORY, "vocabulary: no memory")
        return json.loads(_check.shown(text))

    def state_dict(self) -> dict[str, Array]:
        """All parameters by name, under the names that PyTorch gives them: read-only views, which keep the memory alive
        even when the model is closed. To PyTorch: ``{k: torch.tensor(v) for k, v in model.state_dict().items()}``. Of a
        file of int8 they are the whole numbers as stored; read_arrays(path) has the scales beside them, NAME_scale."""
        handle = self._handle
        return {
            _check.shown(lib.rondo_model_tensor_name(handle.pointer, i)): from_tensor(
                lib.rondo_model_tensor(handle.pointer, i).contents, handle
            )
            for i in range(lib.rondo_model_tensors(handle.pointer))
        }

    def evaluate(self, *files: _check.Path | Sequence[_check.Path]) -> dict[str, float]:
        """The metrics of the model's task on other data: the files that its recipe would name, one by one or as a
        list."""
        named = [name for item in files for name in (item if isinstance(item, (list, tuple)) else (item,))]
        data = [_check.path(name, "evaluate") for name in named]
        metrics = rondo_metrics()
        self._call(lib.rondo_model_evaluate, len(data), _check.strings(data), byref(metrics))
        return metrics_of(metrics)

    @property
    def report(self) -> str:
        """What the last evaluate() found beyond its metrics, such as a confusion matrix; "" where there is nothing."""
        return self._ask(lambda pointer: _check.shown(lib.rondo_model_report(pointer)))

    def select(self, where: str = "") -> None:
        """Only examples whose fields fit count in evaluate() from now on, as in "speaker=theo, index=3|4"; "": all."""
        self._call(lib.rondo_model_select, _check.text(where, "select"))

    def __call__(self, x: ArrayLike) -> Array:
        """The network alone on an array: symbols (steps,) or (steps, sequences), or vectors (steps, width) or (steps,
        sequences, width). Nothing is copied in where x is contiguous, nothing out."""
        tensor, _kept = to_tensor(x, "run: x")
        y = rondo_tensor()
        self._call(lib.rondo_model_apply, byref(tensor), byref(y))
        return view(y.data or 0, shape_of(y), "f4", Result(y, _free), writable=True)

    def run(self, inputs: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """The same as an ONNX graph has it: {"x": array} -> {"y": array}."""
        if not isinstance(inputs, Mapping):
            raise TypeError(f"run: {type(inputs).__name__} is no mapping of names to arrays")
        if set(inputs) != {"x"}:
            raise Error(Status.ARGUMENT, f"run: inputs {sorted(inputs)} are given (a model has one, x)")
        return {"y": self(inputs["x"])}

    def stream(self, batch: int | None = None) -> NetworkStream:
        """The network alone one step at a time, for one sequence or for a batch side by side."""
        size = 1 if batch is None else _check.whole(batch, "stream: batch", 1, 2**31 - 1)
        handle = opened(lib.rondo_model_stream_open, lib.rondo_model_stream_close, self._handle, size)
        return NetworkStream(handle, batch)

    def _columns(self) -> int:
        return len(self.recipe["data"]["columns"])


def _free(y: rondo_tensor) -> None:
    lib.rondo_model_apply_free(byref(y))


def _context(threads: int, precision: str, context: Context | None) -> Context:
    if context is None:
        return Context(threads, precision)
    if threads or precision != "f32":
        raise Error(
            Status.ARGUMENT, "load: a context is given, and threads or precision beside it (give them to Context)"
        )
    return context


def load(path: _check.Path, *, threads: int = 0, precision: str = "f32", context: Context | None = None) -> Model:
    """Opens a model file (.safetensors). threads 0: one per core. precision "bf16" or "int8" rounds what products
    multiply. context: share that one's threads, in its precision."""
    if os.fsdecode(path).lower().endswith(".onnx"):
        raise Error(Status.ARGUMENT, f"load: {os.fsdecode(path)} is an ONNX file (use rondo.load_onnx)")
    return Model(path, _context(threads, precision, context))


def load_onnx(
    path: _check.Path,
    *,
    threads: int = 0,
    precision: str = "f32",
    context: Context | None = None,
    reference: bool = False,
) -> Graph:
    """Opens an ONNX file, with the data files beside it; all that is not supported is refused here, by name. reference:
    every recurrent node by the slow path in double, for comparison."""
    return Graph(path, _context(threads, precision, context), reference)
