"""Puts librondo.so into the wheel, and the platform that it is for into the wheel's name.

The library is $RONDO_LIBRARY where that is set, else it is built: from library/ (a source distribution) or from the
repository two folders up, in its build/ where that is configured."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "librondo.dylib" if sys.platform == "darwin" else "librondo.so"


def sources(root: Path) -> Path:
    for place in (root / "library", root.parents[1]):
        if (place / "include" / "rondo" / "rondo.h").exists():
            return place
    sys.exit(
        "rondo: no C sources beside bindings/python (build in the repository, or name librondo.so in RONDO_LIBRARY)"
    )


def build(top: Path) -> Path:
    """Builds the shared library and returns it."""
    if not shutil.which("cmake"):
        sys.exit("rondo: cmake is missing, which builds librondo.so (install it, or name a built one in RONDO_LIBRARY)")
    folder = top / "build"
    if not (folder / "CMakeCache.txt").exists():
        folder = top / "build-wheel"
        generator = ["-G", "Ninja"] if shutil.which("ninja") else []
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DRONDO_TESTS=OFF", "-DRONDO_COMMAND=OFF"]
        subprocess.run(["cmake", "-S", str(top), "-B", str(folder), *generator, *options], check=True)
    subprocess.run(["cmake", "--build", str(folder), "--target", "rondo_shared", "--parallel"], check=True)
    return folder / NAME


class LibraryHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return  # an editable install finds the library in the repository's build/
        given, top = os.environ.get("RONDO_LIBRARY"), sources(Path(self.root))
        library = Path(given) if given else build(top)
        if not library.is_file():
            sys.exit(f"rondo: {library} is no file (RONDO_LIBRARY names librondo.so)")
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["force_include"] |= {str(library.resolve()): f"rondo/{NAME}", str(top / "LICENSE"): "rondo/LICENSE"}
