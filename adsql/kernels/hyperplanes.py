"""Grows and walks trees that split by hyperplanes.

Trees are padded to one depth: node p has the children 2p + 1 and 2p + 2, so that a walk needs no pointers and
ends by construction. A node that splits nothing has weights of zero and sends every row to the left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_BLOCK = 512  # rows that go down a tree together: their loads overlap, where one row would wait for each of its own


@kernel
def grow_tree(
    rows: Floats,
    normals: Floats,
    picks: Floats,
    places: Floats,
    column: NDArray[np.int32],
    weight: Floats,
    threshold: Floats,
    size: NDArray[np.int64],
    depth: NDArray[np.int64],
) -> None:
    """Grow one tree from `rows`, shape (m, d), with random numbers indexed by node, shape (nodes, k).

    A node takes k of the columns that vary in it (by `picks`, uniform), the hyperplane with the slopes
    `normals` in them, and puts it through a point of the rows' bounding box (`places`, uniform). Fills
    `column` and `weight`, shape (nodes, k), and `threshold`, shape (nodes,); `size` and `depth`, shape
    (nodes + 1,), receive how many rows end in each leaf, and after how many splits.
    """
    m, d = rows.shape
    nodes, k = normals.shape
    order = np.arange(m)
    moved = np.empty(m, dtype=np.int64)
    first = np.zeros(2 * nodes + 1, dtype=np.int64)  # a node's rows are order[first : last]
    last = np.zeros(2 * nodes + 1, dtype=np.int64)
    splits = np.zeros(2 * nodes + 1, dtype=np.int64)
    last[0] = m
    varying = np.empty(d, dtype=np.int64)
    low, high = np.empty(d), np.empty(d)
    for node in range(nodes):
        start, stop = first[node], last[node]
        found = 0
        for j in range(d if stop - start > 1 else 0):
            low[j] = high[j] = rows[order[start], j]
            for r in range(start + 1, stop):
                low[j] = min(low[j], rows[order[r], j])
                high[j] = max(high[j], rows[order[r], j])
            if high[j] > low[j]:
                varying[found] = j
                found += 1
        point = 0.0
        for q in range(min(k, found)):
            other = q + int(picks[node, q] * (found - q))
            j = varying[other]
            varying[other], varying[q] = varying[q], j
            column[node, q] = j
            weight[node, q] = normals[node, q]
            point += normals[node, q] * (low[j] + places[node, q] * (high[j] - low[j]))
        threshold[node] = point
        left, right = start, stop
        for r in range(start, stop):
            total = 0.0
            for q in range(k):
                total += weight[node, q] * rows[order[r], column[node, q]]
            if total <= point:
                moved[left] = order[r]
                left += 1
            else:
                right -= 1
                moved[right] = order[r]
        order[start:stop] = moved[start:stop]
        below = 2 * node + 1
        first[below], last[below] = start, left
        first[below + 1], last[below + 1] = left, stop
        splits[below] = splits[below + 1] = splits[node] + (1 if found > 0 else 0)
    for leaf in range(nodes + 1):
        size[leaf] = last[nodes + leaf] - first[nodes + leaf]
        depth[leaf] = splits[nodes + leaf]


@kernel
def _step(
    at: NDArray[np.uint32], X: Floats, column: NDArray[np.int32], weight: Floats, threshold: Floats, k: np.uint32
) -> None:
    """Move rows one level down. Unsigned indices, since numba would look for negative ones at every access."""
    for i in range(at.shape[0]):
        node = at[i]
        total = 0.0
        for q in range(k):
            total += weight[node * k + q] * X[i, np.uint32(column[node * k + q])]
        at[i] = np.uint32(2) * node + np.uint32(1) + np.uint32(total > threshold[node])


@kernel
def _step_in_three_columns(
    at: NDArray[np.uint32], X: Floats, column: NDArray[np.int32], weight: Floats, threshold: Floats
) -> None:
    """Do the same as `_step` for k = 3, the default, a third faster: the inner loop is written out."""
    for i in range(at.shape[0]):
        node = at[i]
        a = np.uint32(3) * node
        b = a + np.uint32(1)
        c = a + np.uint32(2)
        total = weight[a] * X[i, np.uint32(column[a])]
        total += weight[b] * X[i, np.uint32(column[b])]
        total += weight[c] * X[i, np.uint32(column[c])]
        at[i] = np.uint32(2) * node + np.uint32(1) + np.uint32(total > threshold[node])


@kernel_of_a_row(
    lambda _X, _column, weight, threshold, _: (
        len(threshold) * threshold.shape[1].bit_length() * (5 + 3 * weight.size / threshold.size)
    )
)
def mean_leaf_value_behind_planes(
    X: Floats, column: NDArray[np.int32], weight: Floats, threshold: Floats, value: Floats
) -> Floats:
    """Return the mean over trees of the value of the leaf each row falls into; shape (n,).

    `threshold` has shape (trees, nodes), `value` (trees, nodes + 1); `column` and `weight` hold k numbers a
    node, shape (trees, k * nodes). Rows whose weighted sum is at most the threshold go left.
    """
    n = X.shape[0]
    trees, nodes = threshold.shape
    k = weight.shape[1] // nodes
    result = np.zeros(n)
    places = np.empty(_BLOCK, dtype=np.uint32)
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        at = places[: stop - start]
        block = X[start:stop]
        for tree in range(trees):
            at[:] = 0
            below = 1
            while below <= nodes:
                if k == 3:  # noqa: PLR2004 - the default
                    _step_in_three_columns(at, block, column[tree], weight[tree], threshold[tree])
                else:
                    _step(at, block, column[tree], weight[tree], threshold[tree], np.uint32(k))
                below = 2 * below + 1
            for i in range(stop - start):
                result[start + i] += value[tree, at[i] - np.uint32(nodes)]
    result /= trees
    return result
