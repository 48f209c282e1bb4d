"""A session of a tenant on PostgreSQL: a connection of the tenant's role, in one transaction that ends with it."""

from __future__ import annotations

import io
import json
import threading
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from adsql_server.databases.postgres_types import arrow_schema, batch_of, column_type
from adsql_server.databases.protocol import Call, Result, call_sql
from adsql_server.databases.statements import is_name
from adsql_server.problems import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

LENT = "adsql_rows"
_SOURCE = sql.Identifier("pg_temp", "adsql_source")
_BATCH = 5_000
_LONGEST_NAME = 63
_SCORED = frozenset({Call.DETECT, Call.DETECT_SAVED, Call.SCORE})


class PostgresSession:
    """A connection of a tenant's role."""

    def __init__(self, con: psycopg.Connection) -> None:
        self._con = con
        # What is being read; the connection does nothing else until it is closed.
        self._reading: Generator[Any, None, None] | None = None
        self._ending, self._has_ended = threading.Lock(), False

    def lend(self, rows: pa.Table) -> str:
        """Copy rows into a temporary table, which ends with the transaction."""
        for name in rows.column_names:
            if len(name.encode()) > _LONGEST_NAME or "\0" in name:
                raise InvalidRequest(f"the column {name[:_LONGEST_NAME]!r} has too long a name for PostgreSQL")
        columns = [
            sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(column_type(field.type)))
            for field in rows.schema
        ]
        table = sql.Identifier("pg_temp", LENT)
        self._con.execute(sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(
            sql.Identifier(LENT), sql.SQL(", ").join(columns)
        ))  # fmt: skip
        out = io.BytesIO()
        csv.write_csv(rows, out, csv.WriteOptions(include_header=False))
        with self._con.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(table)) as copy:
            copy.write(out.getvalue())
        return LENT

    def call(self, call: Call, values: Mapping[str, object]) -> Result:
        """Run one of the gateway's calls: in a read-only transaction, unless it writes."""
        if call in _SCORED:
            self._name_source(str(values["source"]))
        if call.writes:
            result = self._stream(call_sql("postgres", call), values)
            rows = list(result.batches)
            self._con.commit()
            return Result(result.schema, iter(rows))
        self._con.execute("SET TRANSACTION READ ONLY")
        return self._stream(call_sql("postgres", call), values)

    def select(self, statement: str) -> Result:
        """Run a SELECT of a caller's: inside parentheses, where nothing else has a place, and read-only."""
        self._con.execute("SET TRANSACTION READ ONLY")
        text = statement.rstrip().removesuffix(";")
        # The statement is the caller's, to be run with the rights of the caller's tenant and no others.
        return self._stream(f"SELECT * FROM (\n{text}\n) AS adsql_selected", None)  # nosec B608  # noqa: S608 - as said

    def score_rows(self, model: str, rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
        """Score rows as JSON."""
        self._con.read_only = True
        try:
            values = {"model": model, "rows": json.dumps(rows, default=str)}
            found = self._con.execute(call_sql("postgres", "score_rows"), values, prepare=True).fetchall()
        finally:
            self._con.rollback()
            self._con.read_only = None
        names = ("anomaly_score", "severity", "is_anomaly")
        return [dict(zip(names, row, strict=True)) for row in found]

    def cancel(self) -> None:
        """Ask the server to stop what runs.

        The session does not end meanwhile: it would be the next one's statement on this connection that is stopped.
        """
        with self._ending:
            if not self._has_ended:
                self._con.cancel_safe(timeout=2.0)

    def close(self) -> None:
        """End the transaction, and with it temporary tables and whatever a statement has set."""
        with self._ending:
            self._has_ended = True
        if self._reading is not None:
            # It has the server stop, if not all has been read.
            self._reading.close()
        if self._con.closed:
            return
        self._con.rollback()
        self._con.autocommit = True
        try:
            # Not undone by the end of a transaction.
            self._con.execute("SELECT pg_catalog.pg_advisory_unlock_all()")
        finally:
            self._con.autocommit = False

    def _name_source(self, source: str) -> None:
        """Make a view of a source, whose row type the call then names."""
        text = f"TABLE {source}" if is_name(source) else source.rstrip().removesuffix(";")
        view = sql.SQL("CREATE TEMP VIEW {} AS\n").format(sql.Identifier("adsql_source")).as_string(self._con)
        # The extended protocol refuses a second statement.
        self._con.execute(f"{view}{text}".encode(), binary=True)

    def _stream(self, text: str, values: Mapping[str, object] | None) -> Result:
        cursor = self._con.cursor(binary=True)
        # Text of a caller's has no values, and its percent signs are its own.
        rows = cursor.stream(text.encode(), dict(values) if values is not None else None, binary=True, size=_BATCH)
        self._reading = cast("Generator[Any, None, None]", rows)
        first = next(rows, None)
        # A stream without rows has told nothing of its columns; the server knows them without running the statement.
        described = cursor.description or self._con.execute(_none_of(text), values, binary=True).description
        schema = arrow_schema(described or [])
        return Result(schema, _batches(schema, first, rows))


def _none_of(statement: str) -> bytes:
    """Return a statement that has the columns of another, and no rows."""
    return f"SELECT * FROM (\n{statement}\n) AS adsql_none LIMIT 0".encode()  # nosec B608  # noqa: S608 - as above


def _batches(schema: pa.Schema, first: Any, rest: Iterator[Any]) -> Iterator[pa.RecordBatch]:  # noqa: ANN401 - a row
    waiting = [] if first is None else [first]
    for row in rest:
        waiting.append(row)
        if len(waiting) == _BATCH:
            yield batch_of(schema, waiting)
            waiting = []
    if waiting:
        yield batch_of(schema, waiting)
