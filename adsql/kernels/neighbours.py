"""Distances to the nearest rows of a reference sample, by looking at all of them.

Exact, and faster than a tree for samples of a few thousand rows: the sample is stored column by column, so
that the compiler turns the inner loop over it into vector instructions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row
from adsql.kernels.squares import squared_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

BLOCK = 1_024  # reference rows whose distances stay in the first-level cache
_NEGLIGIBLE = 40.0  # e^-40 is lost in the rounding of a sum that begins with 1

MEAN, LARGEST, MEDIAN = 0, 1, 2


@kernel
def _sift_down(heap: Floats, position: int) -> None:
    """Restore the order of a heap, largest first, whose element at `position` may be too small."""
    size = heap.shape[0]
    value = heap[position]
    while 2 * position + 1 < size:
        child = 2 * position + 1
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= value:
            break
        heap[position] = heap[child]
        position = child
    heap[position] = value


@kernel
def _make_heap(values: Floats) -> None:
    """Turn values into a heap, largest first."""
    for position in range(values.shape[0] // 2 - 1, -1, -1):
        _sift_down(values, position)


@kernel_of_a_row(lambda _X, reference, *_: reference.shape[1])
def nearest_distance(X: Floats, reference: Floats, k: int, how: int) -> Floats:
    """Return the mean, largest or median distance to the k nearest reference rows; shape (n,).

    `reference` has shape (d, m). A row that is itself in the reference must not count itself; leaving out one
    neighbour at distance zero does that row by row, without knowing which rows were sampled. With fewer than
    k neighbours left, all of them count.
    """
    n, d = X.shape
    m = reference.shape[1]
    kept = min(k + 1, m)
    result = np.empty(n)
    nearest = np.empty(kept)
    distances = np.empty(BLOCK)
    point = np.empty(d)
    for i in range(n):
        for j in range(d):  # in one piece, whatever the layout of X: or what it is handed to is compiled for each
            point[j] = X[i, j]
        count = 0
        for start in range(0, m, BLOCK):
            stop = min(start + BLOCK, m)
            width = stop - start
            squares = distances[:width]
            squared_distances(squares, point, reference, start)
            for r in range(width):
                distance = squares[r]
                if count < kept:
                    nearest[count] = distance
                    count += 1
                    if count == kept:
                        _make_heap(nearest)
                elif distance < nearest[0]:
                    nearest[0] = distance
                    _sift_down(nearest, 0)
        nearest.sort()
        first = 1 if nearest[0] == 0.0 and count > 1 else 0
        last = min(first + k, count)
        result[i] = _aggregate(nearest, first, last, how)
    return result


@kernel
def _aggregate(squared: Floats, first: int, last: int, how: int) -> float:
    """Return the mean, largest or median root of squared[first:last], which ascends."""
    if how == LARGEST:
        return np.sqrt(squared[last - 1])  # type: ignore[no-any-return] # numba's
    if how == MEDIAN:
        middle = first + (last - first) // 2
        if (last - first) % 2 == 1:
            return np.sqrt(squared[middle])  # type: ignore[no-any-return] # numba's
        return (np.sqrt(squared[middle - 1]) + np.sqrt(squared[middle])) / 2.0  # type: ignore[no-any-return] # numba's
    total = 0.0
    for r in range(first, last):
        total += np.sqrt(squared[r])
    return total / (last - first)


@kernel_of_a_row(lambda _X, reference, *_: reference.shape[1])
def kernel_surprise(X: Floats, reference: Floats, scale: Floats, log_height: float) -> Floats:
    """Return -ln of the mean over the reference rows of exp(log_height - squared distance / 2); shape (n,).

    `reference` has shape (d, m) and is divided by `scale`, as rows are here. One reference row at distance zero
    is left out, as in `nearest_distance`. The nearest row's term is taken out of the sum, so that rows far from
    all have finite scores.
    """
    n, d = X.shape
    m = reference.shape[1]
    result = np.empty(n)
    squares = np.empty(m)
    point = np.empty(d)
    for i in range(n):
        for j in range(d):
            point[j] = X[i, j] / scale[j]
        squared_distances(squares, point, reference, 0)
        nearest = np.argmin(squares)
        count = m
        if squares[nearest] == 0.0 and m > 1:
            squares[nearest] = np.inf
            nearest = np.argmin(squares)
            count = m - 1
        least = squares[nearest]
        total = 0.0
        for r in range(m):
            beyond = (squares[r] - least) / 2.0
            if beyond < _NEGLIGIBLE:
                total += math.exp(-beyond)
        result[i] = least / 2.0 - math.log(total / count) - log_height
    return result


@kernel_of_a_row(lambda _X, centers: 5 * len(centers))
def center_distance(X: Floats, centers: Floats) -> Floats:
    """Return the distance to the nearest centre; shape (n,). `centers` has shape (d, k)."""
    n, d = X.shape
    result = np.empty(n)
    squares = np.empty(centers.shape[1])
    point = np.empty(d)
    for i in range(n):
        for j in range(d):
            point[j] = X[i, j]
        squared_distances(squares, point, centers, 0)
        result[i] = np.sqrt(squares.min())
    return result


@kernel
def nearest_rows(
    point: Floats, reference: Floats, k: int, distances: Floats, rows: NDArray[np.int32], buffer: Floats
) -> tuple[int, int]:
    """Find the k nearest reference rows of one point, the nearest first; of ties the first in the reference.

    Writes squared distances and positions to `distances` and `rows`, of length at least min(k + 1, m), and
    returns which part of them holds the neighbours, as a slice. As in `nearest_distance`, one neighbour at
    distance zero does not count. `buffer` has length `BLOCK`.
    """
    m = reference.shape[1]
    kept = min(k + 1, m)
    count = 0
    for start in range(0, m, BLOCK):
        squares = buffer[: min(BLOCK, m - start)]
        squared_distances(squares, point, reference, start)
        for r in range(squares.shape[0]):
            distance = squares[r]
            if count < kept:
                count += 1
            elif not distance < distances[kept - 1]:
                continue
            place = count - 1
            while place > 0 and distances[place - 1] > distance:
                distances[place] = distances[place - 1]
                rows[place] = rows[place - 1]
                place -= 1
            distances[place] = distance
            rows[place] = start + r
    first = 1 if distances[0] == 0.0 and count > 1 else 0
    return first, min(first + k, count)


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
