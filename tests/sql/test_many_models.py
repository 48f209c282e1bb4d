"""More models than are kept in memory: they are restored when they are needed again."""

from __future__ import annotations

import gc
import weakref

import pytest

from adsql.model import Model
from adsql_udfs import loaded
from sql.support import raises, rows, value

KEPT = 4


@pytest.fixture
def many(con, monkeypatch):
    """A process that keeps four models, and a database with ten."""
    monkeypatch.setattr(loaded, "_stored", loaded.Shelf(max_bytes=0, at_least=KEPT))
    for number in range(10):
        rows(con, f"SELECT train_model('m{number}', 'trips', 'mad', seed => {number})")
    return con


def test_models_that_left_memory_are_restored_one_after_the_other(many):
    for _ in range(2):
        for number in range(10):
            assert value(many, f"SELECT count(anomaly_score('m{number}', t)) FROM trips AS t") == 501
            assert value(many, f"SELECT count(*) FROM detect_anomalies('trips', model => 'm{number}')") == 501


@pytest.mark.parametrize("oldest", range(10))
def test_a_model_in_use_is_not_the_one_that_leaves(many, oldest):
    """Whichever of them was in memory before, and longest unused: one query uses as many as are kept."""
    rows(many, f"SELECT anomaly_score('m{oldest}', t) FROM trips AS t")
    for newer in range(1, KEPT):
        rows(many, f"SELECT anomaly_score('m{(oldest + newer) % 10}', t) FROM trips AS t")
    names = ", ".join(f"('m{(oldest + step) % 10}')" for step in (0, 4, 5, 6))
    query = f"SELECT count(anomaly_score(v.name, t)) FROM (VALUES {names}) AS v(name), trips AS t"
    assert value(many, query) == KEPT * 501
    terms = " + ".join(f"anomaly_score('m{(oldest + step) % 10}', t)" for step in (6, 7, 8, 9))
    assert value(many, f"SELECT count({terms}) FROM trips AS t") == 501


def test_a_model_that_left_memory_keeps_its_handle(many):
    query = "SELECT name, __adsql_load(content_hash, state, name, version, [], []) FROM adsql.models ORDER BY name"
    handles = rows(many, query)
    assert len({handle for _, handle in handles}) == 11
    assert rows(many, query) == handles


def test_models_of_one_statement_leave_memory_when_they_are_large(memory, monkeypatch):
    seen = []

    def watched(model):
        seen.append(weakref.ref(model))
        return keep(model)

    keep = loaded.keep
    monkeypatch.setattr(loaded, "keep", watched)
    monkeypatch.setattr(loaded, "_passing", loaded.Shelf(max_bytes=200_000, at_least=2))
    for number in range(12):
        assert len(rows(memory, f"FROM detect_anomalies('trips', 'knn', seed => {number})")) == 501
    gc.collect()
    in_memory = [model for model in (ref() for ref in seen) if model is not None]
    assert 2 <= len(in_memory) < 12
    assert sum(model.size for model in in_memory) <= 200_000


def test_large_models_leave_before_small_ones_are_too_many(con):
    state = bytes(value(con, "SELECT state FROM adsql.models"))
    model, shelf = Model.from_bytes(state), loaded.Shelf(max_bytes=100, at_least=2)
    for handle in range(1, 11):
        shelf.put(handle, model, 10)
    assert all(shelf.get(handle) is model for handle in range(1, 11))
    shelf.put(11, model, 75)
    assert [handle for handle in range(1, 12) if shelf.get(handle)] == [9, 10, 11]
    shelf.put(11, model, 1_000)
    assert [handle for handle in range(1, 12) if shelf.get(handle)] == [10, 11]


def test_more_models_in_one_query_than_are_kept_are_refused_and_not_mixed_up(many):
    with raises("ADSQL_CORRUPT_MODEL", "too many models in use at once"):
        rows(many, "SELECT anomaly_score(m.name, t) FROM models() AS m, trips AS t")
    assert value(many, "SELECT count(anomaly_score('m9', t)) FROM trips AS t") == 501
