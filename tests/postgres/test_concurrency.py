"""Many sessions at once: no crash, no lost model, one model a statement."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from postgres.support import raises, rows, value

SESSIONS = 20
SECONDS = 10


def test_twenty_sessions_train_score_and_drop(postgres, database):
    """A shorter run of benchmarks/postgres_sessions.py."""
    deadline = time.monotonic() + SECONDS

    def session(number):
        kept = 0
        with postgres.connect(dbname=database) as con:
            while time.monotonic() < deadline:
                own = f"own_{number}"
                kept = value(
                    con, "SELECT (train_model(%s, 'trips', algorithm => 'mad', seed => %s)).version", [own, kept]
                )
                con.execute("SELECT train_model('common', 'trips', algorithm => 'hbos', seed => %s)", [number])
                assert value(con, "SELECT count(anomaly_score(%s, t)) FROM trips AS t", [own]) == 501
                assert value(con, "SELECT count(*) FROM detect_anomalies('trips', model => 'common')") == 501
                con.execute("SELECT train_model(%s, 'trips', algorithm => 'iqr')", [f"passing_{number}"])
                assert value(con, "SELECT drop_model(%s)", [f"passing_{number}"]) == [1]
        return number, kept

    with postgres.connect(dbname=database) as con:
        before = value(con, "SELECT pg_postmaster_start_time()")
    with ThreadPoolExecutor(SESSIONS) as pool:
        kept = list(pool.map(session, range(SESSIONS)))
    with postgres.connect(dbname=database) as con:
        assert value(con, "SELECT pg_postmaster_start_time()") == before
        for number, versions in kept:
            assert versions > 0
            own = [("mad", version) for version in range(1, versions + 1)]
            found = rows(
                con, "SELECT algorithm, version FROM models() WHERE name = %s ORDER BY version", [f"own_{number}"]
            )
            assert found == own
        common = rows(con, "SELECT version FROM models() WHERE name = 'common' ORDER BY version")
        assert [row[0] for row in common] == list(range(1, len(common) + 1))
        assert rows(con, "SELECT name FROM models() WHERE name LIKE 'passing%'") == []


def test_two_sessions_that_train_one_name_get_two_versions(postgres, database):
    barrier = threading.Barrier(2)

    def train(algorithm):
        with postgres.connect(dbname=database) as con, con.transaction():
            value(con, "SELECT 1")
            barrier.wait()
            version = value(con, "SELECT (train_model('m', 'trips', algorithm => %s)).version", [algorithm])
            time.sleep(0.3)
            return version

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(train, ["mad", "iqr"])) == [1, 2]


def test_a_statement_has_one_model_while_others_replace_it(postgres, database, con):
    """`value` differs between the two algorithms for every row; a statement must not mix them."""
    stop = threading.Event()
    con.execute("SELECT train_model('m', 'trips', algorithm => 'mad', columns => ARRAY['fare'])")
    per_version = {}

    def replace():
        with postgres.connect(dbname=database) as other:
            number = 0
            while not stop.is_set():
                number += 1
                other.execute(
                    "SELECT train_model('m', 'trips', algorithm => %s, columns => ARRAY['fare'])",
                    [("iqr", "mad")[number % 2]],
                )

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        query = "SELECT array_agg(round(anomaly_score('m', t)::numeric, 6) ORDER BY id) FROM trips AS t"
        for _ in range(30):
            scores = tuple(value(con, query))
            per_version[scores] = per_version.get(scores, 0) + 1
    finally:
        stop.set()
        thread.join()
    assert 1 <= len(per_version) <= 2


def test_a_prepared_statement_uses_the_newest_version(con):
    con.execute("SELECT train_model('m', 'trips', algorithm => 'mad')")
    con.execute("PREPARE scored AS SELECT max(anomaly_score('m', t)) FROM trips AS t")
    first = [value(con, "EXECUTE scored") for _ in range(7)]  # generic from the sixth on
    con.execute("SELECT train_model('m', 'trips', algorithm => 'hbos')")
    assert len(set(first)) == 1
    assert value(con, "EXECUTE scored") != first[0]
    con.execute("SELECT drop_model('m')")
    with raises("ADSQL_UNKNOWN_MODEL"):
        con.execute("EXECUTE scored")


@pytest.mark.own_database
def test_a_session_has_no_threads_but_its_own_and_the_one_of_arrows_allocator(con):
    """Those of BLAS, one for each processor and session, would wait in a loop for work that never comes."""
    con.execute("SELECT train_model('m', 'trips', algorithm => 'pca')")
    con.execute("SELECT max(anomaly_score('m', t)) FROM trips AS t")
    status = Path(f"/proc/{con.info.backend_pid}/status").read_text(encoding="ascii")
    assert int(status.partition("Threads:")[2].split()[0]) <= 2


def test_memory_of_a_session_does_not_grow_with_its_models(con):
    def own():
        status = Path(f"/proc/{con.info.backend_pid}/status").read_text(encoding="ascii")
        return int(status.partition("RssAnon:")[2].split()[0])

    def work(count):
        for number in range(count):
            con.execute(
                "SELECT train_model('m', 'trips', algorithm => 'mad', seed => %s, contamination => 0.1)", [number]
            )
            con.execute("SELECT max(anomaly_score('m', t)) FROM trips AS t")
            con.execute("SELECT count(*) FROM detect_anomalies('trips', algorithm => 'mad')")
        con.execute("SELECT drop_model('m')")

    work(20)
    before = own()
    work(40)
    assert own() - before < 4 * 1024
