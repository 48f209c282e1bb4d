"""Slow and obvious versions of the detectors that look at tails, covariances, densities and clusters.

Like `slow.py`: lists in, a list of scores out. Where a fit has no closed form, the library's own fit is looked at.
"""

from __future__ import annotations

import math
import statistics
import warnings

import numpy as np

from adsql.detectors.mcd import MCD


def copod(training, params, seed, rows):
    """Sum of -ln of the tail that the skewness points to, or of the mean of both -ln where that is more."""

    def surprise(column, x):
        n = len(column)
        left = -math.log(sum(value <= x for value in column) / n or 1 / (n + 1))
        right = -math.log(sum(value >= x for value in column) / n or 1 / (n + 1))
        mean = statistics.fmean(column)
        skewness = sum((value - mean) ** 3 for value in column)
        by_skewness = left if skewness < 0 else right if skewness > 0 else left + right
        return max(by_skewness, (left + right) / 2)

    features = list(zip(*training, strict=True))
    return [sum(surprise(column, x) for column, x in zip(features, row, strict=True)) for row in rows]


def deviation(column):
    """Standard deviation; 1 for a column that is constant but for rounding."""
    found = statistics.pstdev(column)
    return found if found > 1e-9 * max(1.0, *(abs(x) for x in column)) else 1.0


def product(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def pca(training, params, seed, rows):
    """Sum of (component score)^2 / variance, by a singular value decomposition of the standardised rows."""
    columns = list(zip(*training, strict=True))
    means = [statistics.fmean(column) for column in columns]
    deviations = [deviation(column) if params["standardization"] else 1.0 for column in columns]

    def standard(row):
        return [(x - m) / s for x, m, s in zip(row, means, deviations, strict=True)]

    _, lengths, vectors = np.linalg.svd([standard(row) for row in training])
    variances = [length**2 / len(training) for length in lengths] + [0.0] * (len(columns) - len(lengths))
    components = list(zip(variances, vectors.tolist(), strict=True))
    if params["n_selected_components"] != "all":
        components = components[-params["n_selected_components"] :]
    return [
        sum(product(vector, standard(row)) ** 2 / max(variance, 0.01) for variance, vector in components)
        for row in rows
    ]


def mcd(training, params, seed, rows):
    """Mahalanobis distance, by solving with the covariance; `test_covariances.py` looks at the fit."""
    fitted = MCD.fit(np.array(training), params, seed)
    root = np.linalg.inv(fitted.whitening)
    covariance = root @ root.T
    deviations = [[x - center for x, center in zip(row, fitted.location, strict=True)] for row in rows]
    return [math.sqrt(product(row, np.linalg.solve(covariance, row))) for row in deviations]


def bounded(column):
    """Values further than 100 robust deviations from the median are moved there."""
    low, median, high = statistics.quantiles(column, n=4, method="inclusive")
    reach = 100 * ((high - low) / 1.349 or statistics.pstdev(column))
    return [min(max(x, median - reach), median + reach) for x in column]


def gmm(training, params, seed, rows):
    """-ln of scikit-learn's mixture with the lowest criterion, without the components beyond 90% of the weight."""
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415 - one oracle of many needs it

    columns = [bounded(column) for column in zip(*training, strict=True)]
    means, deviations = [statistics.fmean(c) for c in columns], [deviation(c) for c in columns]
    standard = [
        [(x - m) / s for x, m, s in zip(row, means, deviations, strict=True)] for row in zip(*columns, strict=True)
    ]
    wanted = params["n_components"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = [
            GaussianMixture(k, reg_covar=params["reg_covar"], random_state=seed).fit(standard)
            for k in (range(1, min(4, len(standard) // 2) + 1) if wanted == "auto" else [min(wanted, len(standard))])
        ]
    mixture = min(fitted, key=lambda m: m.bic(np.array(standard)))
    order, counted, held = np.argsort(-mixture.weights_, kind="stable").tolist(), [], 0.0
    while held < 0.9:
        counted.append(order.pop(0))
        held += mixture.weights_[counted[-1]]

    def log_density(row, c):
        """Of the component's normal distribution in the units of the columns."""
        scale = np.array(deviations)
        covariance = mixture.covariances_[c] * scale[:, None] * scale
        from_center = np.array(row) - (means + scale * mixture.means_[c])
        square = from_center @ np.linalg.solve(covariance, from_center)
        return -0.5 * (square + np.linalg.slogdet(2 * math.pi * covariance)[1])

    scores = []
    for row in rows:
        terms = [math.log(mixture.weights_[c] / held) + log_density(row, c) for c in counted]
        largest = max(terms)
        scores.append(-largest - math.log(sum(math.exp(term - largest) for term in terms)))
    return scores


def kde(training, params, seed, rows):
    """-ln of the mean of normal densities around the reference rows, leaving out one at distance zero."""
    widths = [deviation(bounded(column)) for column in zip(*training, strict=True)]
    size, d = params["reference_size"], len(widths)
    reference = training
    if len(training) > size:
        reference = [training[i] for i in np.random.default_rng(seed).choice(len(training), size, replace=False)]
    m = len(reference)
    rules = {"scott": m ** (-1 / (d + 4)), "silverman": (m * (d + 2) / 4) ** (-1 / (d + 4))}
    widths = [width * rules.get(params["bandwidth"], params["bandwidth"]) for width in widths]
    peak = [statistics.NormalDist(0.0, width).pdf(0.0) for width in widths]
    scores = []
    for row in rows:
        squares = sorted(
            sum(((x - y) / width) ** 2 for x, y, width in zip(row, other, widths, strict=True)) for other in reference
        )
        if squares[0] == 0 and m > 1:
            squares = squares[1:]
        mean = statistics.fmean(math.exp((squares[0] - square) / 2) for square in squares)
        scores.append(squares[0] / 2 - math.log(mean) - sum(math.log(p) for p in peak))
    return scores


def cblof(training, params, seed, rows):
    """Distance to the nearest centre of the large ones among scikit-learn's clusters."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - one oracle of many needs it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels = KMeans(min(params["n_clusters"], len(training)), n_init=5, random_state=seed).fit(training).labels_
    clusters = [[row for row, label in zip(training, labels, strict=True) if label == c] for c in sorted(set(labels))]
    clusters.sort(key=lambda rows: -len(rows))

    def holds_enough(k):
        return sum(map(len, clusters[:k])) >= params["alpha"] * len(training)

    def falls_enough(k):
        return len(clusters[k - 1]) >= params["beta"] * len(clusters[k])

    places = range(1, len(clusters))
    rules = (lambda k: holds_enough(k) and falls_enough(k), holds_enough, falls_enough)
    large = next((k for rule in rules for k in places if rule(k)), len(clusters))
    centers = [[statistics.fmean(column) for column in zip(*rows, strict=True)] for rows in clusters[:large]]
    return [min(math.dist(row, center) for center in centers) for row in rows]


ORACLES = {
    "cblof": cblof,
    "copod": copod,
    "gmm": gmm,
    "kde": kde,
    "mcd": mcd,
    "pca": pca,
}
