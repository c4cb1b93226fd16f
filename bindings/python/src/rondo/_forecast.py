"""Forecasts of time series (rondo/forecast.h)."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import byref, c_double, c_void_p, cast
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _check
from ._arrays import Array, view
from ._base import Opened, Result, Stream, settled
from ._errors import Error, Status
from ._handles import Handle, failure, opened
from ._library import lib
from ._structs import (
    rondo_error,
    rondo_forecast,
    rondo_forecast_options,
    rondo_forecast_series,
    rondo_forecast_stream_options,
)


@dataclass(frozen=True)
class Series:
    """One series' forecast; arrays view the library's memory. times: seconds since 1970, or numbers of rows."""

    name: str
    when: list[str]
    times: Array  # (horizon)
    point: Array  # (targets, horizon)
    quantiles: Array | None  # (targets, horizon, levels)
    truth: Array  # (targets, horizon), NaN: not known
    history_times: Array  # (history)
    history: Array  # (targets, history), NaN: missing


@dataclass(frozen=True)
class Forecast:
    """What a table's series go on like. notes: lines worth telling, "" where there are none."""

    series: list[Series]
    targets: list[str]
    levels: list[float]
    notes: str
    _result: Result

    def plot(self, path: _check.Path, series: int = 0, target: int = 0) -> None:
        """History, forecast, bands and truth of one target as .png or .svg."""
        err = rondo_error()
        status = lib.rondo_forecast_plot(
            byref(self._result.struct),
            _check.whole(series, "plot: series"),
            _check.whole(target, "plot: target"),
            _check.path(path, "plot"),
            byref(err),
        )
        if status:
            raise failure(status, err)


def _doubles(pointer: Any, shape: tuple[int, ...], owner: object) -> Array:
    return view(cast(pointer, c_void_p).value or 0, shape, "f8", owner, writable=True)


def _series(s: rondo_forecast_series, f: rondo_forecast, owner: object) -> Series:
    ahead = (f.targets, f.horizon)
    return Series(
        _check.shown(s.name),
        [_check.shown(s.when[i]) for i in range(f.horizon)],
        _doubles(s.time, (f.horizon,), owner),
        _doubles(s.point, ahead, owner),
        _doubles(s.quantile, (*ahead, f.quantiles), owner) if s.quantile else None,
        _doubles(s.truth, ahead, owner),
        _doubles(s.history_time, (s.history,), owner),
        _doubles(s.history_value, (f.targets, s.history), owner),
    )


def _free(struct: rondo_forecast) -> None:
    lib.rondo_forecast_free(byref(struct))


def _levels(quantiles: Sequence[float], what: str) -> Any:
    levels = [_check.number(q, what) for q in _check.listed(quantiles, what)]
    return (c_double * max(1, len(levels)))(*levels), len(levels)


class Forecasts(Opened):
    def forecast(
        self,
        file: _check.Path,
        *,
        horizon: int = 0,
        quantiles: Sequence[float] = (),
        series: str | None = None,
        target: str | None = None,
        start: str | None = None,
        history: int = 0,
        paths: int = 0,
        seed: int = 0,
    ) -> Forecast:
        """Continues the series of a CSV file that has the columns of training. horizon 0: the model's own. start: as if
        the file ended there, a row's number or its time ("2017-06-26 00:00"). history: known steps that come along.
        paths: of a recursive model, futures drawn (0: 200), by seed."""
        level, count = _levels(quantiles, "forecast: quantiles")
        options = rondo_forecast_options(
            _check.whole(horizon, "forecast: horizon"),
            count,
            level,
            None if series is None else _check.text(series, "forecast: series"),
            None if target is None else _check.text(target, "forecast: target"),
            None if start is None else _check.text(start, "forecast: start"),
            _check.whole(history, "forecast: history"),
            _check.whole(paths, "forecast: paths"),
            _check.whole(seed, "forecast: seed", 0, 2**64 - 1),
        )
        struct = rondo_forecast()
        self._call(lib.rondo_model_forecast, _check.path(file, "forecast"), byref(options), byref(struct))
        owner = Result(struct, _free)
        return Forecast(
            [_series(struct.series[i], struct, owner) for i in range(struct.count)],
            [_check.shown(struct.target_name[i]) for i in range(struct.targets)],
            struct.level[: struct.quantiles] if struct.level else [],
            _check.shown(struct.notes),
            owner,
        )

    def forecast_stream(
        self, *, quantiles: Sequence[float] = (), categories: Sequence[str] = (), paths: int = 0, seed: int = 0
    ) -> ForecastStream:
        """One row in, one forecast out. categories: of each static column, in the recipe's order."""
        level, count = _levels(quantiles, "forecast: quantiles")
        names = [_check.text(c, "forecast: categories") for c in _check.listed(categories, "forecast: categories")]
        options = rondo_forecast_stream_options(
            count,
            level,
            _check.strings(names) if names else None,
            _check.whole(paths, "forecast: paths"),
            _check.whole(seed, "forecast: seed", 0, 2**64 - 1),
        )
        handle = opened(lib.rondo_forecast_stream_open, lib.rondo_forecast_stream_close, self._handle, byref(options))
        return ForecastStream(handle)


class ForecastStream(Stream):
    """A forecast after every row. point (targets, horizon) and quantiles (targets, horizon, levels), None without any,
    are written anew by each step, NaN until window rows have come."""

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle, lib.rondo_forecast_stream_reset)
        sizes = lib.rondo_forecast_stream_get_sizes(handle.pointer)
        self.columns, self.window = int(sizes.columns), int(sizes.window)
        self._future_shape = (int(sizes.horizon), int(sizes.future_covariates))
        self._row = np.zeros(self.columns)
        self._future = np.zeros(self._future_shape)
        self.point: Array = np.full((sizes.targets, sizes.horizon), np.nan)
        self.quantiles: Array | None = (
            np.full((sizes.targets, sizes.horizon, sizes.quantiles), np.nan) if sizes.quantiles else None
        )

    def step(
        self, row: ArrayLike, *, time: float = 0.0, future: ArrayLike | None = None, out: Array | None = None
    ) -> Array:
        """Takes a row (columns): targets, covariates, future covariates in the recipe's order; NaN is a missing value.
        time: seconds since 1970, for calendar features. future (horizon, future covariates): what is known ahead.
        Returns the point forecast, a new array or out; the stream's own arrays are written, too, and nothing else is
        allocated."""
        point = settled(out, self.point, "forecast: stream")
        self._ask(self._step, row, _check.number(time, "forecast: time"), future)
        np.copyto(point, self.point)
        return point

    def _step(self, pointer: int, row: ArrayLike, time: float, future: ArrayLike | None) -> None:
        _fill(self._row, row, "row")
        if future is not None:
            _fill(self._future, future, "future")
        self._fail(
            lib.rondo_forecast_stream_step(
                pointer,
                time,
                self._row.ctypes.data,
                None if future is None else self._future.ctypes.data,
                self.point.ctypes.data,
                None if self.quantiles is None else self.quantiles.ctypes.data,
                self._err_at,
            )
        )


def _fill(to: Array, value: ArrayLike, what: str) -> None:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"forecast: {what}: {array.dtype} is no type of numbers")
    if array.shape != to.shape:
        raise Error(Status.SHAPE, f"forecast: {what} has shape {array.shape} (it must be {to.shape})")
    np.copyto(to, array)
