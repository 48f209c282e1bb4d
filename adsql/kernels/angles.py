"""How much the directions to the neighbours vary."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row
from adsql.kernels.neighbours import BLOCK, nearest_rows

if TYPE_CHECKING:
    from adsql.arrow import Floats

# Bounds the score to ±690, and keeps the variance from overflowing where neighbours are all but at a row.
LEAST_VARIANCE, LARGEST_VARIANCE = 1e-300, 1e300


@kernel_of_a_row(lambda _X, reference, k: reference.shape[1] * (1 + k / 4) + k * k * len(reference))
def angle_surprise(X: Floats, reference: Floats, k: int) -> Floats:
    """Return -ln(variance over pairs of neighbours of <a, b> / (|a|^2 |b|^2)); shape (n,).

    a and b lead from the row to two of its k nearest reference rows; `reference` has shape (d, m). With fewer
    than two such rows apart from it a row lies among duplicates, and its variance counts as the largest.
    """
    n, d = X.shape
    result = np.empty(n)
    squares, rows, buffer = np.empty(k + 1), np.empty(k + 1, np.int32), np.empty(BLOCK)
    directions, point = np.empty((k, d)), np.empty(d)
    for i in range(n):
        for j in range(d):
            point[j] = X[i, j]
        first, last = nearest_rows(point, reference, k, squares, rows, buffer)
        count = 0
        for r in range(first, last):
            if squares[r] > 0.0:
                for j in range(d):
                    directions[count, j] = (reference[j, rows[r]] - point[j]) / squares[r]
                count += 1
        result[i] = -math.log(_variance_of_products(directions, count))
    return result


@kernel
def _variance_of_products(directions: Floats, count: int) -> float:
    """Return the variance of the inner products of all pairs of the first `count` vectors, within bounds."""
    if count < 2:  # noqa: PLR2004 - a pair
        return LARGEST_VARIANCE
    mean = squared_deviations = 0.0
    pairs = 0
    for a in range(count):
        for b in range(a):
            product = 0.0
            for j in range(directions.shape[1]):
                product += directions[a, j] * directions[b, j]
            # Welford's update: the square of the mean may be much larger than the variance.
            pairs += 1
            deviation = product - mean
            mean += deviation / pairs
            squared_deviations += deviation * (product - mean)
    # Not the other way round: min and max of NaN, which infinities make, would be NaN.
    variance = squared_deviations / pairs
    if not variance < LARGEST_VARIANCE:
        return LARGEST_VARIANCE
    return max(variance, LEAST_VARIANCE)
