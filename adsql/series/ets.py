"""Exponential smoothing with gains fitted to the series, and bounds from its forecast errors."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from adsql.series.expectation import MIN_POINTS, Expected, causal_expectation, retrospective_expectation, smoothed
from adsql.series.forecasts import Forecasts
from adsql.series.periods import find_periods

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats
    from adsql.series.covariates import Covariates

LEVELS, SLOPES, SEASONS = (0.02, 0.1, 0.3, 0.6, 1.0), (0.0, 0.01, 0.1), (0.05, 0.2)
_FITTED = 2_000  # values that gains are fitted to


def ets(
    values: Floats,
    periods: Sequence[int] | None = None,
    *,
    causal: bool = False,
    covariates: Covariates | None = None,
) -> Expected:
    """Expect of each point what exponential smoothing forecasts one step ahead: level, slope and additive seasons.

    The gains are the ones of a grid whose forecasts have the smallest mean absolute error. Errors are clipped before
    they teach anything, so that outliers move little. Unlike the decomposition, it is one smoothing, never looks
    back, and so takes a new level as strange until it has learned it, in both modes.

    Parameters
    ----------
    values
        Shape (n,), NaN where there is none.
    periods
        Seasons in points; None finds them.
    causal
        Find seasons, gains and bounds among the points before alone; else among all.
    covariates
        What is known beside the values, and explains a part of them.

    Returns
    -------
    Expected

    Notes
    -----
    O(n log n) with found seasons. Gains are fitted to the last 2,000 values, or three seasons, of those that may be
    learned from.

    References
    ----------
    Hyndman, Koehler, Ord, Snyder: Forecasting with Exponential Smoothing, 2008. Gelper, Fried, Croux: Robust
    forecasting with exponential and Holt-Winters smoothing, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.tile([1.0, 5.0, 9.0, 5.0], 30) + np.random.default_rng(0).normal(0.0, 0.1, 120)
    >>> values[70] = 2.0
    >>> found = ets(values)
    >>> found.periods, round(found.expected[70]), int(np.nanargmax(np.abs(found.deviates(values))))
    ((4,), 9, 70)
    """
    x = np.where(np.isfinite(values), values, np.nan)
    given = None if periods is None else tuple(sorted(periods))
    if np.isfinite(x).sum() < MIN_POINTS:
        return Expected(np.full(len(x), np.nan), np.full(len(x), np.nan), (), given or ())
    if causal:
        return causal_expectation(x, given, _forecast, covariates)
    return retrospective_expectation(x, given, _forecast, covariates)


def ets_forecasts(values: Floats, periods: Sequence[int] | None = None) -> Forecasts | None:
    """Return what `ets` keeps to forecast later points; None if the series is too short.

    The arguments are those of `ets`, the cost is its cost.

    Examples
    --------
    >>> import numpy as np
    >>> kept = ets_forecasts(np.tile([1.0, 5.0, 9.0, 5.0], 30))
    >>> kept.expected(np.zeros(2, np.int64), np.array([1, 2]))[0].round().tolist()
    [1.0, 5.0]
    """
    x = np.where(np.isfinite(values), values, np.nan)
    if np.isfinite(x).sum() < MIN_POINTS:
        return None
    seasons = find_periods(x) if periods is None else tuple(sorted(periods))
    return Forecasts.fit(x, seasons, fitted_gains(x, seasons))


def _forecast(x: Floats, periods: tuple[int, ...], known: int | None = None) -> tuple[Floats, Floats]:
    return smoothed(x, periods, fitted_gains(x[:known], periods), known)


def fitted_gains(x: Floats, periods: tuple[int, ...]) -> Floats:
    """Return the gains of level, slope and season that forecast a series best, shape (1, 3).

    Parameters
    ----------
    x
        Shape (n,), NaN where there is no value; of more than 2,000 values, the last ones count.
    periods
        Seasons in points, ascending.
    """
    # Counted without missing ones: a gap may be as long as all that would be looked at.
    there = np.flatnonzero(np.isfinite(x))[-max(_FITTED, 3 * max(periods, default=0)) :]
    part = x[there[0] : there[-1] + 1] if len(there) else x
    seasons = SEASONS if periods else SEASONS[:1]
    grid = [np.array([gains]) for gains in product(LEVELS, SLOPES, seasons)]
    return min(grid, key=lambda gains: _error(part, periods, gains))


def _error(x: Floats, periods: tuple[int, ...], gains: Floats) -> float:
    errors = np.abs(x - smoothed(x, periods, gains)[0])
    known = errors[np.isfinite(errors)]
    return float(known.mean()) if len(known) else np.inf
