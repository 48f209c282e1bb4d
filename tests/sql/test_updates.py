"""update_model: further rows, a new version."""

from __future__ import annotations

import pytest


@pytest.fixture
def tables(con):
    con.execute("CREATE TABLE old AS SELECT sin(i) AS x, ['a', 'b'][1 + i % 2] AS shop FROM range(2000) AS r(i)")
    con.execute("CREATE TABLE new AS SELECT 9 + sin(i) AS x, ['a', 'c'][1 + i % 2] AS shop FROM range(2000) AS r(i)")
    return con


def test_an_update_is_a_new_version_and_the_old_one_stays(tables):
    tables.execute("SELECT train_model('m', 'old', algorithm => 'zscore', columns => ['x'])")
    version, n_rows = tables.execute("SELECT version, n_rows FROM update_model('m', 'new')").fetchone()
    assert (version, n_rows) == (2, 4000)
    means = [
        tables.execute(
            "SELECT avg(severity) FROM detect_anomalies('new', model => 'm', version => $1)", [v]
        ).fetchone()[0]
        for v in (1, 2)
    ]
    assert means[0] > 0.99
    assert means[1] < 0.8


def test_the_scalar_form_returns_the_same(tables):
    tables.execute("SELECT train_model('m', 'old')")
    stored = tables.execute("SELECT update_model('m', 'new', seed => 3)").fetchone()[0]
    assert (stored["name"], stored["version"], stored["n_rows"]) == ("m", 2, 4000)
