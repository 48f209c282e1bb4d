"""Several values at each point of time: rows far from all others, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.windows import covering_mean, separated_distance
from adsql.series.periods import filled

if TYPE_CHECKING:
    from adsql.arrow import Floats

NEIGHBOURS = 50
REFERENCE = 1_000
APART = 100
AVERAGED = (25, 50, 100, 200)


def channel_neighbours(X: Floats, n_neighbors: int = NEIGHBOURS, seed: int = 0) -> tuple[Floats, Floats]:
    """Score the rows of a series of d channels by their distance to rows at other times.

    Channels are scaled in two ways: by standard deviation, and by the quartiles' distance, so that a channel which is
    quiet most of the time counts once it is not. For each, the mean distance to the 50 nearest of 1,000 sampled rows
    at least 100 rows away. Their sum is averaged over 25, 50, 100, and 200 rows around each, and these averages
    are added: how long an anomaly lasts is not known. Retrospective.

    Parameters
    ----------
    X
        Shape (n, d); NaN is interpolated within its channel.
    n_neighbors
        Rows whose mean distance counts.
    seed
        For the sample.

    Returns
    -------
    scores
        Shape (n,), higher is stranger; zeros where no channel varies or no two rows are far enough apart.
    shares
        What each channel is of the squared distances of the 50 rows around, shape (n, d); they add up to 1, or are
        zeros like the score.

    Notes
    -----
    O(n d).

    References
    ----------
    Ramaswamy, Rastogi, Shim: Efficient algorithms for mining outliers from large data sets, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(2_000, 3))
    >>> X[900:1000, 1] += 4.0
    >>> scores, shares = channel_neighbours(X)
    >>> bool(900 <= scores.argmax() < 1_000), int(shares[scores.argmax()].argmax())
    (True, 1)
    """
    columns = [filled(column) for column in X.T]
    varying = np.array([place for place, column in enumerate(columns) if len(column) and np.ptp(column) > 0.0], int)
    n, shares = len(X), np.zeros(X.shape)
    if not len(varying) or n <= APART:
        return np.zeros(n), shares
    rows = np.column_stack([columns[place] for place in varying])
    count = min(n, REFERENCE)
    places = np.sort(np.random.default_rng(seed).choice(n, count, replace=False))
    raw, parts = np.zeros(n), np.zeros(rows.shape)
    for scaled in (_by_deviation(rows), _by_quartiles(rows)):
        reference = np.ascontiguousarray(scaled[places].T)
        distances, whence = separated_distance(scaled, reference, places, APART, min(n_neighbors, count))
        weight = _unit(np.where(np.isnan(distances), 0.0, distances))
        raw += weight
        parts += weight[:, np.newaxis] * whence
    total = np.zeros(n)
    for width in AVERAGED:
        total += _unit(_averaged(raw, width))
    around = np.column_stack([_averaged(part, AVERAGED[1]) for part in parts.T])
    whole = around.sum(axis=1, keepdims=True)
    shares[:, varying] = np.divide(around, whole, out=np.zeros_like(around), where=whole > 0.0)
    return total, shares


def _averaged(scores: Floats, width: int) -> Floats:
    n = len(scores)
    mean: Floats = covering_mean(scores, width, n + width - 1)[width // 2 : width // 2 + n]
    return mean


def _by_deviation(rows: Floats) -> Floats:
    scaled: Floats = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return scaled


def _by_quartiles(rows: Floats) -> Floats:
    low, middle, high = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / 1.349  # a normal variable's standard deviation
    scaled: Floats = (rows - middle) / np.where(spread > 0.0, spread, rows.std(axis=0))
    return scaled


def _unit(scores: Floats) -> Floats:
    spread = scores.std()
    return scores / spread if spread > 0.0 else scores
