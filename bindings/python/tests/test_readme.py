"""The Python blocks of README.md run as they stand, one after the other, in a fresh folder."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import unittest
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


class Readme(unittest.TestCase):
    def test_examples(self) -> None:
        blocks = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), flags=re.S | re.M)
        self.assertEqual(len(blocks), 2)
        said, names, before = io.StringIO(), {"__name__": "readme"}, os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                with contextlib.redirect_stdout(said):
                    for block in blocks:
                        exec(compile(block, str(README), "exec"), names)
            finally:
                os.chdir(before)
        self.assertIn("step 150/150", said.getvalue())
        self.assertIn("<rondo.Model language_model", said.getvalue())


if __name__ == "__main__":
    unittest.main()
