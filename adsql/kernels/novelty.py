"""How unlike everything before it the end of a series is, point by point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from adsql.arrow import Floats

_RENEWED_AFTER = 512  # points: sums of squares are made anew, before rounding adds up


@kernel
def nearest_past(x: Floats, width: int, lags: int) -> Floats:
    """Return the distance between the last `width` points and their like among earlier ones; shape (n,).

    The nearest of windows that do not overlap and lie at most `lags` back counts, divided by the root of the width.
    NaN where there is none yet. O(n lags).
    """
    n = x.shape[0]
    result = np.full(n, np.nan)
    squares = np.zeros(lags + 1)
    for t in range(n):
        farthest = min(t - width + 1, lags)
        if farthest < width:
            continue
        if t % _RENEWED_AFTER == 0:
            squares[width : farthest + 1] = 0.0
            for s in range(t - width + 1, t + 1):
                for lag in range(width, farthest + 1):
                    difference = x[s] - x[s - lag]
                    squares[lag] += difference * difference
        else:
            _slide(squares, x, t, width, farthest)
        least = np.inf
        for lag in range(width, farthest + 1):
            least = min(least, squares[lag])
        result[t] = np.sqrt(max(least, 0.0) / width)
    return result


@kernel
def _slide(squares: Floats, x: Floats, t: int, width: int, farthest: int) -> None:
    """Move the windows that end before t by a point; the farthest one is new unless the lags are exhausted."""
    for lag in range(width, farthest):
        entering, leaving = x[t] - x[t - lag], x[t - width] - x[t - width - lag]
        squares[lag] += entering * entering - leaving * leaving
    squares[farthest] = 0.0
    for s in range(t - width + 1, t + 1):
        difference = x[s] - x[s - farthest]
        squares[farthest] += difference * difference


@kernel
def relative_novelty(
    x: Floats, distances: Floats, share: float, floor: float, first: int, renewed: int, remembered: int
) -> Floats:
    """Return distances divided by a high quantile of those before, and a share of the deviation so far; shape (n,).

    0 before point `first`. The quantile is of at most `remembered` distances, and made anew after `renewed` points.
    """
    n = x.shape[0]
    result = np.zeros(n)
    mean = squares = deviation = 0.0
    usual = np.nan
    for t in range(n):
        if t >= first and (t % renewed == 0 or np.isnan(usual)):
            past = distances[max(0, t - remembered) : t]
            past = past[~np.isnan(past)]
            if past.shape[0] >= first // 2:
                usual = np.quantile(past, share)
        if t >= first and not np.isnan(usual) and not np.isnan(distances[t]):
            unit = usual + floor * deviation
            result[t] = distances[t] / unit if unit > 0.0 else 0.0
        change = x[t] - mean
        mean += change / (t + 1)
        squares += change * (x[t] - mean)
        if t > 0:
            # The largest so far: a series that calms down is not the stranger for it.
            deviation = max(deviation, np.sqrt(squares / t))
    return result


@kernel
def announced_once(scores: Floats, quiet: int) -> Floats:
    """Return each score if it is higher than the `quiet` scores before it, else 0; shape (n,)."""
    n = scores.shape[0]
    result = np.zeros(n)
    for t in range(n):
        highest = 0.0
        for s in range(max(0, t - quiet), t):
            highest = max(highest, scores[s])
        if scores[t] > highest:
            result[t] = scores[t]
    return result


@kernel
def trailing_mean(x: Floats, width: int) -> Floats:
    """Return the mean of the last `width` values at each point, of fewer at the start; shape (n,)."""
    n = x.shape[0]
    result = np.empty(n)
    for t in range(n):
        total = 0.0
        for s in range(max(0, t - width + 1), t + 1):
            total += x[s]
        result[t] = total / min(t + 1, width)
    return result
