"""A language model writes (rondo/model.h)."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from ctypes import byref, c_void_p, string_at

from . import _check
from ._base import Opened
from ._errors import Error, Status
from ._library import lib
from ._structs import rondo_generate_options, rondo_text_fn


class Generates(Opened):
    def generate(
        self,
        prompt: str = "",
        *,
        tokens: int = 200,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        on_text: Callable[[str], object] | None = None,
    ) -> str:
        """Goes on from prompt and returns what was written, without the prompt. temperature 0: always the likeliest
        symbol. on_text is told each piece as it comes; where it returns False, writing stops. An exception in it comes
        out here.
        """
        pieces: list[str] = []
        failed: list[BaseException] = []
        decoder = codecs.getincrementaldecoder("utf-8")("replace")

        def write(data: int, size: int, _: object) -> bool:
            try:
                piece = decoder.decode(string_at(data, size))
                pieces.append(piece)
                return on_text is None or on_text(piece) is not False
            except BaseException as why:  # KeyboardInterrupt, too: nothing passes through C
                failed.append(why)
                return False

        heat = _check.number(temperature, "generate: temperature")
        options = rondo_generate_options(
            _check.text(prompt, "generate: prompt"),
            _check.whole(tokens, "generate: tokens"),
            heat,
            heat == 0,
            _check.whole(top_k, "generate: top_k"),
            _check.number(top_p, "generate: top_p"),
            _check.whole(seed, "generate: seed", 0, 2**64 - 1),
        )
        if options.tokens == 0:
            return ""
        try:
            self._call(lib.rondo_model_generate, byref(options), rondo_text_fn(write), c_void_p())
        except Error as why:
            if why.status is not Status.INTERRUPTED:
                raise
        if failed:
            raise failed[0]
        return "".join(pieces)
