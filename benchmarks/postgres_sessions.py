"""Many sessions of PostgreSQL that train, score and drop at once: does anything crash, get lost or grow?

Usage: PYTHONPATH=tests python benchmarks/postgres_sessions.py [--sessions 20] [--seconds 60]

Starts the server of the tests. Prints what was done, and the backends' own memory after each sixth of the time.
"""

from __future__ import annotations

import argparse
import itertools
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from postgres_cluster import cluster

if TYPE_CHECKING:
    from postgres_cluster import Cluster

ALGORITHMS = ("mad", "hbos", "iforest", "zscore", "auto")
TABLE = "CREATE TABLE t AS SELECT random() AS x, random() AS y, i % 7 AS k FROM generate_series(1, 2000) AS i"


class Session(threading.Thread):
    """One connection that goes round until the time is up."""

    def __init__(self, server: Cluster, number: int, deadline: float) -> None:
        super().__init__()
        self.server, self.number, self.deadline = server, number, deadline
        self.rounds = 0
        self.pid = 0
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with self.server.connect() as con:
                self.pid = con.info.backend_pid
                for algorithm in itertools.cycle(ALGORITHMS):
                    if time.monotonic() > self.deadline:
                        break
                    own = f"own_{self.number}"
                    con.execute("SELECT train_model(%s, 't', algorithm => %s)", [own, algorithm])
                    con.execute("SELECT train_model('common', 't', algorithm => %s)", [algorithm])
                    con.execute("SELECT max(anomaly_score(%s, t)) FROM t", [own])
                    con.execute("SELECT count(*) FROM detect_anomalies('t', model => 'common') WHERE is_anomaly")
                    con.execute("SELECT train_model(%s, 't', algorithm => 'iqr')", [f"passing_{self.number}"])
                    con.execute("SELECT drop_model(%s)", [f"passing_{self.number}"])
                    self.rounds += 1
        except Exception as error:  # noqa: BLE001 - told at the end
            self.failure = error

    def memory(self) -> float:
        """Return the backend's own memory in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    with cluster() as server:
        with server.connect() as con:
            con.execute("CREATE EXTENSION adsql CASCADE")
            con.execute(TABLE)
            started = con.execute("SELECT pg_postmaster_start_time()").fetchone()
        deadline = time.monotonic() + arguments.seconds
        sessions = [Session(server, number, deadline) for number in range(arguments.sessions)]
        for session in sessions:
            session.start()
        for sixth in range(1, 7):
            time.sleep(max(0.0, deadline - arguments.seconds * (1 - sixth / 6) - time.monotonic() - 0.5))
            alive = [session.memory() for session in sessions if session.pid and session.is_alive()]
            if alive:
                average = sum(alive) / len(alive)
                print(
                    f"after {arguments.seconds * sixth // 6:3d} s: {average:6.1f} MB a backend on average", flush=True
                )
        for session in sessions:
            session.join()
        with server.connect() as con:
            assert con.execute("SELECT pg_postmaster_start_time()").fetchone() == started, "the server restarted"
            models = con.execute("SELECT name, count(*), max(version) FROM models() GROUP BY name").fetchall()
        failures = [session.failure for session in sessions if session.failure is not None]
        lost = [name for name, count, newest in models if count != newest]
        rounds = sum(session.rounds for session in sessions)
        print(f"{rounds} rounds of {arguments.sessions} sessions, {sum(row[1] for row in models)} versions kept")
        print(f"failures: {failures or 'none'}; models with a missing version: {lost or 'none'}")


if __name__ == "__main__":
    main()
