"""model_sql: the function, and that its text gives in plain SQL what the functions give."""

from __future__ import annotations

import duckdb
import pytest

from sql.support import raises, rows, value

COLUMNS = "columns => ['fare', 'km', 'kind', 'started']"
RESULT = "anomaly_score, is_anomaly"


@pytest.fixture
def con(con):
    con.execute(f"SELECT train_model('plain', 'trips', 'zscore', {COLUMNS}, contamination => 0.01)")
    return con


def test_the_text_needs_no_function_of_adsql(con, tmp_path):
    text = value(con, "SELECT model_sql('plain', 'duckdb', 'trips')")
    con.execute(f"COPY trips TO '{tmp_path}/trips.parquet'")
    expected = rows(con, f"SELECT id, {RESULT} FROM detect_anomalies('trips', model => 'plain') ORDER BY id")
    with duckdb.connect() as stock:
        stock.execute(f"CREATE VIEW trips AS FROM '{tmp_path}/trips.parquet'")
        found = rows(stock, f"SELECT id, {RESULT} FROM ({text}) ORDER BY id")
        assert stock.sql(text).columns == [*stock.sql("FROM trips").columns, "anomaly_score", "is_anomaly"]
    assert [row[0] for row in found] == [row[0] for row in expected]
    assert [row[1] for row in found] == pytest.approx([row[1] for row in expected], rel=1e-9)
    assert [row[2] for row in found] == [row[2] for row in expected]


def test_the_dialect_is_duckdb_and_the_source_a_name_unless_given(con):
    text = value(con, "SELECT model_sql('plain')")
    assert text == value(con, "SELECT model_sql('plain', NULL, NULL)")
    assert text == value(con, "SELECT adsql.model_sql('plain', 'DuckDB', source => 'source', version => 1)").replace(
        'FROM source AS "source"', "FROM source"
    )


def test_arguments_go_by_name(con):
    con.execute("SELECT train_model('plain', 'trips', 'iqr', columns => ['fare'])")
    newest = value(con, "SELECT model_sql(model => 'plain', dialect => 'sqlite', source => 'trips')")
    assert newest == value(con, "SELECT model_sql('plain', 'sqlite', 'trips', 2)")
    assert newest != value(con, "SELECT model_sql('plain', 'duckdb', 'trips', version => 1)")


def test_every_model_of_a_column_of_names_at_once(con):
    con.execute("SELECT train_model('other', 'trips', 'mad', columns => ['fare', 'km'])")
    texts = rows(con, "SELECT name, model_sql(name, 'postgres') FROM models() WHERE name <> 'fares' ORDER BY name")
    assert [name for name, _ in texts] == ["other", "plain"]
    assert [text.count("SIN(") for _, text in texts] == [0, 2]


@pytest.mark.parametrize(
    ("call", "code", "fragments"),
    [
        ("model_sql('fares')", "NO_SQL_FORM", ["auto has no SQL form", "zscore", "anomaly_score"]),
        ("model_sql('plain', 'trino')", "NO_SQL_FORM", ["'started'", "timestamp", "trino"]),
        ("model_sql('plain', 'oracle')", "UNKNOWN_DIALECT", ["'oracle'", "duckdb, postgres"]),
        ("model_sql('plain', 3)", "UNKNOWN_DIALECT", ["3"]),
        ("model_sql('plain', source => 'DROP TABLE trips')", "INVALID_SOURCE", ["DROP TABLE trips"]),
        ("model_sql('plain', source => 3)", "INVALID_SOURCE", ["3"]),
        ("model_sql('nope')", "UNKNOWN_MODEL", ["'nope'", "fares, plain"]),
        ("model_sql(NULL)", "UNKNOWN_MODEL", ["NULL"]),
        ("model_sql('plain', version => 9)", "UNKNOWN_VERSION", ["9", "1"]),
    ],
)
def test_what_cannot_be_written_is_told_by_a_code(con, call, code, fragments):
    with raises(f"ADSQL_{code}", *fragments):
        rows(con, f"SELECT {call}")
    assert value(con, "SELECT count(*) FROM trips") > 0
