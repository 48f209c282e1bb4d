"""Sums of squares of linear forms: Mahalanobis distances, principal components, normal mixtures.

Rows are taken in blocks, column by column, so that the compiler turns the inner loops over rows into vector
instructions; every row still sees the same operations in the same order.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row

if TYPE_CHECKING:
    from adsql.arrow import Floats

_BLOCK = 256  # rows whose columns stay in the first-level cache
_NO_CURVATURE = 1e-12  # relative: a direction without any, but for rounding


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


@kernel_of_a_row(lambda _X, _center, forms, _: 2 * forms.size)
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


@kernel_of_a_row(lambda _X, _centers, forms, _: 2 * forms.size)
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
                total += math.exp(log_height[c] - squares[c, i] / 2.0 - largest)
            result[start + i] = -(largest + math.log(total))
    return result


@kernel
def form_shares(X: Floats, center: Floats, form: Floats, most: int) -> tuple[Floats, Floats]:
    """Return each column's part of (x - center)' form (x - center), and the values that go with the rest; both (n, d).

    Column by column, `most` of them at most, the one is let go whose best value lowers the form most, which is its
    part; those let go before are free to follow. What is left then is split among the others in proportion to what
    each would lower it by. Parts of a row add up to its form, which has shape (d, d).
    """
    n, d = X.shape
    shares, fitting = np.zeros((n, d)), np.empty((n, d))
    curvature, slope, falls = np.empty((d, d)), np.empty(d), np.empty(d)
    least = _NO_CURVATURE * np.diag(form).max()
    for i in range(n):
        curvature[:] = form
        fitting[i] = X[i]
        rest = 0.0
        for j in range(d):
            slope[j] = 0.0
            for q in range(d):
                slope[j] += form[j, q] * (X[i, q] - center[q])
            rest += slope[j] * (X[i, j] - center[j])
        for step in range(most + 1):
            best = _falls(slope, curvature, least, shares[i], X[i], fitting[i], falls)
            if falls[best] <= 0.0 or step == most:
                break
            shares[i, best] = falls[best]
            rest -= falls[best]
            _let_go(best, slope, curvature)
        total = falls.sum()
        if total > 0.0:
            for j in range(d):
                shares[i, j] += max(rest, 0.0) * falls[j] / total
    return shares, fitting


@kernel
def _falls(
    slope: Floats, curvature: Floats, least: float, shares: Floats, point: Floats, fitting: Floats, falls: Floats
) -> int:
    """Fill `falls` with what each column without a share would lower the form by, `fitting` with its value then.

    Returns the column that would lower it most.
    """
    for j in range(falls.shape[0]):
        falls[j] = 0.0
        if shares[j] == 0.0 and curvature[j, j] > least:
            falls[j] = slope[j] ** 2 / curvature[j, j]
            fitting[j] = point[j] - slope[j] / curvature[j, j]
    return int(np.argmax(falls))


@kernel
def _let_go(best: int, slope: Floats, curvature: Floats) -> None:
    """Minimise the form over one column: take it out of the slopes, and out of the curvature (a Schur complement)."""
    d = slope.shape[0]
    pull, turn = curvature[best, best], slope[best] / curvature[best, best]
    for j in range(d):
        slope[j] -= curvature[j, best] * turn
        if j != best:
            factor = curvature[j, best] / pull
            for q in range(d):
                if q != best:
                    curvature[j, q] -= factor * curvature[best, q]
    for j in range(d):
        curvature[best, j] = curvature[j, best] = 0.0
