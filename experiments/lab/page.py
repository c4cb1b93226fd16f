"""Tables and figures of a page, in Markdown, and what the runs gave as a table to ask."""
import os
import subprocess

from . import numbers


class Results:
    """Records of an experiment; values by case and contender."""

    def __init__(self, records):
        self.records = sorted(records, key=lambda r: (r["case"], r["contender"], r["seed"]))

    def of(self, case, contender):
        return [r for r in self.records if r["case"] == case and r["contender"] == contender]

    def values(self, case, contender, value):
        """{seed: value(record)}"""
        return {r["seed"]: value(r) for r in self.of(case, contender)}

    def mean(self, case, contender, value):
        found = list(self.values(case, contender, value).values())
        return numbers.mean(found) if found else None

    def told(self, case, contender, value, digits=1):
        return numbers.told(list(self.values(case, contender, value).values()), digits)

    def difference(self, case, a, b, value):
        return numbers.Difference(self.values(case, a, value), self.values(case, b, value))

    def parameters(self, case, contender):
        found = {r["parameters"] for r in self.of(case, contender)}
        return f"{max(found):,}" if found else "-"

    def seconds(self, case, contender):
        return self.told(case, contender, lambda r: r["seconds"], 1)

    def diverged(self):
        return [r for r in self.records if r.get("diverged")]

    def seeds(self):
        return len({r["seed"] for r in self.records})


def table(columns, rows, left=1):
    """left: so many columns hold words, the others numbers"""
    marks = ["---" if i < left else "---:" for i in range(len(columns))]
    return [f"| {' | '.join(map(str, line))} |" for line in [columns, marks, *rows]]


class Figures:
    def __init__(self, plot, page, name):
        self.plot, self.folder, self.page, self.name = plot, page.parent / "pictures", page, name
        self.drawn = []

    def draw(self, kind, what, title, x, y, points, *options):
        """points: lines: (series, x, y); bars: (group, series, value). Returns the line of Markdown."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self.name}-{what}.svg"
        rows = "".join("\t".join(str(v) for v in p) + "\n" for p in points)
        done = subprocess.run([self.plot, kind, path, title, x, y, *options], input=rows, text=True, capture_output=True)
        if done.returncode:
            raise SystemExit(f"experiments: {done.stderr.strip() or self.plot}")
        self.drawn.append(path)
        return f"![{title}]({os.path.relpath(path, self.page.parent)})"

    def lines(self, what, title, x, y, points, *options):
        return self.draw("lines", what, title, x, y, points, *options)

    def bars(self, what, title, x, y, points, *options):
        return self.draw("bars", what, title, x, y, points, *options)
