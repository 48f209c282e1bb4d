"""How well a change somewhere in an interval explains it: the largest contrast, for many intervals at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

STEP, JUMP, KINK = 0, 1, 2  # another mean; another mean beside any slope; another slope
_LEAST = 1e-9


@kernel
def largest_contrasts(
    x: Floats, starts: NDArray[np.int64], stops: NDArray[np.int64], least: int, form: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the largest contrast of each interval, and the point where it is: the first one behind the change.

    A contrast is the scalar product of the values with the change as a unit vector, made orthogonal to what is there
    without it: a constant for a step, a straight line for a jump and for a kink. Of independent standard normal values
    it is a standard normal variable.

    Parameters
    ----------
    x
        Shape (n,), finite.
    starts, stops
        The intervals: from the first point to before the second.
    least
        Points on both sides of a change at least; of a shorter interval the contrast is 0, at its start.
    form
        `STEP`, `JUMP` or `KINK`.

    Notes
    -----
    O(n) and O(1) for each point of each interval.
    """
    n, count = x.shape[0], starts.shape[0]
    sums, moments = np.zeros(n + 1), np.zeros(n + 1)
    for t in range(n):
        sums[t + 1] = sums[t] + x[t]
        moments[t + 1] = moments[t] + t * x[t]
    best, places = np.zeros(count), starts.copy()
    for i in range(count):
        for b in range(starts[i] + least, stops[i] - least + 1):
            contrast = abs(_contrast(sums, moments, starts[i], b, stops[i], form))
            if contrast > best[i]:
                best[i], places[i] = contrast, b
    return best, places


@kernel
def _contrast(sums: Floats, moments: Floats, start: int, b: int, stop: int, form: int) -> float:
    """Return the contrast of a change before point b of an interval."""
    length, right = float(stop - start), float(stop - b)
    left = length - right
    total, after = sums[stop] - sums[start], sums[stop] - sums[b]
    if form == STEP:
        return (after - right / length * total) / np.sqrt(left * right / length)  # type: ignore[no-any-return] # numba's
    # Times from the middle of the interval on, and their sum of squares.
    middle = start + (length - 1.0) / 2.0
    spread = length * (length * length - 1.0) / 12.0
    tilt = (moments[stop] - moments[start]) - middle * total
    if form == JUMP:
        product, along, mean, square = after, left * right / 2.0, right, right
    else:
        product = (moments[stop] - moments[b]) - b * after
        mean = right * (right - 1.0) / 2.0
        square = (right - 1.0) * right * (2.0 * right - 1.0) / 6.0
        along = square + (b - middle) * mean
    norm = square - mean * mean / length - along * along / spread
    if not norm > _LEAST * square:
        return 0.0
    return (product - mean / length * total - along / spread * tilt) / np.sqrt(norm)  # type: ignore[no-any-return] # numba's
