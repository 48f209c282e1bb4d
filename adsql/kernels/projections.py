"""Histograms of sparse random projections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_BLOCK = 256  # rows whose columns and projections stay in the first-level cache


@kernel
def _add_product(total: Floats, weight: float, column: Floats) -> None:
    """Add weight * column to total. On its own, so that the compiler sees contiguous arrays and vectorises."""
    for r in range(total.shape[0]):
        total[r] += weight * column[r]


@kernel
def _add_surprise(total: Floats, projected: Floats, low: float, per_bin: float, surprise: Floats) -> None:
    """Add the surprise of each value's bin; the first and the last element of `surprise` are for values outside."""
    last = float(surprise.shape[0] - 1)
    for r in range(total.shape[0]):
        position = (projected[r] - low) * per_bin + 1.0
        total[r] += surprise[np.int32(min(max(position, 0.0), last))]


@kernel
def project(X: Floats, columns: NDArray[np.int32], weights: Floats) -> Floats:
    """Return the projections of rows, shape (k, n); projection p is the sum of weights[p] * X[:, columns[p]].

    `weights` has shape (k, s), `columns` the same number of elements, flat.
    """
    n = X.shape[0]
    k, s = weights.shape
    result = np.zeros((k, n))
    for p in range(k):
        for c in range(s):
            _add_product(result[p], weights[p, c], np.ascontiguousarray(X[:, columns[p * s + c]]))
    return result


@kernel_of_a_row(lambda _X, _columns, weights, *_: 10 * weights.size)
def projected_surprise(
    X: Floats,
    columns: NDArray[np.int32],
    weights: Floats,
    low: Floats,
    per_bin: Floats,
    first: NDArray[np.int32],
    surprise: Floats,
) -> Floats:
    """Return the mean surprise of the bins that the projections of a row fall into; shape (n,).

    Projection p (see `project`) has bins of width 1 / per_bin[p] from low[p] on. Their surprises are
    surprise[first[p] : first[p + 1]], between one for values below all bins and one for values above.
    """
    n, d = X.shape
    k, s = weights.shape
    result = np.zeros(n)
    block = np.empty((d, _BLOCK))
    buffer = np.empty(_BLOCK)
    for start in range(0, n, _BLOCK):
        width = min(_BLOCK, n - start)
        for i in range(width):
            for j in range(d):
                block[j, i] = X[start + i, j]
        total, projected = result[start : start + width], buffer[:width]
        for p in range(k):
            projected[:] = 0.0
            for c in range(s):
                _add_product(projected, weights[p, c], block[columns[p * s + c], :width])
            _add_surprise(total, projected, low[p], per_bin[p], surprise[first[p] : first[p + 1]])
        for i in range(width):
            total[i] /= k
    return result
