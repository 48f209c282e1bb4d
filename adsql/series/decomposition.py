"""Level, slope, and seasons of a series by robust smoothing, with bounds that hold for points not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.sides import joined
from adsql.series.expectation import MIN_POINTS, Expected, causal_expectation, retrospective_expectation, smoothed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats
    from adsql.series.covariates import Covariates

# Gains of level, slope and season: from a level that hardly moves to a random walk.
EXPERTS = np.array(
    [
        [0.01, 0.0, 0.02],
        [0.02, 0.001, 0.02],
        [0.05, 0.002, 0.05],
        [0.2, 0.0, 0.05],
        [0.2, 0.02, 0.05],
        [0.6, 0.0, 0.1],
        [1.0, 0.0, 0.1],
        [0.05, 0.0, 0.3],
    ]
)


def decompose(
    values: Floats,
    periods: Sequence[int] | None = None,
    *,
    causal: bool = False,
    covariates: Covariates | None = None,
) -> Expected:
    """Return what is expected of every point from the others, or from those before it.

    A series is forecast one step ahead by several exponential smoothings, whose errors so far weigh them. If
    not causal, it is also forecast backwards, and of the two the one that was right lately counts: behind a change
    of level the backward one, before it the forward one.

    Parameters
    ----------
    values
        Shape (n,), NaN where there is none.
    periods
        Seasons in points; None finds them. A causal result finds them in the points so far.
    causal
        Use nothing later than the point.
    covariates
        What is known beside the values, and explains a part of them.

    Returns
    -------
    Expected

    Notes
    -----
    O(n log n) with found seasons, else O(n). Without `MIN_POINTS` values nothing is known. A run of 8 outliers on one
    side is taken as a new level. In a gap of more than 8 points a slope wears off, and level and seasons stay.

    References
    ----------
    Hyndman, Koehler, Ord, Snyder: Forecasting with Exponential Smoothing, 2008. Gelper, Fried, Croux: Robust
    forecasting with exponential and Holt-Winters smoothing, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.tile([1.0, 5.0, 9.0, 5.0], 30) + np.random.default_rng(0).normal(0.0, 0.1, 120)
    >>> values[70] = 2.0
    >>> found = decompose(values)
    >>> found.periods, round(found.expected[70]), int(np.nanargmax(np.abs(found.deviates(values))))
    ((4,), 9, 70)
    """
    x = np.where(np.isfinite(values), values, np.nan)
    if np.isfinite(x).sum() < MIN_POINTS:
        return Expected(np.full(len(x), np.nan), np.full(len(x), np.nan), (), tuple(periods or ()))
    given = None if periods is None else tuple(sorted(periods))
    if causal:
        return causal_expectation(x, given, _forecast, covariates)
    return retrospective_expectation(x, given, _from_both_sides, covariates)


def _from_both_sides(x: Floats, periods: tuple[int, ...]) -> tuple[Floats, Floats]:
    forward, backward = _forecast(x, periods), _forecast(x[::-1], periods)
    return joined(x, forward[0], forward[1], backward[0][::-1], backward[1][::-1])


def _forecast(x: Floats, periods: tuple[int, ...], known: int | None = None) -> tuple[Floats, Floats]:
    return smoothed(x, periods, EXPERTS, known)
