"""Level, slope, and seasons of a series by robust smoothing, with bounds that hold for points not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.forecasts import one_step
from adsql.kernels.seasons import centred_mean, phase_medians
from adsql.kernels.sides import joined
from adsql.series.bounds import MIN_DEVIATIONS, Tails
from adsql.series.periods import MIN_CYCLES, filled, find_periods

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats

MIN_POINTS = 2 * MIN_DEVIATIONS
_ROUNDING = 1e-12  # relative to the value
_FIRST = 8  # points that a series without a season starts from
_FIRST_CYCLES = 2
_REMEMBERED = 4_096  # deviations that bounds are fitted to
_SETTLED = 200  # deviations that are enough without the earlier half
_REFIT = 1.25  # bounds of a causal result are fitted anew after so many times the points
_RELEARN = 2  # and its seasons are sought anew after so many
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


@dataclass(frozen=True)
class Expected:
    """What was expected of each point, and how far off it is; all of shape (n,), NaN where nothing is known.

    Parameters
    ----------
    expected
        The expected value, which the point itself had no part in.
    scale
        The mean absolute error to expect there.
    tails
        Which points each fit of the tails holds for, and the tails, in units of `scale`.
    periods
        The seasons in points.
    """

    expected: Floats
    scale: Floats
    tails: tuple[tuple[slice, Tails], ...]
    periods: tuple[int, ...]

    def bounds(self, deviate: float) -> tuple[Floats, Floats]:
        """Return the lower and upper bound at a normal deviate."""
        lower, upper = np.full(len(self.expected), np.nan), np.full(len(self.expected), np.nan)
        for part, tails in self.tails:
            low, high = tails.interval(deviate)
            lower[part] = self.expected[part] + low * self.scale[part]
            upper[part] = self.expected[part] + high * self.scale[part]
        return lower, upper

    def deviates(self, values: Floats, places: NDArray[np.int64] | None = None) -> Floats:
        """Return how rare each value is, as a signed normal deviate; NaN where there is no value or no bound.

        Parameters
        ----------
        values
            Of the series' points, or of rows at ascending `places` in it, several of which may be the same.
        """
        rows = np.arange(len(self.expected)) if places is None else places
        result = np.full(len(values), np.nan)
        for part, tails in self.tails:
            first, last = np.searchsorted(rows, [part.start, part.stop])
            own = rows[first:last]
            deviations = standardised(values[first:last], self.expected[own], self.scale[own])
            result[first:last] = tails.deviates(deviations)
        return result


def decompose(values: Floats, periods: Sequence[int] | None = None, *, causal: bool = False) -> Expected:
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

    Returns
    -------
    Expected

    Notes
    -----
    O(n log n) with found seasons, else O(n). Without `MIN_POINTS` values nothing is known. A run of 8 outliers on one
    side is taken as a new level.

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
    if causal:
        return _causal(x, periods)
    seasons = find_periods(x) if periods is None else tuple(sorted(periods))
    forward = _forecast(x, seasons)
    backward = _forecast(x[::-1], seasons)
    expected, scale = joined(x, forward[0], forward[1], backward[0][::-1], backward[1][::-1])
    deviations = known_deviations(standardised(x, expected, scale))
    tails = ((slice(0, len(x)), Tails.fit(deviations)),) if len(deviations) >= MIN_DEVIATIONS else ()
    return Expected(expected, scale, tails, seasons)


def _causal(x: Floats, periods: Sequence[int] | None) -> Expected:
    n = len(x)
    expected, scale = np.full(n, np.nan), np.full(n, np.nan)
    tails: list[tuple[slice, Tails]] = []
    seasons: tuple[int, ...] = ()
    known = MIN_POINTS
    while known < n:
        stop = min(_RELEARN * known, n)
        seasons = find_periods(x[:known]) if periods is None else tuple(sorted(periods))
        # Learned from the points before, whose own results stay as they were.
        forecast, spread = _forecast(x[:stop], seasons, known)
        expected[known:stop], scale[known:stop] = forecast[known:], spread[known:]
        deviations = standardised(x[:stop], forecast, spread)
        first = known
        while first < stop:
            last = min(max(int(first * _REFIT), first + 1), stop)
            past = known_deviations(deviations[:first])
            if len(past) >= MIN_DEVIATIONS:
                tails.append((slice(first, last), Tails.fit(settled(past))))
            first = last
        known = stop
    return Expected(expected, scale, tuple(tails), seasons)


def settled(deviations: Floats) -> Floats:
    """Return the deviations of one-step forecasts that bounds are fitted to, in their order."""
    # The first ones come from seasons that were hardly known.
    kept = deviations[len(deviations) // 2 :] if len(deviations) >= 2 * _SETTLED else deviations
    return kept[-_REMEMBERED:]


def _forecast(x: Floats, periods: tuple[int, ...], known: int | None = None) -> tuple[Floats, Floats]:
    """Return forecasts and their expected errors from the first points on, of which there are enough among `known`."""
    return one_step(*beginning(x, periods, known))


def beginning(
    x: Floats, periods: tuple[int, ...], known: int | None = None
) -> tuple[Floats, NDArray[np.int64], Floats, float, int, Floats, float]:
    """Return the arguments of `one_step`: the series, and what its first points tell."""
    available = len(x) if known is None else known
    usable = np.array([period for period in periods if MIN_CYCLES * period <= available], dtype=np.int64)
    start = int(usable[-1]) * _FIRST_CYCLES if len(usable) else _FIRST
    start = min(start, available // 2)
    # A gap at the beginning teaches nothing.
    first = int(np.isfinite(x).argmax())
    first = first if first < available // 2 else 0
    head = filled(x[first : first + start] if first else x[:start])
    head = head if len(head) else filled(x[:available])
    level, seasonal, spread = _first_state(head, first, usable)
    return np.ascontiguousarray(x), usable, seasonal, level, first + start, EXPERTS, spread


def _first_state(head: Floats, first: int, periods: NDArray[np.int64]) -> tuple[float, Floats, float]:
    """Return level, seasons and mean absolute error of the first points, which begin at point `first`."""
    trend = centred_mean(head, int(periods[-1])) if len(periods) else np.full(len(head), np.median(head))
    rest = head - trend
    seasons = [np.zeros(0)]
    for period in periods:
        season = phase_medians(rest, int(period), first % int(period))
        rest = rest - season[(np.arange(len(head)) + first) % period]
        seasons.append(season)
    errors = np.abs(rest) if len(periods) else np.abs(np.diff(head))
    return float(trend[-1]), np.concatenate(seasons), float(errors.mean()) if len(errors) else 0.0


def standardised(values: Floats, expected: Floats, scale: Floats) -> Floats:
    """Return (value - expected) / scale: 0 where they differ by rounding, else infinite where the scale is 0."""
    error = values - expected
    error[np.abs(error) <= _ROUNDING * np.abs(expected)] = 0.0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(error == 0.0, 0.0, error / scale)


def known_deviations(deviations: Floats) -> Floats:
    """Return those that are known, none of them infinite."""
    kept: Floats = deviations[~np.isnan(deviations)]
    return np.clip(kept, -1e100, 1e100)
