"""Distances between the windows of a series: strange shapes, wherever the level is usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.windows import covering_mean, window_distance
from adsql.series.periods import autocorrelation, normalised

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

NEIGHBOURS = 5
MAX_LAGS = 500
LENGTHS = (1, 2, 3)  # of windows, in periods
_WITHOUT_PERIOD = 125
_LONGEST, _LOOKED_AT = 300, 400  # a highest peak between the two tells of drifts rather than of shapes,
_NOISE = 6  # one below this of noise
_SHORTEST = 3
_ROUNDING = 1e-5  # of the distance between two unrelated windows: a series that repeats itself exactly has no other


def window_neighbours(
    values: Floats,
    period: int | None = None,
    n_neighbors: int = NEIGHBOURS,
    seed: int = 0,
    season: int | None = None,
) -> Floats:
    """Score points by how far the windows that cover them are from their nearest others.

    Windows of one, two, and three periods of the standardised series are compared with those that lie one of 500
    lags away, which are drawn at random, and do not overlap. Each length's mean distances to the nearest are
    averaged over the windows that cover a point, divided by their standard deviation, and added up. Retrospective.

    Parameters
    ----------
    values
        Shape (n,); NaN is interpolated.
    period
        Points in the shortest window; None for the highest peak of the autocorrelation, 125 where there is none.
    n_neighbors
        Windows whose mean distance counts.
    seed
        For the lags, where there are more than 500.
    season
        Where the series repeats itself: every other lag is a multiple, since of a long season random lags hardly meet
        the same place.

    Returns
    -------
    ndarray of shape (n,)
        Higher is stranger; zeros where no two windows fit beside each other.

    Notes
    -----
    O(n min(n, 500)), whatever the length of the windows.

    References
    ----------
    Ramaswamy, Rastogi, Shim: Efficient algorithms for mining outliers from large data sets, 2000. Yeh and others:
    Matrix profile I, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.sin(np.arange(1_000) / 5.0)
    >>> values[500:530] = 0.3
    >>> bool(490 < window_neighbours(values).argmax() < 540)
    True
    """
    x = normalised(values)
    n = len(x)
    if not x.any():
        return np.zeros(len(values))
    length = shape_period(x) if period is None else max(period, _SHORTEST)
    total = np.zeros(n)
    for multiple in LENGTHS:
        width = multiple * length
        last = n - width
        if last < width:
            continue
        lags = _lags(width, last, season, np.random.default_rng(seed))
        scores = covering_mean(window_distance(x, width, lags, n_neighbors), width, n)
        # A point that only windows without another beside them cover is as usual as can be told.
        scores = np.where(np.isnan(scores), np.nanmin(scores), scores)
        spread = scores.std()
        if spread > _ROUNDING * np.sqrt(width):
            total += scores / spread
    return total


def _lags(first: int, last: int, season: int | None, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return at most 500 of the lags, ascending."""
    lags = np.arange(first, last + 1)
    if len(lags) <= MAX_LAGS:
        return lags
    again = lags[lags % season == 0] if season is not None else lags[:0]
    again = rng.permutation(again)[: MAX_LAGS // 2]
    others = rng.choice(lags, MAX_LAGS - len(again), replace=False)
    return np.unique(np.concatenate([again, others]))


def shape_period(x: Floats) -> int:
    """Return the lag of the autocorrelation's highest peak, or 125 if there is none from 6 to 300 points.

    >>> import numpy as np
    >>> shape_period(np.sin(np.arange(1_000) * 2 * np.pi / 40))
    40
    """
    correlation = autocorrelation(x, min(_LOOKED_AT, len(x) - 1))[_SHORTEST:]
    inner = correlation[1:-1]
    peaks = np.flatnonzero((inner > correlation[:-2]) & (inner > correlation[2:])) + 1
    if not len(peaks):
        return _WITHOUT_PERIOD
    highest = int(peaks[np.argmax(correlation[peaks])]) + _SHORTEST
    return highest if _NOISE <= highest <= _LONGEST else _WITHOUT_PERIOD
