"""Tenants on DuckDB: a file each, opened as an instance of its own that no other tenant's SQL meets."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from adsql.engines import engine
from adsql.errors import CorruptModel, from_message
from adsql_server.caller import TENANT_NAME
from adsql_server.databases.kept import Kept
from adsql_server.databases.protocol import Call, Result, call_sql
from adsql_server.databases.statements import Checker
from adsql_server.problems import InternalError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LENT = "adsql_rows"
_BATCH = 16_384
# Files open at once, as far as their tenants are not working: each may take as much memory as is its limit.
_MOST = 32
# What the macro `detect_anomalies(model, row)` becomes once it has found the model.
_ONE_ROW = "SELECT __adsql_detect($handle, $row)"
_ROWS = "SELECT __adsql_detect($handle, given) FROM (SELECT unnest($rows) AS given)"


class DuckDBTenants:
    """The files of all tenants.

    Parameters
    ----------
    folder
        Where they are.
    readable
        The only folders that SQL may read files from.
    memory_limit, threads
        Of each instance.
    """

    def __init__(self, folder: Path, *, readable: Sequence[Path], memory_limit: str, threads: int) -> None:
        self._folder, self._readable = folder, [str(path.resolve()) for path in readable]
        self._config = {
            "memory_limit": memory_limit, "threads": threads,
            "autoinstall_known_extensions": False, "autoload_known_extensions": False,
        }  # fmt: skip
        self._checker = Checker()
        self._tenants = Kept(_MOST, self._open, _Tenant.close)

    @contextmanager
    def session(self, tenant: str, *, unlimited: bool = False) -> Iterator[DuckDBSession]:  # noqa: ARG002 - DuckDB has no clock
        """Return a session of a tenant, whose file is created if it is not there yet."""
        with self._tenants.used(tenant) as opened:
            session = DuckDBSession(opened, self._checker)
            try:
                yield session
            except (duckdb.FatalException, duckdb.InternalException):
                # Such an instance answers nothing any more; the file is as it was at the last commit.
                self._tenants.forget(tenant, opened)
                raise
            finally:
                session.close()

    def check_source(self, source: str) -> None:
        """Raise if a source is a statement that callers may not send."""
        self._checker.check_source(source)

    def opened(self) -> list[str]:
        """Return the tenants whose instances are open."""
        return self._tenants.names()

    def check(self) -> None:
        """Ask every open instance for a sign of life."""
        for tenant in self.opened():
            with self.session(tenant) as session:
                session.call(Call.MODELS, {"model": ""}).rows()

    def close(self) -> None:
        """Close all files."""
        self._tenants.close()
        self._checker.close()

    def _open(self, name: str) -> _Tenant:
        if not re.fullmatch(TENANT_NAME, name):
            raise InternalError("a tenant's name cannot be that of a file")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        con = engine("duckdb").connect(self._folder / f"{name}.duckdb", config=self._config)
        try:
            _lock_down(con, self._readable)
        except BaseException:
            con.close()
            raise
        return _Tenant(con)


def _lock_down(con: duckdb.DuckDBPyConnection, readable: Sequence[str]) -> None:
    """Take from an instance whatever reaches outside its file, and the right to take it back."""
    con.execute("SET GLOBAL python_enable_replacements = false")
    if readable:
        con.execute(f"SET GLOBAL allowed_directories = [{', '.join('?' * len(readable))}]", list(readable))
    con.execute("SET GLOBAL enable_external_access = false")
    con.execute("SET GLOBAL lock_configuration = true")


class _Tenant:
    """An open file, and the handles of its newest models.

    Nobody but this process can write the file, and callers' SQL cannot train: a handle is right until a call of ours
    that writes.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self._handles: dict[str, int] = {}
        self._lock = threading.Lock()
        self._writes = 0

    def handle(self, model: str, con: duckdb.DuckDBPyConnection) -> int:
        """Return the handle of a model's newest version, as `anomaly_score(model, ...)` would find it."""
        known = self._handles.get(model)
        if known is not None:
            return known
        writes = self._writes
        found = int(con.execute("SELECT adsql.model_handle($model)", {"model": model}).fetchall()[0][0])
        with self._lock:
            if writes == self._writes:
                self._handles[model] = found
        return found

    def close(self) -> None:
        """Close the file."""
        self.con.close()

    def written(self) -> None:
        """Forget handles: there may be newer models."""
        with self._lock:
            self._writes += 1
            self._handles.clear()


class DuckDBSession:
    """A cursor of a tenant's instance."""

    def __init__(self, tenant: _Tenant, checker: Checker) -> None:
        self._tenant, self._checker = tenant, checker
        self._con = tenant.con.cursor()

    def lend(self, rows: pa.Table) -> str:
        """Make rows readable by this session, where they are: nothing is copied."""
        self._con.register(LENT, rows)
        return LENT

    def call(self, call: Call, values: Mapping[str, object]) -> Result:
        """Run one of the gateway's calls."""
        sql = call_sql("duckdb", call)
        if not call.writes:
            return self._read(sql, dict(values))
        try:
            # Not as a relation, which would run again whenever it is looked at.
            done = self._con.execute(sql, dict(values))
            names = [str(column[0]) for column in done.description or ()]
            table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in done.fetchall()])
        finally:
            self._tenant.written()
        return Result(table.schema, iter(table.to_batches()))

    def select(self, statement: str) -> Result:
        """Run a SELECT of a caller's."""
        self._checker.check(statement)
        return self._read(engine("duckdb").without_semicolon(statement), None)

    def score_rows(self, model: str, rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
        """Score rows with a handle instead of a name: looking the name up takes several times as long."""
        try:
            return self._scored(self._tenant.handle(model, self._con), rows)
        except duckdb.InvalidInputException as error:
            if not isinstance(from_message(str(error)), CorruptModel):
                raise
        # Other models have pushed it out of memory.
        self._tenant.written()
        return self._scored(self._tenant.handle(model, self._con), rows)

    def cancel(self) -> None:
        """Interrupt what runs."""
        self._con.interrupt()

    def close(self) -> None:
        """Give the connection back, with all that was lent to it."""
        self._con.close()

    def _read(self, sql: str, values: dict[str, Any] | None) -> Result:
        # The rows of one statement, so that a source and its model are of one state.
        self._con.execute("BEGIN TRANSACTION READ ONLY")
        reader = self._con.sql(sql, params=values).to_arrow_reader(_BATCH)
        schema = reader.schema
        twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
        if twice:
            raise InvalidRequest(f"two columns are named {twice[0]!r}", hint="give them different names")
        return Result(schema, iter(reader))

    def _scored(self, handle: int, rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
        if len(rows) == 1:
            found = self._con.execute(_ONE_ROW, {"handle": handle, "row": dict(rows[0])}).fetchall()
        else:
            found = self._con.execute(_ROWS, {"handle": handle, "rows": [dict(row) for row in rows]}).fetchall()
        return [row[0] for row in found]
