"""The layers of a neural network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel_of_a_row

if TYPE_CHECKING:
    from adsql.arrow import Floats


@kernel_of_a_row(lambda _X, weight, *_: weight.size)
def dense(X: Floats, weight: Floats, bias: Floats, rectified: bool) -> Floats:
    """Return X @ weight + bias, shape (n, units), with negative values set to 0 if `rectified`.

    Not a matrix product of a library: its sums depend on the size of the batch.
    """
    n, d = X.shape
    result = np.empty((n, bias.shape[0]))
    for i in range(n):
        row = result[i]
        row[:] = bias
        for j in range(d):
            for unit in range(row.shape[0]):
                row[unit] += X[i, j] * weight[j, unit]
        if rectified:
            for unit in range(row.shape[0]):
                row[unit] = max(row[unit], 0.0)
    return result


@kernel_of_a_row(lambda X, *_: X.size)
def mean_square_difference(X: Floats, Y: Floats, scale: Floats) -> Floats:
    """Return the mean over the columns of ((x - y) / scale)^2; shape (n,)."""
    n, d = X.shape
    result = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(d):
            z = (X[i, j] - Y[i, j]) / scale[j]
            total += z * z
        result[i] = total / d
    return result
