"""What is expected of the points of a series: forecasts from those before, and bounds fitted to their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.forecasts import one_step
from adsql.kernels.seasons import centred_mean, phase_medians
from adsql.series.bounds import MIN_DEVIATIONS, Tails
from adsql.series.periods import MIN_CYCLES, filled, find_periods

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.series.covariates import Covariates

MIN_POINTS = 2 * MIN_DEVIATIONS
_ROUNDING = 1e-12  # relative to the value
_FIRST = 8  # points that a series without a season starts from
_FIRST_CYCLES = 2
_REMEMBERED = 4_096  # deviations that bounds are fitted to
_SETTLED = 200  # deviations that are enough without the earlier half
_REFIT = 1.25  # bounds of a causal result are fitted anew after so many times the points
_RELEARN = 2  # and its seasons are sought anew after so many


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
    learned
        Of a causal result: which points each fit of the smoothings holds for, and what the fit expects, with which
        scale, of these and of all before.
    explained
        What covariates explain of the expected values, if there are any.
    """

    expected: Floats
    scale: Floats
    tails: tuple[tuple[slice, Tails], ...]
    periods: tuple[int, ...]
    learned: tuple[tuple[slice, Floats, Floats], ...] = ()
    explained: Floats | None = None

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


def retrospective_expectation(
    x: Floats,
    periods: tuple[int, ...] | None,
    forecast: Callable[[Floats, tuple[int, ...]], tuple[Floats, Floats]],
    covariates: Covariates | None = None,
) -> Expected:
    """Return what a whole series lets expect of each point, with one fit of the tails; see `causal_expectation`."""
    explained = None if covariates is None else covariates.effect(x, periods, len(x), len(x))
    own = x if explained is None else x - explained
    seasons = find_periods(own) if periods is None else periods
    expected, scale = forecast(own, seasons)
    deviations = known_deviations(standardised(own, expected, scale))
    tails = ((slice(0, len(x)), Tails.fit(deviations)),) if len(deviations) >= MIN_DEVIATIONS else ()
    return Expected(
        expected if explained is None else expected + explained, scale, tails, seasons, explained=explained
    )  # fmt: skip


def causal_expectation(
    x: Floats,
    periods: tuple[int, ...] | None,
    forecast: Callable[[Floats, tuple[int, ...], int], tuple[Floats, Floats]],
    covariates: Covariates | None = None,
) -> Expected:
    """Return what the points before let expect of each; the seasons are sought among those, too, unless given.

    Parameters
    ----------
    x
        Shape (n,), NaN where there is no value.
    periods
        Seasons in points; None finds them.
    forecast
        From the points so far, their seasons, and how many of them may be learned from at the start: forecasts one
        step ahead and the mean absolute errors to expect.
    covariates
        What is known beside the values. What it explains is learned from the points before as well.
    """
    n = len(x)
    explained = np.zeros(n)
    expected, scale = np.full(n, np.nan), np.full(n, np.nan)
    tails: list[tuple[slice, Tails]] = []
    learned: list[tuple[slice, Floats, Floats]] = []
    seasons: tuple[int, ...] = ()
    known = MIN_POINTS
    while known < n:
        stop = min(_RELEARN * known, n)
        effect = np.zeros(stop) if covariates is None else covariates.effect(x, periods, known, stop)
        own, explained[known:stop] = x[:stop] - effect, effect[known:]
        seasons = find_periods(own[:known]) if periods is None else periods
        # Learned from the points before, whose own results stay as they were.
        predicted, spread = forecast(own, seasons, known)
        tails += causal_tails(standardised(own, predicted, spread), known)
        predicted = predicted + effect
        expected[known:stop], scale[known:stop] = predicted[known:], spread[known:]
        learned.append((slice(known, stop), predicted, spread))
        known = stop
    return Expected(
        expected, scale, tuple(tails), seasons, tuple(learned), None if covariates is None else explained
    )  # fmt: skip


def causal_tails(deviations: Floats, first: int) -> list[tuple[slice, Tails]]:
    """Return tails for the points from `first` on, each fitted to deviations before the points that it holds for."""
    tails = []
    while first < len(deviations):
        last = min(max(int(first * _REFIT), first + 1), len(deviations))
        past = known_deviations(deviations[:first])
        if len(past) >= MIN_DEVIATIONS:
            tails.append((slice(first, last), Tails.fit(settled(past))))
        first = last
    return tails


def settled(deviations: Floats) -> Floats:
    """Return the deviations of one-step forecasts that bounds are fitted to, in their order."""
    # The first ones come from seasons that were hardly known.
    kept = deviations[len(deviations) // 2 :] if len(deviations) >= 2 * _SETTLED else deviations
    return kept[-_REMEMBERED:]


def causal_rarity(scores: Floats) -> Floats:
    """Return how rare each score is among those before it, as normal deviates of at least 0; shape (n,).

    NaN where the score is, and for the first ones.
    """
    result = np.full(len(scores), np.nan)
    for part, tails in causal_tails(scores, MIN_POINTS):
        result[part] = np.maximum(tails.deviates(scores[part]), 0.0)
    return result


def smoothed(x: Floats, periods: tuple[int, ...], experts: Floats, known: int | None = None) -> tuple[Floats, Floats]:
    """Return forecasts by exponential smoothings, and the errors to expect, from the first points on.

    The arguments are those of `beginning`.
    """
    return one_step(*beginning(x, periods, experts, known))


def beginning(
    x: Floats, periods: tuple[int, ...], experts: Floats, known: int | None = None
) -> tuple[Floats, NDArray[np.int64], Floats, float, int, Floats, float]:
    """Return the arguments of `one_step`: the series, and what its first points tell.

    Parameters
    ----------
    x
        Shape (n,), NaN where there is no value.
    periods
        Seasons in points, ascending.
    experts
        Gains of level, slope and season of each smoothing, shape (m, 3).
    known
        How many points the start may be learned from; None for all.
    """
    available = len(x) if known is None else known
    usable = np.array([period for period in periods if MIN_CYCLES * period <= available], dtype=np.int64)
    start = int(usable[-1]) * _FIRST_CYCLES if len(usable) else _FIRST
    start = min(start, available // 2)
    # A gap at the beginning teaches nothing.
    first = int(np.isfinite(x).argmax())
    first = first if first < available // 2 else 0
    head = filled(x[first : first + start] if first else x[:start])
    head = head if len(head) else filled(x[:available])
    # Where there is no value yet, no forecast is known.
    nothing = np.nan, np.zeros(int(usable.sum())), 0.0
    level, seasonal, spread = _first_state(head, first, usable) if len(head) else nothing
    return np.ascontiguousarray(x), usable, seasonal, level, first + start, experts, spread


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
    """Return those that are known, without infinite ones."""
    kept: Floats = deviations[~np.isnan(deviations)]
    return np.clip(kept, -1e100, 1e100)
