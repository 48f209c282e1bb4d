"""A cancel, a timeout or a lost session ends work in every phase, soon, and harms nobody else."""

from __future__ import annotations

import statistics
import threading
import time

import pytest
from psycopg import errors

from postgres.support import rows, value

ROUNDS = 5
SOON = 0.25  # seconds, for the median: machines of CI are shared. `benchmarks` has the figures.
# Each is at it for far longer than a test waits.
NUMBERS = "SELECT random() AS a, random() AS b, random() AS c, random() AS d FROM generate_series(1, {}) AS i"
PHASES = {
    "reading": "SELECT * FROM detect_anomalies('SELECT i, pg_sleep(0.01) IS NULL AS x FROM generate_series(1, 5000) AS i')",
    "training ocsvm": f"SELECT train_model('slow', '{NUMBERS.format(60000)}', algorithm => 'ocsvm')",
    "training autoencoder": f"SELECT train_model('slow', '{NUMBERS.format(60000)}', algorithm => 'autoencoder')",
    "training gmm": f"""SELECT train_model('slow', '{NUMBERS.format(60000)}', algorithm => 'gmm',
        params => '{{"n_components": 60}}')""",
    "scoring": f"SELECT count(*) FROM detect_anomalies('{NUMBERS.format(5000000)}', model => 'kernels')",
    "scoring rows": f"SELECT sum(anomaly_score('kernels', t)) FROM ({NUMBERS.format(5000000)}) AS t",
}


@pytest.fixture
def busy(con):
    """The connection of a session whose statements are interrupted; it has a model that is slow to score."""
    con.execute(f"SELECT train_model('kernels', '{NUMBERS.format(2000)}', algorithm => 'kde')")
    con.execute(f"SELECT count(*) FROM detect_anomalies('{NUMBERS.format(100)}', model => 'kernels')")
    return con


def started(con):
    return value(con, "SELECT pg_postmaster_start_time()")


def delay(postgres, con, statement, after=0.4):
    """Return how long after a cancel a statement ends."""
    pid, sent = con.info.backend_pid, []

    def cancel():
        with postgres.connect() as other:
            sent.append(time.monotonic())
            other.execute("SELECT pg_cancel_backend(%s)", [pid])

    timer = threading.Timer(after, cancel)
    timer.start()
    try:
        with pytest.raises(errors.QueryCanceled):
            con.execute(statement)
        return time.monotonic() - sent[0]
    finally:
        timer.join()


@pytest.mark.parametrize("phase", PHASES)
def test_a_cancel_takes_effect_soon_and_the_session_is_usable(postgres, busy, phase):
    delays = [delay(postgres, busy, PHASES[phase]) for _ in range(ROUNDS)]
    assert statistics.median(delays) < SOON, delays
    assert rows(busy, "SELECT name FROM models()") == [("kernels",)]
    assert value(busy, "SELECT count(*) FROM detect_anomalies('trips') WHERE is_anomaly") == 1


@pytest.mark.parametrize("phase", PHASES)
def test_a_statement_timeout_holds(busy, phase):
    busy.execute("SET statement_timeout = '300ms'")
    begun = time.monotonic()
    with pytest.raises(errors.QueryCanceled, match="statement timeout"):
        busy.execute(PHASES[phase])
    assert time.monotonic() - begun < 0.3 + 4 * SOON
    busy.execute("RESET statement_timeout")


@pytest.mark.parametrize("how", ["cancelled, then closed", "terminated", "vanished"])
def test_a_session_that_ends_while_a_thread_is_at_work_crashes_nothing(postgres, database, con, how):
    before = started(con)
    for _ in range(3):
        session = postgres.connect(dbname=database)
        pid = session.info.backend_pid
        session.execute("SET client_connection_check_interval = '50ms'")
        if how == "vanished":
            session.pgconn.send_query(PHASES["training autoencoder"].encode())
            time.sleep(0.5)
            session.close()
        elif how == "terminated":
            session.pgconn.send_query(PHASES["training autoencoder"].encode())
            time.sleep(0.5)
            con.execute("SELECT pg_terminate_backend(%s)", [pid])
        else:
            delay(postgres, session, PHASES["training autoencoder"])
            session.close()
        until = time.monotonic() + 10
        while rows(con, "SELECT FROM pg_stat_activity WHERE pid = %s", [pid]):
            assert time.monotonic() < until, "the session goes on"
            time.sleep(0.05)
        session.close()
    assert started(con) == before
    log = (postgres.folder / "log").read_text(encoding="utf-8", errors="replace")
    assert "terminated by signal" not in log
