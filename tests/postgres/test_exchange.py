"""A model moves between DuckDB and PostgreSQL, and stays the same to the last bit."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest

import adsql
from postgres.support import raises, rows, value

COLUMNS = "id, fare, km, kind, started"
SCORES = "SELECT {} FROM detect_anomalies({}, model => 'm'{}) AS d ORDER BY 1"
RESULTS = "anomaly_score, severity, is_anomaly"
TABLE = "CREATE TABLE trips (id integer, fare double precision, km integer, kind text, started timestamp)"


@pytest.fixture
def duck(con):
    """DuckDB with the table `trips` as it is in PostgreSQL."""
    with adsql.connect() as connection:
        connection.execute(TABLE)
        connection.executemany("INSERT INTO trips VALUES (?, ?, ?, ?, ?)", rows(con, f"SELECT {COLUMNS} FROM trips"))
        yield connection


def fetched(duck, query, values=None):
    return duck.execute(query, values).fetchall()


def bits(found):
    return [(row[0], *(None if v is None else struct.pack(">d", float(v)) for v in row[1:])) for row in found]


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [
        ("auto", ""),
        ("auto", ", segment_by => ['kind']"),
        ("mad", ", contamination => 0.01"),
        ("hbos", ", segment_by => ['kind']"),
        ("iforest", ", params => '{\"n_estimators\": 20}'"),
        ("ensemble", ""),
    ],
)
def test_from_duckdb_to_postgres_and_back(con, duck, algorithm, options):
    fetched(duck, f"SELECT train_model('m', 'trips', algorithm => '{algorithm}'{options})")
    [(data, trained)] = fetched(duck, "SELECT export_model('m'), content_hash FROM models()")
    [(stored,)] = rows(con, "SELECT version FROM import_model('m', %s)", [data])
    assert stored == 1
    assert value(con, "SELECT content_hash FROM models()") == trained
    back = value(con, "SELECT export_model('m')")
    assert back == data
    fetched(duck, "SELECT import_model('back', $1)", [back])
    assert fetched(duck, "SELECT DISTINCT content_hash FROM models()") == [(trained,)]

    in_duckdb = fetched(duck, SCORES.format(f"id, {RESULTS}", "'trips'", ""))
    in_postgres = rows(con, SCORES.format(f"(d.row).id, {RESULTS}", "NULL::trips", ""))
    assert bits(in_postgres) == bits(in_duckdb)
    assert len(in_duckdb) == 501
    kept = "algorithm, params, columns, segment_by, n_segments, n_rows, n_features, threshold, threshold_policy, seed, source, library_versions"
    assert rows(con, f"SELECT {kept} FROM adsql.models") == fetched(
        duck, f"SELECT {kept} FROM adsql.models WHERE name = 'm'"
    )


def test_from_postgres_to_duckdb(con, duck):
    rows(con, "SELECT train_model('m', 'trips', segment_by => ARRAY['kind'])")
    fetched(duck, "SELECT import_model('m', $1)", [value(con, "SELECT export_model('m')")])
    in_duckdb = fetched(duck, SCORES.format(f"id, {RESULTS}", "'trips'", ""))
    in_postgres = rows(con, SCORES.format(f"(d.row).id, {RESULTS}", "NULL::trips", ""))
    assert bits(in_postgres) == bits(in_duckdb)
    [(versions,)] = fetched(duck, "SELECT library_versions FROM adsql.models")
    assert "postgresql" in versions, "it tells where the model was trained"


def test_a_file_of_the_command_line_is_imported_and_read_by_the_server(con, postgres, tmp_path):
    def run(*arguments):
        subprocess.run([sys.executable, "-m", "adsql", *arguments], check=True, cwd=tmp_path, capture_output=True)

    (tmp_path / "trips.csv").write_text("fare,km\n" + "".join(f"{i % 17},{i % 5}\n" for i in range(300)))
    run("train", "m", "trips.csv", "-d", "m.duckdb", "-a", "mad")
    run("export", "m", "-d", "m.duckdb", "-o", "m.adsql")
    data = (tmp_path / "m.adsql").read_bytes()
    sent = value(con, "SELECT (import_model('m', %s)).n_rows", [data])
    server_file = postgres.folder / "m.adsql"
    server_file.write_bytes(data)
    server_file.chmod(0o644)
    read = value(con, "SELECT (import_model('m', pg_read_binary_file(%s))).version", [str(server_file)])
    assert (sent, read) == (300, 1)
    (tmp_path / "back.adsql").write_bytes(value(con, "SELECT export_model('m')"))
    run("import", "back", "back.adsql", "-d", "m.duckdb")
    with adsql.connect(tmp_path / "m.duckdb") as duck:
        assert fetched(duck, "SELECT count(DISTINCT content_hash), count(*) FROM models()") == [(1, 2)]


def test_versions(con):
    rows(con, "SELECT train_model('m', 'trips', algorithm => 'mad')")
    rows(con, "SELECT train_model('m', 'trips', algorithm => 'zscore')")
    rows(con, "SELECT import_model('copy', export_model('m'))")
    assert value(con, "SELECT (import_model('copy', export_model('m'))).version") == 1, "it is the same model"
    assert value(con, "SELECT (import_model('copy', export_model('m', version => 1))).version") == 2


def test_an_import_is_part_of_the_transaction(con):
    rows(con, "SELECT train_model('m', 'trips', algorithm => 'mad')")
    with con.transaction(force_rollback=True):
        rows(con, "SELECT import_model('copy', export_model('m'))")
        assert value(con, "SELECT count(*) FROM models()") == 2
    assert rows(con, "SELECT name FROM models()") == [("m",)]


def test_a_model_is_the_importers_and_others_export_what_is_shared(con, postgres, database):
    rows(con, "SELECT train_model('m', 'trips', algorithm => 'mad')")
    con.execute("CREATE ROLE importer LOGIN; GRANT adsql_user TO importer")
    try:
        with postgres.connect("importer", database) as other:
            with raises("ADSQL_UNKNOWN_MODEL"):
                rows(other, "SELECT export_model('m')")
            con.execute("SELECT share_model('m', 'importer')")
            rows(other, "SELECT import_model('m', export_model('m'))")
            assert rows(other, "SELECT owner FROM models() ORDER BY 1") == [("adsql",), ("importer",)]
    finally:
        con.execute("DROP ROLE importer")


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("SELECT export_model('n')", "ADSQL_UNKNOWN_MODEL", "'n' does not exist"),
        ("SELECT export_model(NULL)", "ADSQL_UNKNOWN_MODEL", "NULL"),
        ("SELECT export_model('m', 2)", "ADSQL_UNKNOWN_VERSION", "no version 2"),
        ("SELECT import_model('n', NULL)", "ADSQL_CORRUPT_MODEL", "None is no exported model"),
        ("SELECT import_model('n', '')", "ADSQL_CORRUPT_MODEL", "export the model again"),
        ("SELECT import_model('n', substr(export_model('m'), 1, 900))", "ADSQL_CORRUPT_MODEL", "export the model again"),
        ("SELECT import_model('n', state) FROM models", "ADSQL_CORRUPT_MODEL", "something else"),
        ("SELECT import_model('', export_model('m'))", "ADSQL_INVALID_MODEL_NAME", "''"),
        ("SELECT import_model(NULL, export_model('m'))", "ADSQL_INVALID_MODEL_NAME", "None"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_or_imported(con, query, code, words):
    rows(con, "SELECT train_model('m', 'trips', algorithm => 'mad')")
    with raises(code, words):
        rows(con, query)
    assert rows(con, "SELECT name FROM models()") == [("m",)]
