"""The clients' database, watched from a connection of its own."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from postgres_cluster import Cluster

DATABASE = "clients"
_WORKS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {} = %s AND state = 'active' AND query LIKE %s)"


@contextmanager
def cancelling(server: Cluster, pid: int, cancel: Callable[[], object]) -> Iterator[None]:
    """Call a function from another thread as soon as a backend is at work on the long call."""

    over = threading.Event()

    def run() -> None:
        if is_at_work(server, "pid", pid, over.is_set):
            cancel()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def is_at_work(server: Cluster, column: str, value: object, over: Callable[[], bool]) -> bool:
    """Wait until a backend, given by a column of pg_stat_activity, works on the long call; False if that is over."""
    with server.connect(dbname=DATABASE) as con:
        for _ in range(3_000):  # a minute
            if over():
                break
            if con.execute(_WORKS.format(column), [value, "%generate_series%"]).fetchone()[0]:
                return True
            time.sleep(0.02)
    return False
