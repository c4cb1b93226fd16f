"""Arguments: checked here, since C would take a number that is too large for a small one, and a text up to its first
NUL."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Sequence
from ctypes import Array, c_char_p
from typing import Any, SupportsFloat, SupportsIndex, Union

from ._errors import Error, Status

Path = Union[str, "os.PathLike[str]"]
WORD = 2**63 - 1


def whole(value: SupportsIndex, what: str, least: int = 0, most: int = WORD) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what}: {value!r} is no whole number") from None
    if not least <= number <= most:
        raise Error(Status.ARGUMENT, f"{what}: {number} is out of range (it must be {least} to {most})")
    return number


def number(value: SupportsFloat, what: str) -> float:
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{what}: {value!r} is no number")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{what}: {value!r} is no number") from None


def text(value: str, what: str) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{what}: {value!r} is no text (str)")
    try:
        data = value.encode()
    except UnicodeEncodeError:
        raise Error(Status.ARGUMENT, f"{what}: {value[:40]!r} is no valid Unicode (a surrogate stands alone)") from None
    if b"\0" in data:
        raise Error(Status.ARGUMENT, f"{what}: {value[:40]!r} holds a NUL character (leave it out)")
    return data


def path(value: Path, what: str) -> bytes:
    try:
        data = os.fsencode(value)
    except TypeError:
        raise TypeError(f"{what}: {value!r} is no path (str or os.PathLike)") from None
    if b"\0" in data:
        raise Error(Status.ARGUMENT, f"{what}: {value!r} holds a NUL character (leave it out)")
    return data


def choice(value: str, choices: Sequence[str], what: str) -> int:
    if value not in choices:
        raise Error(Status.ARGUMENT, f"{what}: {value!r} is unknown (it must be one of {', '.join(choices)})")
    return choices.index(value)


def listed(values: Iterable[Any], what: str) -> list[Any]:
    """A list, and not by mistake a single text, whose letters would be taken for the values."""
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{what}: {values!r} is one text (give a list)")
    return list(values)


def strings(data: Sequence[bytes]) -> Array[c_char_p]:
    """As const char *const *."""
    return (c_char_p * max(1, len(data)))(*data)


def shown(data: bytes | None) -> str:
    """A text of the library; what a model wrote need not be valid."""
    return (data or b"").decode(errors="replace")
