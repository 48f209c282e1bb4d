"""Slow and obvious versions of the detectors that rank: pure Python, from the equations in the papers.

Each takes the rows as lists of floats, parameters and a seed, and returns a list of scores.
"""

from __future__ import annotations

import math
import statistics
from itertools import pairwise

import numpy as np


def standardised(rows):
    columns = []
    for column in zip(*rows, strict=True):
        mean, deviation = statistics.fmean(column), statistics.pstdev(column)
        columns.append([(x - mean) / deviation if deviation else 0.0 for x in column])
    return list(zip(*columns, strict=True))


def square(a, b):
    """Return the squared distance, summed in the order of columns: ties must be the same ones as in a kernel."""
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += (x - y) * (x - y)
    return total


def nearest(rows, i, k):
    others = [j for j in range(len(rows)) if j != i]
    return sorted(others, key=lambda j: square(rows[i], rows[j]))[:k]


def cof(rows, params, seed):
    """Definitions 4 to 6: set based nearest paths, their average chaining distances, and the ratio of those."""
    rows = standardised(rows)
    k = min(params["n_neighbors"], len(rows) - 1)

    def chaining(i):
        path, left, total = [i], nearest(rows, i, k), 0.0
        for step in range(1, k + 1):
            reach = {j: min(math.sqrt(square(rows[j], rows[on])) for on in path) for j in left}
            following = min(left, key=reach.get)
            total += 2 * (k + 1 - step) / (k * (k + 1)) * reach[following]
            path.append(following)
            left.remove(following)
        return total + 1e-10

    distances = [chaining(i) for i in range(len(rows))]
    return [distances[i] / statistics.fmean(distances[j] for j in nearest(rows, i, k)) for i in range(len(rows))]


def sod(rows, params, seed):
    """Equations 2 to 7, with the root mean square distance; chance decides between rows that share as many."""
    rows = standardised(rows)
    n = len(rows)
    k, size = min(params["n_neighbors"], n - 1), min(params["ref_set"], n - 1)
    chance = np.random.default_rng(seed).random(n)
    neighbours = [set(nearest(rows, i, k)) for i in range(n)]
    scores = []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        others.sort(key=lambda j: (-len(neighbours[i] & neighbours[j]), chance[j]))
        columns = list(zip(*(rows[j] for j in others[:size]), strict=True))
        variances = [statistics.pvariance(column) for column in columns]
        limit = params["alpha"] * statistics.fmean(variances)
        squares = [
            (x - statistics.fmean(column)) ** 2
            for x, column, variance in zip(rows[i], columns, variances, strict=True)
            if variance <= limit or len(columns) == 1
        ]
        scores.append(math.sqrt(statistics.fmean(squares)) if squares else 0.0)
    return scores


def sos(rows, params, seed):
    """Section 3: affinities of the perplexity asked for, binding probabilities, and the product of their rest."""
    n = len(rows)
    wanted = math.log(min(params["perplexity"], n - 1))

    def bound(i):
        distances = [square(rows[i], row) for row in rows]
        smallest = min(distances[j] for j in range(n) if j != i)

        def binding(beta):
            weights = [math.exp(-beta * (x - smallest)) if j != i else 0.0 for j, x in enumerate(distances)]
            return [weight / sum(weights) for weight in weights]

        if wanted >= math.log(n - 1):
            return binding(0.0)
        low, high = 1e-12, 1e12
        for _ in range(200):
            beta = math.sqrt(low * high)
            entropy = -sum(p * math.log(p) for p in binding(beta) if p > 0)
            low, high = (beta, high) if entropy > wanted else (low, beta)
        return binding(high)

    probabilities = [bound(i) for i in range(n)]
    return [math.prod(1 - probabilities[i][j] for i in range(n) if i != j) for j in range(n)]


def loci(rows, params, seed):
    """Definitions 1 and 2: the largest MDEF over its deviation, over 100 of the critical radii."""
    n, alpha = len(rows), params["alpha"]
    distances = [[math.sqrt(square(a, b)) for b in rows] for a in rows]
    scores = []
    for i in range(n):
        critical = sorted([*distances[i], *(x / alpha for x in distances[i])])
        chosen = min(100, 2 * n)
        best = 0.0
        for step in range(1, chosen + 1):
            radius = critical[step * 2 * n // chosen - 1]
            inside = [j for j in range(n) if distances[i][j] <= radius]
            if len(inside) < min(20, n):
                continue
            counts = [sum(x <= alpha * radius for x in distances[j]) for j in inside]
            mean, deviation = statistics.fmean(counts), statistics.pstdev(counts)
            if deviation > 0:
                own = sum(x <= alpha * radius for x in distances[i])
                best = max(best, (1 - own / mean) / (deviation / mean))
        scores.append(best)
    return scores


def cd(rows, params, seed):
    """Cook's distance by its definition, for each column on the others and an intercept, by least squares."""
    X = np.array(standardised(rows))
    n, d = X.shape
    total = np.zeros(n)
    for j in range(d):
        A = np.column_stack([np.ones(n), np.delete(X, j, axis=1)])
        hat = A @ np.linalg.pinv(A)
        residuals = X[:, j] - hat @ X[:, j]
        leverage = np.diag(hat)
        variance = (residuals**2).sum() / (n - d)
        if variance > 1e-12:
            total += residuals**2 / (d * variance) * leverage / (1 - leverage) ** 2
    return (total / d).tolist()


def qmcd(rows, params, seed):
    """Each row's term of equation 2.2 in Fang and Ma, over (4/3)^d; mirrored as PyOD does."""
    columns = []
    for column in zip(*rows, strict=True):
        low, width = min(column), max(column) - min(column)
        columns.append([(x - low) / width if width else 0.0 for x in column])
    unit = list(zip(*columns, strict=True))

    def term(a, b):
        return math.prod((1.5 - abs(x - y) + (x - y) ** 2) / (4 / 3) for x, y in zip(a, b, strict=True))

    shares = [statistics.fmean(term(a, b) for b in unit) for a in unit]
    mean, spread = statistics.fmean(shares), statistics.pstdev(shares)
    if spread <= 1e-12 * max(shares):
        return shares
    skewness, kurtosis = (statistics.fmean(((x - mean) / spread) ** power for x in shares) for power in (3, 4))
    return [max(shares) + min(shares) - x for x in shares] if skewness < 0 or kurtosis < 3 else shares


def lmdd(rows, params, seed):
    """Section 4: in each order, the row that raises the dissimilarity most and those after it that are like it."""

    def dissimilarity(chosen):
        values = [x for i in chosen for x in rows[i]]
        mean = statistics.fmean(values)
        return statistics.fmean(abs(x - mean) for x in values)

    n = len(rows)
    scores = [0.0] * n
    generator = np.random.default_rng(seed)
    for _ in range(params["n_iter"]):
        order = generator.permutation(n).tolist()
        prefixes = [dissimilarity(order[: r + 1]) for r in range(n)]
        rises = [after - before for before, after in pairwise(prefixes)]
        worst = rises.index(max(rises)) + 1
        rise = rises[worst - 1]
        if rise <= 0:
            continue
        factors = {order[worst]: rise}
        for i in order[worst + 1 :]:
            fall = dissimilarity([*order[:worst], i]) - dissimilarity([*order[: worst + 1], i])
            if fall >= 0:
                factors[i] = rise + fall
        for i, factor in factors.items():
            scores[i] = max(scores[i], factor * (n - len(factors)))
    return scores


ORACLES = {"cd": cd, "cof": cof, "lmdd": lmdd, "loci": loci, "qmcd": qmcd, "sod": sod, "sos": sos}
