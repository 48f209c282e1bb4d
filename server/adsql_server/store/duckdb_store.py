"""The gateway's tables in a DuckDB file."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from adsql_server.store.protocol import Execute, Row


class DuckDBStore:
    """A connection that one thread uses at a time.

    DuckDB refuses the second of two transactions that change the same row. One after the other, none is refused, and
    each takes a fraction of a millisecond.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._con = duckdb.connect(str(path), config={"threads": 1, "memory_limit": "256MB"})
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        """Return a function that runs statements in one transaction."""
        with self._lock:
            self._con.begin()
            try:
                yield self._execute
            except BaseException:
                self._con.rollback()
                raise
            self._con.commit()

    def _execute(self, sql: str, values: Sequence[object]) -> list[Row]:
        return self._con.execute(sql, list(values)).fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._con.close()
