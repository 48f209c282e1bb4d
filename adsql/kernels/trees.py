"""Walks flattened trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_BLOCK = 512  # rows a tree is walked with while it is in the cache


@kernel
def mean_leaf_value(
    X: Floats,
    roots: NDArray[np.int32],
    feature: NDArray[np.int32],
    threshold: Floats,
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    value: Floats,
) -> Floats:
    """Return the mean over trees of the value of the leaf each row falls into; shape (n,).

    Nodes of all trees lie one after another; a leaf has feature -1. Values are compared as float32 with a
    float64 threshold, as scikit-learn does, so that rows fall into the same leaves.
    """
    n, d = X.shape
    trees = roots.shape[0]
    result = np.zeros(n)
    block = np.empty((_BLOCK, d), dtype=np.float32)
    for start in range(0, n, _BLOCK):
        rows = min(_BLOCK, n - start)
        for i in range(rows):
            for j in range(d):
                block[i, j] = X[start + i, j]
        for tree in range(trees):
            for i in range(rows):
                node = roots[tree]
                while feature[node] >= 0:
                    node = left[node] if block[i, feature[node]] <= threshold[node] else right[node]
                result[start + i] += value[node]
    result /= trees
    return result
