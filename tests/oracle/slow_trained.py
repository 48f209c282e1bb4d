"""Slow and obvious versions of detectors that grow, train or draw something at random: see `slow.py`.

Which random numbers are drawn is a matter of the seed alone; the oracles draw the same ones.
"""

from __future__ import annotations

import math
import statistics
import warnings

import numpy as np

EULER_GAMMA = 0.5772156649015329


def expected_path(n):
    """c(n) of Liu, Ting and Zhou: the mean depth of an unsuccessful search in a binary tree of n rows."""
    if n <= 1:
        return 0.0
    if n == 2:
        return 1.0
    return 2 * (math.log(n - 1) + EULER_GAMMA) - 2 * (n - 1) / n


def dot(slopes, row):
    return sum(slope * row[j] for j, slope in slopes.items())


def grow(rows, node, limit, numbers):
    """Algorithm 2 of Hariri, Carrasco Kind and Brunner: (slopes, intercept, left, right), or what a leaf is worth.

    The random numbers are indexed by the node's number: the root is 0, the children of p are 2p + 1 and 2p + 2.
    """
    varying = [j for j, column in enumerate(zip(*rows, strict=True)) if len(set(column)) > 1]
    if limit == 0 or not varying:
        return expected_path(len(rows))
    normals, picks, places = (list(part[node]) for part in numbers)
    slopes, intercept = {}, 0.0
    for q in range(min(len(normals), len(varying))):
        # One of the columns that are left, each as likely; the one it was swapped with stays in the game.
        other = q + int(picks[q] * (len(varying) - q))
        varying[q], varying[other] = varying[other], varying[q]
        column = [row[varying[q]] for row in rows]
        slopes[varying[q]] = normals[q]
        intercept += normals[q] * (min(column) + places[q] * (max(column) - min(column)))
    left = [row for row in rows if dot(slopes, row) <= intercept]
    right = [row for row in rows if dot(slopes, row) > intercept]
    return (
        slopes,
        intercept,
        grow(left, 2 * node + 1, limit - 1, numbers),
        grow(right, 2 * node + 2, limit - 1, numbers),
    )


def path_length(tree, row):
    """Algorithm 3: splits down to the leaf, plus the expected depth below it."""
    if not isinstance(tree, tuple):
        return tree
    slopes, intercept, left, right = tree
    return 1 + path_length(left if dot(slopes, row) <= intercept else right, row)


def eif(training, params, seed, rows):
    """2^(-mean path length / c(samples))."""
    samples = min(256 if params["max_samples"] == "auto" else params["max_samples"], len(training))
    level = 2 if params["extension_level"] == "auto" else params["extension_level"]
    k = min(level + 1, len(training[0]))
    limit = max(math.ceil(math.log2(samples)), 1)
    random = np.random.default_rng(seed)
    trees = []
    for _ in range(params["n_estimators"]):
        drawn = [training[i] for i in random.choice(len(training), samples, replace=False)]
        shape = (2**limit - 1, k)
        numbers = random.normal(size=shape), random.random(shape), random.random(shape)
        trees.append(grow(drawn, 0, limit, [part.tolist() for part in numbers]))
    paths = [statistics.fmean(path_length(tree, row) for tree in trees) for row in rows]
    return [2 ** (-path / expected_path(samples)) for path in paths]


def layer(values, weight, bias):
    return [b + sum(x * row[u] for x, row in zip(values, weight, strict=True)) for u, b in enumerate(bias)]


def rebuild(network, row):
    """Go through scikit-learn's own network unit by unit."""
    for place, (weight, bias) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        row = layer(row, weight.tolist(), bias.tolist())
        if place < len(network.coefs_) - 1:
            row = [max(x, 0.0) for x in row]
    return row


def autoencoder(training, params, seed, rows):
    """Mean square of (x - rebuilt x) / usual error; the network is trained again without the worst tenth."""
    from sklearn.neural_network import MLPRegressor  # noqa: PLC0415 - one oracle of many needs it

    X = np.array(training)
    near = np.clip(X, -10, 10)
    center = near.mean(axis=0)
    scale = np.array([deviation if deviation > 1e-6 else 1.0 for deviation in near.std(axis=0)])

    def fit(Z):
        network = MLPRegressor(
            hidden_layer_sizes=(64, 32, 64), learning_rate_init=0.01, batch_size=min(128, len(Z)), max_iter=params["max_iter"],
            early_stopping=len(Z) >= 50, n_iter_no_change=8, random_state=seed,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return network.fit(Z, Z if Z.shape[1] > 1 else Z[:, 0])

    def missed(network, row):
        seen = [(min(max(x, -10.0), 10.0) - c) / s for x, c, s in zip(row, center, scale, strict=True)]
        there = [(x - c) / s for x, c, s in zip(row, center, scale, strict=True)]
        return [x - y for x, y in zip(there, rebuild(network, seen), strict=True)]

    Z = (near - center) / scale
    network = fit(Z)
    if len(X) >= 50:
        errors = [statistics.fmean(e * e for e in missed(network, row)) for row in near.tolist()]
        network = fit(Z[np.array(errors) <= np.quantile(errors, 0.9)])
    usual = []
    for column in zip(*(missed(network, row) for row in training), strict=True):
        sizes = [abs(e) for e in column]
        cut = np.quantile(sizes, 0.9)
        usual.append(max(math.sqrt(statistics.fmean(min(e, cut) ** 2 for e in sizes)), 0.1))
    return [statistics.fmean((e / u) ** 2 for e, u in zip(missed(network, row), usual, strict=True)) for row in rows]


ORACLES = {"autoencoder": autoencoder, "eif": eif}
