"""Kernels that take rows in one after the other and watch what each does to the set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats


@kernel
def _deviation(rows: Floats, count: int, total: float, added: Floats) -> float:
    """Return the mean absolute deviation of all values in the first `count` rows and one more.

    `rows` has shape (n, d); `total` is the sum of the first `count` rows.
    """
    d = rows.shape[1]
    values = rows[:count].reshape(count * d)
    mean = (total + added.sum()) / ((count + 1) * d)
    deviation = 0.0
    for value in values:
        deviation += abs(value - mean)
    for value in added:
        deviation += abs(value - mean)
    return deviation / ((count + 1) * d)  # type: ignore[no-any-return] # numba's


@kernel
def smoothing_factors(X: Floats, orders: NDArray[np.int64]) -> Floats:
    """Return each row's largest smoothing factor over several orders of the rows; shape (n,).

    In each order, the row that raises the mean absolute deviation of those before it most is an exception, by as
    much as it does. So is every later row with which that row would no longer raise it. The smoothing factor is
    this amount, times the number of rows that are no exceptions. O(orders * n^2 d).
    """
    n = X.shape[0]
    result = np.zeros(n)
    factors = np.empty(n)
    for order in orders:
        rows = X[order]
        worst, rise = 0, 0.0
        total = 0.0
        before = _deviation(rows, 0, total, rows[0])
        for r in range(1, n):
            total += rows[r - 1].sum()
            now = _deviation(rows, r, total, rows[r])
            if now - before > rise:
                worst, rise = r, now - before
            before = now
        if rise <= 0.0:
            continue
        factors[:] = 0.0
        factors[worst] = rise
        exceptions = 1
        without = rows[:worst].sum()
        including = without + rows[worst].sum()
        for r in range(worst + 1, n):
            fall = _deviation(rows, worst, without, rows[r]) - _deviation(rows, worst + 1, including, rows[r])
            if fall >= 0.0:
                factors[r] = rise + fall
                exceptions += 1
        for r in range(n):
            result[order[r]] = max(result[order[r]], factors[r] * (n - exceptions))
    return result
