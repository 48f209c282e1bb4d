"""The matrix profile of a series: how far each window's shape is from the nearest other one's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.profiles import matrix_profile as profile
from adsql.kernels.windows import covering_mean
from adsql.series.periods import normalised
from adsql.series.window_neighbours import shape_period

if TYPE_CHECKING:
    from adsql.arrow import Floats

MAX_LAGS = 5_000
_APART = 4  # windows nearer than a quarter of their length are the same


def matrix_profile(values: Floats, width: int | None = None, seed: int = 0) -> Floats:
    """Score points by the z-normalised distance of the windows that cover them to their nearest others.

    A discord, the window farthest from its nearest neighbour, is the classical anomaly of shape. Since windows are
    normalised, level and size do not count: a flat stretch among flat stretches is usual, and noise of any size is
    strange beside waves. Retrospective.

    Parameters
    ----------
    values
        Shape (n,); NaN is interpolated.
    width
        Points in a window; None for the highest peak of the autocorrelation, 125 where there is none.
    seed
        For the lags, where there are more than 5,000.

    Returns
    -------
    ndarray of shape (n,)
        Mean distance of the covering windows, from 0 to 2 sqrt(width); zeros where no two windows fit.

    Notes
    -----
    O(n min(n, 5000)). Exact up to 5,000 points; in longer series windows are compared at 5,000 random lags. An anomaly
    that occurs twice hides itself, as each is near the other.

    References
    ----------
    Yeh and others: Matrix profile I, 2016. Zimmerman and others: Matrix profile XIV, 2019, has the recurrence.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.sin(np.arange(1_000) / 5.0)
    >>> values[500:530] = values[500:530] ** 3
    >>> bool(480 < matrix_profile(values).argmax() < 550)
    True
    """
    x = normalised(values)
    n = len(x)
    if not x.any():
        return np.zeros(len(values))
    length = shape_period(x) if width is None else max(width, 3)
    count, nearest = n - length + 1, length // _APART + 1
    if count <= nearest:
        return np.zeros(n)
    lags = np.arange(nearest, count)
    if len(lags) > MAX_LAGS:
        lags = np.sort(np.random.default_rng(seed).choice(lags, MAX_LAGS, replace=False))
    distances = profile(x, length, lags)
    # A window without another beside it is as usual as can be told.
    known = np.isfinite(distances)
    return covering_mean(np.where(known, distances, distances[known].min(initial=0.0)), length, n)
