"""Sums of squares of linear forms: Mahalanobis distances, principal components, normal mixtures.

Rows are taken in blocks, column by column, so that the compiler turns the inner loops over rows into vector
instructions; every row still sees the same operations in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from adsql.arrow import Floats

_BLOCK = 256  # rows whose columns stay in the first-level cache


@kernel
def _add_multiple(total: Floats, values: Floats, factor: float) -> None:
    """Add factor * values to total. On its own, so that the compiler sees contiguous arrays and vectorises."""
    for r in range(total.shape[0]):
        total[r] += factor * values[r]


@kernel
def _add_squares(total: Floats, values: Floats) -> None:
    """Add values^2 to total."""
    for r in range(total.shape[0]):
        total[r] += values[r] * values[r]


@kernel
def _centred(block: Floats, X: Floats, start: int, rows: int, center: Floats) -> None:
    """Fill `block`, of shape (d, rows or more), with X[start : start + rows] - center."""
    for i in range(rows):
        for j in range(center.shape[0]):
            block[j, i] = X[start + i, j] - center[j]


@kernel
def _add_squared_forms(total: Floats, block: Floats, forms: Floats, triangular: bool, form: Floats) -> None:
    """Add the squares of all forms of a block's rows to total; `form` is space for the values of one."""
    rows = total.shape[0]
    for k in range(forms.shape[0]):
        form[:rows] = 0.0
        for j in range(k if triangular else 0, forms.shape[1]):
            _add_multiple(form[:rows], block[j, :rows], forms[k, j])
        _add_squares(total, form[:rows])


@kernel
def squared_length(X: Floats, center: Floats, forms: Floats, triangular: bool) -> Floats:
    """Return the squared length of forms @ (x - center); shape (n,).

    `forms` has shape (k, d). If `triangular`, form k does not look at the columns before the k-th.
    """
    n, d = X.shape
    result = np.zeros(n)
    block = np.empty((d, _BLOCK))
    form = np.empty(_BLOCK)
    for start in range(0, n, _BLOCK):
        rows = min(_BLOCK, n - start)
        _centred(block, X, start, rows, center)
        _add_squared_forms(result[start : start + rows], block, forms, triangular, form)
    return result


@kernel
def mixture_surprise(X: Floats, centers: Floats, forms: Floats, log_height: Floats) -> Floats:
    """Return -ln of the sum over components of exp(log_height - squared length / 2); shape (n,).

    `centers` has shape (components, d), `forms` (components, d, d), each triangular as in `squared_length`.
    The largest term is taken out of the sum, so that rows far from all components have finite scores.
    """
    n, d = X.shape
    components = centers.shape[0]
    result = np.empty(n)
    block = np.empty((d, _BLOCK))
    form = np.empty(_BLOCK)
    squares = np.empty((components, _BLOCK))
    for start in range(0, n, _BLOCK):
        rows = min(_BLOCK, n - start)
        squares[:] = 0.0
        for c in range(components):
            _centred(block, X, start, rows, centers[c])
            _add_squared_forms(squares[c, :rows], block, forms[c], True, form)
        for i in range(rows):
            largest = -np.inf
            for c in range(components):
                largest = max(largest, log_height[c] - squares[c, i] / 2.0)
            total = 0.0
            for c in range(components):
                total += np.exp(log_height[c] - squares[c, i] / 2.0 - largest)
            result[start + i] = -(largest + np.log(total))
    return result
