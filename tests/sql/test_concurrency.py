"""Threads, connections and databases side by side in one process."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import duckdb

import adsql
from adsql_udfs.duckdb import instances
from sql.support import TRIPS, raises, rows, value

THREADS = 8


def in_threads(con, work, times=THREADS):
    """Run work(cursor, number) in threads, each with a cursor of its own; return what it returned, in order."""

    def run(number):
        cursor = con.cursor()
        try:
            return work(cursor, number)
        finally:
            cursor.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(times)))


def test_threads_detect_and_score_as_one_does(con):
    queries = [
        "FROM detect_anomalies('trips')",
        "FROM detect_anomalies('trips', 'mad', segment_by => 'kind')",
        "FROM detect_anomalies('trips', model => 'fares')",
        "SELECT id, anomaly_score('fares', t), severity('fares', t) FROM trips AS t",
        "FROM model_info('fares')",
    ]
    expected = [rows(con, query) for query in queries]
    found = in_threads(
        con, lambda own, number: [rows(own, query) for query in queries[number % 5 :] + queries[: number % 5]]
    )
    for number, results in enumerate(found):
        first = number % 5
        assert results == expected[first:] + expected[:first]


def test_no_training_is_lost_among_threads(con):
    def train(own, number):
        rows(own, f"SELECT train_model('own {number}', 'trips', 'mad', seed => {number})")
        return value(own, f"SELECT train_model('shared', 'trips', 'mad', seed => {number}).version")

    versions = in_threads(con, train, times=16)
    assert sorted(versions) == list(range(1, 17))
    assert rows(con, "SELECT count(*), count(DISTINCT content_hash) FROM models() WHERE name = 'shared'") == [(16, 16)]
    assert value(con, "SELECT count(*) FROM models() WHERE name LIKE 'own %'") == 16


def test_equal_trainings_at_once_are_one_version(con):
    assert (
        in_threads(con, lambda own, _: value(own, "SELECT train_model('same', 'trips', 'mad').version"))
        == [1] * THREADS
    )
    assert value(con, "SELECT count(*) FROM models() WHERE name = 'same'") == 1


def test_scoring_and_training_do_not_disturb_each_other(con):
    """While versions come and go, every query scores with one of them as a whole."""
    scores = {}
    for algorithm in ("mad", "iqr"):
        rows(con, f"SELECT train_model('moving', 'trips', '{algorithm}')")
        scores[algorithm] = rows(con, "SELECT anomaly_score('moving', t) FROM trips AS t")

    def work(own, number):
        if number % 2:
            algorithm = "mad" if number % 4 == 1 else "iqr"
            return rows(own, f"SELECT algorithm FROM train_model('moving', 'trips', '{algorithm}')")
        return rows(own, "SELECT anomaly_score('moving', t) FROM trips AS t")

    for number, found in enumerate(in_threads(con, work, times=24)):
        assert found in ([("mad",)], [("iqr",)]) if number % 2 else found in scores.values()


def test_drops_at_once_leave_what_none_of_them_named(con):
    for number in range(THREADS):
        rows(con, f"SELECT train_model('m', 'trips', 'mad', seed => {number})")
    dropped = in_threads(con, lambda own, number: value(own, f"SELECT drop_model('m', {number + 1})"))
    assert dropped == [[number + 1] for number in range(THREADS)]
    assert rows(con, "SELECT name FROM models()") == [("fares",)]


def test_databases_that_are_gone_are_forgotten():
    kept = adsql.connect()
    for _ in range(20):
        adsql.connect().close()
    gc.collect()
    last = adsql.connect()
    own = {value(con, "SELECT __adsql_instance(1)") for con in (kept, last)}
    gone = [token for token, refs in instances._connections.items() if all(ref() is None for ref in refs)]
    assert own <= instances._connections.keys()
    assert gone == []
    kept.execute(TRIPS)
    assert value(kept, "SELECT train_model('m', 'trips', 'mad').version") == 1
    for con in (kept, last):
        con.close()


def test_databases_of_one_process_keep_their_models_apart(tmp_path):
    connections = [adsql.connect(), adsql.connect(), adsql.connect(tmp_path / "third.db")]
    for number, con in enumerate(connections):
        con.execute(TRIPS)
        con.execute("UPDATE trips SET fare = fare * $1", [number + 1])
        rows(con, "SELECT train_model('m', 'trips', 'mad', columns => ['fare'], contamination => 0.1)")
    for number, con in enumerate(connections):
        assert rows(con, "SELECT name, version, n_rows FROM models()") == [("m", 1, 501)]
        score = "SELECT anomaly_score('m', fare * {}) FROM trips WHERE id = 7"
        same = value(con, score.format(1))
        assert all(value(con, score.format(factor)) != same for factor in (2, 3))
        assert rows(con, "SELECT round(anomaly_score('m', fare), 9) FROM trips") == rows(
            connections[0], "SELECT round(anomaly_score('m', fare), 9) FROM trips"
        ), f"database {number}: its own model on its own rows"
    connections[0].close()
    connections[1].execute("SELECT drop_model('m')").fetchall()
    assert value(connections[2], "SELECT train_model('m', 'trips', 'iqr').version") == 2
    assert rows(connections[1], "FROM models()") == []
    for con in connections[1:]:
        con.close()


def test_a_model_of_an_attached_database_is_stored_and_found_where_the_caller_works(file, memory):
    memory.execute(f"ATTACH '{file}' AS other")
    memory.execute("USE other")
    assert rows(memory, "SELECT name FROM models()") == [("fares",)]
    assert value(memory, "SELECT train_model('mine', 'trips', 'mad').version") == 1
    assert value(memory, "SELECT count(anomaly_score('mine', t)) FROM trips AS t") == 501
    assert rows(memory, "SELECT name FROM other.adsql.models ORDER BY name") == [("fares",), ("mine",)]
    assert value(memory, "SELECT drop_model('fares')") == [1]
    memory.execute("USE memory")
    assert rows(memory, "FROM models()") == []
    assert value(memory, "SELECT train_model('here', 'other.trips', 'mad').n_rows") == 501
    assert rows(memory, "SELECT name FROM memory.adsql.models") == [("here",)]


def test_another_connection_to_the_file_has_the_functions_too(file):
    first, second = adsql.connect(file), duckdb.connect(file)
    assert value(second, "SELECT count(*) FROM detect_anomalies('trips', model => 'fares')") == 501
    assert value(second, "SELECT train_model('m', 'trips').version") == 1
    assert rows(first, "SELECT name FROM models()") == [("fares",), ("m",)]
    first.close()
    second.close()


def test_after_the_registered_connection_closed_others_score_and_register_to_train(file):
    first, second = adsql.connect(file), duckdb.connect(file)
    first.close()
    assert_scores_but_trains_only_after_registering(second)
    second.close()


def test_a_cursor_outlives_a_connection_that_nobody_holds(file):
    con = adsql.connect(file)
    cursor = con.cursor()
    del con
    gc.collect()
    assert_scores_but_trains_only_after_registering(cursor)
    cursor.close()


def assert_scores_but_trains_only_after_registering(con):
    assert value(con, "SELECT count(*) FROM detect_anomalies('trips')") == 501
    assert value(con, "SELECT count(anomaly_score('fares', t)) FROM trips AS t") == 501
    for query in ("SELECT train_model('m', 'trips')", "SELECT drop_model('fares')"):
        with raises("ADSQL_NOT_REGISTERED", "adsql.register(con)"):
            rows(con, query)
    assert rows(con, "SELECT name FROM models()") == [("fares",)]
    adsql.register(con)
    assert value(con, "SELECT train_model('m', 'trips').version") == 1
    assert value(con, "SELECT drop_model('fares')") == [1]


def test_threads_may_open_and_close_databases_while_others_score(con):
    expected = rows(con, "FROM detect_anomalies('trips', model => 'fares')")

    def work(own, number):
        if number % 2:
            return rows(own, "FROM detect_anomalies('trips', model => 'fares')")
        short = adsql.connect()
        short.execute(TRIPS)
        rows(short, "SELECT train_model('fares', 'trips')")
        found = rows(short, "FROM detect_anomalies('trips', model => 'fares')")
        short.close()
        return found

    assert all(found == expected for found in in_threads(con, work, times=12))


def test_connecting_to_one_file_at_once_makes_one_set_of_tables(tmp_path):
    path = tmp_path / "shared.db"
    duckdb.connect(path).close()

    def connect(_):
        con = adsql.connect(path)
        con.execute("SELECT count(*) FROM models()").fetchall()
        return con

    with ThreadPoolExecutor(4) as pool:
        connections = list(pool.map(connect, range(4)))
    assert rows(connections[0], "SELECT number FROM adsql.migrations ORDER BY 1") == [(1,), (2,)]
    for con in connections:
        con.execute("CREATE OR REPLACE TABLE t AS SELECT i * i % 17 AS x FROM range(50) AS r(i)")
        assert value(con, "SELECT train_model('m', 't').version") == 1
        con.close()
