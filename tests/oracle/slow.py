"""Slow and obvious versions of every detector: pure Python, straight from the equations in the docstrings.

Each takes training rows, parameters, a seed and the rows to score, all as lists of floats, and returns a list
of scores. A new detector adds one function and one line to `ORACLES`.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter

import numpy as np

from adsql.registry import detectors
from oracle import slow_densities, slow_gaussians, slow_neighbours, slow_projections, slow_trained
from oracle.slow_trained import expected_path


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def root_mean_square(values):
    return math.sqrt(sum(value * value for value in values) / len(values))


def zscore(training, params, seed, rows):
    """Root mean square of (x - mean) / standard deviation; constant columns have deviation 1."""
    centers = [statistics.fmean(column) for column in columns(training)]
    deviations = [statistics.pstdev(column) or 1.0 for column in columns(training)]
    return [root_mean_square([(x - c) / s for x, c, s in zip(row, centers, deviations, strict=True)]) for row in rows]


def mad(training, params, seed, rows):
    """Root mean square of (x - median) / (1.4826 MAD); where the MAD is 0, 1.2533 mean absolute deviations."""
    centers, deviations = [], []
    for column in columns(training):
        center = statistics.median(column)
        distances = [abs(x - center) for x in column]
        median = statistics.median(distances) / statistics.NormalDist().inv_cdf(0.75)
        mean = statistics.fmean(distances) * math.sqrt(math.pi / 2)
        centers.append(center)
        deviations.append(median or mean or 1.0)
    return [root_mean_square([(x - c) / s for x, c, s in zip(row, centers, deviations, strict=True)]) for row in rows]


def iqr(training, params, seed, rows):
    """Sum of the distances outside the quartiles, in interquartile ranges, or in 1.349 standard deviations."""
    boxes = []
    for column in columns(training):
        low, _, high = statistics.quantiles(column, n=4, method="inclusive")
        boxes.append((low, high, (high - low) or 1.349 * statistics.pstdev(column) or 1.0))
    return [
        sum(max(low - x, x - high, 0.0) / width for x, (low, high, width) in zip(row, boxes, strict=True))
        for row in rows
    ]


def ecod(training, params, seed, rows):
    """Sum of the largest of -ln of the left tail, of the right tail, and of the one the skewness points to."""

    def tails(column, x):
        n = len(column)
        left = sum(value <= x for value in column) / n or 1 / (n + 1)
        right = sum(value >= x for value in column) / n or 1 / (n + 1)
        return -math.log(left), -math.log(right)

    def surprise(column, x):
        left, right = tails(column, x)
        mean = statistics.fmean(column)
        skewness = sum((value - mean) ** 3 for value in column)
        by_skewness = left if skewness < 0 else right if skewness > 0 else left + right
        return max(left, right, by_skewness)

    features = columns(training)
    return [sum(surprise(column, x) for column, x in zip(features, row, strict=True)) for row in rows]


def doane(column):
    """Bins by Doane's rule: 1 + log2(n) + log2(1 + |skewness| / its standard error)."""
    n, deviation = len(column), statistics.pstdev(column)
    if n < 3 or deviation == 0:
        return 2
    mean = statistics.fmean(column)
    skewness = abs(statistics.fmean([((x - mean) / deviation) ** 3 for x in column]))
    error = math.sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))
    return min(max(math.ceil(1 + math.log2(n) + math.log2(1 + skewness / error)), 2), 1_000)


def hbos(training, params, seed, rows):
    """Sum of -log2(height of the value's bin / highest + alpha); the height outside the bins is 0."""
    total = [0.0] * len(rows)
    for j, column in enumerate(columns(training)):
        bins = doane(column) if params["n_bins"] == "auto" else params["n_bins"]
        low, high = min(column), max(column)
        if low == high:
            low, high = low - 0.5, high + 0.5
        per_unit = bins / ((high - low) * (1.0 + 1e-9))

        def bin_of(x, low=low, per_unit=per_unit, bins=bins):
            place = math.floor((x - low) * per_unit + 1.0) - 1
            return place if 0 <= place < bins else None

        heights = Counter(bin_of(x) for x in column)
        highest = max(heights.values())
        for i, row in enumerate(rows):
            place = bin_of(row[j])
            height = heights[place] / highest if place is not None else 0.0
            total[i] -= math.log2(height + params["alpha"])
    return total


def neighbours(training, k, method, rows):
    """The largest, mean or median distance to the k nearest, leaving out one at distance zero."""
    scores = []
    for row in rows:
        distances = sorted(math.dist(row, other) for other in training)
        if distances[0] == 0 and len(distances) > 1:
            distances = distances[1:]
        nearest = distances[:k]
        aggregate = {"largest": max, "mean": statistics.fmean, "median": statistics.median}[method]
        scores.append(aggregate(nearest))
    return scores


def sample(training, size, seed):
    """Draw the rows to compare with, as both neighbour detectors do; which ones is a matter of the seed alone."""
    if len(training) <= size:
        return training
    return [training[i] for i in np.random.default_rng(seed).choice(len(training), size, replace=False)]


def knn(training, params, seed, rows):
    reference = sample(training, params["reference_size"], seed)
    return neighbours(reference, params["n_neighbors"], params["method"], rows)


def auto(training, params, seed, rows):
    return neighbours(sample(training, params["reference_size"], seed), params["n_neighbors"], "mean", rows)


def iforest(training, params, seed, rows):
    """2^(-mean depth / c(samples)), walking scikit-learn's own trees node by node."""
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - one oracle of many needs it

    samples = min(256 if params["max_samples"] == "auto" else params["max_samples"], len(training))
    forest = IsolationForest(
        n_estimators=params["n_estimators"],
        max_samples=samples,
        max_features=params["max_features"],
        bootstrap=params["bootstrap"],
        random_state=seed,
    ).fit(training)
    scores = []
    for row in rows:
        depths = []
        for estimator, used in zip(forest.estimators_, forest.estimators_features_, strict=True):
            tree, node, depth = estimator.tree_, 0, 0
            while tree.children_left[node] >= 0:
                goes_left = float(np.float32(row[used[tree.feature[node]]])) <= tree.threshold[node]
                node = (tree.children_left if goes_left else tree.children_right)[node]
                depth += 1
            depths.append(depth + expected_path(int(tree.n_node_samples[node])))
        scores.append(2 ** (-statistics.fmean(depths) / expected_path(samples)))
    return scores


def ensemble(training, params, seed, rows):
    """The mean, or the maximum, of the members' scores in standard deviations of their training scores above the mean."""
    combined = []
    for name in params["detectors"]:
        own = detectors()[name].spec.resolve({})
        known = ORACLES[name](training, own, seed, training)
        mean, deviation = statistics.fmean(known), statistics.pstdev(known) or 1.0
        scores = ORACLES[name](training, own, seed, rows)
        if params["combination"] == "rank":
            combined.append([position(known, score) for score in scores])
        elif params["combination"] == "probability":
            combined.append([max(0.0, math.erf((s - mean) / deviation / math.sqrt(2))) for s in scores])
        else:
            combined.append([(score - mean) / deviation for score in scores])
    return [(max if params["combination"] == "maximum" else statistics.fmean)(z) for z in zip(*combined, strict=True)]


def position(known, score):
    """The share of known scores below, ties counted half, linear between them and exponential above all."""
    n, knots = len(known), sorted(set(known))
    places = [(sum(k < knot for k in known) + sum(k == knot for k in known) / 2) / n for knot in knots]
    if score < knots[0]:
        return 0.0
    if score >= knots[-1]:
        tail = knots[-1] - float(np.interp(0.9, places, knots))
        tail = tail if tail > 0 else max(abs(knots[-1]), 1.0)
        return places[-1] + (1 - places[-1]) * (1 - math.exp(-(score - knots[-1]) / tail))
    return float(np.interp(score, knots, places))


ORACLES = {
    "auto": auto,
    "ecod": ecod,
    "ensemble": ensemble,
    "hbos": hbos,
    "iforest": iforest,
    "iqr": iqr,
    "knn": knn,
    "mad": mad,
    "zscore": zscore,
    **slow_trained.ORACLES,
    **slow_densities.ORACLES,
    **slow_gaussians.ORACLES,
    **slow_neighbours.ORACLES,
    **slow_projections.ORACLES,
}
