"""Every detector equals a slow and obvious version of itself."""

from __future__ import annotations

import numpy as np
import pytest

from adsql.registry import row_wise_detectors as detectors
from oracle.slow import ORACLES

# Besides the defaults: one line a set of parameters that takes another path through the code.
PARAMETERS = {
    "abod": [{"n_neighbors": 3}, {"n_neighbors": 100}, {"reference_size": 40}],
    "auto": [{"n_neighbors": 1}, {"n_neighbors": 1_000}, {"reference_size": 40}],
    "ensemble": [
        {"detectors": ("zscore", "mad"), "combination": combination} for combination in ("maximum", "probability")
    ],
    "eif": [
        {"n_estimators": 20, "extension_level": 0},
        {"n_estimators": 20, "extension_level": 1, "max_samples": 33},
        {"n_estimators": 20, "extension_level": 99, "max_samples": 2},
    ],
    "cblof": [{"n_clusters": 2}, {"alpha": 1.0}, {"alpha": 0.51, "beta": 1.5}, {"n_clusters": 1_000}],
    "gmm": [{"n_components": 1}, {"n_components": 6}, {"reg_covar": 0.5}],
    "hbos": [{"n_bins": 2}, {"n_bins": 37, "alpha": 1.0}, {"alpha": 1e-9}],
    "iforest": [
        {"n_estimators": 7, "max_samples": 50},
        {"n_estimators": 20, "max_features": 0.5},
        {"n_estimators": 20, "bootstrap": True},
    ],
    "kde": [{"bandwidth": 0.2}, {"bandwidth": "scott"}, {"bandwidth": "silverman", "reference_size": 40}],
    "inne": [{"max_samples": 2, "n_estimators": 50}, {"max_samples": 200, "n_estimators": 2}],
    "knn": [
        {"method": "mean"},
        {"method": "median", "n_neighbors": 4},
        {"method": "median", "n_neighbors": 7},
        {"n_neighbors": 1_000},
        {"reference_size": 40, "n_neighbors": 2},
    ],
    "mcd": [{"support_fraction": 0.75}, {"support_fraction": 1.0}],
    "pca": [{"n_selected_components": 1}, {"n_selected_components": 50}, {"standardization": False}],
    "kpca": [{"n_components": 1, "gamma": 2.0}, {"n_components": 3, "subset_size": 40}],
    "loda": [{"n_bins": 2, "n_random_cuts": 1}, {"n_bins": 37}],
    "lof": [{"n_neighbors": 1}, {"n_neighbors": 1_000}, {"n_neighbors": 3, "reference_size": 40}],
    "ocsvm": [{"gamma": "auto", "nu": 0.99}, {"gamma": 1e-4, "nu": 1e-6}, {"max_samples": 40}],
}
CASES = [
    pytest.param(name, given, id="-".join([name, *(f"{key}={value}" for key, value in given.items())]))
    for name in detectors()
    for given in ({}, *PARAMETERS.get(name, []))
]


def continuous(n, rng):
    return rng.normal(size=(n, 3)) * [1.0, 100.0, 1e-3] + [0.0, 1e4, 0.0]


def with_ties(n, rng):
    """Few distinct values, one column that is mostly zero and one that is skewed to the left."""
    mostly_zero = np.where(rng.random(n) < 0.8, 0.0, rng.integers(1, 4, n))
    return np.column_stack([rng.normal(size=n).round(1), mostly_zero, -rng.exponential(size=n).round(1)])


def with_a_constant(n, rng):
    return np.column_stack([np.full(n, 2.5), rng.normal(size=n).round(2)])


def symmetric(n, rng):
    """No skewness at all: the mean is zero, and so is the sum of cubes, exactly."""
    half = rng.integers(1, 9, n // 2).astype(float)
    return np.concatenate([half, -half])[:, None]


def few(n, rng):
    return rng.normal(size=(5, 2))


DATA = {make.__name__: make for make in (continuous, with_ties, with_a_constant, symmetric, few)}


def test_every_detector_has_an_oracle():
    assert set(ORACLES) == set(detectors())


@pytest.mark.parametrize("make", DATA.values(), ids=DATA)
@pytest.mark.parametrize(("name", "given"), CASES)
def test_scores_equal_the_oracle(name, given, make):
    rng = np.random.default_rng(11)
    X = make(150, rng)
    # Training rows, rows between them, ties with single values of them, and rows far outside.
    rows = np.vstack([X, make(40, rng), X[:20] + X[20:21] * 0.5 if len(X) > 20 else X * 2, X[:3] * 1e3 - 7.0])
    params = detectors()[name].spec.resolve(given)
    found = detectors()[name].fit(X, params, 3).score(np.ascontiguousarray(rows))
    expected = ORACLES[name](X.tolist(), params, 3, rows.tolist())
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["auto", "knn", "lof"])
def test_a_reference_larger_than_a_block_equals_the_oracle(name):
    rng = np.random.default_rng(12)
    X = rng.normal(size=(2_500, 2)).round(2)
    params = detectors()[name].spec.resolve({"reference_size": 2_500})
    found = detectors()[name].fit(X, params, 0).score(X[:50])
    np.testing.assert_allclose(found, ORACLES[name](X.tolist(), params, 0, X[:50].tolist()), rtol=1e-9)


@pytest.mark.parametrize("name", ["auto", "knn"])
def test_the_reference_is_a_sample_without_replacement(name):
    X = np.random.default_rng(13).normal(size=(500, 2))
    params = detectors()[name].spec.resolve({"reference_size": 100})
    first, second = (detectors()[name].fit(X, params, seed).reference.T for seed in (0, 1))
    drawn = {tuple(row) for row in first.tolist()}
    assert len(drawn) == 100
    assert drawn <= {tuple(row) for row in X.tolist()}
    assert drawn != {tuple(row) for row in second.tolist()}


def test_the_ranks_of_an_ensemble_equal_the_oracle():
    """Not on data with ties: scores that the oracle sums in another order are no ties to their last bit."""
    X = continuous(150, np.random.default_rng(14))
    rows = np.vstack([X, X * 1.1, X[:3] * 1e3])
    params = detectors()["ensemble"].spec.resolve({"detectors": ("mad", "zscore"), "combination": "rank"})
    found = detectors()["ensemble"].fit(X, params, 0).score(np.ascontiguousarray(rows))
    np.testing.assert_allclose(found, ORACLES["ensemble"](X.tolist(), params, 0, rows.tolist()), rtol=1e-9, atol=1e-9)
