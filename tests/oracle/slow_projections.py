"""Slow and obvious histograms of random projections."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np


def projections(d, k, seed):
    """Draw sparse projections, as the detector does; which ones is a matter of the seed alone."""
    rng = np.random.default_rng(seed)
    size = math.ceil(math.sqrt(d))
    columns = [rng.choice(d, size, replace=False).tolist() for _ in range(k)]
    weights = rng.standard_normal((k, size)).tolist()
    return [list(zip(*pair, strict=True)) for pair in zip(columns, weights, strict=True)]


def project(row, projection):
    total = 0.0
    for column, weight in projection:
        total += weight * row[column]
    return total


def likelihood(values, low, length, bins):
    """Penalised log-likelihood of a regular histogram (Birgé and Rozenholc)."""
    heights = Counter(int((value - low) / length * bins) for value in values)
    fit = sum(count * math.log(bins * count / len(values)) for count in heights.values())
    return fit - (bins - 1 + math.log(bins) ** 2.5)


def regular_histogram(values, bins):
    """Return a function that gives the probability of a value's bin."""
    n = len(values)
    low, high = min(values), max(values)
    length = high - low
    if length <= 1e-12 * max(abs(low), abs(high), 1.0):
        low, length = low - 0.5, 1.0
    length /= 1 - 1e-12  # the largest value lies in the last bin, not on its edge
    if bins == "auto":
        most = min(400, max(2, int(n / math.log(n))))
        tried = sorted({round(float(b)) for b in np.geomspace(2, most, 24)})
        bins = max(tried, key=lambda b: likelihood(values, low, length, b))
    heights = Counter(int((value - low) / length * bins) for value in values)

    def probability(value):
        place = math.floor((value - low) / length * bins)
        return heights[place] / n if heights[place] else 1 / (n + 1)

    return probability


def loda(training, params, seed, rows):
    """Mean over the projections of -ln(probability of the bin); 1 / (n + 1) where no training row is."""
    total = [0.0] * len(rows)
    drawn = projections(len(training[0]), params["n_random_cuts"], seed)
    for projection in drawn:
        probability = regular_histogram([project(row, projection) for row in training], params["n_bins"])
        for i, row in enumerate(rows):
            total[i] -= math.log(probability(project(row, projection)))
    return [value / len(drawn) for value in total]


ORACLES = {"loda": loda}
