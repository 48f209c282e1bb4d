"""Sums of Gaussians around many points: the kernel expansions of support vectors and of kernel PCA.

Rows are looked at in blocks, column by column, so that the compiler turns the loops over rows into vector
instructions. The exponential is computed here, by operations that round alike in vector and scalar instructions:
a library's vectorised one may differ in the last bit from its scalar one, and so make a row's score depend on
its place in the batch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row
from adsql.kernels.squares import squared_distances

if TYPE_CHECKING:
    from adsql.arrow import Floats

_BLOCK = 128  # rows
_LOWEST = -700.0  # e^-700 is still a normal number
_LOG2_E = 1.0 / math.log(2.0)
# ln 2 in two parts: the first has few enough digits that its product with a whole number is exact.
_LN2_HIGH = 0.693147180369123816490
_LN2_LOW = 1.90821492927058770002e-10
_ROUNDING = 1.5 * 2.0**52  # adding and subtracting it rounds to a whole number
_POWERS = 2.0 ** np.arange(-1012.0, 1.0)
_ONE = np.int32(1012)


@kernel
def exponentials(values: Floats) -> None:
    """Replace values of at most 0 by their exponentials, to a unit in the last place; below -700, by e^-700."""
    for r in range(values.shape[0]):
        x = max(values[r], _LOWEST)
        whole = (x * _LOG2_E + _ROUNDING) - _ROUNDING
        y = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
        # Taylor's series; |y| is at most ln(2) / 2, so that the next term is below the rounding.
        p = 1.0 / 6227020800.0
        p = p * y + 1.0 / 479001600.0
        p = p * y + 1.0 / 39916800.0
        p = p * y + 1.0 / 3628800.0
        p = p * y + 1.0 / 362880.0
        p = p * y + 1.0 / 40320.0
        p = p * y + 1.0 / 5040.0
        p = p * y + 1.0 / 720.0
        p = p * y + 1.0 / 120.0
        p = p * y + 1.0 / 24.0
        p = p * y + 1.0 / 6.0
        p = p * y + 0.5
        p = p * y + 1.0
        p = p * y + 1.0
        values[r] = p * _POWERS[np.int32(whole) + _ONE]


@kernel
def _fill_block(block: Floats, X: Floats, start: int, width: int) -> None:
    """Copy rows of X, column by column."""
    for i in range(width):
        for j in range(X.shape[1]):
            block[j, i] = X[start + i, j]


@kernel
def _lower(lowest: Floats, values: Floats) -> None:
    """Replace by the smaller of both."""
    for r in range(lowest.shape[0]):
        lowest[r] = min(lowest[r], values[r])


@kernel
def _exponents(values: Floats, squares: Floats, lowest: Floats, gamma: float) -> None:
    """Write -gamma * (squares - lowest) to values."""
    for r in range(values.shape[0]):
        values[r] = gamma * (lowest[r] - squares[r])


@kernel
def _add_product(total: Floats, weight: float, values: Floats) -> None:
    """Add weight * values to total."""
    for r in range(total.shape[0]):
        total[r] += weight * values[r]


@kernel_of_a_row(lambda _X, points, *_: 40 * len(points))
def surprise_of_sum(X: Floats, points: Floats, weights: Floats, gamma: float) -> Floats:
    """Return -ln(sum of weights * e^(-gamma * squared distance to the points)); shape (n,).

    `points` has shape (m, d), `weights` is positive. The nearest point's Gaussian is taken out of the sum, so
    that nothing underflows.
    """
    n, d = X.shape
    m = len(weights)
    result = np.empty(n)
    block, square_buffer = np.empty((d, _BLOCK)), np.empty((m, _BLOCK))
    buffers = np.empty((3, _BLOCK))
    for start in range(0, n, _BLOCK):
        width = min(_BLOCK, n - start)
        _fill_block(block, X, start, width)
        lowest, values, total = buffers[0, :width], buffers[1, :width], buffers[2, :width]
        lowest[:] = np.inf
        for p in range(m):
            squares = square_buffer[p, :width]
            squared_distances(squares, points[p], block, 0)
            _lower(lowest, squares)
        total[:] = 0.0
        for p in range(m):
            _exponents(values, square_buffer[p, :width], lowest, gamma)
            exponentials(values)
            _add_product(total, weights[p], values)
        for i in range(width):
            result[start + i] = gamma * lowest[i] - math.log(total[i])
    return result


@kernel
def reconstruction_error(
    X: Floats, points: Floats, components: Floats, offset: Floats, gamma: float, mean: float
) -> Floats:
    """Return 1 + mean - 2 * mean kernel value - sum of squared projections; shape (n,).

    `points` has shape (m, d). Projection q is the sum of components[:, q] times the kernel values
    e^(-gamma * squared distance to the points), less offset[q]. `mean` is that of the points' own kernel values.
    """
    n, d = X.shape
    m, q = components.shape
    result = np.empty(n)
    block, projection_buffer = np.empty((d, _BLOCK)), np.empty((q, _BLOCK))
    buffers = np.empty((3, _BLOCK))
    zeros = np.zeros(_BLOCK)
    for start in range(0, n, _BLOCK):
        width = min(_BLOCK, n - start)
        _fill_block(block, X, start, width)
        squares, values, total = buffers[0, :width], buffers[1, :width], buffers[2, :width]
        total[:] = 0.0
        for c in range(q):
            projection_buffer[c, :width] = -offset[c]
        for p in range(m):
            squared_distances(squares, points[p], block, 0)
            _exponents(values, squares, zeros[:width], gamma)
            exponentials(values)
            _add_product(total, 1.0, values)
            for c in range(q):
                _add_product(projection_buffer[c, :width], components[p, c], values)
        for i in range(width):
            explained = 0.0
            for c in range(q):
                explained += projection_buffer[c, i] * projection_buffer[c, i]
            result[start + i] = 1.0 + mean - 2.0 * total[i] / m - explained
    return result
