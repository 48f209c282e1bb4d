"""Half-space trees over a stream: how many of the points lately were in the same part of space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats


@kernel
def stream_masses(X: Floats, features: NDArray[np.int64], cuts: Floats, window: int) -> Floats:
    """Return each row's mass: how full its part of space was in the last window, summed over the trees; shape (n,).

    Parameters
    ----------
    X
        Rows in the order of time, shape (n, d).
    features, cuts
        For each inner node of each complete tree, in the order of levels: the column and the value that it cuts at;
        shape (trees, 2^depth - 1).
    window
        Rows that make up the masses that later ones are judged by.

    Notes
    -----
    A row goes down each tree until a node that held fewer than a tenth of a window; the node's count times two to
    the power of its level is the mass, as the space halves with each level. NaN for the rows of the first window.
    O(n trees depth).
    """
    n, trees, inner = X.shape[0], features.shape[0], features.shape[1]
    reference, latest = np.zeros((trees, 2 * inner + 1)), np.zeros((trees, 2 * inner + 1))
    result = np.full(n, np.nan)
    limit = 0.1 * window
    for i in range(n):
        total = 0.0
        for tree in range(trees):
            node, size, counted = 0, 1.0, False
            while True:
                latest[tree, node] += 1.0
                if not counted and (reference[tree, node] <= limit or node >= inner):
                    total += reference[tree, node] * size
                    counted = True
                if node >= inner:
                    break
                node = 2 * node + (1 if X[i, features[tree, node]] < cuts[tree, node] else 2)
                size *= 2.0
        if i >= window:
            result[i] = total
        if (i + 1) % window == 0:
            reference, latest = latest, reference
            latest[:] = 0.0
    return result
