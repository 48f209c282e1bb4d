"""The fit of the minimum covariance determinant: against all subsets, and against scikit-learn's search."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.covariance import MinCovDet

from adsql.detectors.mcd import MCD, _concentrated, _shape, _starts


def clustered(n, d, seed):
    """A quarter of the rows lies away from the others, as wide: a denser group may belong to the densest half."""
    rng = np.random.default_rng(seed)
    # Correlated, and no direction is as narrow as those that the fit widens.
    X = rng.normal(size=(n, d)) @ (np.eye(d) + 0.3)
    X[: n // 4] += 20.0
    return X


def log_determinant(Z, rows):
    return float(np.log(_shape(Z[list(rows)], np.zeros(Z.shape[1]))[1]).sum())


def test_the_search_finds_the_best_of_all_subsets_or_comes_near():
    excess = []
    for seed in range(20):
        Z = clustered(12, 2, seed)
        best = min(log_determinant(Z, rows) for rows in combinations(range(12), 7))
        excess.append(min(_concentrated(Z, start, 7, np.zeros(2))[0] for start in _starts(Z)) - best)
    # Concentration steps end in local minima: on twelve rows most are the best of all.
    assert min(excess) > -1e-9
    assert np.median(excess) < 1e-9
    assert max(excess) < 1.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("d", [2, 5])
def test_distances_agree_with_scikit_learn(d, seed):
    X = clustered(1_000, d, seed)
    theirs = np.sqrt(MinCovDet(random_state=0).fit(X).mahalanobis(X))
    ours = MCD.fit(X, MCD.spec.resolve({}), 0).score(X)
    # Which rows are usual enough for the second step differs by a few: a factor near 1, the same for all rows.
    assert np.quantile(ours / theirs, 0.01) > 0.9
    assert np.quantile(ours / theirs, 0.99) < 1.1
    assert ours[:250].min() > ours[250:].max()


def test_a_column_with_one_usual_value_does_not_outweigh_the_others():
    rng = np.random.default_rng(0)
    mostly_zero = np.where(rng.random(1_000) < 0.7, 0.0, rng.normal(size=1_000))
    X = np.column_stack([rng.normal(size=1_000), mostly_zero])
    score = MCD.fit(X, MCD.spec.resolve({}), 0).score(np.array([[0.0, 1.0], [5.0, 0.0]]))
    assert score[0] < 3.0 < score[1]


def test_a_relation_between_columns_that_always_holds_is_strange_when_broken():
    x = np.random.default_rng(0).normal(size=(500, 1))
    fitted = MCD.fit(np.hstack([x, x]), MCD.spec.resolve({}), 0)
    kept, broken = fitted.score(np.array([[1.0, 1.0], [1.0, -1.0]]))
    assert kept < 2.0
    assert 10.0 < broken < 100.0
