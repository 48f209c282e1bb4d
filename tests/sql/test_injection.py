"""Text of the caller's stays text: whatever it holds, it names something or it is an error; it never runs."""

from __future__ import annotations

import json
import shutil

import duckdb
import pytest

import adsql
from sql.support import RESULTS, raises, rows, saved_model, value

# Each would do harm, or vanish, if it were pasted into a statement, a template, a pattern or a format.
HOSTILE = [
    "it's",
    'a "quoted" name',
    "'; DROP TABLE trips; --",
    '"; DROP TABLE trips; --',
    "x' OR '1' = '1",
    "x); DELETE FROM adsql.models; SELECT (1",
    "x -- comment",
    "x /* comment",
    "*/ x",
    "$source $1 ${options} $$ $name",
    "$$; DROP TABLE trips; $$",
    "? :name @name %s %(x)s {x} {{x}} {0}",
    "back\\slash \\' \\\" \\n \\u0041",
    "E'\\x41'",
    "ünïcödé 名前 🚕 ﷽",
    "right-to-left א ב",
    "a.b.c",
    "100%_like",
    "NULL",
    "true",
    "select",
    "adsql.models",
    "(SELECT 1)",
    "__adsql_load",
]
CONTROL = ["two\nlines", "a\ttab", "nul\0byte", "a\rreturn", "bell\x07", "zero\u200bwidth\x1funit"]


@pytest.fixture(scope="module")
def shared(made_once, tmp_path_factory):
    path = shutil.copy(made_once, tmp_path_factory.mktemp("injection") / "trips.db")
    connection = adsql.connect(path)
    yield connection
    connection.close()


@pytest.fixture
def con(shared):
    """One database for all tests, and after each a look at what it had before."""
    yield shared
    assert rows(shared, "SELECT count(*), count(DISTINCT id) FROM trips") == [(501, 501)]
    assert rows(shared, "SELECT version, algorithm, n_rows FROM models() WHERE name = 'fares'") == [(1, "auto", 501)]
    tables = rows(shared, "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL")
    assert {("adsql", "migrations"), ("adsql", "models"), ("main", "trips")} <= set(tables)
    for schema, name in tables:
        if (schema, name) not in {("adsql", "migrations"), ("adsql", "models"), ("main", "trips")}:
            shared.execute(f"DROP TABLE {quoted(schema)}.{quoted(name)}")
    shared.execute("DELETE FROM adsql.models WHERE name <> 'fares'")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("name", HOSTILE)
def test_a_model_may_have_any_printable_name(con, name):
    literal = name.replace("'", "''")
    assert value(con, f"SELECT train_model('{literal}', 'trips', 'mad').name") == name
    assert value(con, "SELECT train_model($1, 'trips', 'mad').version", [name]) == 1
    assert rows(con, "SELECT name FROM models() WHERE algorithm = 'mad'") == [(name,)]
    expected = rows(con, "SELECT anomaly_score($1, t) FROM trips AS t", [name])
    assert rows(con, f"SELECT anomaly_score('{literal}', t) FROM trips AS t") == expected
    assert rows(con, "SELECT anomaly_score FROM detect_anomalies('trips', model => $1)", [name]) == expected
    assert rows(con, f"FROM model_info('{literal}')") == rows(con, "FROM model_info($1)", [name])
    con.execute(f"INSERT INTO adsql.models FROM fit_model('{literal}', 'trips', 'iqr')")
    assert value(con, "SELECT drop_model($1)", [name]) == [1, 2]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_of_any_name_is_a_source(con, name):
    expected = rows(con, "FROM detect_anomalies('trips')")
    con.execute(f"CREATE TABLE {quoted(name)} AS FROM trips")
    assert rows(con, "FROM detect_anomalies($1)", [quoted(name)]) == expected
    assert rows(con, "FROM detect_anomalies($1)", [f"SELECT * FROM {quoted(name)}"]) == expected
    stored = rows(con, "SELECT n_rows, version FROM train_model('m', $1)", [quoted(name)])
    assert stored == [(501, 1)]
    assert value(con, "SELECT source FROM models() WHERE name = 'm'") == quoted(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_columns_may_have_any_name(con, name):
    con.execute(
        f"CREATE OR REPLACE TABLE odd AS SELECT fare AS {quoted(name)}, km, kind AS {quoted('kind ' + name)} FROM trips"
    )
    found = con.sql("FROM detect_anomalies('odd')")
    assert found.columns == [name, "km", "kind " + name, *RESULTS]
    asked = {"columns": [name, "km"], "segments": ["kind " + name]}
    train = "SELECT train_model('m', 'odd', 'mad', columns => $columns, segment_by => $segments).n_rows"
    assert value(con, train, asked) == 500, "the one row that is a segment of its own is left out"
    assert saved_model(con, "m").positional_columns == ("kind " + name, name, "km")
    assert value(con, "SELECT count(anomaly_score('m', odd)) FROM odd") == 500
    assert value(con, "SELECT count(*) FROM model_info('m') WHERE name = $1", [name]) > 0


@pytest.mark.parametrize("text", [*HOSTILE, *CONTROL])
def test_values_may_be_any_text(con, text):
    con.execute("CREATE OR REPLACE TABLE texts AS SELECT km, if(id % 3 = 0, $1, kind) AS text FROM trips", [text])
    assert rows(con, "SELECT text FROM detect_anomalies('texts')") == rows(con, "SELECT text FROM texts")
    rows(con, "SELECT train_model('m', 'texts', 'mad', segment_by => 'text')")
    assert value(con, "SELECT count(anomaly_score('m', texts)) FROM texts") == 500
    alone = "SELECT anomaly_score('m', $1, 3.5)"
    assert value(con, alone, [text]) is not None
    assert value(con, alone, [text + " unknown"]) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_may_stand_in_a_source_query(con, text):
    literal = text.replace("'", "''")
    query = f"SELECT fare, '{literal}' AS text FROM trips WHERE kind <> '{literal}' -- {text}"
    found = rows(con, "SELECT DISTINCT text FROM detect_anomalies($1)", [query])
    assert found == [(text,)]
    rows(con, "SELECT train_model('m', $1)", [query])
    assert value(con, "SELECT source FROM models() WHERE name = 'm'") == query, "kept as it was written"


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_as_an_option_is_an_error_that_shows_it(con, text):
    calls = {
        "FROM detect_anomalies('trips', algorithm => $1)": "ADSQL_UNKNOWN_ALGORITHM",
        "FROM detect_anomalies('trips', columns => [$1])": "ADSQL_UNKNOWN_COLUMN",
        "FROM detect_anomalies('trips', segment_by => $1)": "ADSQL_UNKNOWN_COLUMN",
        "FROM detect_anomalies('trips', contamination => $1)": "ADSQL_INVALID_OPTION",
        "FROM detect_anomalies('trips', seed => $1)": "ADSQL_INVALID_OPTION",
        "FROM detect_anomalies('trips', model => $1)": "ADSQL_UNKNOWN_MODEL",
        "FROM model_info($1)": "ADSQL_UNKNOWN_MODEL",
        "SELECT drop_model($1)": "ADSQL_UNKNOWN_MODEL",
        "SELECT anomaly_score($1, t) FROM trips AS t": "ADSQL_UNKNOWN_MODEL",
    }
    for query, code in calls.items():
        with raises(code, repr(text)):
            rows(con, query, [text])
    with raises("ADSQL_UNKNOWN_PARAMETER", repr(text)):
        rows(con, "FROM detect_anomalies('trips', params => $1)", [json.dumps({text: 1})])
    with raises("ADSQL_INVALID_PARAMETER", repr(text)):
        rows(con, "FROM detect_anomalies('trips', 'knn', params => $1)", [json.dumps({"method": text})])


@pytest.mark.parametrize("text", [text for text in HOSTILE if text not in ("(SELECT 1)", "adsql.models")])
def test_any_text_as_a_source_is_read_as_a_name_or_refused(con, text):
    with raises("ADSQL_UNKNOWN_SOURCE"):
        rows(con, "FROM detect_anomalies($1)", [text])


@pytest.mark.parametrize("name", CONTROL)
def test_control_characters_do_not_name_models(con, name):
    with raises("ADSQL_INVALID_MODEL_NAME", "printable"):
        rows(con, "SELECT train_model($1, 'trips')", [name])


def test_parameters_inside_a_source_are_not_those_of_the_statement(con):
    with pytest.raises(duckdb.Error, match=r"[Pp]arameter"):
        rows(con, "FROM detect_anomalies('FROM trips WHERE kind = $1')", ["day"])
