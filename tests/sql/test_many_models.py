"""More models than are kept in memory: they are restored when they are needed again."""

from __future__ import annotations

import pytest

from adsql_udfs.duckdb import loaded
from sql.support import raises, rows, value

KEPT = 4


@pytest.fixture
def many(con, monkeypatch):
    """A process that keeps four models, and a database with ten."""
    monkeypatch.setattr(loaded, "CAPACITY", KEPT)
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


def test_more_models_in_one_query_than_are_kept_are_refused_and_not_mixed_up(many):
    with raises("ADSQL_CORRUPT_MODEL", f"more than {KEPT} models in use at once"):
        rows(many, "SELECT anomaly_score(m.name, t) FROM models() AS m, trips AS t")
    assert value(many, "SELECT count(anomaly_score('m9', t)) FROM trips AS t") == 501
