"""Detectors equal the libraries that people know, where those define a score for the same rows."""

from __future__ import annotations

import numpy as np
import pytest
from pyod.models import copod as pyod_copod
from pyod.models import ecod as pyod_ecod
from pyod.models import knn as pyod_knn
from pyod.models import lof as pyod_lof
from pyod.models import ocsvm as pyod_ocsvm
from sklearn.ensemble import IsolationForest as SklearnForest

from adsql.detectors.copod import COPOD
from adsql.detectors.ecod import ECOD
from adsql.detectors.iforest import IsolationForest
from adsql.detectors.knn import KNN
from adsql.detectors.lof import LOF
from adsql.detectors.ocsvm import OCSVM


def rows(n, d, seed, decimals=None):
    X = np.random.default_rng(seed).normal(size=(n, d)) * np.arange(1, d + 1)
    X[:5] *= 8.0
    return X if decimals is None else X.round(decimals)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"n_estimators": 20, "max_samples": 64},
        {"n_estimators": 20, "max_features": 0.4},
        {"n_estimators": 20, "bootstrap": True},
        {"n_estimators": 20, "max_samples": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("n", [100, 700])
def test_iforest_equals_scikit_learn(n, given, seed):
    X, others = rows(n, 5, seed), rows(300, 5, seed + 1) * 3.0
    forest = SklearnForest(**given, random_state=seed).fit(X)
    ours = IsolationForest.fit(X, IsolationForest.spec.resolve(given), seed)
    for scored in (X, others):
        np.testing.assert_allclose(ours.score(scored), -forest.score_samples(scored), rtol=0, atol=1e-12)


def test_iforest_with_deep_trees_equals_scikit_learn():
    X = rows(700, 5, 4)
    forest = SklearnForest(n_estimators=20, max_samples=600, random_state=0).fit(X)
    ours = IsolationForest.fit(X, IsolationForest.spec.resolve({"n_estimators": 20, "max_samples": 600}), 0)
    np.testing.assert_allclose(ours.score(X), -forest.score_samples(X), rtol=0, atol=1e-12)


def test_iforest_equals_scikit_learn_on_and_beside_its_thresholds():
    """Values are float32 to a tree, thresholds float64: rounding either the other way moves rows to other leaves."""
    X = rows(700, 2, 3, decimals=1)
    forest = SklearnForest(n_estimators=30, random_state=0).fit(X)
    ours = IsolationForest.fit(X, IsolationForest.spec.resolve({"n_estimators": 30}), 0)
    on = ours.threshold[ours.feature >= 0]
    near = np.concatenate(
        [on, *(np.nextafter(np.float32(on), np.float32(side)) for side in (-1e9, 1e9)), np.float32(on)]
    )
    scored = np.column_stack([near, near[::-1]])
    np.testing.assert_allclose(ours.score(scored), -forest.score_samples(scored), rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("decimals", [None, 1, 0])
@pytest.mark.parametrize("d", [1, 4])
def test_ecod_equals_pyod_on_training_rows(d, decimals, seed):
    X = rows(400, d, seed, decimals)
    np.testing.assert_allclose(ECOD.fit(X, {}, 0).score(X), pyod_ecod.ECOD().fit(X).decision_scores_, rtol=1e-9)


@pytest.mark.parametrize("decimals", [None, 1, 0])
@pytest.mark.parametrize("d", [1, 4])
def test_copod_equals_pyod_on_training_rows(d, decimals):
    X = rows(400, d, 3, decimals)
    np.testing.assert_allclose(COPOD.fit(X, {}, 0).score(X), pyod_copod.COPOD().fit(X).decision_scores_, rtol=1e-9)


@pytest.mark.parametrize("method", ["largest", "mean", "median"])
@pytest.mark.parametrize("k", [1, 5, 20])
def test_knn_equals_pyod_on_training_rows(k, method):
    X = rows(300, 3, seed=2)
    theirs = pyod_knn.KNN(n_neighbors=k, method=method).fit(X).decision_scores_
    params = KNN.spec.resolve({"n_neighbors": k, "method": method, "reference_size": 300})
    np.testing.assert_allclose(KNN.fit(X, params, 0).score(X), theirs, rtol=1e-9)


@pytest.mark.parametrize("nu", [0.1, 0.5, 0.99])
def test_ocsvm_gives_pyod_s_score(nu):
    X = rows(300, 3, seed=5)
    peer = pyod_ocsvm.OCSVM(nu=nu).fit(X)
    ours = OCSVM.fit(X, OCSVM.spec.resolve({"nu": nu, "gamma": "auto"}), 0).score(X)
    np.testing.assert_allclose(-peer.intercept_ * -np.expm1(-ours), peer.decision_scores_, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("k", [1, 5, 20])
def test_lof_equals_pyod_on_training_rows(k):
    X = rows(300, 3, seed=4)
    theirs = pyod_lof.LOF(n_neighbors=k).fit(X).decision_scores_
    params = LOF.spec.resolve({"n_neighbors": k, "reference_size": 300})
    np.testing.assert_allclose(LOF.fit(X, params, 0).score(X), theirs, rtol=1e-8)


def test_knn_equals_pyod_with_duplicated_training_rows():
    X = np.repeat(rows(60, 2, seed=3), 4, axis=0)
    theirs = pyod_knn.KNN(n_neighbors=5).fit(X).decision_scores_
    np.testing.assert_allclose(KNN.fit(X, KNN.spec.resolve({}), 0).score(X), theirs, rtol=1e-9)
