"""What goes wrong: the library's status codes, and one exception for all of them."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """rondo_status of rondo/status.h."""

    OK = 0
    ARGUMENT = 1
    SHAPE = 2
    MEMORY = 3
    NOT_FOUND = 4
    FORMAT = 5
    IO = 6
    UNSUPPORTED = 7
    NUMERIC = 8
    INTERRUPTED = 9
    STATE = 10


class Error(Exception):
    """A call of the library failed. ``str()`` is one line, "where: what (the mend)"; ``status`` says of what kind it
    is."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        try:
            self.status = Status(status)
        except ValueError:  # a newer library
            self.status = Status.ARGUMENT
        self.message = message

    def __reduce__(self) -> tuple[type, tuple[int, str]]:
        return type(self), (int(self.status), self.message)
