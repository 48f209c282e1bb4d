"""Forecasts of several steps ahead, made in the past: how far off they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel
from adsql.kernels.forecasts import advance, combined, find_places, first_state, phase_scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats


@kernel
def smoothed(
    x: Floats,
    periods: NDArray[np.int64],
    seasonal: Floats,
    level: float,
    start: int,
    experts: Floats,
    spread: float,
    origins: NDArray[np.int64],
    horizons: NDArray[np.int64],
    dampings: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Return one-step forecasts, how far off longer ones were, and what is known behind the last point.

    Parameters
    ----------
    x, periods, seasonal, level, start, experts, spread
        As for `forecasts.one_step`.
    origins
        Ascending numbers of points, none below `start`: before each of them forecasts of several steps are made.
    horizons
        How many points ahead; 1 is the origin itself.
    dampings
        What a slope is multiplied by from one point to the next, to compare.

    Returns
    -------
    expected, scale
        As of `forecasts.one_step`.
    misses
        The distance of each origin's forecasts from the values, in mean absolute errors to expect of one step; shape
        (dampings, origins, horizons), NaN where there is no value.
    levels, slopes, losses
        Of each smoothing, shape (m,).
    seasons
        What each phase adds, shape (m, phases).
    scales
        The mean absolute error to expect at each phase of the longest season.

    Notes
    -----
    Longer forecasts are those over missing points, but that slopes go on as `dampings` say, not as in a gap.
    O(n m + dampings origins horizons m).
    """
    n, m, count = x.shape[0], experts.shape[0], periods.shape[0]
    expected, scale = np.full(n, np.nan), np.full(n, np.nan)
    misses = np.full((dampings.shape[0], origins.shape[0], horizons.shape[0]), np.nan)
    forecasts, places, gains = np.empty(m), np.zeros(count, np.int64), np.zeros(count)
    state = first_state(periods, seasonal, level, experts, spread)
    levels, slopes, seasons, losses, phase_error, phase_seen, totals = state
    longest, done = phase_error.shape[0], start
    for i in range(origins.shape[0]):
        advance(x, done, origins[i], start, periods, experts, state, expected, scale)
        done = origins[i]
        for j in range(horizons.shape[0]):
            t = done + horizons[j] - 1
            if t >= n or np.isnan(x[t]):
                continue
            find_places(t, start, periods, places, gains)
            size = phase_scale(phase_error[t % longest], phase_seen[t % longest], totals[0])
            for d in range(dampings.shape[0]):
                moved = levels + (slope_steps(horizons[j], dampings[d]) - 1.0) * slopes
                error = abs(x[t] - combined(moved, slopes, seasons, places, losses, forecasts))
                misses[d, i, j] = error / size if size > 0.0 else (0.0 if error == 0.0 else np.inf)
    advance(x, done, n, start, periods, experts, state, expected, scale)
    scales = np.empty(longest)
    for phase in range(longest):
        scales[phase] = phase_scale(phase_error[phase], phase_seen[phase], totals[0])
    return expected, scale, misses, levels, slopes, losses, seasons, scales


@kernel
def slope_steps(ahead: float, damping: float) -> float:
    """Return how many slopes lie between the level and a point so many ahead: 1 for the next."""
    if damping == 1.0:
        return ahead
    return (1.0 - damping**ahead) / (1.0 - damping)  # type: ignore[no-any-return] # numba's
