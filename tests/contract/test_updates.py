"""Incremental detectors learn from further rows alone; the others say that they cannot."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.abilities import Incremental
from adsql.errors import MissingColumn, NotIncremental
from adsql.model import Model
from adsql.registry import detectors, find
from sample_tables import fitted, mixed, normal, taken

INCREMENTAL = [cls for cls in detectors().values() if issubclass(cls, Incremental)]


@pytest.fixture(params=INCREMENTAL, ids=lambda cls: cls.spec.name)
def incremental(request):
    return request.param


def shifted(n, by, seed=1):
    return {name: pa.array(np.asarray(column) + by) for name, column in normal(n, 2, seed).items()}


def test_detectors_that_cannot_say_so(algorithm):
    model = fitted(algorithm, normal(200, 2))
    if algorithm in INCREMENTAL:
        assert model.updated(normal(50, 2, seed=1)).n_rows == 250
    else:
        with pytest.raises(NotIncremental, match=f"{algorithm.spec.name} cannot learn.*train the model again"):
            model.updated(normal(50, 2, seed=1))


def test_new_rows_become_normal(incremental):
    model = fitted(incremental, normal(2_000, 2))
    moved = shifted(2_000, 12.0)
    assert model.score(moved).severity.mean() > 0.9
    updated = model.updated(moved)
    assert updated.score(moved).severity.mean() < 0.8
    assert updated.score(moved).is_anomaly.mean() < 0.05


def test_rows_like_the_old_ones_change_little(incremental):
    rows = normal(500, 2, seed=9)
    model = fitted(incremental, normal(4_000, 2))
    before, after = model.score(rows), model.updated(normal(4_000, 2, seed=1)).score(rows)
    ranks = [np.argsort(np.argsort(scores.anomaly_score)) for scores in (before, after)]
    assert np.corrcoef(*ranks)[0, 1] > 0.6
    # Without skewness, which tail copod looks at is a matter of the sample.
    assert abs(before.severity - after.severity).mean() < 0.2


def test_few_new_rows_weigh_little(incremental):
    old, far = normal(4_000, 2), shifted(4, 30.0)
    model = fitted(incremental, old)
    scores = model.updated(far).score(far)
    assert scores.severity.min() > 0.95
    assert scores.severity.max() <= 1.0


def test_an_updated_model_is_stored_and_restored(incremental):
    table = mixed(400)
    updated = fitted(incremental, table).updated(mixed(100, seed=1))
    restored = Model.from_bytes(updated.to_bytes())
    assert restored.to_bytes() == updated.to_bytes()
    assert restored.score(table).anomaly_score.tobytes() == updated.score(table).anomaly_score.tobytes()
    assert np.isfinite(updated.score(table).anomaly_score).all()


def test_the_same_rows_in_any_order_give_the_same_model(incremental):
    model, new = fitted(incremental, mixed(400)), mixed(200, seed=1)
    shuffled = taken(new, np.random.default_rng(2).permutation(200))
    assert model.updated(new).to_bytes() == model.updated(shuffled).to_bytes()


@pytest.mark.parametrize("new", [1, 2, 3])
def test_single_rows_are_learnt_from(incremental, new):
    model = fitted(incremental, normal(3, 2))
    for _ in range(4):
        model = Model.from_bytes(model.updated(shifted(new, 1e6)).to_bytes())
    assert np.isfinite(model.score(normal(50, 2)).anomaly_score).all()
    assert np.isfinite(model.threshold)


def test_rows_without_any_value_change_nothing(incremental):
    model = fitted(incremental, normal(100, 2))
    nothing = {name: pa.nulls(5, pa.float64()) for name in ("x00", "x01")}
    assert model.updated(nothing).to_bytes() == model.to_bytes()


def test_rows_that_do_not_fit_are_refused(incremental):
    with pytest.raises(MissingColumn, match="x01"):
        fitted(incremental, normal(100, 2)).updated(normal(100, 1))


@pytest.mark.parametrize("policy", [{"contamination": 0.1}, {"alert_budget": 40}])
def test_the_policy_holds_for_all_rows(incremental, policy):
    old, new = normal(2_000, 2), shifted(2_000, 3.0)
    model = fitted(incremental, old, **policy).updated(new)
    flagged = sum(int(model.score(rows).is_anomaly.sum()) for rows in (old, new))
    expected = policy.get("alert_budget", 400)
    assert expected * 0.25 <= flagged <= expected * 2


def test_a_fixed_threshold_stays(incremental):
    assert fitted(incremental, normal(100, 2), threshold=2.5).updated(shifted(100, 3.0)).threshold == 2.5


def test_zscore_learns_the_mean_and_deviation_of_all_rows():
    cls = find("zscore")
    X = np.random.default_rng(3).normal(size=(300, 2)) * [1.0, 7.0] + [5.0, -2.0]
    X[200:] += 9.0
    updated = cls.fit(X[:200], {}, 0).updated(X[200:], 1 / 3, {}, 0)
    np.testing.assert_allclose(updated.mean, X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(updated.deviation, X.std(axis=0), rtol=1e-12)


def test_hbos_learns_the_histogram_of_all_rows():
    cls, params = find("hbos"), find("hbos").spec.resolve({"n_bins": 10})
    X = np.random.default_rng(4).uniform(size=(3_000, 1))
    X[0], X[1] = 0.0, 1.0
    first = cls.fit(X[:2_000], params, 0)
    updated = first.updated(X[2_000:], 1 / 3, params, 0)
    np.testing.assert_allclose(updated.score(X), cls.fit(X, params, 0).score(X), rtol=1e-9)


def test_a_forest_keeps_its_younger_trees():
    cls, params = find("iforest"), find("iforest").spec.resolve({"n_estimators": 10})
    rng = np.random.default_rng(5)
    first = cls.fit(rng.normal(size=(300, 2)), params, 0)
    updated = first.updated(rng.normal(5.0, size=(100, 2)), 0.25, params, 0)
    assert len(updated.roots) == 10
    kept = len(first.feature) - first.roots[2]
    np.testing.assert_array_equal(updated.threshold[:kept], first.threshold[first.roots[2] :])
