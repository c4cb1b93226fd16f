"""Transcribers: recordings in, texts out (rondo/transcribe.h)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from ctypes import byref, c_char_p
from dataclasses import dataclass
from typing import Union

from numpy.typing import ArrayLike

from . import _check
from ._base import Opened, Stream, companion
from ._handles import Handle, opened
from ._library import lib
from ._sound import Sound, samples_of, struct_of
from ._structs import rondo_sound, rondo_transcribe_options, rondo_transcript

Recording = Union[str, "os.PathLike[str]", Sound]


@dataclass(frozen=True)
class Transcript:
    """What a recording says: texts with their scores, the best first; symbols of the best and the second each begins
    at."""

    texts: list[str]
    scores: list[float]
    seconds: float
    symbols: list[str]
    times: list[float]

    @property
    def text(self) -> str:
        return self.texts[0] if self.texts else ""


def _transcript(t: rondo_transcript) -> Transcript:
    return Transcript(
        [_check.shown(t.text[i]) for i in range(t.count)],
        t.score[: t.count],
        t.seconds,
        [_check.shown(t.symbol[i]) for i in range(t.symbols)],
        t.time[: t.symbols],
    )


def _options(
    beam: int, best: int, language_model: Handle | None, lm_weight: float, symbol_bonus: float, prune: float
) -> rondo_transcribe_options:
    return rondo_transcribe_options(
        _check.whole(beam, "transcribe: beam"),
        _check.whole(best, "transcribe: best", 1),
        None if language_model is None else language_model.pointer,
        _check.number(lm_weight, "transcribe: lm_weight"),
        _check.number(symbol_bonus, "transcribe: symbol_bonus"),
        _check.number(prune, "transcribe: prune"),
        0,
    )


def _scorer(model: Opened, language_model: Opened | None) -> Handle | None:
    return None if language_model is None else companion(model, language_model, "transcribe: language_model")


class Transcribes(Opened):
    def transcribe(
        self,
        recordings: Sequence[Recording],
        *,
        beam: int = 0,
        best: int = 1,
        language_model: Opened | None = None,
        lm_weight: float = 0.0,
        symbol_bonus: float = 0.0,
        prune: float = 0.0,
    ) -> list[Transcript]:
        """What recordings say: paths of sound files, or rondo.Sound at any rate, not both at once. beam 0: greedy, with
        a language model (of characters, loaded with this model's context) 16. lm_weight 0: 0.5."""
        listed = _check.listed(recordings, "transcribe")
        scorer = _scorer(self, language_model)
        options = _options(beam, best, scorer, lm_weight, symbol_bonus, prune)
        if not listed:
            return []
        out = (rondo_transcript * len(listed))()
        if all(isinstance(r, Sound) for r in listed):
            pairs = [struct_of(r, f"transcribe: recording {i + 1}") for i, r in enumerate(listed)]
            sounds = (rondo_sound * len(pairs))(*[struct for struct, _ in pairs])
            self._call(lib.rondo_model_transcribe, len(pairs), sounds, byref(options), out)
        else:
            files = [_check.path(r, f"transcribe: recording {i + 1}") for i, r in enumerate(listed)]
            self._call(lib.rondo_model_transcribe_files, len(files), _check.strings(files), byref(options), out)
        try:
            return [_transcript(t) for t in out]
        finally:
            for t in out:
                lib.rondo_transcript_free(byref(t))

    def transcribe_stream(
        self,
        *,
        beam: int = 0,
        language_model: Opened | None = None,
        lm_weight: float = 0.0,
        symbol_bonus: float = 0.0,
        prune: float = 0.0,
    ) -> TranscribeStream:
        """A recording while it is being made."""
        scorer = _scorer(self, language_model)
        options = _options(beam, 1, scorer, lm_weight, symbol_bonus, prune)
        handle = opened(
            lib.rondo_transcribe_stream_open,
            lib.rondo_transcribe_stream_close,
            self._handle,
            byref(options),
            keep=scorer,
        )
        return TranscribeStream(handle)


class TranscribeStream(Stream):
    """What is being said. Feed it `rate` samples a second; the texts of all steps and of finish() make up the whole."""

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle, lib.rondo_transcribe_stream_reset)
        self.rate = int(lib.rondo_transcribe_stream_rate(handle.pointer))

    def step(self, samples: ArrayLike) -> str:
        """Takes samples and returns what has been settled by them, "" at most calls."""
        taken = samples_of(samples, "transcribe: stream")
        return self._ask(self._feed, taken.ctypes.data, len(taken))

    def finish(self) -> str:
        """No more will come: the rest of the text. Then reset()."""
        return self._ask(self._finish)

    def _feed(self, pointer: int, address: int, count: int) -> str:
        text = c_char_p()
        self._fail(lib.rondo_transcribe_stream_feed(pointer, count, address, byref(text), self._err_at))
        return _check.shown(text.value)

    def _finish(self, pointer: int) -> str:
        text = c_char_p()
        self._fail(lib.rondo_transcribe_stream_finish(pointer, byref(text), self._err_at))
        return _check.shown(text.value)
