"""What may be named as a source, and that it is read as DuckDB itself would read it."""

from __future__ import annotations

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sql.support import ANOMALY, RESULTS, raises, rows, value

ODD = "od\"d; na.me -- it's $1 ünï"
QUERIES = [
    "SELECT * FROM trips",
    "SELECT * FROM trips;",
    "  SELECT * FROM trips ;  ",
    "SELECT * FROM trips -- a comment",
    "SELECT * FROM trips -- a comment;\n",
    "SELECT * FROM trips; -- a comment",
    "SELECT * FROM trips;;  ; -- a comment",
    "SELECT * FROM trips WHERE kind <> 'ünï;'; /* ; */ -- a comment;",
    "-- a comment; and more\nSELECT * FROM trips",
    "/* ; */ SELECT * /* ; */ FROM trips /* SELECT 1; */ ;",
    "select *\n\tfrom trips\r\nwhere true",
    "FROM trips",
    "FROM trips SELECT *",
    "TABLE trips",
    "(SELECT * FROM trips)",
    "(FROM trips WHERE id < 100) UNION ALL (FROM trips WHERE id >= 100)",
    "WITH t AS (FROM trips) SELECT * FROM t",
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT trips.* FROM n JOIN trips ON id = i",
    "SELECT * FROM trips WHERE kind <> 'it''s; DROP TABLE trips; --'",
    "SELECT * FROM trips WHERE kind <> $$it's; $source ${source} $1$$",
    'SELECT * FROM "trips" AS "t; ""x"""',
    "SELECT * FROM trips ORDER BY id LIMIT 1000 OFFSET 0",
    "SELECT * FROM trips WHERE id IN (SELECT id FROM trips) AND EXISTS (SELECT 1)",
    "SELECT id, fare, km, kind, started FROM trips QUALIFY count(*) OVER () > 0",
    "SELECT t.* FROM trips AS t, LATERAL (SELECT t.id) AS l",
    "SELECT * FROM query('FROM trips')",
]
FORMATS = {
    "csv": "",
    "csv.gz": "",
    "tsv": "(DELIMITER '\t')",
    "parquet": "",
    "json": "",
    "ndjson": "",
    "jsonl.gz": "(FORMAT json, COMPRESSION gzip)",
}


@pytest.fixture(scope="module")
def expected(kept_open):
    return rows(kept_open, "FROM detect_anomalies('trips')")


def detected(con, source, **values):
    return rows(con, "FROM detect_anomalies($source)", {"source": source, **values})


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (None, "trips"),
        (None, "TRIPS"),
        (None, "  trips\n"),
        (None, "main.trips"),
        (None, "main . trips"),
        (None, '"main"."trips"'),
        ("CREATE VIEW v AS FROM trips", "v"),
        ("CREATE TEMP TABLE tt AS FROM trips", "tt"),
        ("CREATE TEMP TABLE tt AS FROM trips", "temp.tt"),
        ("CREATE TEMP VIEW tv AS FROM trips", "tv"),
        ("CREATE SCHEMA s; CREATE TABLE s.t AS FROM trips", "s.t"),
        ('CREATE SCHEMA "my schema"; CREATE TABLE "my schema"."a.b" AS FROM trips', '"my schema"."a.b"'),
        ('CREATE TABLE "select" AS FROM trips', "select"),
        ('CREATE TABLE "two words" AS FROM trips', "two words"),
        ('CREATE TABLE "two words" AS FROM trips', '"two words"'),
        ('CREATE TABLE "a;b" AS FROM trips', "a;b"),
        ('CREATE TABLE "it\'s" AS FROM trips', "it's"),
        ('CREATE TABLE "x.csv" AS FROM trips', '"x.csv"'),
        ("CREATE TABLE größe AS FROM trips", "größe"),
        ('CREATE TABLE "7up" AS FROM trips', "7up"),
        ("ATTACH ':memory:' AS other; CREATE TABLE other.main.t AS FROM trips", "other.main.t"),
        ("ATTACH ':memory:' AS other; CREATE TABLE other.t AS FROM trips", "other.t"),
    ],
)  # fmt: skip
def test_names_are_qualified_and_quoted_as_in_sql(con, expected, make, name):
    if make:
        con.execute(make)
    assert detected(con, name) == expected


@pytest.mark.parametrize("quoted", [True, False])
def test_a_name_may_hold_quotes_semicolons_dots_and_comments(con, expected, quoted):
    identifier = '"' + ODD.replace('"', '""') + '"'
    con.execute(f"CREATE TABLE {identifier} AS FROM trips")
    assert detected(con, identifier if quoted else ODD) == expected


def test_the_schema_and_database_in_use_are_searched_first(con, expected):
    con.execute("CREATE SCHEMA s; CREATE TABLE s.trips AS FROM main.trips LIMIT 50; USE s")
    assert len(detected(con, "trips")) == 50
    assert detected(con, "main.trips") == expected


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_read_as_it_is_written(kept, expected, query):
    assert detected(kept, query) == expected


@pytest.mark.parametrize("terms", [330, 900])
def test_a_query_with_a_sum_of_hundreds_of_terms_is_a_source(con, terms):
    # DuckDB takes seconds to look for what such sums have in common.
    con.execute("SET disabled_optimizers = 'common_subexpressions'")
    deep = " + ".join(["fare"] * terms)
    assert len(detected(con, f"SELECT {deep} AS x FROM trips")) == 501
    with raises("ADSQL_INVALID_SOURCE", "is a write"):
        detected(con, f"WITH gone AS (DELETE FROM trips RETURNING *) SELECT {deep} AS x FROM gone")


def test_a_query_with_a_constant_that_is_not_a_number_is_a_source(kept):
    found = detected(kept, "SELECT 'nan'::DOUBLE AS nothing, fare FROM trips")
    assert [row[2:] for row in found] == [row[1:] for row in detected(kept, "SELECT fare FROM trips")]
    with raises("ADSQL_EMPTY_SOURCE"):
        detected(kept, "SELECT 'nan'::DOUBLE AS nothing, fare FROM trips WHERE false")
    with raises("ADSQL_INVALID_SOURCE", "is a write"):
        detected(kept, "WITH gone AS (DELETE FROM trips RETURNING *) SELECT 'nan'::DOUBLE AS nothing FROM gone")


def test_text_that_looks_like_a_write_is_none(kept, expected):
    assert detected(kept, """SELECT * FROM trips WHERE kind <> '"type":"DELETE_QUERY_NODE"'""") == expected


def test_values_are_a_source(kept):
    found = kept.sql("FROM detect_anomalies('VALUES (1.5), (2.5), (1.75), (99.0)', columns => ['col0'])")
    assert found.columns == ["col0", *RESULTS]
    assert [row[0] for row in found.fetchall()] == [1.5, 2.5, 1.75, 99]


def test_a_table_function_is_a_source(kept):
    source = "SELECT i, i * i % 17 AS x FROM range(100) AS r(i)"
    assert rows(kept, f"SELECT i, x FROM detect_anomalies('{source}')") == rows(kept, source)
    assert len(rows(kept, "FROM detect_anomalies('FROM range(100)', columns => 'range')")) == 100


@pytest.mark.parametrize(
    "form", ["SELECT count(*) FROM detect_anomalies('{}')", "SELECT train_model('m', '{}').n_rows"]
)
def test_a_common_table_expression_of_the_statement_is_reached_by_a_query(kept, form):
    definition = "WITH days(fare, km) AS (SELECT fare, km FROM trips WHERE kind = ''day'')"
    query = definition.replace("''", "'") + " " + form.format("FROM days")
    assert value(kept, query) == 250
    materialized = "WITH days AS MATERIALIZED (FROM trips WHERE kind = 'day'), few AS (FROM days LIMIT 100) "
    assert value(kept, materialized + form.format("SELECT fare FROM few WHERE true")) == 100


@pytest.mark.parametrize(
    "query",
    ["SELECT*FROM days", "/* hi */ SELECT * FROM days", "-- hi\nSELECT * FROM days", "FROM(FROM days)", '(FROM"days")'],
)
def test_a_query_is_known_by_what_it_is_and_not_by_its_spaces(kept, query):
    definition = "WITH days AS (SELECT fare, km FROM trips WHERE kind = 'day')"
    found = kept.execute(f"{definition} SELECT count(*) FROM detect_anomalies($source)", {"source": query})
    assert found.fetchall() == [(250,)]


@pytest.mark.parametrize("name", ["-- trips.csv", "select.csv", "from here.csv", "it's; select.csv"])
def test_a_file_s_name_may_look_like_sql(con, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    con.execute("COPY trips TO $file", {"file": name})
    assert len(detected(con, f"./{name}")) == 501


def test_a_common_table_expression_hides_a_table_of_its_name(kept):
    assert value(kept, "WITH trips AS (FROM trips LIMIT 60) SELECT count(*) FROM detect_anomalies('FROM trips')") == 60


def test_one_detection_may_be_the_source_of_another(kept):
    usual = "SELECT fare, km FROM detect_anomalies('trips') WHERE NOT is_anomaly"
    query = f"WITH usual AS ({usual}) SELECT count(*) FROM detect_anomalies('FROM usual')"
    assert value(kept, query) == 500


def test_scores_of_a_model_may_be_a_feature_of_another(kept):
    source = "SELECT fare, anomaly_score(''fares'', t) AS first FROM trips AS t"
    assert value(kept, f"SELECT count(anomaly_score) FROM detect_anomalies('{source}')") == 501


def test_rows_of_an_open_transaction_are_seen_by_itself_alone(con):
    con.execute("BEGIN")
    con.execute("CREATE TABLE fresh AS FROM trips")
    con.execute("INSERT INTO trips VALUES (501, 20.0, 400, 'day', NULL)")
    assert len(detected(con, "fresh")) == 501
    assert len(detected(con, "trips")) == 502
    other = con.cursor()
    assert len(detected(other, "trips")) == 501
    with raises("ADSQL_UNKNOWN_SOURCE", "'fresh'"):
        detected(other, "fresh")
    con.execute("ROLLBACK")
    assert len(detected(con, "trips")) == 501


def test_python_s_tables_are_sources_by_the_name_of_their_variable(kept):
    expected = rows(kept, "FROM detect_anomalies('SELECT * EXCLUDE (started) FROM trips')")
    arrow_table = kept.sql("SELECT * EXCLUDE (started) FROM trips").to_arrow_table()
    polars_frame, lazy_frame = pl.from_arrow(arrow_table), pl.from_arrow(arrow_table).lazy()
    relation = kept.sql("SELECT * EXCLUDE (started) FROM trips")
    batches = pa.Table.from_batches(arrow_table.to_batches(max_chunksize=100))
    assert [len(x) for x in (arrow_table, polars_frame, batches)] == [501] * 3
    assert (lazy_frame.collect_schema().names(), relation.columns) == (arrow_table.column_names,) * 2
    for name in ("arrow_table", "polars_frame", "lazy_frame", "relation", "batches"):
        assert kept.execute(f"FROM detect_anomalies('{name}')").fetchall() == expected
    assert kept.execute("SELECT train_model('m', 'polars_frame').n_rows").fetchall() == [(501,)]
    assert kept.execute("SELECT count(*) FROM detect_anomalies('SELECT km FROM arrow_table')").fetchall() == [(501,)]


def test_a_pandas_frame_is_a_source_and_its_nan_is_missing(kept):
    frame = pd.DataFrame({"fare": [2.5, None, 3.5, 2.0, 500.0] * 20, "kind": ["a", "b"] * 50})
    found = kept.execute("SELECT fare, anomaly_score FROM detect_anomalies('frame')").fetchall()
    assert [row[0] for row in found][:3] == [2.5, None, 3.5]
    assert len(frame) == len(found) == 100
    assert None not in [row[1] for row in found]


@pytest.mark.parametrize("suffix", FORMATS)
def test_files_are_sources_by_their_name(con, tmp_path, suffix):
    path = tmp_path / f"it's a; file.{suffix}"
    con.execute(f"COPY trips TO $file {FORMATS[suffix]}", {"file": str(path)})
    query = "SELECT id FROM detect_anomalies($source) WHERE is_anomaly"
    assert rows(con, query, {"source": str(path)}) == [(ANOMALY,)]
    assert rows(con, "SELECT n_rows FROM train_model('m', $source)", {"source": str(path)}) == [(501,)]


def test_a_pattern_of_files_is_read_as_one(con, tmp_path):
    for part in range(2):
        con.execute(f"COPY (FROM trips WHERE id % 2 = {part}) TO '{tmp_path}/part_{part}.parquet'")
    assert len(detected(con, f"{tmp_path}/*.parquet")) == 501


def test_files_can_be_read_in_a_query_with_their_options(con, tmp_path):
    con.execute(f"COPY trips TO '{tmp_path}/trips.txt' (DELIMITER '|')")
    query = f"SELECT * FROM read_csv('{tmp_path}/trips.txt', delim = '|') WHERE kind = 'day'"
    assert len(detected(con, query)) == 250


def test_a_file_that_is_missing_is_an_unknown_source(kept, tmp_path):
    with raises("ADSQL_UNKNOWN_SOURCE", "no such.csv", "No files found"):
        detected(kept, f"{tmp_path}/no such.csv")


def test_a_view_that_reads_a_missing_table_is_not_called_missing_itself(con):
    con.execute("CREATE TABLE base AS FROM trips; CREATE VIEW broken AS FROM base; DROP TABLE base")
    with raises("ADSQL_UNKNOWN_SOURCE", "'broken'", "Table with name base does not exist"):
        detected(con, "broken")


def test_a_missing_table_in_a_query_is_named_by_duckdb(kept):
    with pytest.raises(duckdb.CatalogException, match="Table with name nowhere does not exist"):
        detected(kept, "SELECT * FROM nowhere")


def test_the_nearest_table_is_suggested_and_nothing_of_the_system(kept):
    with raises("ADSQL_UNKNOWN_SOURCE", "did you mean 'trips'?"):
        detected(kept, "trip")
    with raises("ADSQL_UNKNOWN_SOURCE") as caught:
        detected(kept, "pg_clas")
    assert "did you mean" not in str(caught.value)
