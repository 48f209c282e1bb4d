"""Splits scores among the columns: what paths, distances and quadratic forms owe to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel
from adsql.kernels.neighbours import BLOCK, LARGEST, MEDIAN, nearest_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_NO_CURVATURE = 1e-12  # relative: a direction without any, but for rounding


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

    The trees are those of `adsql.kernels.trees.mean_leaf_value`. gain[k] counts for the column that the parent of
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


@kernel
def neighbour_shares(X: Floats, reference: Floats, k: int, how: int) -> tuple[Floats, Floats]:
    """Return each column's part of the distance to the nearest reference rows, and their means; both (n, d).

    The arguments are those of `nearest_distance`, whose result the parts of a row add up to: a column has that part
    of a distance which its square has of the distance's square.
    """
    n, d = X.shape
    kept = min(k + 1, reference.shape[1])
    shares, means = np.zeros((n, d)), np.zeros((n, d))
    distances, rows, buffer = np.empty(kept), np.empty(kept, dtype=np.int32), np.empty(BLOCK)
    point = np.empty(d)
    for i in range(n):
        for j in range(d):
            point[j] = X[i, j]
        first, last = nearest_rows(point, reference, k, distances, rows, buffer)
        if how == LARGEST:
            first = last - 1
        elif how == MEDIAN:
            middle, odd = first + (last - first) // 2, (last - first) % 2
            first, last = middle - 1 + odd, middle + 1
        for r in range(first, last):
            length = np.sqrt(distances[r])
            for j in range(d):
                x = reference[j, rows[r]]
                means[i, j] += x / (last - first)
                if length > 0.0:
                    shares[i, j] += (point[j] - x) ** 2 / length / (last - first)
    return shares, means


@kernel
def form_shares(X: Floats, center: Floats, form: Floats, most: int) -> tuple[Floats, Floats]:
    """Return each column's part of (x - center)' form (x - center), and the values that go with the rest; both (n, d).

    Column by column, `most` of them at most, the one is let go whose best value lowers the form most, which is its
    part; those let go before are free to follow. What is left then is split among the others in proportion to what
    each would lower it by. Parts of a row add up to its form, which has shape (d, d).
    """
    n, d = X.shape
    shares, fitting = np.zeros((n, d)), np.empty((n, d))
    curvature, slope, falls = np.empty((d, d)), np.empty(d), np.empty(d)
    least = _NO_CURVATURE * np.diag(form).max()
    for i in range(n):
        curvature[:] = form
        fitting[i] = X[i]
        rest = 0.0
        for j in range(d):
            slope[j] = 0.0
            for q in range(d):
                slope[j] += form[j, q] * (X[i, q] - center[q])
            rest += slope[j] * (X[i, j] - center[j])
        for step in range(most + 1):
            best = _falls(slope, curvature, least, shares[i], X[i], fitting[i], falls)
            if falls[best] <= 0.0 or step == most:
                break
            shares[i, best] = falls[best]
            rest -= falls[best]
            _let_go(best, slope, curvature)
        total = falls.sum()
        if total > 0.0:
            for j in range(d):
                shares[i, j] += max(rest, 0.0) * falls[j] / total
    return shares, fitting


@kernel
def _falls(
    slope: Floats, curvature: Floats, least: float, shares: Floats, point: Floats, fitting: Floats, falls: Floats
) -> int:
    """Fill `falls` with what each column without a share would lower the form by, `fitting` with its value then.

    Returns the column that would lower it most.
    """
    for j in range(falls.shape[0]):
        falls[j] = 0.0
        if shares[j] == 0.0 and curvature[j, j] > least:
            falls[j] = slope[j] ** 2 / curvature[j, j]
            fitting[j] = point[j] - slope[j] / curvature[j, j]
    return int(np.argmax(falls))


@kernel
def _let_go(best: int, slope: Floats, curvature: Floats) -> None:
    """Minimise the form over one column: take it out of the slopes, and out of the curvature (a Schur complement)."""
    d = slope.shape[0]
    pull, turn = curvature[best, best], slope[best] / curvature[best, best]
    for j in range(d):
        slope[j] -= curvature[j, best] * turn
        if j != best:
            factor = curvature[j, best] / pull
            for q in range(d):
                if q != best:
                    curvature[j, q] -= factor * curvature[best, q]
    for j in range(d):
        curvature[best, j] = curvature[j, best] = 0.0
