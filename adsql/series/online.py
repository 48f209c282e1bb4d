"""A stream's novelty: values, levels, and shapes that nothing before them was like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.novelty import announced_once, nearest_past, relative_novelty, trailing_mean
from adsql.series.periods import carried_forward

if TYPE_CHECKING:
    from adsql.arrow import Floats

WARM_UP = 100
QUIET = 100
REMEMBERED = 8_000
_QUANTILE = 0.99
_FLOOR = 0.05  # of the series' standard deviation: distances below it are small, however regular the series
_RENEWED = 25
_LEVEL = 25
_SHAPE = 100
_LEVEL_WEIGHT, _SHAPE_WEIGHT = 0.5, 0.6


def stream_novelty(values: Floats, quiet: int = QUIET) -> Floats:
    """Score each point of a stream by how unlike everything before it is: the value, the level, and the shape.

    The distances of the value, of the mean of 25 values, and of the last 100 values to the nearest among the 8,000
    before, each divided by the 99% quantile of such distances so far. The largest of the three counts, the latter
    two with weights of 0.5 and 0.6. A point speaks once: it scores only if it is stranger than the `quiet` points
    before it, so that an incident is told at its start and where it becomes worse. Causal.

    Parameters
    ----------
    values
        Shape (n,); a missing value counts as the last one before it.
    quiet
        Points for which an alert silences weaker ones.

    Returns
    -------
    ndarray of shape (n,)
        0 for the first 100 points and where nothing new is to be told. About 1 is the strangest of a hundred usual
        points.

    Notes
    -----
    O(n 8000).

    References
    ----------
    Burnaev, Ishimtsev: Conformalized density- and distance-based anomaly detection in time-series data, 2016, has the
    idea of distances to the past, set against distances before. Lavin, Ahmad: Evaluating real-time anomaly detection
    algorithms, 2015, says what alerts are worth.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.random.default_rng(0).normal(size=1_000)
    >>> values[700] = 9.0
    >>> int(stream_novelty(values).argmax())
    700
    """
    x = carried_forward(values)
    if len(x) <= WARM_UP:
        return np.zeros(len(values))
    point = _novelty(x, 1)
    level = _LEVEL_WEIGHT * _novelty(trailing_mean(x, _LEVEL), 1)
    shape = _SHAPE_WEIGHT * _novelty(x, _SHAPE)
    return announced_once(np.maximum(np.maximum(point, level), shape), quiet)


def _novelty(x: Floats, width: int) -> Floats:
    distances = nearest_past(x, width, REMEMBERED)
    return relative_novelty(x, distances, _QUANTILE, _FLOOR, WARM_UP, _RENEWED, REMEMBERED)
