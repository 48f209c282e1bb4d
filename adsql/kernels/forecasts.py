"""One-step forecasts of a series by several exponential smoothings at once, each point from the points before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_CLIP = 4.0  # mean absolute errors: what is farther off teaches no more than this
_FIRST_CYCLES = 2.0  # that a season at the start was learned from
_SHIFT_AFTER = 8  # points on the same side, all clipped, are a new level
_GAP = 8  # missing points in a row that a slope goes on through; in a longer gap what is left of it wears off
_GAP_DAMPING = 0.9  # from one point to the next
_LOSS_DECAY = 0.99
_PHASE_PRIOR = 8.0  # errors of the whole series that a phase's own errors are mixed with
_PHASE_GAIN, _SCALE_GAIN = 0.1, 0.01
_EARLY = 10.0  # errors that the first spread counts for
_LEAST = 1e-300


@kernel
def one_step(
    x: Floats,
    periods: NDArray[np.int64],
    seasonal: Floats,
    level: float,
    start: int,
    experts: Floats,
    spread: float,
) -> tuple[Floats, Floats]:
    """Return the forecast of every point from the points before it, and the mean absolute error to expect there.

    Parameters
    ----------
    x
        The series, shape (n,), NaN where there is no value.
    periods
        Lengths of the seasons, ascending.
    seasonal
        What each phase adds to the level at first, the seasons' phases one after the other.
    level, spread
        The level and the mean absolute error at first.
    start
        The first point to forecast; the results before it are NaN.
    experts
        Gains of level, slope and season of each smoothing, shape (m, 3).

    Notes
    -----
    The forecast is the mean of the smoothings' forecasts, weighted by the inverse fourth power of their discounted
    errors. Errors are clipped, so that an outlier moves little; a run of clipped errors on one side moves the
    level at once. A slope goes on through a few missing points; over a longer gap it wears off, since what is left of
    it in noise would lead ever farther away, and level and seasons stay. O(n m), however long the seasons are.
    """
    n = x.shape[0]
    expected, scale = np.full(n, np.nan), np.full(n, np.nan)
    state = first_state(periods, seasonal, level, experts, spread)
    advance(x, start, n, start, periods, experts, state, expected, scale)
    return expected, scale


@kernel
def first_state(
    periods: NDArray[np.int64], seasonal: Floats, level: float, experts: Floats, spread: float
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Return what the smoothings know before the first point: arrays that `advance` changes.

    Levels, slopes, and seasons of each smoothing, their losses, the errors of the longest season's phases and how
    many there were, and of the whole series its error, the points seen, the current run of errors on one side and
    their sum, and the current run of missing points.
    """
    m, count = experts.shape[0], periods.shape[0]
    seasons = np.empty((m, seasonal.shape[0]))
    for e in range(m):
        seasons[e] = seasonal
    longest = periods[count - 1] if count > 0 else 1
    return (
        np.full(m, level), np.zeros(m), seasons, np.full(m, max(spread, _LEAST)), np.full(longest, spread),
        np.zeros(longest), np.array([spread, _EARLY, 0.0, 0.0, 0.0]),
    )  # fmt: skip


@kernel
def advance(
    x: Floats,
    first: int,
    last: int,
    start: int,
    periods: NDArray[np.int64],
    experts: Floats,
    state: tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats],
    expected: Floats,
    scale: Floats,
) -> None:
    """Forecast the points from `first` to before `last` and learn from each, writing into all arrays but x."""
    levels, slopes, seasons, losses, phase_error, phase_seen, totals = state
    m, count, longest = experts.shape[0], periods.shape[0], phase_error.shape[0]
    forecasts, places, gains = np.empty(m), np.zeros(count, np.int64), np.zeros(count)
    error_of_all, seen, run, run_total, missing = totals[0], totals[1], int(totals[2]), totals[3], totals[4]
    for t in range(first, last):
        find_places(t, start, periods, places, gains)
        expected[t] = combined(levels, slopes, seasons, places, losses, forecasts)
        phase = t % longest
        scale[t] = phase_scale(phase_error[phase], phase_seen[phase], error_of_all)
        if np.isnan(x[t]):
            levels += slopes
            missing += 1.0
            if missing >= _GAP:
                slopes *= _GAP_DAMPING
            continue
        missing = 0.0
        error, limit = x[t] - expected[t], _CLIP * scale[t]
        clipped = min(abs(error), limit)
        seen += 1.0
        error_of_all += max(_SCALE_GAIN, 1.0 / seen) * (clipped - error_of_all)
        if error_of_all <= 0.0:
            # A scale of zero would never grow again, since it clips the errors that it is made of.
            error_of_all = abs(error) / seen
        phase_seen[phase] = min(phase_seen[phase] + 1.0, 1.0 / _PHASE_GAIN)
        phase_error[phase] += (clipped - phase_error[phase]) / phase_seen[phase]
        run = _run_on_one_side(run, error, limit)
        run_total = error if abs(run) == 1 else run_total + error
        if abs(run) >= _SHIFT_AFTER:
            levels += slopes + run_total / _SHIFT_AFTER
            slopes[:] = 0.0
            run = 0
        else:
            _learn(x[t], limit, forecasts, levels, slopes, seasons, places, gains, experts)
        for e in range(m):
            losses[e] += (1.0 - _LOSS_DECAY) * (min(abs(x[t] - forecasts[e]), limit) - losses[e])
            losses[e] = max(losses[e], _LEAST)
    totals[0], totals[1], totals[2], totals[3], totals[4] = error_of_all, seen, float(run), run_total, missing


@kernel
def phase_scale(error: float, seen: float, error_of_all: float) -> float:
    """Return the mean absolute error to expect at a phase that had so many."""
    return (seen * error + _PHASE_PRIOR * error_of_all) / (seen + _PHASE_PRIOR)


@kernel
def find_places(t: int, start: int, periods: NDArray[np.int64], places: NDArray[np.int64], gains: Floats) -> None:
    """Write where the phases of point t are among all seasons' phases, and how much of an error is theirs at least."""
    offset = 0
    for j in range(periods.shape[0]):
        places[j] = offset + t % periods[j]
        offset += periods[j]
        # As a mean of the cycles seen, until there are so many that a smoothing's own gain is larger.
        gains[j] = 1.0 / ((t - start) // periods[j] + _FIRST_CYCLES + 1.0)


@kernel
def combined(
    levels: Floats, slopes: Floats, seasons: Floats, places: NDArray[np.int64], losses: Floats, forecasts: Floats
) -> float:
    """Write each smoothing's forecast, and return their weighted mean."""
    total = weights = 0.0
    least = losses.min()
    for e in range(levels.shape[0]):
        forecast = levels[e] + slopes[e]
        for j in range(places.shape[0]):
            forecast += seasons[e, places[j]]
        forecasts[e] = forecast
        weight = least / losses[e]
        weight *= weight
        # Relative to one of them, so that equal forecasts have exactly themselves as their mean.
        total += weight * weight * (forecast - forecasts[0])
        weights += weight * weight
    return forecasts[0] + total / weights  # type: ignore[no-any-return] # numba's


@kernel
def _run_on_one_side(run: int, error: float, limit: float) -> int:
    """Return how many errors in a row were beyond the limit, negative below it."""
    if not abs(error) > limit:
        return 0
    if error > 0.0:
        return max(run, 0) + 1
    return min(run, 0) - 1


@kernel
def _learn(
    value: float,
    limit: float,
    forecasts: Floats,
    levels: Floats,
    slopes: Floats,
    seasons: Floats,
    places: NDArray[np.int64],
    gains: Floats,
    experts: Floats,
) -> None:
    """Correct each smoothing by its own clipped error."""
    for e in range(levels.shape[0]):
        error = min(max(value - forecasts[e], -limit), limit)
        levels[e] += slopes[e] + experts[e, 0] * error
        slopes[e] += experts[e, 1] * error
        for j in range(places.shape[0]):
            seasons[e, places[j]] += max(experts[e, 2], gains[j]) * error
