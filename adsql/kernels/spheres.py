"""Ensembles of hyperspheres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel
from adsql.kernels.squares import squared_distances

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from adsql.arrow import Floats

_BLOCK = 512  # rows whose columns stay in the first-level cache


@kernel
def _cover(isolation: NDArray[Any], squares: NDArray[Any], square_radius: float, value: float) -> None:
    """Write `value` where a sphere covers a row. On its own, so that the compiler vectorises."""
    for r in range(isolation.shape[0]):
        isolation[r] = value if squares[r] <= square_radius else isolation[r]


@kernel
def mean_isolation(X: Floats, centers: NDArray[Any], square_radius: NDArray[Any], isolation: NDArray[Any]) -> Floats:
    """Return the mean over the sets of the isolation of the last sphere that covers a row, 1 if none; shape (n,).

    `centers` has shape (sets, spheres, d), the others (sets, spheres), all in single precision: the spheres
    of a set descend in size, so that the last to cover a row is the smallest.
    """
    n, d = X.shape
    sets, spheres = square_radius.shape
    result = np.zeros(n)
    block = np.empty((d, _BLOCK), np.float32)
    square_buffer = np.empty(_BLOCK, np.float32)
    value_buffer = np.empty(_BLOCK, np.float32)
    for start in range(0, n, _BLOCK):
        width = min(_BLOCK, n - start)
        for i in range(width):
            for j in range(d):
                block[j, i] = X[start + i, j]
        total, squares, values = result[start : start + width], square_buffer[:width], value_buffer[:width]
        for e in range(sets):
            values[:] = 1.0
            for s in range(spheres):
                squared_distances(squares, centers[e, s], block, 0)
                _cover(values, squares, square_radius[e, s], isolation[e, s])
            for i in range(width):
                total[i] += values[i]
        for i in range(width):
            total[i] /= sets
    return result
