"""Which writes belong to the caller's transaction, and which do not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import duckdb
import pytest

import adsql
from sql.support import TRIPS, raises, rows, saved_model, value

VERSIONS = "SELECT name, version FROM adsql.models ORDER BY ALL"


def seen_by_others(con, query=VERSIONS):
    other = con.cursor()
    found = rows(other, query)
    other.close()
    return found


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_train_model_stores_in_a_transaction_of_its_own(con, end):
    con.execute("BEGIN")
    assert value(con, "SELECT train_model('new', 'trips').version") == 1
    assert seen_by_others(con) == [("fares", 1), ("new", 1)]
    con.execute(end)
    assert rows(con, VERSIONS) == [("fares", 1), ("new", 1)]
    assert value(con, "SELECT count(anomaly_score('new', t)) FROM trips AS t") == 501


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_drop_model_deletes_in_a_transaction_of_its_own(con, end):
    con.execute("BEGIN")
    assert value(con, "SELECT drop_model('fares')") == [1]
    assert seen_by_others(con) == []
    con.execute(end)
    assert rows(con, VERSIONS) == []


def test_an_open_transaction_keeps_the_models_it_began_with(con):
    """Scores of one transaction are of one model, whoever trains meanwhile; as DuckDB isolates any table."""
    score = "SELECT anomaly_score('fares', t) FROM trips AS t WHERE id = 7"
    con.execute("BEGIN")
    first = value(con, score)
    other = con.cursor()
    rows(other, "SELECT train_model('fares', 'trips', 'mad')")
    rows(con, "SELECT train_model('own', 'trips')")
    assert value(con, score) == first != value(other, score)
    assert rows(con, VERSIONS) == [("fares", 1)]
    with raises("ADSQL_UNKNOWN_MODEL", "'own'"):
        rows(con, score.replace("fares", "own"))
    con.execute("ROLLBACK")
    assert rows(con, VERSIONS) == [("fares", 1), ("fares", 2), ("own", 1)]


def test_fit_model_is_stored_by_the_caller_and_rolled_back_with_it(con):
    insert = "INSERT INTO adsql.models FROM fit_model('{}', 'trips', 'mad')"
    con.execute("BEGIN")
    con.execute(insert.format("new"))
    con.execute(insert.format("fares"))
    assert value(con, "SELECT count(anomaly_score('new', t)) FROM trips AS t") == 501, "usable before it is committed"
    assert rows(con, VERSIONS) == [("fares", 1), ("fares", 2), ("new", 1)]
    assert seen_by_others(con) == [("fares", 1)]
    con.execute("ROLLBACK")
    assert rows(con, VERSIONS) == [("fares", 1)]
    with raises("ADSQL_UNKNOWN_MODEL", "'new'"):
        rows(con, "SELECT anomaly_score('new', t) FROM trips AS t")


def test_fit_model_is_committed_with_the_caller(con):
    con.execute("BEGIN")
    con.execute("INSERT INTO adsql.models FROM fit_model('new', 'trips')")
    con.execute("CREATE TABLE others AS SELECT 1 AS x")
    con.execute("COMMIT")
    assert seen_by_others(con) == [("fares", 1), ("new", 1)]
    hashes = dict(rows(con, "SELECT name, content_hash FROM models()"))
    assert hashes["new"] == hashes["fares"], "the same data and options, the same model"


@pytest.mark.parametrize(
    "train", ["SELECT n_rows FROM fit_model('m', 'trips')", "SELECT train_model('m', 'trips').n_rows"]
)
def test_training_reads_the_uncommitted_rows_of_its_caller(con, train):
    con.execute("BEGIN")
    con.execute("INSERT INTO trips SELECT 1000 + i, i, i, 'day', NULL FROM range(20) AS r(i)")
    assert value(con, train) == 521
    con.execute("ROLLBACK")
    assert value(con, train) == 501


def test_a_version_that_another_took_meanwhile_is_refused_at_commit_and_nothing_is_lost(con):
    con.execute("BEGIN")
    con.execute("INSERT INTO adsql.models FROM fit_model('new', 'trips')")
    other = con.cursor()
    assert value(other, "SELECT train_model('new', 'trips', 'mad').version") == 1
    with pytest.raises(duckdb.Error, match="duplicate key"):
        con.execute("COMMIT")
    assert rows(con, "SELECT version, algorithm FROM models() WHERE name = 'new'") == [(1, "mad")]


def test_an_error_of_adsql_aborts_the_transaction_as_any_error_does(con):
    con.execute("BEGIN")
    con.execute("CREATE TABLE others AS SELECT 1 AS x")
    with raises("ADSQL_UNKNOWN_MODEL"):
        rows(con, "SELECT anomaly_score('missing', t) FROM trips AS t")
    with pytest.raises(duckdb.TransactionException):
        rows(con, "FROM others")
    con.execute("ROLLBACK")
    assert value(con, "SELECT count(*) FROM detect_anomalies('trips')") == 501


def test_registering_in_a_transaction_leaves_it_as_it_is(tmp_path):
    con = duckdb.connect(tmp_path / "plain.db")
    con.execute("BEGIN")
    con.execute(TRIPS)
    adsql.register(con)
    con.execute("ROLLBACK")
    assert rows(con, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'") == []
    con.execute(TRIPS)
    assert value(con, "SELECT train_model('m', 'trips').version") == 1
    assert value(con, "SELECT count(*) FROM detect_anomalies('trips', model => 'm')") == 501
    con.close()


def test_registering_again_changes_neither_an_open_transaction_nor_a_result_being_read(con):
    con.execute("BEGIN")
    con.execute("CREATE TABLE uncommitted AS SELECT 1 AS x")
    reading = con.execute("SELECT id FROM trips ORDER BY id")
    assert reading.fetchone() == (0,)
    assert adsql.register(con) is con
    assert reading.fetchone() == (1,)
    assert rows(con, "FROM uncommitted") == [(1,)]
    assert value(con, "SELECT count(*) FROM detect_anomalies('trips')") == 501
    con.execute("ROLLBACK")
    with pytest.raises(duckdb.CatalogException):
        rows(con, "FROM uncommitted")


def test_two_trainings_of_one_name_at_once_are_two_versions(con):
    trainers = 2
    barrier = Barrier(trainers)
    found = []
    for attempt in range(10):  # the race is between the commits: it takes a few tries to meet

        def train(number, attempt=attempt):
            own = con.cursor()
            barrier.wait()
            source = f"SELECT fare * {number + 2} + {attempt} AS x FROM trips"
            [(version,)] = rows(own, f"SELECT version FROM train_model('raced', '{source}', 'mad')")
            model = saved_model(own, "raced", version)
            own.close()
            return version, model.content_hash

        with ThreadPoolExecutor(trainers) as pool:
            found += pool.map(train, range(trainers))
    assert sorted(version for version, _ in found) == list(range(1, 21))
    assert len({content for _, content in found}) == 20
    stored = rows(con, "SELECT version, content_hash FROM models() WHERE name = 'raced'")
    assert stored == sorted(found), "what a training returned is what is stored under its version"
