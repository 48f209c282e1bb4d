"""What a database file keeps, and what is made again when it is opened."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import duckdb
import pytest

import adsql
from adsql import migrations
from adsql_udfs.duckdb.macros import COMMENT
from adsql_udfs.quoting import literal
from sql.support import TRIPS, rows, value

NAMES = {
    "detect_anomalies", "fit_model", "train_model", "update_model", "anomaly_score", "severity", "is_anomaly",
    "consensus", "models", "model_info", "model_sql", "detectors", "drop_model", "export_model", "import_model",
    "evaluate_model", "compare_models", "threshold_report", "model_stability", "detector_agreement", "give_feedback", "preview_feedback", "apply_feedback",
    "explain_anomaly", "explain_anomalies",
    "contrast_anomalies", "profile_data", "suggest_detectors", "check_drift", "suggest_normal",
    "detect_series_anomalies", "anomaly_incidents", "detect_change_points",
    "backtest_series", "train_series_model", "score_series",
}  # fmt: skip
MACROS = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE schema_name = $1 AND function_type LIKE '%macro' AND NOT internal"


def state(path):
    wal = path.with_name(path.name + ".wal")
    return hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns, wal.exists()


def test_a_new_database_has_the_functions_in_both_schemas_and_three_tables(memory):
    assert {name for (name,) in rows(memory, MACROS, ["main"])} == NAMES
    assert {name for (name,) in rows(memory, MACROS, ["adsql"])} > NAMES, "helpers stay out of the user's schema"
    tables = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'adsql' ORDER BY ALL"
    assert rows(memory, tables) == [("feedback",), ("migrations",), ("models",)]


def test_models_and_their_scores_survive_reopening(file):
    con = adsql.connect(file)
    rows(con, "SELECT train_model('by kind', 'trips', 'iqr', segment_by => 'kind')")
    queries = ["FROM models()", "FROM adsql.models", "FROM model_info('by kind')",
               "SELECT id, detect_anomalies('fares', t), detect_anomalies('by kind', t) FROM trips AS t"]  # fmt: skip
    before = [rows(con, query) for query in queries]
    con.close()
    con = adsql.connect(file)
    assert [rows(con, query) for query in queries] == before
    assert value(con, "SELECT train_model('fares', 'trips').version") == 1, "the same training is the same version"
    assert value(con, "SELECT train_model('fares', 'trips', 'mad').version") == 2
    con.close()


def test_a_model_survives_a_process_that_ends_without_closing(file):
    program = (
        "import adsql, os, sys; con = adsql.connect(sys.argv[1]); "
        "con.execute(\"SELECT train_model('new', 'trips', 'mad')\").fetchall(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, file], check=True)
    con = adsql.connect(file)
    assert rows(con, "SELECT name, version FROM models()") == [("fares", 1), ("new", 1)]
    assert value(con, "SELECT count(anomaly_score('new', t)) FROM trips AS t") == 501
    con.close()


def test_opening_again_writes_nothing(file):
    adsql.connect(file).close()
    before = state(file)
    con = adsql.connect(file)
    adsql.register(con)
    value(con, "SELECT count(anomaly_score('fares', t)) FROM trips AS t")
    con.close()
    assert state(file) == before


def test_registering_is_repeatable_and_returns_the_connection(memory):
    rows(memory, "SELECT train_model('m', 'trips')")
    for _ in range(3):
        assert adsql.register(memory) is memory
    assert adsql.register(memory.cursor()) is not memory
    assert rows(memory, "SELECT name, version FROM models()") == [("m", 1)]
    assert rows(memory, "SELECT number FROM adsql.migrations") == [(1,), (2,)]
    assert value(memory, "SELECT train_model('m', 'trips', 'mad').version") == 2


def test_connecting_twice_to_one_file_gives_one_database(file):
    first, second = adsql.connect(file), adsql.connect(file)
    assert value(second, "SELECT train_model('new', 'trips').version") == 1
    assert value(first, "SELECT count(*) FROM detect_anomalies('trips', model => 'new')") == 501
    second.close()
    assert value(first, "SELECT train_model('new', 'trips', 'mad').version") == 2
    first.close()


def test_a_database_that_exists_gets_the_functions_and_keeps_all_it_had(tmp_path):
    path = tmp_path / "existing.db"
    con = duckdb.connect(path)
    con.execute(TRIPS)
    con.execute("CREATE VIEW v AS FROM trips")
    before = rows(con, "FROM trips")
    con.close()
    con = adsql.connect(path)
    assert rows(con, "FROM trips") == before == rows(con, "FROM v")
    assert value(con, "SELECT count(*) FROM detect_anomalies('v')") == 501
    con.close()


@pytest.mark.parametrize(
    ("own", "call", "answer"),
    [
        ("MACRO models() AS TABLE SELECT 42 AS answer", "FROM models()", 42),
        ("MACRO severity(a, b) AS a + b", "SELECT severity(1, 2)", 3),
        ("MACRO anomaly_score(x) AS x", "SELECT anomaly_score(7)", 7),
        ("MACRO detect_anomalies(t) AS TABLE SELECT t AS answer", "FROM detect_anomalies('x')", "x"),
        ("MACRO detectors() AS 'mine'", "SELECT detectors()", "mine"),
        ("MACRO Is_Anomaly(x) AS x", "SELECT is_anomaly(8)", 8),
        ("MACRO detect_anomalies(t) AS TABLE SELECT 'adsql' || t AS answer", "FROM detect_anomalies('x')", "adsqlx"),
    ],
)
def test_a_user_s_own_macro_is_kept_and_adsql_s_is_reached_by_its_schema(tmp_path, own, call, answer):
    path = tmp_path / "own.db"
    con = duckdb.connect(path)
    con.execute(f"CREATE {own}")
    con.close()
    for _ in range(2):  # also when it is opened again
        con = adsql.connect(path)
        con.execute(TRIPS)
        assert value(con, call) == answer
        assert value(con, "SELECT count(*) FROM adsql.detect_anomalies('trips')") == 501
        assert value(con, "SELECT adsql.train_model('m', 'trips').version") == 1
        assert value(con, "SELECT count(adsql.severity('m', t) + adsql.anomaly_score('m', t)) FROM trips AS t") == 501
        assert rows(con, "SELECT name FROM adsql.models()") == [("m",)]
        assert value(con, "SELECT count(*) FROM adsql.detectors()") >= 8
        con.close()


def test_a_macro_that_the_user_makes_later_is_kept(file):
    con = adsql.connect(file)
    con.execute("CREATE OR REPLACE MACRO models() AS TABLE SELECT 42 AS answer")
    con.close()
    con = adsql.connect(file)
    assert value(con, "FROM models()") == 42
    assert rows(con, "SELECT name FROM adsql.models()") == [("fares",)]
    con.close()


def test_a_wrapper_that_the_user_makes_of_a_function_is_kept(file):
    con = adsql.connect(file)
    con.execute("CREATE OR REPLACE MACRO severity(x) AS 10 * adsql.severity('fares', x)")
    con.execute("CREATE OR REPLACE MACRO adsql.macros_revision() AS 'of an older version'")
    con.close()
    con = adsql.connect(file)
    assert value(con, "SELECT bool_and(severity(t) = 10 * adsql.severity('fares', t)) FROM trips AS t") is True
    con.close()


def test_a_python_function_of_the_user_is_not_hidden(file):
    con = duckdb.connect()
    con.create_function("severity", lambda a, b: a + b, ["INTEGER", "INTEGER"], "INTEGER")
    adsql.register(con)
    assert value(con, "SELECT severity(1, 2)") == 3
    con.execute(TRIPS)
    rows(con, "SELECT train_model('m', 'trips')")
    assert value(con, "SELECT count(adsql.severity('m', t)) FROM trips AS t") == 501
    con.close()


@pytest.mark.parametrize("schema", ["main", "adsql"])
def test_a_function_that_was_dropped_is_there_again_when_the_file_is_opened(file, schema):
    con = adsql.connect(file)
    con.execute(f"DROP MACRO {schema}.severity; DROP MACRO TABLE {schema}.models")
    con.close()
    con = adsql.connect(file)
    prefix = "" if schema == "main" else "adsql."
    assert value(con, f"SELECT count({prefix}severity('fares', t)) FROM trips AS t") == 501
    assert rows(con, f"SELECT name FROM {prefix}models()") == [("fares",)]
    con.close()


def test_macros_of_an_older_version_are_replaced_when_the_file_is_opened(file):
    con = duckdb.connect(file)
    for schema in ("main", "adsql"):
        con.execute(f"CREATE OR REPLACE MACRO {schema}.models() AS TABLE SELECT 'old' AS old FROM adsql.models")
        con.execute(f"COMMENT ON MACRO TABLE {schema}.models IS {literal(COMMENT)}")
    con.execute("CREATE OR REPLACE MACRO adsql.macros_revision() AS 'of an older version'")
    con.close()
    con = adsql.connect(file)
    assert rows(con, "SELECT name FROM models()") == rows(con, "SELECT name FROM adsql.models()") == [("fares",)]
    con.close()


def test_a_plain_duckdb_reads_the_models_table_but_has_no_functions(file):
    program = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1]); "
        "print(con.execute('SELECT name, version, n_rows FROM models()').fetchall()); "
        "con.execute(\"SELECT anomaly_score('fares', t) FROM trips AS t\")"
    )
    ran = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "[('fares', 1, 501)]"
    assert ran.returncode == 1
    assert "__adsql_anomaly_score does not exist" in ran.stderr


def test_the_recorded_migrations_are_those_of_the_package(memory):
    recorded = rows(memory, "SELECT number, name, sha256 FROM adsql.migrations ORDER BY number")
    assert recorded == [(one.number, one.name, one.sha256) for one in migrations.migrations("duckdb")]


def test_models_move_to_another_database_as_rows(file, tmp_path):
    con = adsql.connect(file)
    expected = rows(con, "SELECT id, detect_anomalies('fares', t) FROM trips AS t")
    con.execute(f"COPY (FROM adsql.models) TO '{tmp_path}/models.parquet'")
    con.execute(f"COPY trips TO '{tmp_path}/trips.parquet'")
    con.close()
    con = adsql.connect()
    con.execute(f"INSERT INTO adsql.models FROM '{tmp_path}/models.parquet'")
    con.execute(f"CREATE TABLE trips AS FROM '{tmp_path}/trips.parquet'")
    assert rows(con, "SELECT id, detect_anomalies('fares', t) FROM trips AS t") == expected
    con.close()


def test_a_copy_of_the_database_has_models_views_and_functions(file, tmp_path):
    con = adsql.connect(file)
    con.execute("CREATE VIEW scored AS SELECT id, detect_anomalies('fares', t) AS found FROM trips AS t")
    expected = rows(con, "FROM scored"), rows(con, "FROM adsql.models")
    con.execute(f"ATTACH '{tmp_path}/copy.db' AS copied")
    con.execute("COPY FROM DATABASE trips TO copied")
    con.close()
    con = adsql.connect(tmp_path / "copy.db")
    assert (rows(con, "FROM scored"), rows(con, "FROM adsql.models")) == expected
    assert value(con, "SELECT train_model('fares', 'trips', 'mad').version") == 2
    con.close()


def test_a_failure_to_register_closes_the_connection_it_opened(tmp_path):
    path = tmp_path / "taken.db"
    con = duckdb.connect(path)
    con.execute("CREATE SCHEMA adsql; CREATE TABLE adsql.models (x INTEGER); INSERT INTO adsql.models VALUES (7)")
    con.close()
    with pytest.raises(duckdb.CatalogException, match='"models" already exists'):
        adsql.connect(path)
    con = duckdb.connect(path, read_only=True)  # not possible while another connection writes
    assert rows(con, "FROM adsql.models") == [(7,)]
    con.close()
