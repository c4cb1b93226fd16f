"""Training a recipe, and what a run leaves (rondo/model.h)."""

from __future__ import annotations

import json
import math
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ctypes import byref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import _check
from ._errors import Error, Status
from ._handles import Context, failure
from ._library import lib
from ._model import Model, load, metrics_of
from ._structs import rondo_error, rondo_event_fn, rondo_train_options, rondo_train_result

KINDS = ("start", "step", "evaluate", "save", "note", "end")
Sets = Mapping[str, Any] | Sequence[str]


@dataclass(frozen=True)
class Event:
    """What on_progress is told. kind: "start" (message: what data and model are), "step", "evaluate" (metrics, best),
    "save" (message: the file), "note" (message), "end" (message: why). Numbers that are not known yet are NaN or 0."""

    kind: str
    step: int
    steps: int
    epoch: int
    epochs: int
    train_loss: float
    gradient_norm: float
    learning_rate: float
    seconds: float
    symbols_per_second: float
    seconds_left: float
    symbol: str
    metrics: dict[str, float]
    best: bool
    message: str


def _event(e: Any) -> Event:
    return Event(
        KINDS[e.kind] if e.kind < len(KINDS) else "note",
        e.step,
        e.steps,
        e.epoch,
        e.epochs,
        e.train_loss,
        e.gradient_norm,
        e.learning_rate,
        e.seconds,
        e.symbols_per_second,
        e.seconds_left,
        _check.shown(e.symbol),
        metrics_of(e.metrics.contents) if e.metrics else {},
        bool(e.best),
        _check.shown(e.message),
    )


@dataclass(frozen=True)
class Run:
    """What rondo.train left in folder. best: the metrics of the evaluation that model.safetensors holds. stopped:
    on_progress asked for it; train(..., resume=True) goes on."""

    folder: Path
    steps: int
    epochs: int
    seconds: float
    best: dict[str, float]
    stopped: bool = False

    @property
    def model_path(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def metrics(self) -> list[dict[str, float]]:
        """One dict per evaluation: step, epoch, train_loss, valid_loss, the task's own, seconds, ..."""
        return read_metrics(self.folder)

    def load(self, *, threads: int = 0, precision: str = "f32", context: Context | None = None) -> Model:
        """Opens the best model of the run."""
        return load(self.model_path, threads=threads, precision=precision, context=context)

    def plot(self, path: _check.Path) -> None:
        """The training curve as .png or .svg."""
        err = rondo_error()
        status = lib.rondo_plot_training(_check.path(self.folder, "plot"), _check.path(path, "plot"), byref(err))
        if status:
            raise failure(status, err)


def read_metrics(folder: _check.Path) -> list[dict[str, float]]:
    """The evaluations of a run so far, from its metrics.jsonl; it may still be writing."""
    path = Path(os.fsdecode(folder)) / "metrics.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise Error(Status.NOT_FOUND, f"{path}: no such file (is it a run's folder?)") from None
    try:
        return [json.loads(line) for line in lines[:-1] if line]
    except ValueError as why:
        raise Error(Status.FORMAT, f"{path}: {why}") from None


def _value(value: Any, key: str) -> str:
    """As a recipe says it; JSON is YAML."""
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise Error(Status.ARGUMENT, f"train: set {key}: {value} is no value of a recipe")
    try:
        return json.dumps(value)
    except TypeError as why:
        raise TypeError(f"train: set {key}: {why}") from None


def _sets(given: Sets | None) -> list[bytes]:
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [_check.text(f"{key}={_value(value, key)}", "train: set") for key, value in given.items()]
    return [_check.text(item, "train: set") for item in _check.listed(given, "train: set")]


@contextmanager
def _recipe_file(recipe: Any) -> Iterator[bytes]:
    """The recipe's path; of a dict that of a file which is there meanwhile. Its data are found from the working
    folder."""
    if not isinstance(recipe, Mapping):
        yield _check.path(recipe, "train: recipe")
        return
    data = recipe.get("data", {})
    if not isinstance(data, Mapping):
        raise TypeError(f"train: recipe: data is {data!r} (it must be a dict)")
    folder = os.path.join(os.getcwd(), data.get("folder", ""))
    with tempfile.TemporaryDirectory(prefix="rondo-") as place:
        path = Path(place) / "recipe.yaml"
        try:
            path.write_text(json.dumps({**recipe, "data": {**data, "folder": folder}}, indent=1), encoding="utf-8")
        except TypeError as why:
            raise TypeError(f"train: recipe: {why}") from None
        yield os.fsencode(path)


class _Listener:
    """Stands between the library's events and Python: nothing that is raised passes through C."""

    def __init__(self, on_progress: Callable[[Event], object] | None) -> None:
        self.on_progress = on_progress
        self.failed: BaseException | None = None
        self.interrupted = False

    def __call__(self, event: Any, _: object) -> bool:
        try:
            if self.on_progress is not None and self.failed is None and self.on_progress(_event(event[0])) is False:
                return False
        except BaseException as why:
            self.failed = why
        return self.failed is None and not self.interrupted

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Ctrl-C asks for a stop after the step, where Python would raise KeyboardInterrupt. A handler that the program
        has of its own stays."""
        usual = threading.current_thread() is threading.main_thread() and (
            signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if not usual:
            yield
            return

        def ask(number: int, frame: object) -> None:
            self.interrupted = True

        signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def train(
    recipe: _check.Path | Mapping[str, Any],
    *,
    out: _check.Path | None = None,
    set: Sets | None = None,
    resume: bool = False,
    threads: int = 0,
    memory_limit: int = 0,
    on_progress: Callable[[Event], object] | None = None,
) -> Run:
    """Trains a recipe, a YAML file or a dict, into the folder out (default: runs/NAME of NAME.yaml).

    memory_limit, in bytes: what the library may hold. Too little for a step fails before the first one, and says what it
    needs; what was saved stays whole when more is asked for later.
    set changes keys: {"model.cell": "gru", "train.epochs": 3}. on_progress is told every Event on this thread, in the
    midst of the training; where it returns False, training stops after that step and all is saved. An exception in it,
    and Ctrl-C, do the same and then come out here; train(..., resume=True) goes on to the same bits as if never
    stopped."""
    if out is None:
        if isinstance(recipe, Mapping):
            raise Error(Status.ARGUMENT, "train: where shall the results go? (give out)")
        out = Path("runs") / Path(os.fsdecode(recipe)).stem
    listener = _Listener(on_progress)
    sets = _sets(set)
    with _recipe_file(recipe) as path, listener.signals():
        options = rondo_train_options(
            _check.path(out, "train: out"),
            len(sets),
            _check.strings(sets),
            bool(resume),
            _check.whole(threads, "train: threads", 0, 1024),
            rondo_event_fn(listener),
            None,
            _check.whole(memory_limit, "train: memory_limit", 0, 2**62),
        )
        result, err = rondo_train_result(), rondo_error()
        status = lib.rondo_train(path, byref(options), byref(result), byref(err))
    if status and status != Status.INTERRUPTED:
        raise failure(status, err) from listener.failed
    if listener.failed is not None:
        raise listener.failed
    if listener.interrupted:
        raise KeyboardInterrupt(
            f"stopped after step {result.steps}; all is saved in {os.fsdecode(out)} (resume=True goes on)"
        )
    return Run(
        Path(os.fsdecode(out)),
        result.steps,
        result.epochs,
        result.seconds,
        metrics_of(result.best),
        status == Status.INTERRUPTED,
    )
