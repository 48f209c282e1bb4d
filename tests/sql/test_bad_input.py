"""What is wrong with a call is told by a stable code and a message that names it; nothing is lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import adsql
from sql.support import TRIPS, raises, rows, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

DETECT = "FROM detect_anomalies('trips', {})"
SOURCE = "FROM detect_anomalies({})"
TRAIN = "SELECT train_model({}, 'trips')"
SCORE = "SELECT anomaly_score('m', {}) FROM trips AS t"
SAVED = "FROM detect_anomalies({}, model => 'm')"

OPTIONS = [
    ("columns => []", "INVALID_OPTION", "columns is an empty list"),
    ("columns => [NULL]", "INVALID_OPTION", "columns"),
    ("columns => 3", "INVALID_OPTION", "columns = 3"),
    ("columns => ['fare', 'many']", "UNUSABLE_COLUMN", "'many'", "list"),
    ("segment_by => 'nope'", "UNKNOWN_COLUMN", "segment_by", "'nope'"),
    ("segment_by => 3", "INVALID_OPTION", "segment_by = 3"),
    ("algorithm => 3", "INVALID_OPTION", "algorithm = 3"),
    ("'knn', params => {'n_neighbor': 3}", "UNKNOWN_PARAMETER", "did you mean 'n_neighbors'?"),
    ("'knn', params => {'n_neighbors': 1001}", "INVALID_PARAMETER", "n_neighbors = 1001", "at most 1000"),
    ("'knn', params => {'n_neighbors': 2.5}", "INVALID_PARAMETER", "n_neighbors = 2.5", "a whole number"),
    ("'knn', params => {'n_neighbors': 'three'}", "INVALID_PARAMETER", "n_neighbors = 'three'"),
    ("'knn', params => {'n_neighbors': NULL}", "INVALID_PARAMETER", "n_neighbors = None"),
    ("'knn', params => {'n_neighbors': [3]}", "INVALID_PARAMETER", "n_neighbors = [3]"),
    ("'knn', params => {'method': 'meen'}", "INVALID_PARAMETER", "method = 'meen'", "'largest' or 'mean'"),
    ("'iforest', params => {'max_features': 0}", "INVALID_PARAMETER", "max_features = 0"),
    ("'iforest', params => {'bootstrap': 1}", "INVALID_PARAMETER", "bootstrap = 1", "true or false"),
    ("params => '3'", "INVALID_OPTION", "params = 3"),
    ("params => 3", "INVALID_OPTION", "params = 3"),
    ("contamination => 'NaN'::DOUBLE", "INVALID_OPTION", "contamination = nan"),
    ("contamination => 'x'", "INVALID_OPTION", "contamination = 'x'"),
    ("contamination => true", "INVALID_OPTION", "contamination = True"),
    ("contamination => [0.1]", "INVALID_OPTION", "contamination = [0.1]"),
    ("threshold => 'inf'::DOUBLE", "INVALID_OPTION", "threshold = inf", "a finite number"),
    ("alert_budget => 1.5", "INVALID_OPTION", "alert_budget = 1.5"),
    ("seed => 1.5", "INVALID_OPTION", "seed = 1.5"),
    ("seed => '1'", "INVALID_OPTION", "seed = '1'"),
    ("seed => true", "INVALID_OPTION", "seed = True"),
    ("model => 'm', columns => ['fare']", "INVALID_OPTION", "columns cannot be given with model"),
    ("model => 3", "INVALID_OPTION", "model = 3"),
    ("model => ['m']", "INVALID_OPTION", "model = ['m']"),
    ("model => 'm', version => 99999999999999999999", "UNKNOWN_VERSION", "99999999999999999999"),
    ("model => 'm', version => 1.5", "INVALID_OPTION", "version = 1.5"),
    ("model => 'm', version => '1'", "INVALID_OPTION", "version = '1'"),
    ("model => 'm', version => true", "INVALID_OPTION", "version = True"),
]
SOURCES = [
    ("'nope'", "UNKNOWN_SOURCE", "'nope' does not exist", "DataFrame"),
    ("'main.nope'", "UNKNOWN_SOURCE", "'main.nope' does not exist"),
    ("'nope.trips'", "UNKNOWN_SOURCE", "'nope.trips'", "does not exist"),
    ("'nope.csv'", "UNKNOWN_SOURCE", "'nope.csv'", "No files found"),
    ("'nope/*.parquet'", "UNKNOWN_SOURCE", "No files found"),
    ("'SELECT * FROM ''nope.json'''", "UNKNOWN_SOURCE", "No files found"),
    ("'SELECT nope FROM trips'", "INVALID_SOURCE", 'Referenced column "nope" not found'),
    ("'SELECT nope(fare) FROM trips'", "INVALID_SOURCE", "nope does not exist"),
    ("'SELECT * FROM trips WHERE'", "INVALID_SOURCE", "does not parse"),
    ("'SELECT FROM WHERE'", "INVALID_SOURCE", "does not parse"),
    ("'SELECT * FROM trips)'", "INVALID_SOURCE", "does not parse"),
    ("'SELECT * FROM trips; DROP TABLE trips'", "INVALID_SOURCE", "has 2 statements"),
    ("'DROP TABLE trips'", "INVALID_SOURCE", "is DROP, not a query"),
    ("'INSERT INTO trips FROM trips'", "INVALID_SOURCE", "is INSERT, not a query"),
    ("'CREATE TABLE other AS FROM trips'", "INVALID_SOURCE", "is CREATE, not a query"),
    ("'COPY trips TO ''trips.csv'''", "INVALID_SOURCE", "is COPY, not a query"),
    ("'PRAGMA database_list'", "INVALID_SOURCE", "is PRAGMA, not a query"),
    ("'ATTACH '':memory:'' AS other'", "INVALID_SOURCE", "is ATTACH, not a query"),
    ("'SET threads = 1'", "INVALID_SOURCE", "is SET, not a query"),
    ("'CALL pragma_version()'", "INVALID_SOURCE", "is CALL, not a query"),
    ("'EXPLAIN SELECT 1'", "INVALID_SOURCE", "is EXPLAIN, not a query"),
    ("'PIVOT trips ON kind USING sum(fare)'", "INVALID_SOURCE", "depend on its rows", "IN ('day', 'night')"),
    ("'out.txt'", "UNKNOWN_SOURCE", "'out.txt'", "its suffix is not known", "read_csv('out.txt')"),
    ("'WITH x AS (DELETE FROM trips RETURNING *) FROM x'", "INVALID_SOURCE", "is a write"),
    ("'WITH x AS (INSERT INTO trips FROM trips RETURNING *) FROM x'", "INVALID_SOURCE", "is a write"),
    ("'WITH x AS (UPDATE trips SET fare = 0 RETURNING *) FROM x'", "INVALID_SOURCE", "is a write"),
    ("'FROM (WITH x AS (DELETE FROM trips RETURNING *) FROM x)'", "INVALID_SOURCE", "is a write"),
    ("'FROM query(''DROP TABLE trips'')'", "INVALID_SOURCE", "single SELECT"),
    ("';'", "INVALID_SOURCE", "has 0 statements"),
    ("'-- only a comment'", "INVALID_SOURCE", "has 0 statements"),
    ("NULL", "INVALID_SOURCE", "source = None"),
    ("NULL::VARCHAR", "INVALID_SOURCE", "source = None"),
    ("3", "INVALID_SOURCE", "source = 3"),
    ("['trips']", "INVALID_SOURCE", "source = ['trips']"),
    ("'FROM trips WHERE fare > 1e6'", "EMPTY_SOURCE", "no rows"),
    ("'FROM trips WHERE false'", "EMPTY_SOURCE", "no rows"),  # DuckDB knows it before it runs
    ("'FROM trips LIMIT 0'", "EMPTY_SOURCE", "no rows"),
    ("'FROM trips LIMIT 1'", "TOO_FEW_ROWS", "1 row", "at least 2"),
    ("'SELECT id, nothing, many FROM trips'", "NO_USABLE_COLUMN", "id (a key", "nothing (every", "many (type list"),
    ("'SELECT fare AS anomaly_score FROM trips'", "RESULT_COLUMN_EXISTS", "'anomaly_score'", "EXCLUDE"),
    ("'SELECT fare, fare > 3 AS IS_ANOMALY FROM trips'", "RESULT_COLUMN_EXISTS", "'IS_ANOMALY'"),
]
CALLS = [
    *((DETECT.format(option), *rest) for option, *rest in OPTIONS),
    *((SOURCE.format(source), *rest) for source, *rest in SOURCES),
    (SAVED.format("'SELECT fare FROM trips'"), "MISSING_COLUMN", "'km'", "trained on"),
    (SAVED.format("'SELECT * REPLACE (kind || fare AS fare) FROM trips'"), "COLUMN_TYPE_CHANGED", "'fare'", "number"),
    (SAVED.format("'SELECT * REPLACE (42 AS kind) FROM trips'"), "COLUMN_TYPE_CHANGED", "'kind'", "text"),
    (SAVED.format("'SELECT *, 1 AS severity FROM trips'"), "RESULT_COLUMN_EXISTS", "'severity'"),
    (SCORE.format("fare, km"), "WRONG_FEATURE_COUNT", "2 features were passed, the model has 3", "fare, km, kind"),
    (SCORE.format("fare, km, kind, kind"), "WRONG_FEATURE_COUNT", "4 features"),
    (SCORE.format("NULL::INTEGER"), "WRONG_FEATURE_COUNT", "1 feature was passed"),
    ("SELECT detect_anomalies('trips')", "INVALID_OPTION", "write SELECT * FROM detect_anomalies(...)"),
    (SCORE.format("kind, km, fare"), "COLUMN_TYPE_CHANGED", "'fare'"),
    (SCORE.format("{'fare': fare}"), "MISSING_COLUMN", "'km'", "this one has fare"),
    (SCORE.format("row(fare, km, kind)"), "MISSING_COLUMN", "'fare'"),
    ("SELECT anomaly_score(5, t) FROM trips AS t", "INVALID_OPTION", "model = 5", "a model's name"),
    ("SELECT anomaly_score(id, fare) FROM trips", "INVALID_OPTION", "model = 0", "a model's name"),
    ("FROM model_info('m', version => 'first')", "INVALID_OPTION", "version = 'first'", "a whole number"),
    ("FROM model_info('m', version => 1.5)", "INVALID_OPTION", "version = 1.5", "a whole number"),
    ("SELECT severity(if(id = 9, NULL, 'm'), t) FROM trips AS t", "UNKNOWN_MODEL", "the model's name is NULL"),
    ("SELECT is_anomaly(if(id = 9, 'mm', 'm'), t) FROM trips AS t", "UNKNOWN_MODEL", "did you mean 'm'?"),
    ("SELECT detect_anomalies('nope', fare, km, kind) FROM trips", "UNKNOWN_MODEL", "'nope'"),
    ("SELECT drop_model('m', '1')", "INVALID_OPTION", "version = '1'"),
    ("SELECT drop_model('m', true)", "INVALID_OPTION", "version = True"),
    ("SELECT drop_model('m', 1.5)", "INVALID_OPTION", "version = 1.5"),
    ("SELECT drop_model(3)", "INVALID_OPTION", "model = 3"),
    (TRAIN.format("3"), "INVALID_MODEL_NAME", "3"),
    ("SELECT train_model('new', 'FROM trips WHERE false')", "EMPTY_SOURCE", "no rows"),
    ("SELECT train_model('new', 'trips', columns => ['nope'])", "UNKNOWN_COLUMN", "'nope'"),
    ("FROM fit_model('', 'trips')", "INVALID_MODEL_NAME", "''"),
    (
        "INSERT INTO adsql.models FROM fit_model('new', 'trips', contamination => 2)",
        "INVALID_OPTION",
        "contamination = 2",
    ),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[duckdb.DuckDBPyConnection]:
    con = adsql.connect()
    con.execute(TRIPS)
    con.execute("ALTER TABLE trips DROP COLUMN started")
    con.execute("ALTER TABLE trips ADD COLUMN nothing INTEGER")
    con.execute("ALTER TABLE trips ADD COLUMN many INTEGER[] DEFAULT [1, 2]")
    rows(con, "SELECT train_model('m', 'trips')")
    yield con
    con.close()


def everything(con):
    """All there is to lose: rows, tables, models, databases, settings."""
    return [
        rows(con, query)
        for query in (
            "FROM trips",
            "FROM adsql.models",
            "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL",
            "SELECT database_name FROM duckdb_databases() ORDER BY ALL",
            "SELECT current_setting('threads')",
        )
    ]


@pytest.mark.parametrize(("query", "code", "fragments"), [(query, code, rest) for query, code, *rest in CALLS])
def test_what_is_wrong_is_named_and_nothing_is_lost(shared, query, code, fragments):
    before = everything(shared)
    with raises(f"ADSQL_{code}", *fragments):
        rows(shared, query)
    assert everything(shared) == before
    assert value(shared, "SELECT count(anomaly_score) FROM detect_anomalies('trips', model => 'm')") == 501


def test_in_a_transaction_of_the_caller_too(shared):
    before = everything(shared)
    for query, code in (("FROM detect_anomalies('DROP TABLE trips')", "ADSQL_INVALID_SOURCE"),
                        ("SELECT drop_model('nope')", "ADSQL_UNKNOWN_MODEL")):  # fmt: skip
        shared.execute("BEGIN")
        with raises(code):
            rows(shared, query)
        shared.execute("ROLLBACK")
        assert everything(shared) == before


def test_a_column_of_nulls_among_others_is_left_out_and_told(con):
    con.execute("ALTER TABLE trips ADD COLUMN nothing VARCHAR")
    assert value(con, "SELECT count(anomaly_score) FROM detect_anomalies('trips')") == 501
    rows(con, "SELECT train_model('m', 'trips')")
    assert rows(con, "SELECT section, value FROM model_info('m') WHERE name = 'nothing'") == [
        ("left out", "every value is NULL")
    ]


@pytest.mark.parametrize("source", ["empty", "FROM trips WHERE false"])
@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM detect_anomalies($source)",
        "FROM detect_anomalies($source) WHERE is_anomaly",
        "FROM detect_anomalies($source) WHERE fare > 3 ORDER BY severity DESC LIMIT 5",
        "SELECT train_model('new', $source)",
    ],
)
def test_an_empty_source_is_told_whatever_is_asked_of_the_result(con, query, source):
    con.execute("CREATE TABLE empty AS FROM trips LIMIT 0")
    with raises("ADSQL_EMPTY_SOURCE", "no rows"):
        rows(con, query, {"source": source})


@pytest.mark.parametrize("function", ["anomaly_score", "severity", "is_anomaly"])
def test_a_row_that_is_null_has_no_score_also_without_a_type(kept, function):
    assert rows(kept, f"SELECT {function}('fares', NULL) FROM range(3)") == [(None,)] * 3


@pytest.mark.parametrize("con", ["trips.db", None, 3])
def test_what_is_no_connection_cannot_be_registered_on(con):
    with pytest.raises(TypeError, match="takes an open DuckDB connection, not"):
        adsql.register(con)
