"""Databases opened read-only: everything works that does not write, and what writes says so."""

from __future__ import annotations

import hashlib

import duckdb
import pytest

import adsql
from adsql_udfs.duckdb.macros import COMMENT
from adsql_udfs.quoting import literal
from sql.support import TRIPS, raises, rows, value

READS = [
    "FROM detect_anomalies('trips')",
    "FROM adsql.detect_anomalies('trips', 'mad', segment_by => 'kind')",
    "FROM detect_anomalies('trips', model => 'fares')",
    "SELECT anomaly_score('fares', t), severity('fares', t), is_anomaly('fares', t) FROM trips AS t",
    "SELECT detect_anomalies('fares', t) FROM trips AS t",
    "FROM models()",
    "FROM model_info('fares')",
    "FROM detectors()",
    "SELECT * EXCLUDE (created_at) FROM fit_model('new', 'trips')",
]
WRITES = [
    "SELECT train_model('new', 'trips')",
    "FROM train_model('fares', 'trips', 'mad')",
    "SELECT train_model('fares', 'trips')",  # equal to what is stored: the answer does not depend on that
    "SELECT drop_model('fares')",
    "SELECT drop_model('missing')",
]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def read_only(file):
    con = adsql.connect(file, read_only=True)
    yield con
    con.close()


@pytest.fixture
def never_registered(tmp_path):
    """A file that adsql never saw, opened read-only."""
    path = tmp_path / "plain.db"
    con = duckdb.connect(path)
    con.execute(TRIPS)
    con.close()
    before = digest(path)
    con = adsql.connect(path, read_only=True)
    yield con
    con.close()
    assert digest(path) == before


def test_reading_gives_what_a_writable_database_gives(file):
    con = adsql.connect(file)
    expected = [rows(con, query) for query in READS]
    con.close()
    before = digest(file)
    con = adsql.connect(file, read_only=True)
    assert [rows(con, query) for query in READS] == expected
    con.close()
    assert digest(file) == before


def test_cursors_of_a_read_only_connection_read_as_well(read_only):
    cursor = read_only.cursor()
    assert rows(cursor, READS[0]) == rows(read_only, READS[0])
    assert rows(cursor, READS[2]) == rows(read_only, READS[2])


@pytest.mark.parametrize("query", WRITES)
def test_writing_is_refused_by_name_and_the_connection_goes_on(read_only, query):
    with raises("ADSQL_READ_ONLY_DATABASE", "train_model" if "train" in query else "drop_model", "open it for writing"):
        rows(read_only, query)
    assert rows(read_only, "SELECT name FROM models()") == [("fares",)]


def test_inserting_a_fitted_model_is_refused_by_duckdb(read_only):
    with pytest.raises(duckdb.Error, match="read-only"):
        read_only.execute("INSERT INTO adsql.models FROM fit_model('new', 'trips')")
    assert rows(read_only, "SELECT name FROM models()") == [("fares",)]


def test_two_read_only_connections_share_a_file(file, read_only):
    other = adsql.connect(file, read_only=True)
    assert rows(other, READS[2]) == rows(read_only, READS[2])
    other.close()


def test_an_attached_read_only_database_refuses_to_be_written(file, memory):
    memory.execute(f"ATTACH '{file}' AS other (READ_ONLY); USE other")
    assert value(memory, "SELECT count(anomaly_score('fares', t)) FROM trips AS t") == 501
    with raises("ADSQL_READ_ONLY_DATABASE"):
        rows(memory, "SELECT train_model('new', 'trips')")
    with raises("ADSQL_READ_ONLY_DATABASE"):
        rows(memory, "SELECT drop_model('fares')")


def test_a_file_that_adsql_never_saw_is_detected_in(never_registered):
    assert rows(never_registered, "SELECT id FROM detect_anomalies('trips') WHERE is_anomaly") == [(500,)]
    assert len(rows(never_registered, "FROM detectors()")) >= 8
    assert rows(never_registered, "FROM models()") == []
    [(fitted,)] = rows(never_registered, "SELECT count(*) FROM detect_anomalies('trips', 'mad', segment_by => 'kind')")
    assert fitted == 501


def test_adsql_s_schema_is_there_for_every_connection_to_a_file_that_adsql_never_saw(never_registered):
    cursor = never_registered.cursor()
    for con in (never_registered, cursor, adsql.register(cursor)):
        assert rows(con, "SELECT id FROM adsql.detect_anomalies('trips') WHERE is_anomaly") == [(500,)]
        assert rows(con, "FROM adsql.models()") == []
        with raises("ADSQL_UNKNOWN_MODEL", "none exist"):
            rows(con, "SELECT adsql.anomaly_score('fares', t) FROM trips AS t")
        with raises("ADSQL_READ_ONLY_DATABASE"):
            rows(con, "SELECT adsql.train_model('new', 'trips')")
    assert rows(cursor, "SELECT id FROM detect_anomalies('trips') WHERE is_anomaly") == [(500,)]
    assert value(cursor, "SELECT current_database()") == "plain"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT anomaly_score('fares', t) FROM trips AS t",
        "SELECT is_anomaly('fares', fare) FROM trips",
        "FROM model_info('fares')",
        "FROM detect_anomalies('trips', model => 'fares')",
    ],
)
def test_it_has_no_models_and_says_so(never_registered, query):
    with raises("ADSQL_UNKNOWN_MODEL", "'fares'", "none exist"):
        rows(never_registered, query)


@pytest.mark.parametrize("query", WRITES)
def test_it_cannot_be_trained_in_and_says_so(never_registered, query):
    with raises("ADSQL_READ_ONLY_DATABASE"):
        rows(never_registered, query)


@pytest.mark.parametrize("place", ["main", "temp.main"])
def test_macros_of_the_user_s_own_are_not_hidden(tmp_path, place):
    path = tmp_path / "own.db"
    con = duckdb.connect(path)
    con.execute(TRIPS)
    if place == "main":
        con.execute("CREATE MACRO severity(a, b) AS a + b")
    con.close()
    con = duckdb.connect(path, read_only=True)
    if place == "temp.main":
        con.execute("CREATE TEMP MACRO severity(a, b) AS a + b")
    for _ in range(2):
        adsql.register(con)
        assert value(con, "SELECT severity(1, 2)") == 3
        assert rows(con, "SELECT id FROM detect_anomalies('trips') WHERE is_anomaly") == [(500,)]
        assert value(con, "SELECT count(*) FROM adsql.detect_anomalies('trips')") == 501
    con.close()


def test_macros_of_another_version_are_replaced_for_the_connection_alone(file):
    con = duckdb.connect(file)
    con.execute("CREATE OR REPLACE MACRO main.models() AS TABLE SELECT 'of another version' AS name")
    con.execute(f"COMMENT ON MACRO TABLE main.models IS {literal(COMMENT)}")
    con.execute("CREATE OR REPLACE MACRO adsql.macros_revision() AS 'another'")
    con.close()
    before = digest(file)
    con = adsql.connect(file, read_only=True)
    assert rows(con, "SELECT name, version FROM models()") == [("fares", 1)]
    assert rows(con, "SELECT id FROM detect_anomalies('trips', model => 'fares') WHERE is_anomaly") == [(500,)]
    con.close()
    assert digest(file) == before
