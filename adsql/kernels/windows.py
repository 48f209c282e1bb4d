"""Distances between windows of one series, lag by lag: the cost does not depend on the windows' length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel
from adsql.kernels.neighbours import BLOCK
from adsql.kernels.squares import squared_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats


@kernel
def _keep_nearest(nearest: Floats, distance: float) -> None:
    """Put a distance among the ascending ones if it is smaller than the last."""
    place = nearest.shape[0] - 1
    if not distance < nearest[place]:
        return
    while place > 0 and nearest[place - 1] > distance:
        nearest[place] = nearest[place - 1]
        place -= 1
    nearest[place] = distance


@kernel
def _mean_root(squares: Floats) -> float:
    """Return the mean root of those that are finite; NaN if none is."""
    total, count = 0.0, 0
    for square in squares:
        if square < np.inf:
            total += np.sqrt(square)
            count += 1
    return total / count if count > 0 else np.nan


@kernel
def window_distance(x: Floats, width: int, lags: NDArray[np.int64], k: int) -> Floats:
    """Return each window's mean distance to the k nearest of those that lie one of the lags away.

    Of shape (n - width + 1,), NaN for a window that has none. O(n lags).
    """
    n = x.shape[0]
    count = n - width + 1
    nearest = np.full((count, k), np.inf)
    sums = np.zeros(n + 1)
    for lag in lags:
        for t in range(n - lag):
            difference = x[t] - x[t + lag]
            sums[t + 1] = sums[t] + difference * difference
        for t in range(count - lag):
            distance = max(sums[t + width] - sums[t], 0.0)
            _keep_nearest(nearest[t], distance)
            _keep_nearest(nearest[t + lag], distance)
    result = np.empty(count)
    for t in range(count):
        result[t] = _mean_root(nearest[t])
    return result


@kernel
def separated_distance(
    X: Floats, reference: Floats, places: NDArray[np.int64], apart: int, k: int
) -> tuple[Floats, Floats]:
    """Return each row's mean distance to its k nearest reference rows at least `apart` rows away, and whence it comes.

    Parameters
    ----------
    X, reference
        Shapes (n, d) and (d, m).
    places
        Places of the reference rows among those of X.

    Returns
    -------
    distances
        Shape (n,); NaN for a row that has no such neighbour.
    shares
        What each column is of the squared distances, shape (n, d); zeros where they are zero.
    """
    n, d, m = X.shape[0], X.shape[1], reference.shape[1]
    result, shares = np.empty(n), np.zeros((n, d))
    nearest, columns, buffer = np.empty(k), np.empty(k, np.int64), np.empty(BLOCK)
    for i in range(n):
        nearest[:] = np.inf
        for start in range(0, m, BLOCK):
            squares = buffer[: min(BLOCK, m - start)]
            squared_distances(squares, X[i], reference, start)
            for r in range(squares.shape[0]):
                if squares[r] < nearest[k - 1] and abs(i - places[start + r]) >= apart:
                    _keep_row(nearest, columns, squares[r], start + r)
        result[i] = _mean_root(nearest)
        total = 0.0
        for place in range(k):
            if nearest[place] < np.inf:
                for c in range(d):
                    difference = X[i, c] - reference[c, columns[place]]
                    shares[i, c] += difference * difference
                    total += difference * difference
        if total > 0.0:
            shares[i] /= total
    return result, shares


@kernel
def _keep_row(nearest: Floats, rows: NDArray[np.int64], distance: float, row: int) -> None:
    """Put a distance among the ascending ones, all of which the last is larger than, and its row beside it."""
    place = nearest.shape[0] - 1
    while place > 0 and nearest[place - 1] > distance:
        nearest[place], rows[place] = nearest[place - 1], rows[place - 1]
        place -= 1
    nearest[place], rows[place] = distance, row


@kernel
def covering_mean(scores: Floats, width: int, n: int) -> Floats:
    """Return the mean score of the windows that cover each of n points; shape (n,). NaN scores do not count."""
    sums, counts = np.zeros(scores.shape[0] + 1), np.zeros(scores.shape[0] + 1)
    for t in range(scores.shape[0]):
        known = not np.isnan(scores[t])
        sums[t + 1] = sums[t] + (scores[t] if known else 0.0)
        counts[t + 1] = counts[t] + (1.0 if known else 0.0)
    result = np.empty(n)
    for t in range(n):
        first, last = max(t - width + 1, 0), min(t + 1, scores.shape[0])
        count = counts[last] - counts[first]
        result[t] = (sums[last] - sums[first]) / count if count > 0.0 else np.nan
    return result
