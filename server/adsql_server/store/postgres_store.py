"""The gateway's tables in the schema `adsql_gateway` of a PostgreSQL database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg import OperationalError, RawCursor
from psycopg_pool import ConnectionPool

from adsql_server.problems import Unready

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from adsql_server.store.protocol import Execute, Row

_CONNECTIONS = 4
_WAIT_SECONDS = 3.0
# Names in statements are qualified; nothing is to be found by a path.
_OPTIONS = "-c search_path=pg_catalog -c timezone=UTC -c statement_timeout=10s"


class PostgresStore:
    """A few connections of the gateway's own role."""

    def __init__(self, url: str) -> None:
        self._pool: ConnectionPool[psycopg.Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_WAIT_SECONDS,
            # RawCursor takes $1 for values, as DuckDB does.
            kwargs={"cursor_factory": RawCursor, "options": _OPTIONS, "application_name": "adsql gateway"},
            check=ConnectionPool.check_connection,
            open=False,
        )
        try:
            self._pool.open(wait=True, timeout=_WAIT_SECONDS)
        except OperationalError as error:
            self._pool.close()
            raise Unready("PostgreSQL does not answer", hint="look at ADSQL_DATABASE_URL and the server") from error

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        """Return a function that runs statements in one transaction."""
        try:
            with self._pool.connection() as con:

                def execute(sql: str, values: Sequence[object]) -> list[Row]:
                    # Without values the simple protocol takes the several statements of a migration.
                    cursor = con.execute(sql, list(values) or None)
                    return cursor.fetchall() if cursor.description else []

                yield execute
        except OperationalError as error:
            raise Unready("the gateway's database does not answer", retry_after=5) from error

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()
