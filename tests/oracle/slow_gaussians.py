"""Slow and obvious detectors made of Gaussians: pure Python, from the papers' equations."""

from __future__ import annotations

import math
import statistics

import numpy as np


def square(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def sample(training, size, seed):
    """Draw the rows to fit to, as the detectors do; which ones is a matter of the seed alone."""
    if len(training) <= size:
        return training
    return [training[i] for i in sorted(np.random.default_rng(seed).choice(len(training), size, replace=False))]


def width(rows, wanted):
    """The kernel's gamma: a number, 1 / columns, or that over the mean variance of the values within 30."""
    if wanted == "auto":
        return 1 / len(rows[0])
    if wanted != "scale":
        return wanted
    near = [[min(max(x, -30.0), 30.0) for x in column] for column in zip(*rows, strict=True)]
    variance = statistics.fmean([statistics.pvariance(column) for column in near])
    return 1 / (len(near) * variance) if variance else 1.0


def ocsvm(training, params, seed, rows):
    """-ln(sum of coefficient * k(support vector, x) / rho), with the coefficients that scikit-learn finds."""
    from sklearn.svm import OneClassSVM  # noqa: PLC0415 - one oracle of many needs it

    drawn = sample(training, params["max_samples"], seed)
    gamma = width(drawn, params["gamma"])
    machine = OneClassSVM(nu=params["nu"], gamma=gamma).fit(drawn)
    scores = []
    for row in rows:
        exponents = [-gamma * square(row, vector) for vector in machine.support_vectors_.tolist()]
        largest = max(exponents)
        terms = zip(machine.dual_coef_[0].tolist(), exponents, strict=True)
        total = math.fsum(coefficient * math.exp(exponent - largest) for coefficient, exponent in terms)
        scores.append(math.log(machine.offset_[0]) - largest - math.log(total))
    return scores


def kpca(training, params, seed, rows):
    """|phi(x) - mean|^2 less its squared projections on the principal components (Hoffmann)."""
    drawn = sample(training, params["subset_size"], seed)
    gamma = width(drawn, params["gamma"])

    def kernel_values(row):
        return [math.exp(-gamma * square(row, other)) for other in drawn]

    matrix = [kernel_values(row) for row in drawn]
    means = [statistics.fmean(line) for line in matrix]
    mean = statistics.fmean(means)

    def centred(values):
        own = statistics.fmean(values)
        return [value - own - other + mean for value, other in zip(values, means, strict=True)]

    found, vectors = np.linalg.eigh(np.array([centred(line) for line in matrix]))
    pairs = sorted(zip(found.tolist(), vectors.T.tolist(), strict=True), reverse=True)
    pairs = [pair for pair in pairs if pair[0] > 1e-9 * pairs[0][0]]
    if params["n_components"] == "auto":
        half = math.fsum(value for value, _ in pairs) / 2
        count = next(c for c in range(1, len(pairs) + 1) if math.fsum(value for value, _ in pairs[:c]) >= half)
    else:
        count = params["n_components"]
    scores = []
    for row in rows:
        values = kernel_values(row)
        explained = [
            math.fsum(v * c for v, c in zip(vector, centred(values), strict=True)) ** 2 / value
            for value, vector in pairs[:count]
        ]
        scores.append(1 - 2 * statistics.fmean(values) + mean - math.fsum(explained))
    return scores


ORACLES = {"kpca": kpca, "ocsvm": ocsvm}
