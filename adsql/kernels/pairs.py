"""Kernels that compare every row of a table with every other one, for detectors that rank a table as a whole.

Time grows with the square of the rows, memory does not: distances of one row at a time are kept. `loci_scores` alone
needs more of both. Rows at equal distance count in their order in X, so that results are the same everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_MAX_STEPS = 200  # of a search that halves an interval; Newton's steps need about eight
_LARGEST_EXPONENT = 700.0  # exp of minus more is no longer a normal number
_LARGEST_BETA = 1e300


@kernel
def _squares(X: Floats, columns: Floats, i: int, total: Floats) -> None:
    """Write the squared distances of row i to all rows; `columns` is X's transpose, contiguous."""
    total[:] = 0.0
    for j in range(X.shape[1]):
        x = X[i, j]
        column = columns[j]
        for r in range(total.shape[0]):
            difference = x - column[r]
            total[r] += difference * difference


@kernel
def nearest_rows(X: Floats, columns: Floats, k: int) -> NDArray[np.int64]:
    """Return the k nearest other rows of each row, nearest first; shape (n, k), with k below n."""
    n = X.shape[0]
    result = np.empty((n, k), dtype=np.int64)
    squares = np.empty(n)
    nearest = np.empty(k)
    for i in range(n):
        _squares(X, columns, i, squares)
        count = 0
        for r in range(n):
            square = squares[r]
            if r == i or (count == k and square >= nearest[k - 1]):
                continue
            place = count if count < k else k - 1
            while place > 0 and nearest[place - 1] > square:
                nearest[place] = nearest[place - 1]
                result[i, place] = result[i, place - 1]
                place -= 1
            nearest[place] = square
            result[i, place] = r
            count = min(count + 1, k)
    return result


@kernel
def _distance(X: Floats, a: int, b: int) -> float:
    total = 0.0
    for j in range(X.shape[1]):
        difference = X[a, j] - X[b, j]
        total += difference * difference
    return np.sqrt(total)  # type: ignore[no-any-return] # numba's


@kernel
def chaining_distances(X: Floats, neighbours: NDArray[np.int64]) -> Floats:
    """Return the average chaining distance from each row through its k neighbours; shape (n,).

    The path starts at the row and takes on the neighbour nearest to any row that is on it already; the i-th of
    its k steps weighs 2 (k + 1 - i) / (k (k + 1)).
    """
    n, k = neighbours.shape
    result = np.empty(n)
    reach = np.empty(k)
    for i in range(n):
        for a in range(k):
            reach[a] = _distance(X, i, neighbours[i, a])
        total = 0.0
        for step in range(1, k + 1):
            nearest = -1
            for a in range(k):
                if reach[a] >= 0.0 and (nearest < 0 or reach[a] < reach[nearest]):
                    nearest = a
            total += 2.0 * (k + 1 - step) / (k * (k + 1)) * reach[nearest]
            reach[nearest] = -1.0
            for a in range(k):
                if reach[a] >= 0.0:
                    reach[a] = min(reach[a], _distance(X, neighbours[i, nearest], neighbours[i, a]))
        result[i] = total
    return result


@kernel
def _rows_that_name(neighbours: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows that have each row as a neighbour, one list after the other, and where the lists begin."""
    n, k = neighbours.shape
    first = np.zeros(n + 1, dtype=np.int64)
    for i in range(n):
        for a in range(k):
            first[neighbours[i, a] + 1] += 1
    first = np.cumsum(first)
    rows = np.empty(n * k, dtype=np.int64)
    filled = first[:n].copy()
    for i in range(n):
        for a in range(k):
            rows[filled[neighbours[i, a]]] = i
            filled[neighbours[i, a]] += 1
    return rows, first


@kernel
def most_shared_neighbours(neighbours: NDArray[np.int64], precedence: Floats, size: int) -> NDArray[np.int64]:
    """Return the `size` other rows that share most neighbours with each row; shape (n, size).

    Of rows that share as many, the one of lower precedence comes first.
    """
    n, k = neighbours.shape
    naming, first = _rows_that_name(neighbours)
    result = np.empty((n, size), dtype=np.int64)
    shared = np.zeros(n, dtype=np.int64)
    for i in range(n):
        for a in range(k):
            place = neighbours[i, a]
            for r in range(first[place], first[place + 1]):
                shared[naming[r]] += 1
        shared[i] = -1
        count = 0
        for r in range(n):
            if r == i or (count == size and shared[r] < shared[result[i, size - 1]]):
                continue
            place = count if count < size else size - 1
            if count == size and not _comes_before(shared, precedence, r, result[i, place]):
                continue
            while place > 0 and _comes_before(shared, precedence, r, result[i, place - 1]):
                result[i, place] = result[i, place - 1]
                place -= 1
            result[i, place] = r
            count = min(count + 1, size)
        shared[:] = 0
    return result


@kernel
def _comes_before(shared: NDArray[np.int64], precedence: Floats, row: int, other: int) -> bool:
    if shared[row] != shared[other]:
        return shared[row] > shared[other]  # type: ignore[no-any-return] # numba's
    return precedence[row] < precedence[other]  # type: ignore[no-any-return] # numba's


@kernel
def subspace_deviations(X: Floats, references: NDArray[np.int64], alpha: float) -> Floats:
    """Return each row's root mean square distance from the mean of its references where they agree; shape (n,).

    That is in the columns whose variance is at most alpha times the mean variance.
    """
    n, size = references.shape
    d = X.shape[1]
    result = np.zeros(n)
    mean, variance = np.empty(d), np.empty(d)
    for i in range(n):
        for j in range(d):
            total = 0.0
            for a in range(size):
                total += X[references[i, a], j]
            mean[j] = total / size
            total = 0.0
            for a in range(size):
                difference = X[references[i, a], j] - mean[j]
                total += difference * difference
            variance[j] = total / size
        limit = alpha * variance.sum() / d
        square, relevant = 0.0, 0
        for j in range(d):
            if variance[j] <= limit or d == 1:
                square += (X[i, j] - mean[j]) ** 2
                relevant += 1
        if relevant > 0:
            result[i] = np.sqrt(square / relevant)
    return result


@kernel
def unbound_probabilities(X: Floats, columns: Floats, perplexity: float) -> Floats:
    """Return the probability that no row is bound to each row; shape (n,), n at least 2.

    Row i is bound to another one with a probability proportional to exp(-beta_i * squared distance), where beta_i
    gives these probabilities the perplexity asked for.
    """
    n = X.shape[0]
    wanted = np.log(min(perplexity, n - 1.0))
    result = np.zeros(n)
    squares, weights = np.empty(n), np.empty(n)
    for i in range(n):
        _squares(X, columns, i, squares)
        squares[i] = np.inf
        squares -= squares.min()
        _bind(squares, weights, wanted)
        total = weights.sum()
        for r in range(n):
            # Certainty would make the others' opinion void: a pair of rows alone is bound with all but 1e-300.
            result[r] += np.log(max(1.0 - weights[r] / total, 1e-300))
    return np.exp(result)


@kernel
def _bind(squares: Floats, weights: Floats, wanted: float) -> None:
    """Write exp(-beta * squares) with the beta that gives the entropy wanted; squares start at 0, oneself at inf."""
    n = squares.shape[0]
    low, high = 0.0, np.inf
    finite = 0.0
    for r in range(n):
        if squares[r] < np.inf:
            finite += squares[r]
    # Where all others are to count alike, or are at one place, there is nothing to search.
    certain = finite == 0.0 or wanted >= np.log(n - 1.0)
    beta = 0.0 if certain else (n - 1.0) / finite
    for _ in range(_MAX_STEPS):
        total, first, second = 0.0, 0.0, 0.0
        for r in range(n):
            exponent = beta * squares[r]
            # Not exp of every one: most are far beyond what a sum would notice.
            weight = np.exp(-exponent) if exponent < _LARGEST_EXPONENT else 0.0
            weights[r] = weight
            if weight > 0.0:
                total += weight
                first += weight * squares[r]
                second += weight * squares[r] * squares[r]
        mean = first / total
        excess = np.log(total) + beta * mean - wanted
        if certain or abs(excess) < 1e-10:  # noqa: PLR2004 - an entropy that is off by less changes no score
            break
        if excess > 0.0:
            low = beta
        else:
            high = beta
        slope = -beta * (second / total - mean * mean)
        step = beta - excess / slope if slope < 0.0 else -1.0
        halved = 2.0 * beta if high == np.inf else (low + high) / 2.0
        beta = step if low < step < high else halved
        if beta > _LARGEST_BETA:  # rows at one place: nothing tells them apart
            break


@kernel
def wraparound_products(X: Floats, columns: Floats) -> Floats:
    """Return the mean over all rows of prod_k (3/2 - |x_k - y_k| + |x_k - y_k|^2) / (4/3); X within [0, 1]."""
    n, d = X.shape
    result = np.empty(n)
    product = np.empty(n)
    for i in range(n):
        product[:] = 1.0
        for j in range(d):
            x = X[i, j]
            column = columns[j]
            for r in range(n):
                difference = abs(x - column[r])
                product[r] *= (1.5 - difference + difference * difference) * 0.75
        result[i] = product.sum() / n
    return result


@kernel
def _critical_radii(distances: Floats, alpha: float, steps: int, radii: Floats) -> None:
    """Write radii at which one of a row's counts changes, ascending and evenly chosen of all 2 n."""
    critical = np.sort(np.concatenate((distances, distances / alpha)))
    for step in range(steps):
        radii[step] = critical[(step + 1) * critical.shape[0] // steps - 1]


@kernel
def _add_counts(
    ascending: Floats, distance: float, radii: Floats, alpha: float, inside: Floats, total: Floats, squares: Floats
) -> None:
    """Add one row to what another has within each of its radii: it, and how many rows lie within alpha times that.

    `ascending` are the distances of the row that is added to all rows; radii ascend as well.
    """
    place = 0
    for step in range(radii.shape[0]):
        if distance <= radii[step]:
            reach = alpha * radii[step]
            while place < ascending.shape[0] and ascending[place] <= reach:
                place += 1
            count = float(place)
            inside[step] += 1.0
            total[step] += count
            squares[step] += count * count


@kernel
def loci_scores(X: Floats, columns: Floats, alpha: float, least: int, radii: int) -> Floats:
    """Return the largest MDEF / sigma_MDEF of each row, over the radii at which one of its counts changes.

    Of those, at most so many are looked at, evenly chosen. Radii that hold fewer than `least` rows do not count.
    O(n^3) time, with a small constant; O(n^2) memory.
    """
    n = X.shape[0]
    steps = min(radii, 2 * n)
    distances, looked_at = np.empty((n, n)), np.empty((n, steps))
    for i in range(n):
        _squares(X, columns, i, distances[i])
        for r in range(n):
            distances[i, r] = np.sqrt(distances[i, r])
        _critical_radii(distances[i], alpha, steps, looked_at[i])
    inside, own = np.zeros((n, steps)), np.zeros((n, steps))
    total, squares = np.zeros((n, steps)), np.zeros((n, steps))
    # One row is added to all others before the next: its distances then stay in the first-level cache.
    for r in range(n):
        ascending = np.sort(distances[r])
        for i in range(n):
            _add_counts(ascending, distances[i, r], looked_at[i], alpha, inside[i], total[i], squares[i])
        own[r] = np.searchsorted(ascending, alpha * looked_at[r], "right")
    result = np.zeros(n)
    for i in range(n):
        for step in range(steps):
            if inside[i, step] < least:
                continue
            mean = total[i, step] / inside[i, step]
            variance = squares[i, step] / inside[i, step] - mean * mean
            # Counts are whole numbers: what is left below this is rounding.
            if variance > 1e-9 * mean * mean:
                result[i] = max(result[i], (mean - own[i, step]) / np.sqrt(variance))
    return result
