"""Means, standard errors, and when a difference counts."""
import math
import statistics

# Two-sided 5 % points of Student's t, by degrees of freedom; beyond 30 the normal distribution's.
T_POINT = [math.inf, 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09,
           2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04]


def mean(values):
    return statistics.fmean(values)


def error(values):
    """Standard error of the mean; NaN of a single value."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan


class Difference:
    """Of two contenders over the same seeds (pairs): the mean of a - b, and whether chance would hardly give it (Student's t, 5 %)."""

    def __init__(self, a, b):
        """a, b: {seed: value}"""
        pairs = [a[s] - b[s] for s in sorted(a) if s in b]
        self.count = len(pairs)
        self.mean = mean(pairs) if pairs else math.nan
        self.error = error(pairs) if pairs else math.nan
        point = T_POINT[min(self.count - 1, 30)] if self.count > 0 else math.inf
        self.bound = point * self.error if self.count > 1 else math.inf
        self.shown = self.count > 1 and abs(self.mean) > self.bound

    def told(self, digits=1):
        return f"{self.mean:+.{digits}f}" + ("" if math.isnan(self.error) else f" ± {self.error:.{digits}f}")

    @property
    def above(self):
        return self.shown and self.mean > 0

    @property
    def below(self):
        return self.shown and self.mean < 0


def told(values, digits=1, unit=""):
    """0.1 ± 0.02"""
    if not values:
        return "-"
    se = error(values)
    return f"{mean(values):.{digits}f}{unit}" if math.isnan(se) else f"{mean(values):.{digits}f} ± {se:.{digits}f}{unit}"
