"""Finds and opens librondo, once, when the package is imported.

ctypes and not cffi: it comes with Python, and what cffi's declarations would check, tests/test_headers.py checks
against the headers and the compiler themselves. A call through ``ctypes.CDLL`` lets go of the GIL until it returns."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from pathlib import Path

from ._prototypes import FUNCTIONS
from ._version import __version__

NAME = "librondo.dylib" if sys.platform == "darwin" else "librondo.so"


def _places() -> list[str]:
    """Where the library may be, best first: $RONDO_LIBRARY alone, or in the wheel, in a build of this tree, in the
    system."""
    given = os.environ.get("RONDO_LIBRARY")
    if given:
        return [given]
    here = Path(__file__).resolve().parent
    places = [here / NAME] if (here / NAME).exists() else []
    built = here.parents[3] / "build" / NAME if len(here.parents) > 3 else here
    if (built.parents[1] / "include" / "rondo" / "rondo.h").exists() and built.exists():
        places.append(built)
    return [str(place) for place in places] or [ctypes.util.find_library("rondo") or NAME]


def _open() -> ctypes.CDLL:
    failures = []
    for place in _places():
        try:
            library = ctypes.CDLL(place)
        except OSError as why:
            failures.append(str(why))
            continue
        for name, (result, arguments) in FUNCTIONS.items():
            try:
                function = getattr(library, name)
            except AttributeError:
                raise ImportError(
                    f"{place}: has no {name}, so it is of another version (build library and bindings from one tree)"
                ) from None
            function.restype = result
            function.argtypes = arguments
        if library.rondo_version().decode() != __version__:
            raise ImportError(
                f"{place}: is version {library.rondo_version().decode()}, these bindings are {__version__} (build both "
                "from one tree)"
            )
        return library
    raise ImportError(
        f"rondo: no librondo ({'; '.join(failures)}): install the wheel, build it (cmake --preset release && cmake "
        "--build build), or name it in RONDO_LIBRARY"
    )


lib = _open()


def version() -> str:
    """The library's version."""
    return str(lib.rondo_version().decode())


def build_parts() -> list[str]:
    """Optional parts that this library was built with, such as "onnx" or "sentencepiece"."""
    return str(lib.rondo_build_parts().decode()).split()


def isa_available() -> list[str]:
    """Instruction sets that library and CPU share, slowest first."""
    return str(lib.rondo_isa_available().decode()).split()
