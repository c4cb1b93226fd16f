"""Encoder-decoders: lines in, lines out (rondo/translate.h)."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import byref, c_void_p, cast
from dataclasses import dataclass, field
from typing import Any, overload

from . import _check
from ._arrays import Array, view
from ._base import Opened, companion
from ._library import lib
from ._structs import rondo_search_options, rondo_translate_options, rondo_translation


@dataclass(frozen=True)
class Hypothesis:
    """One translation of a line. score is what the search ranks by: the log-probability with its penalties."""

    text: str
    score: float
    log_probability: float


@dataclass(frozen=True)
class Translation:
    """What became of one line. attention (target, source): where each symbol of the best hypothesis looked, where it
    was asked for and the model has attention."""

    hypotheses: list[Hypothesis]
    source_symbols: list[str] = field(default_factory=list)
    target_symbols: list[str] = field(default_factory=list)
    attention: Array | None = None

    @property
    def text(self) -> str:
        return self.hypotheses[0].text if self.hypotheses else ""


def _translation(t: rondo_translation) -> Translation:
    hypotheses = [Hypothesis(_check.shown(t.text[i]), t.score[i], t.log_probability[i]) for i in range(t.count)]
    if not t.weights:
        return Translation(hypotheses)
    return Translation(
        hypotheses,
        [_check.shown(t.source_symbol[i]) for i in range(t.source_count)],
        [_check.shown(t.target_symbol[i]) for i in range(t.target_count)],
        view(cast(t.weights, c_void_p).value or 0, (t.target_count, t.source_count), "f4", None).copy(),
    )


class Translates(Opened):
    def translations(
        self,
        lines: Sequence[str],
        *,
        beam: int = 1,
        best: int = 1,
        length_penalty: float = 0.0,
        coverage_penalty: float = 0.0,
        min_length: int = 0,
        max_length: int = 0,
        no_repeat_ngram: int = 0,
        sample: bool = False,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        prefix: str = "",
        replace_unknown: bool = False,
        attention: bool = False,
        ensemble: Sequence[Opened] = (),
        batch: int = 0,
    ) -> list[Translation]:
        """Translates lines, with scores; best of beam hypotheses each (sample: best draws). A beam of 1 is greedy.
        prefix: what every output begins with. ensemble: further models, loaded with this one's context, whose
        probabilities are averaged with its own. batch changes no result."""
        data = [
            _check.text(line, f"translate: line {i + 1}") for i, line in enumerate(_check.listed(lines, "translate"))
        ]
        held = [
            companion(self, model, "translate: ensemble") for model in _check.listed(ensemble, "translate: ensemble")
        ]
        members = (c_void_p * max(1, len(held)))(*[handle.pointer for handle in held])
        options = rondo_translate_options(
            rondo_search_options(
                beam=_check.whole(beam, "translate: beam", 1),
                best=_check.whole(best, "translate: best", 1),
                length_penalty=_check.number(length_penalty, "translate: length_penalty"),
                coverage_penalty=_check.number(coverage_penalty, "translate: coverage_penalty"),
                min_length=_check.whole(min_length, "translate: min_length"),
                max_length=_check.whole(max_length, "translate: max_length"),
                no_repeat_ngram=_check.whole(no_repeat_ngram, "translate: no_repeat_ngram"),
                sample=bool(sample),
                temperature=_check.number(temperature, "translate: temperature"),
                top_k=_check.whole(top_k, "translate: top_k"),
                top_p=_check.number(top_p, "translate: top_p"),
                seed=_check.whole(seed, "translate: seed", 0, 2**64 - 1),
                want_weights=bool(attention),
            ),
            _check.whole(batch, "translate: batch"),
            bool(replace_unknown),
            _check.text(prefix, "translate: prefix") or None,
            len(held),
            members,
        )
        out = (rondo_translation * max(1, len(data)))()
        if not data:
            return []
        self._call(lib.rondo_model_translate, len(data), _check.strings(data), byref(options), out)
        try:
            return [_translation(t) for t in out]
        finally:
            for t in out:
                lib.rondo_translation_free(byref(t))

    @overload
    def translate(self, lines: str, **options: Any) -> str: ...

    @overload
    def translate(self, lines: Sequence[str], **options: Any) -> list[str]: ...

    def translate(self, lines: str | Sequence[str], **options: Any) -> str | list[str]:
        """The best translation of a line, or of each of many. Options are those of translations(): beam=5, ..."""
        if isinstance(lines, str):
            return self.translations([lines], **options)[0].text
        return [translation.text for translation in self.translations(lines, **options)]
