"""Every detector that ranks equals a slow and obvious version of itself; PyOD's agree where they follow the paper."""

from __future__ import annotations

import warnings

import numpy as np
import pyod.models.cof as pyod_cof
import pyod.models.hdbscan as pyod_hdbscan
import pyod.models.loci as pyod_loci
import pyod.models.qmcd as pyod_qmcd
import pyod.models.sos as pyod_sos
import pytest
from scipy.stats import spearmanr

from adsql.registry import detectors, is_ranker
from oracle.slow_rankers import ORACLES

RANKERS = {name: cls for name, cls in detectors().items() if is_ranker(cls)}
# Written by another library, and compared with it here.
WITHOUT_ORACLE = {"hdbscan"}
PARAMETERS = {
    "cof": [{"n_neighbors": 1}, {"n_neighbors": 3}, {"n_neighbors": 200}],
    "lmdd": [{"n_iter": 1}, {"n_iter": 7}],
    "loci": [{"alpha": 0.3}, {"alpha": 1.0}],
    "sod": [{"n_neighbors": 5, "ref_set": 3}, {"alpha": 0.3}, {"ref_set": 200}],
    "sos": [{"perplexity": 1.5}, {"perplexity": 30.0}, {"perplexity": 1_000.0}],
}
CASES = [
    pytest.param(name, given, id="-".join([name, *(f"{key}={value}" for key, value in given.items())]))
    for name in ORACLES
    for given in ({}, *PARAMETERS.get(name, []))
]


def continuous(rng):
    return rng.normal(size=(40, 3)) * [1.0, 20.0, 0.1]


def one_column(rng):
    return rng.exponential(size=(30, 1))


def clusters(rng):
    return np.vstack([rng.normal(size=(25, 2)), rng.normal(size=(12, 2)) * 0.1 + 6.0, [[30.0, -4.0]]])


def with_a_constant(rng):
    return np.column_stack([np.full(30, 2.5), rng.normal(size=30), rng.normal(size=30)])


def few(rng):
    return rng.normal(size=(5, 2))


DATA = {make.__name__: make for make in (continuous, one_column, clusters, with_a_constant, few)}


def plain(n=300, d=4, seed=0):
    rng = np.random.default_rng(seed)
    return np.vstack([rng.normal(size=(n - 6, d)), rng.normal(size=(6, d)) * 5.0])


def test_every_ranker_has_an_oracle():
    assert set(ORACLES) | WITHOUT_ORACLE == set(RANKERS)


@pytest.mark.parametrize("make", DATA.values(), ids=DATA)
@pytest.mark.parametrize(("name", "given"), CASES)
def test_scores_equal_the_oracle(name, given, make):
    X = make(np.random.default_rng(5))
    params = RANKERS[name].spec.resolve(given)
    found = RANKERS[name].rank(X, params, 3)
    expected = ORACLES[name](X.tolist(), params, 3)
    # A ridge that keeps repeated columns apart changes Cook's distance by that much.
    tolerance = 1e-5 if name == "cd" else 1e-7
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-9)


@pytest.mark.parametrize("samples", [3, 10])
def test_hdbscan_equals_pyod(samples):
    X = np.vstack([plain(), plain(seed=1) + 12.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs = pyod_hdbscan.HDBSCAN(min_cluster_size=8, min_samples=samples).fit(X).decision_scores_
    params = RANKERS["hdbscan"].spec.resolve({"min_cluster_size": 8, "min_samples": samples})
    np.testing.assert_allclose(RANKERS["hdbscan"].rank(X, params, 0), theirs, rtol=1e-9)


def test_qmcd_ranks_as_pyod():
    X = plain()
    theirs = pyod_qmcd.QMCD().fit(X).decision_scores_
    assert spearmanr(RANKERS["qmcd"].rank(X, {}, 0), theirs).statistic == pytest.approx(1.0, abs=1e-9)


def test_sos_equals_pyod_on_squared_distances():
    X = plain(100)
    squares = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    theirs = pyod_sos.SOS(perplexity=4.5, metric="none", eps=1e-12).fit(squares).decision_scores_
    np.testing.assert_allclose(RANKERS["sos"].rank(X, {"perplexity": 4.5}, 0), theirs, rtol=1e-6)


def test_cof_ranks_much_as_pyod_which_orders_the_path_differently():
    X = plain()
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    theirs = pyod_cof.COF().fit(standard).decision_scores_
    assert spearmanr(RANKERS["cof"].rank(X, RANKERS["cof"].spec.resolve({}), 0), theirs).statistic > 0.9


def test_loci_finds_what_pyod_flags():
    X = plain(80, 2)
    theirs = pyod_loci.LOCI().fit(X).decision_scores_ > 3
    ours = RANKERS["loci"].rank(X, RANKERS["loci"].spec.resolve({}), 0)
    assert theirs.any()
    assert (ours[theirs] > 2.5).all()
