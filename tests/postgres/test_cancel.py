"""A cancel, a timeout or a lost client ends what runs, and nothing else."""

from __future__ import annotations

import os
import signal
import statistics
import threading
import time
from pathlib import Path

import psycopg
import pytest

from postgres.support import rows, value

# Delays are of the order of 30 ms; a machine that runs two test suites at once needs room.
PATIENCE = 0.5
MANY = "CREATE TABLE many AS SELECT {} FROM generate_series(1, 26000) AS i"
PHASES = {
    "reading": "SELECT * FROM detect_anomalies('SELECT x0, pg_sleep(0.01)::text FROM many', algorithm => 'zscore')",
    "training": "SELECT train_model('slow', 'many', algorithm => 'gmm', params => '{{\"n_components\": 40}}')",
    "ranking": "SELECT * FROM detect_anomalies('SELECT * FROM many LIMIT 15000', algorithm => 'sos')",
    "scoring": "SELECT max(anomaly_score) FROM detect_anomalies('wide', model => 'knn')",
    "judging a series": "SELECT max(anomaly_score) FROM detect_series_anomalies('SELECT to_timestamp(i) AS ts, sin(i) AS v "
    "FROM generate_series(1, 200000) AS i', 'ts', ARRAY['v'], algorithm => 'matrix_profile')",
    "scoring row by row": "SELECT max(anomaly_score('knn', t)) FROM wide AS t",
}


@pytest.fixture(scope="module")
def busy(postgres):
    """A database with enough rows that every phase takes seconds."""
    postgres.database("busy")
    with postgres.connect(dbname="busy") as con:
        con.execute(MANY.format(", ".join(f"random() AS x{i}" for i in range(8))))
        con.execute("CREATE TABLE wide AS SELECT m.* FROM many AS m, generate_series(1, 20)")
        con.execute("SELECT train_model('knn', 'many', algorithm => 'knn')")
    yield "busy"
    with postgres.connect() as con:
        con.execute("DROP DATABASE busy WITH (FORCE)")


@pytest.fixture
def started(postgres):
    """Assert that the server is the same afterwards, and that no process of it was ended by a signal."""
    with postgres.connect() as con:
        before = value(con, "SELECT pg_postmaster_start_time()")
    yield
    time.sleep(0.2)
    with postgres.connect() as con:
        assert value(con, "SELECT pg_postmaster_start_time()") == before
    assert "was terminated by signal" not in (postgres.folder / "log").read_text(encoding="utf-8")


def cancelled(con, query, after):
    """Run a query, cancel it, and return the seconds from the cancel to its error."""
    sent = []

    def cancel():
        time.sleep(after)
        sent.append(time.perf_counter())
        os.kill(con.info.backend_pid, signal.SIGINT)  # what pg_cancel_backend sends

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        con.execute(query)
    ended = time.perf_counter()
    thread.join()
    return ended - sent[0]


@pytest.mark.parametrize("phase", PHASES)
def test_a_cancel_takes_effect_soon_and_leaves_the_session_usable(postgres, busy, started, phase):
    with postgres.connect(dbname=busy) as con:
        con.execute("SELECT max(anomaly_score('knn', t)) FROM (SELECT * FROM wide LIMIT 5) AS t")
        delays = [cancelled(con, PHASES[phase].format(), 0.5) for _ in range(3)]
        assert statistics.median(delays) < PATIENCE, delays
        assert value(con, "SELECT count(*) FROM detect_anomalies('SELECT x0 FROM many LIMIT 50')") == 50
        assert rows(con, "SELECT name FROM models()") == [("knn",)]


@pytest.mark.parametrize("phase", PHASES)
def test_a_statement_timeout_takes_effect(postgres, busy, started, phase):
    with postgres.connect(dbname=busy) as con:
        con.execute("SELECT max(anomaly_score('knn', t)) FROM (SELECT * FROM wide LIMIT 5) AS t")
        con.execute("SET statement_timeout = '300ms'")
        began = time.perf_counter()
        with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
            con.execute(PHASES[phase].format())
        assert time.perf_counter() - began < 0.3 + PATIENCE


@pytest.mark.parametrize("phase", ["training", "scoring", "ranking"])
def test_a_session_that_ends_with_work_left_behind_harms_no_other(postgres, busy, started, phase):
    with postgres.connect(dbname=busy) as other:
        con = postgres.connect(dbname=busy)
        cancelled(con, PHASES[phase].format(), 0.6)
        con.close()  # while the thread is still at work
        assert value(other, "SELECT count(anomaly_score('knn', t)) FROM (SELECT * FROM wide LIMIT 5) AS t") == 5
        con = postgres.connect(dbname=busy)
        pid = con.info.backend_pid
        thread = threading.Thread(
            target=lambda: (time.sleep(0.6), other.execute("SELECT pg_terminate_backend(%s)", [pid]))
        )
        thread.start()
        with pytest.raises((psycopg.errors.AdminShutdown, psycopg.OperationalError)):
            con.execute(PHASES[phase].format())
        thread.join()
        con.close()


def test_a_client_that_vanishes_is_noticed(postgres, busy, started):
    con = postgres.connect(dbname=busy)
    con.execute("SET client_connection_check_interval = '100ms'")
    pid = con.info.backend_pid
    con.pgconn.send_query(PHASES["training"].format().encode())
    time.sleep(0.5)
    con.pgconn.finish()
    with postgres.connect(dbname=busy) as other:
        deadline = time.monotonic() + 20
        while (
            value(other, "SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid]) and time.monotonic() < deadline
        ):
            time.sleep(0.1)
        assert value(other, "SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid]) == 0


def test_only_the_backend_s_own_thread_takes_signals(postgres, busy):
    with postgres.connect(dbname=busy) as con:
        cancelled(con, PHASES["scoring"].format(), 0.5)
        pid = con.info.backend_pid
        masks = {
            int(thread.name): int(
                (thread / "status").read_text(encoding="ascii").partition("SigBlk:")[2].split()[0], 16
            )
            for thread in Path(f"/proc/{pid}/task").iterdir()
        }
        assert len(masks) > 1
        for thread, mask in masks.items():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM):
                blocked = bool(mask & (1 << (number - 1)))
                assert blocked == (thread != pid), (thread, signal.Signals(number).name)
