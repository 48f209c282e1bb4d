"""Kernels that look at one column at a time and add up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_ROUNDING = 1e-12  # a constant column's deviation, next to its values, is what rounding leaves of zero


@kernel_of_a_row(lambda *_: 3)
def robust_scale(
    values: Floats,
    center: float,
    per_scale: float,
    largest: float,
    limit: float,
    result: Floats,
    present: NDArray[np.bool_],
) -> None:
    """Write (value - center) * per_scale within ±limit to `result`; 0 for NaN. All arrays have shape (n,).

    Values beyond ±largest count as ±largest. `present` becomes True where there is a value.
    """
    for i in range(values.shape[0]):
        value = min(max(values[i] + 0.0, -largest), largest)  # -0.0 becomes 0.0
        value = min(max((value - center) * per_scale, -limit), limit)
        missing = value != value  # noqa: PLR0124 - NaN alone differs from itself
        present[i] |= not missing
        result[i] = 0.0 if missing else value + 0.0  # or rows that are equal would not sort alike


@kernel_of_a_row(lambda values, *_: 3 * values.size)
def robust_scale_row(
    values: Floats,
    center: Floats,
    per_scale: Floats,
    largest: float,
    limit: float,
    result: Floats,
    present: NDArray[np.bool_],
) -> None:
    """Scale one row of d values, shape (1, d), into `result`, of shape (d, 1), as `robust_scale` does a column."""
    for j in range(values.shape[1]):
        robust_scale(values[0, j : j + 1], center[j], per_scale[j], largest, limit, result[j], present)


@kernel
def standardised(X: Floats) -> Floats:
    """Return X with mean 0 and standard deviation 1 in every column; a constant column is 0."""
    n, d = X.shape
    result = np.zeros((n, d))
    for j in range(d):
        mean, largest = 0.0, 0.0
        for i in range(n):
            mean += X[i, j] / n
            largest = max(largest, abs(X[i, j]))
        square = 0.0
        for i in range(n):
            square += (X[i, j] - mean) ** 2 / n
        deviation = np.sqrt(square)
        if deviation > _ROUNDING * largest:
            for i in range(n):
                result[i, j] = (X[i, j] - mean) / deviation
    return result


@kernel_of_a_row(lambda X, *_: X.size)
def root_mean_square(X: Floats, center: Floats, scale: Floats) -> Floats:
    """Return the root mean square of (x - center) / scale over the columns; shape (n,)."""
    n, d = X.shape
    result = np.zeros(n)
    for j in range(d):
        for i in range(n):
            z = (X[i, j] - center[j]) / scale[j]
            result[i] += z * z
    for i in range(n):
        result[i] = np.sqrt(result[i] / d)
    return result


@kernel_of_a_row(lambda X, *_: X.size)
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


@kernel_of_a_row(lambda X, *_: 2 * X.size)
def histogram_surprise(X: Floats, low: Floats, per_unit: Floats, first: NDArray[np.int32], surprise: Floats) -> Floats:
    """Return the sum over the columns of the surprise of the bin a value falls into; shape (n,).

    Column j's bins begin at low[j], per_unit[j] of them in a unit. Its part of `surprise` begins at first[j]: one
    place for values below its bins, the bins, one for values above.
    """
    n, d = X.shape
    result = np.zeros(n)
    for j in range(d):
        start, last = first[j], first[j + 1] - first[j] - 1
        for i in range(n):
            place = min(max((X[i, j] - low[j]) * per_unit[j] + 1.0, 0.0), float(last))
            result[i] += surprise[start + np.int64(place)]
    return result


@kernel
def _tails(x: float, ordered: Floats) -> tuple[float, float]:
    """Return -ln of the probabilities of at most and of at least x under the training values, which ascend.

    Beyond all m training values it is -ln(1 / (m + 1)).
    """
    m = ordered.shape[0]
    at_most = np.searchsorted(ordered, x, "right")
    at_least = m - np.searchsorted(ordered, x, "left")
    return -math.log(max(at_most / m, 1.0 / (m + 1.0))), -math.log(max(at_least / m, 1.0 / (m + 1.0)))


@kernel_of_a_row(lambda X, *_: 10 * X.size)
def tail_surprise(X: Floats, ordered: Floats, side: Floats) -> Floats:
    """Return the sum over the columns of -ln of the tail probability under the training data; shape (n,).

    `ordered` has shape (d, m), each row ascending. side[j] < 0 looks at the left tail, > 0 at the right one,
    0 at the smaller of both as the others do at least. A value beyond all training values has 1 / (m + 1).
    """
    n, d = X.shape
    result = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(d):
            left, right = _tails(X[i, j], ordered[j])
            skewed = left + right
            if side[j] < 0:
                skewed = left
            elif side[j] > 0:
                skewed = right
            total += max(left, right, skewed)
        result[i] = total
    return result


@kernel
def _count_at_most(ascending: Floats, x: float) -> np.int64:
    """Return how many values are at most x, by halving without a branch: where it goes cannot be predicted."""
    first, length = np.int64(0), ascending.shape[0]
    while length > 1:
        half = length // 2
        first += half * np.int64(ascending[first + half - 1] <= x)
        length -= half
    return first + np.int64(ascending[first] <= x)


@kernel_of_a_row(lambda *_: 10)
def tail_position(scores: Floats, knots: Floats, positions: Floats, tail: float) -> Floats:
    """Return positions interpolated between ascending knots; shape (n,).

    0 below the first knot; above the last one, the position approaches 1 exponentially on the scale of `tail`.
    """
    last = knots.shape[0] - 1
    result = np.empty(scores.shape[0])
    for i in range(scores.shape[0]):
        score = scores[i]
        following = _count_at_most(knots, score)
        if following == 0:
            result[i] = 0.0
        elif following > last:
            result[i] = positions[last] - (1.0 - positions[last]) * math.expm1(-(score - knots[last]) / tail)
        else:
            low, high = knots[following - 1], knots[following]
            share = (score - low) / (high - low)
            rising = positions[following - 1] + share * (positions[following] - positions[following - 1])
            result[i] = min(rising, positions[following])  # rounding must not lift it above the next knot
    return result


@kernel_of_a_row(lambda *_: 1)
def upper_half_probability(deviates: Floats) -> Floats:
    """Return max(0, erf(z / sqrt(2))): that a normal variable is nearer to its mean than z above it; shape (n,)."""
    result = np.empty(deviates.shape[0])
    for i in range(deviates.shape[0]):
        result[i] = max(0.0, math.erf(deviates[i] / math.sqrt(2.0)))
    return result


@kernel_of_a_row(lambda X, *_: 10 * X.size)
def copula_surprise(X: Floats, ordered: Floats, side: Floats) -> Floats:
    """Return the sum over the columns of -ln of the tail the skewness points to; shape (n,).

    The arguments are those of `tail_surprise`. At least the mean of both tails counts, and their sum in columns
    without skewness.
    """
    n, d = X.shape
    result = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(d):
            left, right = _tails(X[i, j], ordered[j])
            skewed = left + right
            if side[j] < 0:
                skewed = left
            elif side[j] > 0:
                skewed = right
            total += max(skewed, (left + right) / 2.0)
        result[i] = total
    return result
