"""Which seasons a series has: candidates from its autocorrelation, kept if they predict cycles not learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.seasons import centred_mean, season_gain, without_season

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

MIN_CYCLES = 3
MAX_SEASONS = 2
_SHORTEST = 2
_CANDIDATES = 5  # of each autocorrelation
_MIN_GAIN = 0.08  # of the mean absolute deviation
_ENOUGH = 0.6  # of the best candidate's gain: a shorter season that explains most comes first
_NEAR, _NEAREST = 0.025, 8  # where the best is sought around a peak: a share of the period, and points
_MIN_CORRELATION = 0.05
_LEAST = 1e-12


def find_periods(values: Floats) -> tuple[int, ...]:
    """Find the seasons of a series.

    Candidates are the peaks of the autocorrelation of the series without its linear trend, and of its
    differences. A candidate is kept if its season, learned from every other cycle, makes the remaining cycles'
    mean absolute deviation at least 8% smaller. The shortest that explains most comes first; longer seasons are
    sought in what it leaves.

    Parameters
    ----------
    values
        Shape (n,); NaN is interpolated.

    Returns
    -------
    tuple of int
        At most two periods in points, ascending; none of more than a third of the series. Empty for none.

    Notes
    -----
    O(n log n). A season whose length is no whole number of points is found as the nearest one, and fits the less the
    more cycles there are.

    Examples
    --------
    >>> import numpy as np
    >>> hours = np.arange(24 * 60)
    >>> find_periods(np.sin(2 * np.pi * hours / 24) + 0.1 * np.random.default_rng(0).normal(size=hours.size))
    (24,)
    """
    x = filled(values)
    if len(x) < 2 * MIN_CYCLES or not np.ptp(x) > 0:
        return ()
    x = _without_extremes(x)
    found: list[int] = []
    for _ in range(MAX_SEASONS):
        best = _best_period(x, found)
        if best is None:
            break
        found.append(best)
        trend = centred_mean(x, best)
        x = without_season(x - trend, best) + trend
    return tuple(sorted(found))


def autocorrelation(x: Floats, lags: int) -> Floats:
    """Return the autocorrelation at lags 0 to `lags`; shape (lags + 1,), zeros for a constant.

    >>> autocorrelation(np.array([1.0, -1.0, 1.0, -1.0]), 2).round(2).tolist()
    [1.0, -0.75, 0.5]
    """
    centred = x - x.mean()
    size = 1 << int(np.ceil(np.log2(len(x) + lags + 1)))  # no sum of products wraps around into these lags
    spectrum = np.fft.rfft(centred, size)
    products = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[: lags + 1]
    return products / products[0] if products[0] > 0 else np.zeros(lags + 1)


def filled(values: Floats) -> Floats:
    """Return values with missing ones interpolated; empty if there is none."""
    present = np.isfinite(values)
    if present.all():
        return np.ascontiguousarray(values)
    if not present.any():
        return np.zeros(0)
    places = np.arange(len(values))
    return np.interp(places, places[present], values[present])


def carried_forward(values: Floats) -> Floats:
    """Return values with each missing one as the last before it; empty if there is none.

    >>> carried_forward(np.array([np.nan, 1.0, np.nan, 3.0])).tolist()
    [1.0, 1.0, 1.0, 3.0]
    """
    present = np.isfinite(values)
    if not present.any():
        return np.zeros(0)
    last = np.maximum.accumulate(np.where(present, np.arange(len(values)), -1))
    # Before the first value there is none to carry: that the stream has not begun is known at the time.
    return np.where(last >= 0, values[np.maximum(last, 0)], values[present][0])


def normalised(values: Floats) -> Floats:
    """Return values with the mean 0 and the standard deviation 1, missing ones interpolated.

    Zeros for a constant; empty if there is none.

    >>> normalised(np.array([1.0, np.nan, 3.0])).round(2).tolist()
    [-1.22, 0.0, 1.22]
    """
    x = filled(values)
    deviation = x.std() if len(x) else 0.0
    return (x - x.mean()) / deviation if deviation > 0.0 else np.zeros(len(x))


def _without_extremes(x: Floats) -> Floats:
    low, middle, high = np.quantile(x, [0.01, 0.5, 0.99])
    if not high > low:
        return x
    return np.clip(x, low - (middle - low), high + (high - middle))


def _best_period(x: Floats, known: list[int]) -> int | None:
    longest = len(x) // MIN_CYCLES
    gains = {period: _gain(x, period) for period in _candidates(x, longest) if period not in known}
    best = max(gains.values(), default=0.0)
    if best < _MIN_GAIN:
        return None
    first = min(period for period, gain in gains.items() if gain >= _ENOUGH * best)
    # Noise moves the peak of a long, smooth season.
    reach = min(max(round(_NEAR * first), 1), _NEAREST)
    near = range(max(first - reach, _SHORTEST), min(first + reach, longest) + 1)
    return max((period for period in near if period not in known), key=lambda period: _gain(x, period))


def _gain(x: Floats, period: int) -> float:
    return season_gain(x - centred_mean(x, period), period)


def _candidates(x: Floats, longest: int) -> set[int]:
    places = np.arange(len(x)) - (len(x) - 1) / 2.0
    slope = (places * x).sum() / (places**2).sum()
    correlation = autocorrelation(x - slope * places, min(longest + 2, len(x) - 1))
    # That of the differences, but for the ends: seasons that a wandering level hides in the one stand out in the other.
    differences = 2.0 * correlation[1:-1] - correlation[:-2] - correlation[2:]
    candidates: set[int] = set()
    for offset, curve in ((0, correlation), (1, differences)):
        peaks = _peaks(curve / max(curve[0], _LEAST))
        candidates.update((peaks[np.argsort(-curve[peaks], kind="stable")[:_CANDIDATES]] + offset).tolist())
    return {period for period in candidates if _SHORTEST <= period <= longest}


def _peaks(correlation: Floats) -> NDArray[np.int64]:
    inner = correlation[1:-1]
    rising = (inner > correlation[:-2]) & (inner >= correlation[2:]) & (inner > _MIN_CORRELATION)
    return np.flatnonzero(rising) + 1
