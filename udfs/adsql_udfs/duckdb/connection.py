"""`connect` and `register`: what makes adsql's functions available on a DuckDB database."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import duckdb
from duckdb.func import ARROW, SPECIAL

from adsql import migrations
from adsql_udfs.duckdb import instances, macros
from adsql_udfs.duckdb.functions import FUNCTIONS
from adsql_udfs.duckdb.plans import template
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from pathlib import Path

_lock = threading.Lock()


def connect(
    database: str | Path = ":memory:", *, read_only: bool = False, config: dict[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB database with adsql's SQL functions.

    Parameters
    ----------
    database
        A file, or ':memory:'.
    read_only
        Open without writing; detecting and scoring work, training does not.
    config
        DuckDB's settings.

    Returns
    -------
    duckdb.DuckDBPyConnection
        A stock connection. Cursors of it have the functions too; those of a read-only database that adsql never
        wrote to have them as `adsql.name`, those of one that another version of adsql wrote to after `register`.

    Examples
    --------
    >>> con = connect()
    >>> con.execute("CREATE TABLE t AS SELECT i / 10 AS x FROM range(100) AS r(i) UNION ALL SELECT 99.0")
    <...DuckDBPyConnection object at ...>
    >>> con.execute("SELECT x FROM detect_anomalies('t') WHERE is_anomaly").fetchall()
    [(99.0,)]
    """
    con = duckdb.connect(str(database), read_only=read_only, config=config or {})
    try:
        return _registered(con, fresh=str(database) == ":memory:")
    except BaseException:
        con.close()
        raise


def register(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Make adsql's SQL functions available on an open connection and all others of its database.

    Creates the schema `adsql` with the table of models, and macros in it and in the main schema, unless they
    are there; a macro of the user's own that has one of the names stays as it is, and adsql's is reached as
    `adsql.name`. On a database opened read-only nothing is written: where the macros are missing or of
    another version, this connection alone gets temporary ones. Where the schema is missing, a database in memory
    called `adsql` is attached, so that `adsql.name` is there, for all connections.

    Parameters
    ----------
    con
        Any open connection; also one that is inside a transaction, which is not touched. The functions come into
        the database that it was opened on, whatever `USE` made the current one.

    Returns
    -------
    duckdb.DuckDBPyConnection
        The same connection.

    Raises
    ------
    TypeError
        If it is no connection.
    NewerDatabase, MigrationChanged
        If the database's adsql schema is not one that this version knows.

    Examples
    --------
    >>> import duckdb
    >>> con = register(duckdb.connect())
    >>> con.execute("SELECT count(*) FROM models()").fetchall()
    [(0,)]
    """
    if not isinstance(con, duckdb.DuckDBPyConnection):
        raise TypeError(f"register takes an open DuckDB connection, not {con!r}; adsql.connect(path) opens a file")
    return _registered(con, fresh=False)


def _registered(con: duckdb.DuckDBPyConnection, *, fresh: bool) -> duckdb.DuckDBPyConnection:
    # On a connection of its own: the caller may be inside a transaction, and may roll it back.
    own = con.cursor()
    try:
        # Only one process can write a DuckDB file, so a lock of this process keeps two from making the same tables.
        with _lock:
            token = instances.token_of(own)
            if token is None:
                _register_functions(own)
                token = instances.new_token(own)
            instances.remember(token, con)
            read_only = _is_read_only(own)
            if read_only:
                macros.create_in_memory(own, con)
            else:
                _migrate(own)
                macros.create(own, _prepare, fresh=fresh)
    finally:
        own.close()
    return con


def _register_functions(con: duckdb.DuckDBPyConnection) -> None:
    for function in FUNCTIONS:
        try:
            con.create_function(
                function.name, function.call, None, function.returns,
                type=ARROW, null_handling=SPECIAL, side_effects=function.changes,
            )  # fmt: skip
        except duckdb.CatalogException as error:
            # Left by a registration that was interrupted: the token comes last.
            if "already exists" not in str(error):
                raise


def _is_read_only(con: duckdb.DuckDBPyConnection) -> bool:
    row = con.execute("SELECT readonly FROM duckdb_databases() WHERE database_name = current_database()").fetchone()
    return bool(row and row[0])


def _migrate(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(template("migrations_table").substitute())
    con.execute("BEGIN")
    try:
        applied = con.execute("SELECT number, sha256 FROM adsql.migrations").fetchall()
        migrations.apply(lambda query, values: con.execute(query, list(values)).fetchall(), "duckdb", applied)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make our macros in an empty database, and leave nothing else there: see `prepared_macros`."""
    _register_functions(con)
    instances.new_token(con)
    _migrate(con)
    macros.make(con)
    for (table,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'adsql'").fetchall():
        con.execute(f"DROP TABLE adsql.{identifier(table)}")
