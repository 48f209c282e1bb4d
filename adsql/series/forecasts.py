"""What is kept of smoothed series to forecast points that come later: level, slope, seasons, and errors to expect."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from adsql.kernels.horizons import smoothed
from adsql.series.bounds import MIN_DEVIATIONS, Tail, Tails
from adsql.series.decomposition import EXPERTS
from adsql.series.expectation import (
    MIN_POINTS,
    beginning,
    known_deviations,
    settled,
    standardised,
)
from adsql.series.periods import find_periods
from adsql.state import State, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats

# How many points ahead errors are known; between two of them they grow evenly.
HORIZONS = np.array(
    [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192],
    dtype=np.int64,
)
_ORIGINS = 256  # points of the past that forecasts of several steps are made from
_SETTLED = 4  # not in the first of so many parts of the series, where seasons are hardly known
_RANK = 0.9  # of the errors that are compared: those that bounds are fitted to
_LONGEST = 3  # a forecast reaches one of so many parts of the series' length
_MOST = 1e6
# What a slope is multiplied by from one point to the next: of these the one that was right most in the past.
_DAMPINGS = np.array([1.0, 0.98, 0.9])
_LARGEST_INT = 2**31


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of N series from the states behind their last points.

    Parameters
    ----------
    level, slope
        Shape (N,): the forecast is the level plus the slope for each point ahead, plus each season's phase.
    damping
        What the slope is multiplied by from one point to the next; shape (N,).
    periods
        The seasons of each series in points, shape (N, J); 1 for none.
    seasons
        What the phases of all seasons of all series add, one after the other.
    scales
        The mean absolute error of a forecast of one step for each phase of each series' longest season.
    clock
        How many points each series has, which tells their phases; shape (N,).
    growth
        How much larger errors are as many points ahead as `HORIZONS` says; shape (N, horizons).
    reach
        How many points ahead errors are known; shape (N,).
    tails
        Centre, size and weight below, size and weight above of the errors, in units of the scale; shape (N, 5).
    """

    level: Floats
    slope: Floats
    damping: Floats
    periods: NDArray[np.int32]
    seasons: Floats
    scales: Floats
    clock: NDArray[np.int32]
    growth: Floats
    reach: NDArray[np.int32]
    tails: Floats

    @classmethod
    def fit(cls, values: Floats, periods: Sequence[int] | None = None, experts: Floats = EXPERTS) -> Self | None:
        """Smooth one series as `decompose` does causally, and keep what is known behind its last point.

        How much errors grow with the distance is measured on forecasts from 256 points of the past.

        Parameters
        ----------
        values
            Shape (n,), NaN where there is none.
        periods
            Seasons in points; None finds them.
        experts
            Gains of level, slope and season of each smoothing, shape (m, 3).

        Returns
        -------
        Forecasts or None
            Of one series; None if it is too short.

        Notes
        -----
        O(n log n) with found seasons, else O(n).

        Examples
        --------
        >>> kept = Forecasts.fit(np.tile([1.0, 5.0, 9.0, 5.0], 30))
        >>> kept.expected(np.zeros(3, np.int64), np.array([1, 2, 3]))[0].round().tolist()
        [1.0, 5.0, 9.0]
        """
        x = np.where(np.isfinite(values), values, np.nan)
        n = len(x)
        if np.isfinite(x).sum() < MIN_POINTS:
            return None
        arguments = beginning(x, find_periods(x) if periods is None else tuple(sorted(periods)), experts)
        used, start = arguments[1], arguments[4]
        origins = np.unique(np.linspace(max(start, n // _SETTLED), n - 1, _ORIGINS).astype(np.int64))
        horizons = HORIZONS[: max(np.searchsorted(HORIZONS, n // _LONGEST, side="right"), 1)]
        expected, scale, misses, levels, slopes, losses, seasons, scales = smoothed(
            *arguments, origins, horizons, _DAMPINGS
        )
        deviations = known_deviations(standardised(x, expected, scale))
        if len(deviations) < MIN_DEVIATIONS:
            return None
        tails = Tails.fit(settled(deviations))
        best = int(np.argmin([_typical(each) for each in misses]))
        growth, reach = _growth(misses[best], horizons)
        weights = (losses.min() / losses) ** 4
        weights /= weights.sum()
        return cls(
            np.array([_mean(levels, weights)]),
            np.array([_mean(slopes, weights)]),
            _DAMPINGS[[best]],
            used.astype(np.int32)[np.newaxis] if len(used) else np.ones((1, 1), np.int32),
            _mean(seasons, weights) if len(used) else np.zeros(1),
            scales,
            np.array([n], np.int32),
            growth[np.newaxis],
            np.array([reach], np.int32),
            np.array([[tails.centre, tails.below.size, tails.below.weight, tails.above.size, tails.above.weight]]),
        )

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        """Put series together, in their order."""
        most = max(part.periods.shape[1] for part in parts)
        padded = [part.padded(most) for part in parts]
        return cls(*(np.concatenate([getattr(part, field.name) for part in padded]) for field in fields(cls)))

    def padded(self, count: int) -> Forecasts:
        """Return one series with further seasons of one point, which add nothing, until there are so many."""
        missing = count - self.periods.shape[1]
        ones = np.ones((len(self.level), missing), np.int32)
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        # Before the others: the longest season stays the last one.
        parts["periods"] = np.hstack([ones, self.periods])
        parts["seasons"] = np.concatenate([np.zeros(missing), self.seasons])
        return Forecasts(**parts)

    def __len__(self) -> int:
        return len(self.level)

    def expected(self, owners: NDArray[np.int64], ahead: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the forecast for each row, and the mean absolute error to expect of it.

        Parameters
        ----------
        owners
            The series of each row.
        ahead
            How many points it lies behind the last one; at least 1, and at most `reach` of the series.
        """
        places = self.clock[owners] + ahead - 1
        forecast = self.level[owners] + _slope_steps(ahead, self.damping[owners]) * self.slope[owners]
        for j in range(self.periods.shape[1]):
            forecast = forecast + self.seasons[self._season_starts[owners, j] + places % self.periods[owners, j]]
        longest = self.periods[owners, -1]
        scale = self.scales[self._scale_starts[owners] + places % longest]
        after = np.minimum(np.searchsorted(HORIZONS, ahead), len(HORIZONS) - 1)
        before = np.maximum(after - 1, 0)
        between = np.maximum(HORIZONS[after] - HORIZONS[before], 1)
        share = (ahead - HORIZONS[before]) / between
        low, high = self.growth[owners, before], self.growth[owners, after]
        return forecast, scale * (low + share * (high - low))

    def tails_of(self, owners: NDArray[np.int64]) -> Tails:
        """Return the tails of each row's errors, as arrays."""
        centre, below_size, below_weight, above_size, above_weight = self.tails[owners].T
        return Tails(centre, Tail(below_size, below_weight), Tail(above_size, above_weight))

    @cached_property
    def _season_starts(self) -> NDArray[np.int64]:
        sizes = self.periods.ravel().astype(np.int64)
        return (np.cumsum(sizes) - sizes).reshape(self.periods.shape)

    @cached_property
    def _scale_starts(self) -> NDArray[np.int64]:
        sizes = self.periods[:, -1].astype(np.int64)
        return np.cumsum(sizes) - sizes

    def to_state(self) -> State:
        """Return the arrays to store."""
        return State(
            {"seasons_each": self.periods.shape[1]},
            {field.name: getattr(self, field.name) for field in fields(self)} | {"periods": self.periods.ravel()},
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore what `to_state` returned.

        Raises
        ------
        CorruptModel
            If the arrays do not fit each other.
        """
        each = state.scalar("seasons_each", int)
        require(1 <= each <= _LARGEST_INT, "there is no season")
        level, periods = state.floats("level"), state.integers("periods", 1, _LARGEST_INT)
        n = len(level)
        require(len(periods) == n * each, "the periods are not those of the series")
        result = cls(
            level,
            state.floats("slope"),
            state.floats("damping"),
            periods.reshape(n, each),
            state.floats("seasons"),
            state.floats("scales"),
            state.integers("clock", 1, _LARGEST_INT),
            state.floats("growth", 2),
            state.integers("reach", 1, int(HORIZONS[-1]) + 1),
            state.floats("tails", 2),
        )
        sizes = {len(array) for array in (result.slope, result.damping, result.clock, result.reach)}
        require(sizes == {n}, "the arrays are of different series")
        require(bool(((result.damping > 0.0) & (result.damping <= 1.0)).all()), "a slope grows by itself")
        require(result.growth.shape == (n, len(HORIZONS)) and result.tails.shape == (n, 5), "errors are missing")
        require(len(result.seasons) == int(periods.astype(np.int64).sum()), "phases are missing")
        require(len(result.scales) == int(result.periods[:, -1].astype(np.int64).sum()), "phases have no errors")
        require(bool((result.scales >= 0.0).all() and (result.growth >= 1.0).all()), "errors are negative")
        require(bool((result.tails[:, 1:] >= 0.0).all() and (result.tails[:, [2, 4]] > 0.0).all()), "tails are none")
        return result


def _mean(values: Floats, weights: Floats) -> Floats:
    """Return the weighted mean over the smoothings: of equal ones exactly themselves."""
    first: Floats = values[0]
    result: Floats = first + np.tensordot(weights, values - first, axes=1)
    return result


def _slope_steps(ahead: NDArray[np.int64], damping: Floats) -> Floats:
    """Return what `horizons.slope_steps` does, for arrays."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(damping == 1.0, ahead, (1.0 - damping**ahead) / (1.0 - damping))


def _typical(misses: Floats) -> float:
    """Return how far off forecasts are, over all distances; those that nothing is known of count nothing."""
    known = ~np.isnan(misses)
    sizes = [
        np.quantile(np.minimum(column[k], _MOST), _RANK) for column, k in zip(misses.T, known.T, strict=True) if k.any()
    ]
    return float(np.mean(sizes)) if sizes else 0.0


def _growth(misses: Floats, horizons: NDArray[np.int64]) -> tuple[Floats, int]:
    """Return how much larger errors are at all of `HORIZONS`, and at how many points ahead that was seen."""
    growth, reach, least, base = np.ones(len(HORIZONS)), 1, 1.0, 0.0
    for place, horizon in enumerate(horizons):
        errors = misses[:, place]
        errors = errors[~np.isnan(errors)]
        if len(errors) < MIN_DEVIATIONS:
            break
        size = float(np.quantile(np.minimum(errors, _MOST), _RANK))
        base = size if place == 0 else base
        # Farther ahead nothing is known better.
        least = max(least, min(size / base, _MOST)) if base > 0.0 else least
        growth[place:] = least
        reach = int(horizon)
    return growth, reach
