"""Slow and obvious versions of the detectors that look at tails, covariances, densities and clusters.

Like `slow.py`: lists in, a list of scores out. Where a fit has no closed form, the library's own fit is looked at.
"""

from __future__ import annotations

import math
import statistics


def copod(training, params, seed, rows):
    """Sum of -ln of the tail that the skewness points to, or of the mean of both -ln where that is more."""

    def surprise(column, x):
        n = len(column)
        left = -math.log(sum(value <= x for value in column) / n or 1 / (n + 1))
        right = -math.log(sum(value >= x for value in column) / n or 1 / (n + 1))
        mean = statistics.fmean(column)
        skewness = sum((value - mean) ** 3 for value in column)
        by_skewness = left if skewness < 0 else right if skewness > 0 else left + right
        return max(by_skewness, (left + right) / 2)

    features = list(zip(*training, strict=True))
    return [sum(surprise(column, x) for column, x in zip(features, row, strict=True)) for row in rows]


ORACLES = {
    "copod": copod,
}
