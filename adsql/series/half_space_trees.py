"""Half-space trees: points of a stream in parts of space that were empty lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.half_spaces import stream_masses
from adsql.series.periods import carried_forward

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

TREES = 25
WINDOW = 250
SHINGLE = 4
_DEPTH = 8


def half_space_trees(
    X: Floats, n_trees: int = TREES, window: int = WINDOW, shingle: int = SHINGLE, seed: int = 0
) -> Floats:
    """Score the points of a stream of d values by how empty their part of space was in the last whole window.

    Trees halve the space of the last few values again and again, at places drawn before the stream begins; where the
    last window left few points, a point is strange. So a new state is strange for a window or two and usual then. The
    space is the range of the first window, and half of it on each side: farther out all places are alike. Causal.

    Parameters
    ----------
    X
        Shape (n, d); a missing value counts as the last one before it.
    n_trees
        Trees.
    window
        Points that later ones are judged by.
    shingle
        Points whose values together are a place in space.
    seed
        For the places of the cuts.

    Returns
    -------
    ndarray of shape (n,)
        The logarithm of how much fuller the space was on the whole; NaN for the points of the first window.

    Notes
    -----
    O(n n_trees), in memory that does not grow.

    References
    ----------
    Tan, Ting, Liu: Fast anomaly detection for streaming data, 2011. Guha and others: Robust random cut forest, 2016,
    has shingles.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(2_000, 2))
    >>> X[1_500] = 6.0, -6.0
    >>> bool(1_500 <= np.nanargmax(half_space_trees(X)) < 1_504)
    True
    """
    n = len(X)
    columns = [column for column in map(carried_forward, X.T) if len(column)]
    if n <= window or not columns:
        return np.full(n, np.nan)
    carried = np.column_stack(columns)
    rows = np.column_stack([_delayed(carried, k) for k in range(shingle)])
    # Its own range is known of the first window when it has passed, and only then are points judged.
    low, high = rows[:window].min(axis=0), rows[:window].max(axis=0)
    spread = np.where(high > low, high - low, 1.0)
    placed = np.clip((rows - low) / spread, -0.5, 1.5)
    features, cuts = _trees(rows.shape[1], n_trees, np.random.default_rng(seed))
    masses = stream_masses(np.ascontiguousarray(placed), features, cuts, window)
    scores = np.log((1.0 + window * n_trees) / (1.0 + masses)) + np.log(2.0) * _DEPTH
    result: Floats = np.maximum(scores, 0.0)
    return result


def _trees(d: int, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], Floats]:
    """Return the columns and places of the cuts of complete trees over [-0.5, 1.5]^d; (count, 2^depth - 1) each."""
    inner = 2**_DEPTH - 1
    features, cuts = rng.integers(0, d, (count, inner)), np.empty((count, inner))
    for tree in range(count):
        # Each tree has its own box around the space, so that cuts fall on different places.
        centre = rng.uniform(0.0, 1.0, d)
        reach = 1.5 * np.maximum(centre, 1.0 - centre) + 0.25
        low, high = np.empty((inner * 2 + 1, d)), np.empty((inner * 2 + 1, d))
        low[0], high[0] = centre - reach, centre + reach
        for node in range(inner):
            feature = features[tree, node]
            cut = (low[node, feature] + high[node, feature]) / 2.0
            cuts[tree, node] = cut
            for child in (2 * node + 1, 2 * node + 2):
                low[child], high[child] = low[node], high[node]
            high[2 * node + 1, feature] = cut
            low[2 * node + 2, feature] = cut
    return features, cuts


def _delayed(X: Floats, by: int) -> Floats:
    return np.concatenate([np.repeat(X[:1], min(by, len(X)), axis=0), X[: len(X) - by]]) if by else X
