"""What of a series a picture has room for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.plot.series import PlottedSeries

MAX_POINTS = 20_000  # of a series in a page
_MARGIN = 0.06
_OF_BOUNDS = (0.02, 0.98)
_BEYOND = 0.25  # of the range of values: bounds farther out, as of the first points, are cut off


def extent(series: PlottedSeries) -> tuple[float, float]:
    """Return the values that the axis should reach from and to: all values, and most of the bounds.

    >>> import pyarrow as pa
    >>> from adsql.plot.series import read
    >>> table = pa.table({"series": [None], "ts": [1], "value": [5.0], "anomaly_score": [0.0], "is_anomaly": [False]})
    >>> extent(read(table)[0])
    (4.5, 5.5)
    """
    values = series.value[np.isfinite(series.value)]
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    beyond = (high - low) * _BEYOND
    least, most = low - beyond, high + beyond
    for bound in (series.lower, series.upper):
        known = bound[np.isfinite(bound)]
        if len(known):
            ends = np.quantile(known, _OF_BOUNDS)
            low, high = min(low, max(float(ends[0]), least)), max(high, min(float(ends[1]), most))
    if not high > low:
        room = abs(low) * 0.1 or 1.0
        return low - room, high + room
    room = (high - low) * _MARGIN
    return low - room, high + room


def thinned(values: Floats, keep: NDArray[np.bool_], most: int = MAX_POINTS) -> NDArray[np.int64]:
    """Return the points that show a long series as all of them would: the extremes of each stretch, and those to keep.

    >>> thinned(np.array([0.0, 1.0, 9.0, 2.0, 1.0, 0.0, 5.0, 1.0]), np.zeros(8, dtype=bool), 4).tolist()
    [0, 2, 5, 6]
    """
    n = len(values)
    if n <= most:
        return np.arange(n)
    kept = [np.flatnonzero(keep)]
    edges = np.linspace(0, n, max(most // 2, 1) + 1).astype(np.int64)
    finite = np.where(np.isfinite(values), values, np.nan)
    for first, last in pairwise(edges):
        part = finite[first:last]
        if np.isnan(part).all():
            kept.append(np.array([first]))
        else:
            kept.append(first + np.array([np.nanargmin(part), np.nanargmax(part)]))
    result: NDArray[np.int64] = np.unique(np.concatenate(kept))
    return result
