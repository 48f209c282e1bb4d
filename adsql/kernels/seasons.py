"""How well a season explains a series, judged on cycles that it was not learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from adsql.arrow import Floats


@kernel
def centred_mean(x: Floats, width: int) -> Floats:
    """Return the mean of the `width` values around each, fewer at the ends; shape (n,), O(n)."""
    n = x.shape[0]
    result, sums = np.empty(n), np.zeros(n + 1)
    for t in range(n):
        sums[t + 1] = sums[t] + x[t]
    before = width // 2
    for t in range(n):
        # As far to the left as to the right: a trend must not bend at the ends.
        reach = min(before, t, n - 1 - t)
        first, last = t - reach, t + reach + 1
        if reach == before and width % 2 == 0:
            # An even window counts its two ends half.
            inner = sums[last - 1] - sums[first + 1]
            result[t] = (inner + (x[first] + x[last - 1]) / 2.0) / width
        else:
            result[t] = (sums[last] - sums[first]) / (last - first)
    return result


@kernel
def season_gain(deviations: Floats, period: int) -> float:
    """Return which share of the mean absolute deviation goes away if a season is subtracted.

    The season of even cycles is subtracted from odd ones and the other way round, so that no season makes
    nothing of noise: the gain is then below 0. O(n).
    """
    n = deviations.shape[0]
    sums, counts = np.zeros((2, period)), np.zeros((2, period))
    for t in range(n):
        half, phase = (t // period) % 2, t % period
        sums[half, phase] += deviations[t]
        counts[half, phase] += 1.0
    left = whole = 0.0
    for t in range(n):
        half, phase = 1 - (t // period) % 2, t % period
        if counts[half, phase] > 0.0:
            left += abs(deviations[t] - sums[half, phase] / counts[half, phase])
            whole += abs(deviations[t])
    return 1.0 - left / whole if whole > 0.0 else 0.0


@kernel
def without_season(deviations: Floats, period: int) -> Floats:
    """Return deviations minus the mean of their phase; shape (n,)."""
    n = deviations.shape[0]
    sums, counts = np.zeros(period), np.zeros(period)
    for t in range(n):
        sums[t % period] += deviations[t]
        counts[t % period] += 1.0
    result = np.empty(n)
    for t in range(n):
        result[t] = deviations[t] - sums[t % period] / counts[t % period]
    return result


@kernel
def phase_medians(deviations: Floats, period: int, first: int) -> Floats:
    """Return the median of each phase, 0 for one without a value; shape (period,).

    The first value is of the phase `first`.
    """
    n = deviations.shape[0]
    result = np.zeros(period)
    values = np.empty(n // period + 1)
    for phase in range(period):
        count = 0
        for t in range((phase - first) % period, n, period):
            # Sorted as they come: they are few.
            place = count
            while place > 0 and values[place - 1] > deviations[t]:
                values[place] = values[place - 1]
                place -= 1
            values[place] = deviations[t]
            count += 1
        if count > 0:
            result[phase] = (values[(count - 1) // 2] + values[count // 2]) / 2.0
    return result
