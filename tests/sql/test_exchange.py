"""Models leave a database as bytes and come back as they were."""

from __future__ import annotations

import pytest

import adsql
from sql.support import DETECTORS, TRIPS, raises, rows, value

KEPT = "name, version, algorithm, params, columns, segment_by, n_segments, n_rows, n_features, threshold, threshold_policy, seed, source, library_versions, content_hash, state"
STORED = ["name", "version", "algorithm", "n_rows", "n_features", "threshold"]
TYPES = ["VARCHAR", "INTEGER", "VARCHAR", "BIGINT", "INTEGER", "DOUBLE"]


@pytest.fixture(scope="module")
def other_open():
    with adsql.connect() as connection:
        connection.execute(TRIPS)
        yield connection


@pytest.fixture
def other(other_open):
    """Another database, to which tests add models alone."""
    yield other_open
    other_open.execute("DELETE FROM adsql.models")


def test_a_model_is_the_same_row_in_another_database(kept, other):
    data = value(kept, "SELECT export_model('fares')")
    assert isinstance(data, bytes)
    result = other.sql("FROM import_model('fares', $data)", params={"data": data})
    assert (result.columns, result.types) == (STORED, TYPES)
    assert result.fetchall() == rows(kept, f"SELECT {', '.join(STORED)} FROM models()")
    assert rows(other, f"SELECT {KEPT} FROM adsql.models") == rows(kept, f"SELECT {KEPT} FROM adsql.models")


@pytest.mark.parametrize("algorithm", DETECTORS)
def test_it_scores_the_same_there(kept, other, algorithm):
    rows(kept, "SELECT train_model('m', 'trips', algorithm => $1, segment_by => 'kind')", [algorithm])
    rows(other, "SELECT import_model('m', $1)", [value(kept, "SELECT export_model('m')")])
    scores = "SELECT id, anomaly_score, severity, is_anomaly FROM detect_anomalies('trips', model => 'm') ORDER BY id"
    assert rows(other, scores) == rows(kept, scores)


def test_the_scalar_form_returns_a_struct_for_each_row(kept):
    rows(kept, "SELECT train_model('other', 'trips', 'mad')")
    found = rows(kept, "SELECT import_model('copy of ' || name, export_model(name)) FROM models() ORDER BY name")
    assert [row[0]["name"] for row in found] == ["copy of fares", "copy of other"]
    assert [row[0]["algorithm"] for row in found] == ["auto", "mad"]
    assert value(kept, "SELECT count(*) FROM models()") == 4


def test_versions(kept):
    rows(kept, "SELECT train_model('fares', 'trips', 'mad')")
    rows(kept, "SELECT import_model('copy', export_model('fares'))")
    assert value(kept, "SELECT import_model('copy', export_model('fares')).version") == 1, "it is the same model"
    assert value(kept, "SELECT import_model('copy', export_model('fares', version => 1)).version") == 2
    hashes = "SELECT content_hash FROM models() WHERE name = '{}' ORDER BY version"
    assert rows(kept, hashes.format("copy")) == rows(kept, hashes.format("fares"))[::-1]


def test_a_file_holds_a_model(kept, other, tmp_path):
    file = tmp_path / "fares.adsql"
    kept.execute(f"COPY (SELECT export_model('fares')) TO '{file}' (FORMAT blob)")
    assert file.read_bytes() == value(kept, "SELECT export_model('fares')")
    assert value(other, f"SELECT import_model('fares', content).n_rows FROM read_blob('{file}')") == 501


def test_it_is_stored_whatever_becomes_of_the_transaction(kept):
    kept.execute("BEGIN")
    rows(kept, "SELECT import_model('copy', export_model('fares'))")
    kept.execute("ROLLBACK")
    assert rows(kept, "SELECT name FROM models()") == [("copy",), ("fares",)]


def test_one_bad_model_of_several_stores_none(kept):
    query = "SELECT import_model('a' || i, CASE i WHEN 0 THEN export_model('fares') ELSE 'x'::BLOB END) FROM range(2) AS r(i)"
    with raises("ADSQL_CORRUPT_MODEL"):
        rows(kept, query)
    assert value(kept, "SELECT count(*) FROM models()") == 1


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("SELECT export_model('fare')", "ADSQL_UNKNOWN_MODEL", "did you mean 'fares'"),
        ("SELECT export_model(NULL)", "ADSQL_UNKNOWN_MODEL", "NULL"),
        ("SELECT export_model(3)", "ADSQL_INVALID_OPTION", "model = 3"),
        ("SELECT export_model('fares', version => 2)", "ADSQL_UNKNOWN_VERSION", "no version 2"),
        ("SELECT import_model('m', NULL)", "ADSQL_CORRUPT_MODEL", "None is no exported model"),
        ("SELECT import_model('m', 'text')", "ADSQL_CORRUPT_MODEL", "'text' is no exported model"),
        ("FROM import_model('m', '')", "ADSQL_CORRUPT_MODEL", "no exported model"),
        ("SELECT import_model('m', 'abc'::BLOB)", "ADSQL_CORRUPT_MODEL", "export the model again"),
        ("SELECT import_model('m', state) FROM adsql.models", "ADSQL_CORRUPT_MODEL", "something else"),
        ("SELECT import_model('', export_model('fares'))", "ADSQL_INVALID_MODEL_NAME", "''"),
        ("SELECT import_model(NULL, export_model('fares'))", "ADSQL_INVALID_MODEL_NAME", "None"),
    ],
)
def test_what_cannot_be_exported_or_imported(kept, query, code, words):
    with raises(code, words):
        rows(kept, query)
    assert rows(kept, "SELECT name FROM models()") == [("fares",)]


def test_a_damaged_row_is_not_exported(con):
    con.execute("UPDATE adsql.models SET state = 'abc'::BLOB")
    with raises("ADSQL_CORRUPT_MODEL", "content hash"):
        rows(con, "SELECT export_model('fares')")


def test_a_read_only_database_exports_and_does_not_import(file):
    with adsql.connect(file, read_only=True) as con:
        data = value(con, "SELECT export_model('fares')")
        with raises("ADSQL_READ_ONLY_DATABASE", "import_model writes"):
            rows(con, "SELECT import_model('copy', $1)", [data])
