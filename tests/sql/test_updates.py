"""update_model: further rows, a new version."""

from __future__ import annotations

import duckdb
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


def test_segments_are_updated_and_new_ones_trained(tables):
    tables.execute("SELECT train_model('m', 'old', segment_by => 'shop')")
    tables.execute("SELECT update_model('m', 'new')")
    rows = tables.execute("SELECT segment, value FROM model_info('m') WHERE name = 'n_rows' ORDER BY ALL").fetchall()
    assert rows == [("a", "2000"), ("b", "1000"), ("c", "1000")]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("update_model('none', 'new')", "ADSQL_UNKNOWN_MODEL"),
        ("update_model('fixed', 'new')", "ADSQL_NOT_INCREMENTAL"),
        ("update_model('m', 'nowhere')", "ADSQL_UNKNOWN_SOURCE"),
        ("update_model('m', 'SELECT * FROM new WHERE false')", "ADSQL_EMPTY_SOURCE"),
        ("update_model('m', 'SELECT * FROM new WHERE x > 99')", "ADSQL_EMPTY_SOURCE"),
        ("update_model('m', 'SELECT shop FROM new')", "ADSQL_MISSING_COLUMN"),
        ("update_model('m', 'SELECT x::VARCHAR AS x, shop FROM new')", "ADSQL_COLUMN_TYPE_CHANGED"),
        ("update_model('m', 'new', seed => -1)", "ADSQL_INVALID_OPTION"),
        ("update_model(NULL, 'new')", "ADSQL_UNKNOWN_MODEL"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_and_stores_nothing(tables, call, code):
    tables.execute("SELECT train_model('m', 'old')")
    tables.execute("SELECT train_model('fixed', 'old', algorithm => 'mad')")
    before = tables.execute("FROM models()").fetchall()
    with pytest.raises(duckdb.Error, match=code):
        tables.execute(f"SELECT {call}").fetchall()
    assert tables.execute("FROM models()").fetchall() == before


def test_labels_of_the_new_rows_are_used(tables):
    tables.execute("CREATE TABLE seen AS SELECT *, x > 0.99 AS bad FROM old")
    tables.execute("SELECT train_model('m', 'seen', label_column => 'bad', columns => ['x'])")
    tables.execute("SELECT update_model('m', 'SELECT *, x > 9.99 AS bad FROM new')")
    with pytest.raises(duckdb.Error, match=r"ADSQL_UNKNOWN_COLUMN.*label_column"):
        tables.execute("SELECT update_model('m', 'new')").fetchall()
