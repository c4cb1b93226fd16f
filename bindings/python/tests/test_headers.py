"""The bindings say what include/rondo/*.h says: argument counts and kinds, struct layouts, enum values. So they cannot
go stale in silence."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

from support import TOP

from rondo import Status, _arrays, _handles, _structs, _train, _version, version
from rondo._prototypes import FUNCTIONS

INCLUDE = TOP / "include"
SCALARS = {
    "int": ctypes.c_int,
    "rondo_status": ctypes.c_int,
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "double": ctypes.c_double,
    "float": ctypes.c_float,
    "bool": ctypes.c_bool,
}
STRUCTS = {n: t for n, t in vars(_structs).items() if isinstance(t, type) and issubclass(t, ctypes.Structure)}
STRUCTS.pop("Structure")
CALLBACKS = {"rondo_event_fn": _structs.rondo_event_fn, "rondo_text_fn": _structs.rondo_text_fn}


def source() -> str:
    text = "\n".join(path.read_text() for path in sorted((INCLUDE / "rondo").glob("*.h")))
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"^#.*$", "", text, flags=re.M))


def kind_of(declaration: str) -> str:
    """ "const char *const *file" -> "char**": the type without const and name."""
    stars = declaration.count("*") + declaration.count("[")
    words = [w for w in re.findall(r"\w+", declaration.split("[")[0]) if w not in ("const", "struct", "restrict")]
    known: str = next(
        (w for w in words if w in SCALARS or w in CALLBACKS or w == "void" or w.startswith("rondo_")), words[0]
    )
    return known + "*" * stars


def accepts(given: Any, kind: str) -> bool:
    """May an argument of this C type be declared as that ctypes type?"""
    if kind == "void":
        return given is None
    if kind in SCALARS:
        return given is SCALARS[kind]
    if kind in CALLBACKS:
        return given is CALLBACKS[kind]
    if not kind.endswith("*"):
        return given is STRUCTS.get(kind)  # a struct by value
    target = kind[:-1]
    if given is ctypes.c_char_p:
        return target == "char"
    if given is ctypes.c_void_p:  # objects, arrays of numbers, untyped memory
        return (
            target in ("void", "char", "rondo_real")
            or target in SCALARS
            or (target.startswith("rondo_") and target not in STRUCTS)
        )
    pointed = getattr(given, "_type_", None)
    if target == "rondo_real":
        return pointed is ctypes.c_float
    if target == "char*":
        return pointed is ctypes.c_char_p or pointed is ctypes.c_void_p  # the latter: text that is freed by its address
    return pointed is not None and accepts(pointed, target)


class Prototypes(unittest.TestCase):
    def test_every_function(self) -> None:
        text = source()
        for name, (result, arguments) in FUNCTIONS.items():
            with self.subTest(name):
                found = re.search(rf"RONDO_API ([\w \*]*?)\b{name} ?\(([^()]*)\);", text)
                assert found, f"{name} is in no header"
                self.assertTrue(accepts(result, kind_of(found[1])), f"{name} returns {found[1]}, not {result}")
                declared = [] if found[2].strip() == "void" else found[2].split(",")
                self.assertEqual(len(declared), len(arguments), f"{name}({found[2]})")
                for declaration, argument in zip(declared, arguments):
                    self.assertTrue(accepts(argument, kind_of(declaration)), f"{name}: {declaration} is not {argument}")

    def test_callbacks(self) -> None:
        text = source()
        for name, prototype in CALLBACKS.items():
            found = re.search(rf"typedef (\w+) \(\*{name}\)\(([^()]*)\);", text)
            assert found, name
            self.assertTrue(accepts(prototype._restype_, kind_of(found[1])))
            arguments = prototype._argtypes_
            declared = found[2].split(",")
            self.assertEqual(len(declared), len(arguments))
            for declaration, argument in zip(declared, arguments):
                self.assertTrue(
                    accepts(argument, kind_of(declaration)) or argument is ctypes.c_void_p and "*" in declaration,
                    f"{name}: {declaration} is not {argument}",
                )

    def test_version(self) -> None:
        project = re.search(r"project\(rondo VERSION (\S+)", (TOP / "CMakeLists.txt").read_text())
        assert project
        self.assertEqual(_version.__version__, project[1])
        self.assertEqual(_version.__version__, version())


def compiler() -> str | None:
    return next((c for c in (os.environ.get("CC"), "cc", "gcc", "clang") if c and shutil.which(c)), None)


def enum_lines() -> dict[str, int]:
    """What the Python side believes, as C expressions."""
    wanted = {f"RONDO_{status.name}": int(status) for status in Status}
    wanted["RONDO_STATUS_COUNT"] = len(Status)
    names = ("F32", "F64", "I32", "I64", "U8", "BF16", "F16", "I8", "BOOL")
    wanted |= {f"RONDO_{name}": code for code, name in enumerate(names)}
    wanted |= {f"RONDO_EVENT_{kind.upper()}": code for code, kind in enumerate(_train.KINDS)}
    wanted |= {f"RONDO_PRECISION_{name.upper()}": code for code, name in enumerate(_handles.PRECISIONS)}
    wanted["RONDO_MAX_RANK"] = _arrays.MOST_RANK
    wanted["RONDO_MAX_METRICS"] = 32
    wanted["(int)sizeof(rondo_real)"] = 4
    return wanted


def layout_lines() -> dict[str, int]:
    wanted = {}
    for name, struct in STRUCTS.items():
        wanted[f"(int)sizeof({name})"] = ctypes.sizeof(struct)
        for field, *_ in struct._fields_:
            place = getattr(struct, field)
            wanted[f"(int)offsetof({name}, {field})"] = place.offset
            wanted[f"(int)sizeof((({name} *)0)->{field})"] = place.size
    return wanted


@unittest.skipUnless(compiler(), "no C compiler")
class Layouts(unittest.TestCase):
    def ask(self, wanted: dict[str, int]) -> None:
        lines = "\n".join(f'    printf("%d\\n", (int)({expression}));' for expression in wanted)
        program = f"#include <stddef.h>\n#include <stdio.h>\n#include <rondo/rondo.h>\nint main(void) {{\n{lines}\n}}\n"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "layout.c"
            path.write_text(program)
            command = [str(compiler()), "-std=c17", "-I", str(INCLUDE), str(path), "-o", str(path.with_suffix(""))]
            made = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(made.returncode, 0, made.stderr)
            said = subprocess.run([path.with_suffix("")], capture_output=True, text=True, check=True).stdout.split()
        for (expression, mine), theirs in zip(wanted.items(), said):
            self.assertEqual(mine, int(theirs), f"{expression} is {theirs} in C and {mine} in Python")
        self.assertEqual(len(said), len(wanted))

    def test_structs(self) -> None:
        self.ask(layout_lines())

    def test_enums(self) -> None:
        self.ask(enum_lines())

    def test_no_new_enumerators(self) -> None:
        known = {"rondo_dtype": len(_arrays.DTYPES), "rondo_event_kind": len(_train.KINDS)}
        known["rondo_precision"] = len(_handles.PRECISIONS)
        for name, count in known.items():
            found = re.search(rf"typedef enum {name} {{([^{{}}]*)}} {name};", source())
            assert found, name
            self.assertEqual(len([word for word in found[1].split(",") if word.strip()]), count, found[1])

    def test_every_field(self) -> None:
        """A field that fits into padding changes no size: so the number of fields is compared, too."""
        text = source()
        for name, struct in STRUCTS.items():
            found = re.search(rf"typedef struct {name} {{([^{{}}]*)}} {name};", text)
            assert found, name
            count = sum(part.count(",") + 1 for part in found[1].split(";") if part.strip())
            self.assertEqual(count, len(struct._fields_), f"{name}: {found[1]}")


if __name__ == "__main__":
    unittest.main()
