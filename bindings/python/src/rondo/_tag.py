"""Taggers: words in, labels out (rondo/tag.h)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ctypes import byref
from dataclasses import dataclass

import numpy as np

from . import _check
from ._arrays import Array
from ._base import Opened
from ._library import lib
from ._structs import rondo_sentence, rondo_tag_options, rondo_tagging


@dataclass(frozen=True)
class Tagging:
    """The labels of one sentence, by name and number, and the probability of each where it was asked for."""

    labels: list[str]
    numbers: Array
    probabilities: Array | None = None


def _tagging(t: rondo_tagging) -> Tagging:
    return Tagging(
        [_check.shown(t.label[i]) for i in range(t.count)],
        np.array(t.number[: t.count], np.int32),
        np.array(t.probability[: t.count], np.float64) if t.probability else None,
    )


def _sentence(words: str | Iterable[str], place: int) -> rondo_sentence:
    listed = words.split() if isinstance(words, str) else list(words)
    data = [_check.text(word, f"tag: sentence {place}") for word in listed]
    return rondo_sentence(len(data), _check.strings(data))


class Tags(Opened):
    @property
    def tags(self) -> list[str]:
        """The labels of a tagger by number; empty for other models."""
        return self._names(lib.rondo_model_tags)

    def tag(self, sentences: Sequence[str | Sequence[str]], *, probabilities: bool = False) -> list[Tagging]:
        """Labels the words of sentences: lists of words, or texts that are split at blanks. An empty sentence is
        legal."""
        structs = [_sentence(s, i + 1) for i, s in enumerate(_check.listed(sentences, "tag"))]
        if not structs:
            return []
        out = (rondo_tagging * len(structs))()
        options = rondo_tag_options(bool(probabilities), 0)
        self._call(lib.rondo_model_tag, len(structs), (rondo_sentence * len(structs))(*structs), byref(options), out)
        try:
            return [_tagging(t) for t in out]
        finally:
            for t in out:
                lib.rondo_tagging_free(byref(t))
