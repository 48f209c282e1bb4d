"""Walks binary trees: complete ones level by level, for all rows at once; others node by node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from adsql.arrow import Floats

    _Nodes: TypeAlias = tuple[np.uint64, np.uint64, np.uint64, np.uint64]

_BLOCK = 512  # rows a tree is walked with while both are in the first-level cache
MAX_COMPLETE_DEPTH = 8  # 255 nodes: what 256 training rows need
_TOP = 3  # levels that are compared without following nodes


def complete_trees(
    roots: NDArray[np.int32],
    feature: NDArray[np.int32],
    threshold: Floats,
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    value: Floats,
) -> tuple[NDArray[np.uint32], NDArray[np.float32], Floats] | None:
    """Return trees padded to one depth, for `mean_complete_leaf_value`; None where one is too deep.

    Parameters
    ----------
    roots, feature, threshold, left, right, value
        As `mean_leaf_value` takes them.

    Returns
    -------
    column : ndarray of shape (trees, 2^depth - 1)
        Where the feature's values start in a block of rows. The children of node k are 2k + 1 and 2k + 2. A leaf
        above the last level becomes a node whose rows all go left, and whose children are that leaf again.
    threshold : ndarray of shape (trees, 2^depth - 1)
        The largest float32 not above the threshold: a float32 is at most the one if it is at most the other.
    value : ndarray of shape (trees, 2^depth)
        Of the leaves at the last level.
    """
    level = roots[:, None]
    columns: list[NDArray[np.uint32]] = []
    thresholds: list[NDArray[np.float32]] = []
    rounded = threshold.astype(np.float32)
    rounded = np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded)
    while len(columns) < _TOP or (feature[level] >= 0).any():
        if len(columns) == MAX_COMPLETE_DEPTH:
            return None
        inner = feature[level] >= 0
        columns.append(_BLOCK * np.where(inner, feature[level], 0).astype(np.uint32))
        thresholds.append(np.where(inner, rounded[level], np.float32(np.inf)))
        children = np.stack([np.where(inner, left[level], level), np.where(inner, right[level], level)], axis=2)
        level = children.reshape(len(roots), -1)
    return np.concatenate(columns, axis=1), np.concatenate(thresholds, axis=1), value[level]


@kernel_of_a_row(lambda _X, column, *_: 45 * len(column))
def mean_complete_leaf_value(
    X: Floats, column: NDArray[np.uint32], threshold: NDArray[np.float32], value: Floats
) -> Floats:
    """Return the mean over complete trees of the value of the leaf each row falls into; shape (n,).

    Takes what `complete_trees` made. Values are compared as float32, as scikit-learn does. A block of rows is copied
    by column: for the first levels, whose few nodes are compared for all rows with vector instructions, and for rows
    that walk on together, which find a node's values side by side and without a multiplication.
    """
    n, d = X.shape
    trees, inner = column.shape
    levels = 0
    while 2 ** (levels + 1) - 1 <= inner:
        levels += 1
    result = np.zeros(n)
    block = np.empty(d * _BLOCK, dtype=np.float32)
    node = np.empty(_BLOCK, dtype=np.uint32)
    for start in range(0, n, _BLOCK):
        rows = min(_BLOCK, n - start)
        for i in range(rows):
            for j in range(d):
                block[j * _BLOCK + i] = X[start + i, j]
        total = result[start : start + rows]
        for tree in range(trees):
            _first_levels(block, column[tree], threshold[tree], node[:rows])
            _to_leaves(block, column[tree], threshold[tree], value[tree], node, levels - _TOP, total)
    result /= trees
    return result


@kernel
def _first_levels(
    block: NDArray[np.float32],
    column: NDArray[np.uint32],
    threshold: NDArray[np.float32],
    node: NDArray[np.uint32],
) -> None:
    """Put rows at their nodes of the fourth level: all seven comparisons, and then a choice without a branch."""
    x0, x1, x2 = block[column[0] :], block[column[1] :], block[column[2] :]
    x3, x4, x5, x6 = block[column[3] :], block[column[4] :], block[column[5] :], block[column[6] :]
    for i in range(len(node)):
        first = np.int32(x0[i] > threshold[0])
        left, right = np.int32(x1[i] > threshold[1]), np.int32(x2[i] > threshold[2])
        left_left, left_right = np.int32(x3[i] > threshold[3]), np.int32(x4[i] > threshold[4])
        right_left, right_right = np.int32(x5[i] > threshold[5]), np.int32(x6[i] > threshold[6])
        below_left = left_right if left else left_left
        below_right = right_right if right else right_left
        second = right if first else left
        third = below_right if first else below_left
        node[i] = np.uint32(7 + first * 4 + second * 2 + third)


@kernel
def _to_leaves(
    block: NDArray[np.float32],
    column: NDArray[np.uint32],
    threshold: NDArray[np.float32],
    value: Floats,
    node: NDArray[np.uint32],
    levels: int,
    total: Floats,
) -> None:
    """Add the values of the leaves that rows fall into from their nodes.

    Sixteen rows take a level before any of them takes the next, so that none waits for its own last step: their nodes
    are variables, which are not stored in between. That is a third faster than a block's rows taking a level at once.
    """
    together = len(total) - len(total) % 16
    for i in range(0, together, 16):
        a, b, c, d = _four(node, i), _four(node, i + 4), _four(node, i + 8), _four(node, i + 12)
        for _ in range(levels):
            a = _children(a, block, column, threshold, i)
            b = _children(b, block, column, threshold, i + 4)
            c = _children(c, block, column, threshold, i + 8)
            d = _children(d, block, column, threshold, i + 12)
        _add_leaves(total, value, a, i)
        _add_leaves(total, value, b, i + 4)
        _add_leaves(total, value, c, i + 8)
        _add_leaves(total, value, d, i + 12)
    for i in range(together, len(total)):
        k = np.uint64(node[i])
        for _ in range(levels):
            k = _child(k, block, column, threshold, np.uint64(i))
        total[i] += value[k - np.uint64(len(threshold))]


@kernel
def _four(node: NDArray[np.uint32], i: int) -> _Nodes:
    return np.uint64(node[i]), np.uint64(node[i + 1]), np.uint64(node[i + 2]), np.uint64(node[i + 3])


@kernel
def _children(
    nodes: _Nodes, block: NDArray[np.float32], column: NDArray[np.uint32], threshold: NDArray[np.float32], i: int
) -> _Nodes:
    first, second, third, fourth = nodes
    row = np.uint64(i)
    return (
        _child(first, block, column, threshold, row),
        _child(second, block, column, threshold, row + np.uint64(1)),
        _child(third, block, column, threshold, row + np.uint64(2)),
        _child(fourth, block, column, threshold, row + np.uint64(3)),
    )


@kernel
def _child(
    k: np.uint64,
    block: NDArray[np.float32],
    column: NDArray[np.uint32],
    threshold: NDArray[np.float32],
    row: np.uint64,
) -> np.uint64:
    """Return a child. All is unsigned: a sign would be looked at, as an index may count from an array's end."""
    return k + k + np.uint64(1) + np.uint64(block[np.uint64(column[k]) + row] > threshold[k])


@kernel
def _add_leaves(total: Floats, value: Floats, nodes: _Nodes, i: int) -> None:
    first_leaf = np.uint64(len(value) - 1)
    for place, k in enumerate(nodes):
        total[i + place] += value[k - first_leaf]


@kernel_of_a_row(lambda _X, roots, *_: 10 * len(roots))
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

    For trees of any depth. Nodes of all trees lie one after another; a leaf has feature -1. Values are compared
    as float32 with a float64 threshold, as scikit-learn does, so that rows fall into the same leaves.
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


@kernel
def path_gains(
    X: Floats,
    roots: NDArray[np.int32],
    feature: NDArray[np.int32],
    threshold: Floats,
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    gain: Floats,
) -> Floats:
    """Return the mean over trees of what each column's splits gain on a row's way; shape (n, d).

    The trees are those of `mean_leaf_value`. gain[k] counts for the column that the parent of
    node k splits, where a row goes on to node k.
    """
    n, d = X.shape
    result = np.zeros((n, d))
    point = np.empty(d, dtype=np.float32)
    for i in range(n):
        for j in range(d):
            point[j] = X[i, j]
        for tree in range(roots.shape[0]):
            node = roots[tree]
            while feature[node] >= 0:
                j = feature[node]
                node = left[node] if point[j] <= threshold[node] else right[node]
                result[i, j] += gain[node] / roots.shape[0]
    return result
