"""Kernels that look at one column at a time and add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

SMALLEST_SCALE = 1e-100  # features reach 1e9: the squares of their ratios to a smaller scale could overflow


@kernel
def robust_scaled(raw: Floats, center: Floats, scale: Floats, limit: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return (raw - center) / scale within ±limit, 0 for NaN, and which rows have any value.

    `raw` has shape (d, n), as columns arrive; the result (n, d), as rows are scored.
    """
    d, n = raw.shape
    result = np.empty((n, d))
    present = np.zeros(n, dtype=np.bool_)
    for j in range(d):
        for i in range(n):
            value = (raw[j, i] - center[j]) / scale[j]
            if np.isnan(value):
                result[i, j] = 0.0
            else:
                result[i, j] = min(max(value, -limit), limit)
                present[i] = True
    return result, present


@kernel
def root_mean_square(X: Floats, center: Floats, scale: Floats) -> Floats:
    """Return the root mean square of (x - center) / scale over the columns; shape (n,)."""
    n, d = X.shape
    result = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(d):
            z = (X[i, j] - center[j]) / scale[j]
            total += z * z
        result[i] = np.sqrt(total / d)
    return result


@kernel
def distance_outside(X: Floats, low: Floats, high: Floats, scale: Floats) -> Floats:
    """Return the sum over the columns of the distance outside [low, high] in units of scale; shape (n,)."""
    n, d = X.shape
    result = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(d):
            x = X[i, j]
            if x < low[j]:
                total += (low[j] - x) / scale[j]
            elif x > high[j]:
                total += (x - high[j]) / scale[j]
        result[i] = total
    return result


@kernel
def histogram_surprise(
    X: Floats, edges: Floats, first_edge: NDArray[np.int32], surprise: Floats, outside: Floats
) -> Floats:
    """Return the sum over the columns of the surprise of the bin a value falls into; shape (n,).

    Column j's edges are edges[first_edge[j] : first_edge[j + 1]]; it has one bin fewer than edges, bins
    include their lower edge, the last one both. Values outside count outside[j].
    """
    n, d = X.shape
    result = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(d):
            start, stop = first_edge[j], first_edge[j + 1]
            x = X[i, j]
            if x < edges[start] or x > edges[stop - 1]:
                total += outside[j]
                continue
            low, high = start, stop - 2
            while low < high:
                middle = (low + high + 1) // 2
                if edges[middle] <= x:
                    low = middle
                else:
                    high = middle - 1
            # Column j's bins start j places earlier than its edges: every column before has one bin fewer.
            total += surprise[low - j]
        result[i] = total
    return result


@kernel
def tail_surprise(X: Floats, ordered: Floats, side: Floats) -> Floats:
    """Return the sum over the columns of -ln of the tail probability under the training data; shape (n,).

    `ordered` has shape (d, m), each row ascending. side[j] < 0 looks at the left tail, > 0 at the right one,
    0 at the smaller of both as the others do at least. A value beyond all training values has 1 / (m + 1).
    """
    n, d = X.shape
    m = ordered.shape[1]
    result = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(d):
            x = X[i, j]
            at_most = np.searchsorted(ordered[j], x, "right")
            at_least = m - np.searchsorted(ordered[j], x, "left")
            left = -np.log(max(at_most / m, 1.0 / (m + 1.0)))
            right = -np.log(max(at_least / m, 1.0 / (m + 1.0)))
            skewed = left + right
            if side[j] < 0:
                skewed = left
            elif side[j] > 0:
                skewed = right
            total += max(left, right, skewed)
        result[i] = total
    return result
