"""Slow and obvious detectors that look at neighbours: pure Python, from the papers' equations."""

from __future__ import annotations

import itertools
import math
import statistics

import numpy as np


def square(a, b):
    """The squared distance, added up in the order of the columns: ties must be ties in kernels too."""
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += (x - y) * (x - y)
    return total


def single_square(a, b):
    """The same in single precision."""
    total = np.float32(0.0)
    for x, y in zip(a, b, strict=True):
        total += (x - y) * (x - y)
    return total


def single(row):
    return [np.float32(x) for x in row]


def spheres(sample):
    """For each row of a sample: the row, its squared distance to the nearest other, 1 - ratio of the radii."""
    if len(sample) == 1:
        return [(sample[0], np.float32(0.0), 0.0)]
    nearest = []
    for i, row in enumerate(sample):
        nearest.append(min((single_square(row, other), j) for j, other in enumerate(sample) if j != i))
    result = []
    for row, (radius, j) in zip(sample, nearest, strict=True):
        ratio = math.sqrt(nearest[j][0]) / math.sqrt(radius) if radius > 0 else 1.0
        result.append((row, radius, 1 - ratio))
    return result


def inne(training, params, seed, rows):
    """Mean over the samples of the isolation of the smallest sphere that covers the row, or 1."""
    rng = np.random.default_rng(seed)
    size = min(8 if params["max_samples"] == "auto" else params["max_samples"], len(training))
    total = [0.0] * len(rows)
    for _ in range(params["n_estimators"]):
        drawn = spheres([single(training[i]) for i in rng.choice(len(training), size, replace=False)])
        for i, row in enumerate(rows):
            place = single(row)
            covering = [
                (radius, isolation) for center, radius, isolation in drawn if single_square(center, place) <= radius
            ]
            total[i] += float(np.float32(min(covering)[1])) if covering else 1.0
    return [value / params["n_estimators"] for value in total]


def distinct_sample(training, size, seed):
    """Draw distinct rows to compare with, as the detectors do; which ones is a matter of the seed alone."""
    distinct = sorted({tuple(row) for row in training})
    if len(distinct) <= size:
        return distinct
    return [distinct[i] for i in sorted(np.random.default_rng(seed).choice(len(distinct), size, replace=False))]


def nearest(row, reference, k):
    """The k nearest rows as (squared distance, position), leaving out one at distance zero."""
    found = sorted((square(row, other), i) for i, other in enumerate(reference))
    if found[0][0] == 0 and len(found) > 1:
        found = found[1:]
    return found[:k]


def lof(training, params, seed, rows):
    """Mean of lrd(o) / lrd(x) over the neighbours o, where 1 / lrd is the mean of max(k-distance(o), distance)."""
    k = params["n_neighbors"]
    reference = distinct_sample(training, params["reference_size"], seed)
    k_distance = [math.sqrt(nearest(row, reference, k)[-1][0]) for row in reference]

    def density(row):
        reach = [max(k_distance[i], math.sqrt(squared)) for squared, i in nearest(row, reference, k)]
        return 1 / max(statistics.fmean(reach), 1e-10)

    densities = [density(row) for row in reference]
    return [statistics.fmean([densities[i] for _, i in nearest(row, reference, k)]) / density(row) for row in rows]


def abod(training, params, seed, rows):
    """-ln(variance over pairs of neighbours of <a, b> / (|a|^2 |b|^2)), neighbours at distance zero left out."""
    reference = distinct_sample(training, params["reference_size"], seed)
    scores = []
    for row in rows:
        ways = [
            [(y - x) / squared for x, y in zip(row, reference[i], strict=True)]
            for squared, i in nearest(row, reference, params["n_neighbors"])
            if squared > 0
        ]
        angles = [sum(x * y for x, y in zip(a, b, strict=True)) for a, b in itertools.combinations(ways, 2)]
        scores.append(-math.log(max(statistics.pvariance(angles), 1e-300) if angles else 1e300))
    return scores


ORACLES = {"abod": abod, "inne": inne, "lof": lof}
