"""Saved models that DuckDB scores in SQL give the kernel's answers, whatever the rows and whenever the model changes."""

from __future__ import annotations

import json

import duckdb
import pandas as pd
import pytest

import adsql
from adsql_udfs.duckdb import instances
from adsql_udfs.duckdb.formulas import committed_model, formula, source_types

FORMULAS = ["cblof", "hbos", "iqr", "mad", "mcd", "pca", "zscore"]
COLUMNS = "x, y, whole, flag, price"


@pytest.fixture
def con():
    with adsql.connect() as connection:
        connection.execute("""
            CREATE TABLE t AS
            SELECT
                i AS number,
                sin(i * 1.7) * 3 + 100 AS x,
                (cos(i * i) * 1e-3)::FLOAT AS y,
                i % 13 AS whole,
                i % 5 = 0 AS flag,
                (i % 97)::DECIMAL(8, 2) / 4 AS price
            FROM range(4000) AS r(i)
        """)
        connection.execute("""
            CREATE TABLE odd AS FROM t WHERE number < 50;
            INSERT INTO odd VALUES
                (5001, NULL, 0, 1, true, 1), (5002, NULL, NULL, NULL, NULL, NULL), (5003, 'nan', 0, 1, false, 2),
                (5004, 'inf', 0, 1, false, 2), (5005, -1e300, 1e30, 2000000000, NULL, 99999.99),
                (5006, 1e15, 'nan', -5, true, 3), (5007, 102, 0.001, 12, true, NULL)
        """)
        yield connection


def train(con, algorithm, name="m"):
    con.execute("SELECT train_model($1, $2, algorithm => $3, columns => $4)",
                [name, "t", algorithm, COLUMNS.split(", ")]).fetchall()  # fmt: skip


def written(con, name="m"):
    """Return what the planner would write for table t; None where Python scores it."""
    saved = committed_model(instances.token_of(con.cursor()), "memory", name, None)
    serialised = con.execute("SELECT json_serialize_plan('FROM t', optimize := true)").fetchone()[0]
    return formula(saved[1], source_types(json.loads(serialised)))


TABLE_FORM = (
    "SELECT number, anomaly_score, severity, is_anomaly FROM detect_anomalies('{source}', model => 'm') ORDER BY number"
)
ROW_FORM = (
    "SELECT number, anomaly_score('m', s), severity('m', s), is_anomaly('m', s) FROM {source} AS s ORDER BY number"
)


def assert_same(con, source):
    found = con.execute(TABLE_FORM.format(source=source)).fetchall()
    expected = con.execute(ROW_FORM.format(source=source)).fetchall()
    assert [row[0] for row in found] == [row[0] for row in expected]
    for (number, *values), (_, *kernel) in zip(found, expected, strict=True):
        assert (values[0] is None) == (kernel[0] is None), number
        if values[0] is None:
            assert values == kernel, number
            continue
        assert values[0] == pytest.approx(kernel[0], rel=1e-9, abs=1e-12), number
        # The lowest training score has a severity of its own, a bit below it 0.
        assert values[1] == pytest.approx(kernel[1], rel=1e-6, abs=2e-4), number
        assert values[2] == kernel[2], number


@pytest.mark.parametrize("algorithm", FORMULAS)
@pytest.mark.parametrize("source", ["t", "odd"])
def test_sql_gives_the_kernels_answers(con, algorithm, source):
    train(con, algorithm)
    assert_same(con, source)


@pytest.mark.parametrize("algorithm", FORMULAS)
def test_these_models_are_written_in_sql(con, algorithm):
    train(con, algorithm)
    assert written(con) is not None


@pytest.mark.parametrize("algorithm", ["iforest", "knn", "gmm", "ecod"])
def test_others_are_not(con, algorithm):
    train(con, algorithm)
    assert written(con) is None


def test_a_constant_table_has_no_anomalies_where_the_sum_of_its_trees_differs_in_the_last_digit(con):
    con.execute("CREATE TABLE same AS SELECT i AS number, 0.0::DOUBLE AS x, 0.0::DOUBLE AS y FROM range(100) AS r(i)")
    con.execute("SELECT train_model('m', 'same', algorithm => 'iforest', columns => ['x', 'y'])").fetchall()
    assert (
        con.execute(TABLE_FORM.format(source="same")).fetchall()
        == con.execute(ROW_FORM.format(source="same")).fetchall()
    )


def test_models_of_segments_and_of_categories_are_not(con):
    con.execute("SELECT train_model('s', 't', algorithm => 'mad', segment_by => 'flag')").fetchall()
    con.execute(
        "SELECT train_model('c', 'SELECT x, chr(65 + whole::INTEGER) AS c FROM t', algorithm => 'mad')"
    ).fetchall()
    assert written(con, "s") is written(con, "c") is None


def test_a_prepared_query_sees_a_newer_version(con):
    train(con, "mad")
    con.execute("PREPARE q AS SELECT max(anomaly_score), bool_or(is_anomaly) FROM detect_anomalies('t', model => 'm')")
    con.execute("EXECUTE q").fetchall()
    train(con, "zscore")
    expected = con.execute("SELECT max(anomaly_score('m', t)), bool_or(is_anomaly('m', t)) FROM t").fetchone()
    found = con.execute("EXECUTE q").fetchone()
    assert found[0] == pytest.approx(expected[0], rel=1e-9)
    assert found[1] == expected[1]


def test_a_version_is_scored_as_that_version(con):
    train(con, "mad")
    before = con.execute("SELECT sum(anomaly_score) FROM detect_anomalies('t', model => 'm')").fetchone()
    train(con, "zscore")
    old = con.execute("SELECT sum(anomaly_score) FROM detect_anomalies('t', model => 'm', version => 1)").fetchone()
    new = con.execute("SELECT sum(anomaly_score) FROM detect_anomalies('t', model => 'm')").fetchone()
    assert old == before != new


def test_a_model_of_the_same_transaction_is_used(con):
    con.execute("BEGIN")
    con.execute("INSERT INTO adsql.models FROM fit_model('m', 't', algorithm => 'mad')")
    assert con.execute("SELECT count(anomaly_score) FROM detect_anomalies('t', model => 'm')").fetchone() == (4000,)
    con.execute("ROLLBACK")
    with pytest.raises(duckdb.Error, match="ADSQL_UNKNOWN_MODEL"):
        con.execute("SELECT count(anomaly_score) FROM detect_anomalies('t', model => 'm')").fetchall()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("SELECT x, y FROM t", "ADSQL_MISSING_COLUMN"),
        ("SELECT * REPLACE (x::VARCHAR AS x) FROM t", "ADSQL_COLUMN_TYPE_CHANGED"),
        ("SELECT *, 1 AS severity FROM t", "ADSQL_RESULT_COLUMN_EXISTS"),
    ],
)
def test_sources_that_do_not_fit_are_refused_by_code(con, source, code):
    train(con, "mad")
    with pytest.raises(duckdb.Error, match=code):
        con.execute("SELECT max(anomaly_score) FROM detect_anomalies($1, model => 'm')", [source]).fetchall()


@pytest.mark.parametrize(
    "source",
    [
        "SELECT number, x AS X, y AS Y, whole, flag, price FROM t",
        "SELECT *, x + 1 FROM t",
        "SELECT * FROM t ORDER BY x LIMIT 100",
        "SELECT a.*, b.x AS other FROM t AS a JOIN t AS b USING (number)",
        "SELECT * REPLACE (x::DECIMAL(30, 10) AS x) FROM t",
    ],
)
def test_any_source_is_scored(con, source):
    train(con, "mad")
    query = "SELECT number, anomaly_score FROM detect_anomalies($1, model => 'm')"
    found = dict(con.execute(query, [source]).fetchall())
    expected = dict(con.execute("SELECT number, anomaly_score('m', t) FROM t").fetchall())
    assert found == pytest.approx({number: expected[number] for number in found}, rel=1e-9)


def test_dataframes_and_views_are_scored(con):
    train(con, "mad")
    frame = con.execute("FROM t").df()
    assert isinstance(frame, pd.DataFrame)
    con.execute("CREATE VIEW v(number, x, y, whole, flag, price) AS FROM t")
    total = "SELECT sum(anomaly_score) FROM detect_anomalies('{}', model => 'm')"
    expected = con.execute(total.format("t")).fetchone()
    for source in ("v", "frame"):
        assert con.execute(total.format(source)).fetchone() == pytest.approx(expected, rel=1e-9)


def test_columns_with_internal_names_are_no_obstacle(con):
    train(con, "mad")
    con.execute("CREATE TABLE own AS SELECT *, 7 AS adsql_x0 FROM t")
    assert con.execute("SELECT sum(adsql_x0) FROM detect_anomalies('own', model => 'm')").fetchone() == (28_000,)


def test_the_order_of_the_source_stays(con):
    train(con, "zscore")
    con.execute("CREATE TABLE scored AS FROM detect_anomalies('t', model => 'm')")
    assert con.execute("SELECT list(number) = range(4000) FROM scored").fetchone() == (True,)
