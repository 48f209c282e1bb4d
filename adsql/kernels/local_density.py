"""Local reachability densities, and how they compare with those of the neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row
from adsql.kernels.neighbours import BLOCK, nearest_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

LEAST_REACH = 1e-10  # robust standard deviations; bounds the density of rows that hardly differ


@kernel
def _mean_reach(squares: Floats, rows: NDArray[np.int32], first: int, last: int, k_distance: Floats) -> float:
    """Return the mean reachability distance to neighbours: their k-distance, or the distance where that is larger."""
    total = 0.0
    for r in range(first, last):
        total += max(np.sqrt(squares[r]), k_distance[rows[r]])
    return max(total / (last - first), LEAST_REACH)


@kernel
def local_density(reference: Floats, k: int) -> tuple[Floats, Floats]:
    """Return the k-distance and the local reachability density of every reference row; each of shape (m,)."""
    m = reference.shape[1]
    k_distance, density = np.empty(m), np.empty(m)
    squares, rows, buffer = np.empty(k + 1), np.empty(k + 1, np.int32), np.empty(BLOCK)
    for i in range(m):
        _, last = nearest_rows(reference[:, i].copy(), reference, k, squares, rows, buffer)
        k_distance[i] = np.sqrt(squares[last - 1])
    for i in range(m):
        first, last = nearest_rows(reference[:, i].copy(), reference, k, squares, rows, buffer)
        density[i] = 1.0 / _mean_reach(squares, rows, first, last, k_distance)
    return k_distance, density


@kernel_of_a_row(lambda _X, reference, k, *_: reference.shape[1] * (1 + k / 4))
def local_outlier_factor(X: Floats, reference: Floats, k: int, k_distance: Floats, density: Floats) -> Floats:
    """Return the mean density of a row's k nearest reference rows over its own density; shape (n,)."""
    n, d = X.shape
    result = np.empty(n)
    squares, rows, buffer = np.empty(k + 1), np.empty(k + 1, np.int32), np.empty(BLOCK)
    point = np.empty(d)
    for i in range(n):
        for j in range(d):
            point[j] = X[i, j]
        first, last = nearest_rows(point, reference, k, squares, rows, buffer)
        total = 0.0
        for r in range(first, last):
            total += density[rows[r]]
        result[i] = total / (last - first) * _mean_reach(squares, rows, first, last, k_distance)
    return result
