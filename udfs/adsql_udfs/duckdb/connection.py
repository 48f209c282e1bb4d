"""`connect` and `register`: what makes adsql's functions available on a DuckDB database."""

from __future__ import annotations

import hashlib
import re
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb
from duckdb.func import ARROW, SPECIAL

from adsql import migrations
from adsql.errors import InvalidOption
from adsql_udfs.duckdb import instances
from adsql_udfs.duckdb.functions import FUNCTIONS
from adsql_udfs.duckdb.plans import MODELS, export, resolve, template
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from pathlib import Path

MAX_POSITIONAL = 32
SCORING = {
    "detect": "detect",
    "anomaly_score": "anomaly_score",
    "severity": "severity",
    "is_anomaly": "is_anomaly",
    "consensus": "consensus",
    "explain_anomaly": "explain_anomaly",
    "suggest_normal": "suggest_normal",
}
COMMENT = "adsql's own; a macro of this name without this comment is the user's, and kept"

_NOT_A_TABLE = InvalidOption(
    "detect_anomalies with a source alone returns a table", hint="write SELECT * FROM detect_anomalies(...)"
)

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
        return register(con)
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
                _create_macros_in_memory(own, con)
            else:
                _migrate(own)
                _create_macros(own)
    finally:
        own.close()
    return con


def home(con: duckdb.DuckDBPyConnection) -> str:
    """Return the schema where a registered connection finds this version's functions, whatever a user called theirs.

    It is `adsql`, but for a read-only database whose macros are of another version.

    Examples
    --------
    >>> home(connect())
    'adsql'
    """
    return "adsql" if _revision(con) == _macros_revision() else "temp.main"


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


def _has_models(con: duckdb.DuckDBPyConnection) -> bool:
    found = "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'adsql'"
    return bool(con.execute(f"{found} AND table_name = 'models'").fetchall()[0][0])


def _has_schema(con: duckdb.DuckDBPyConnection) -> bool:
    found = "SELECT count(*) FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = 'adsql'"
    return bool(con.execute(found).fetchall()[0][0])


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


def _create_macros(con: duckdb.DuckDBPyConnection) -> None:
    ours, taken = _taken_names(con)
    foreign = {name for name, own in taken.items() if not own}
    complete = {*_names(), "model_handle"} <= ours and set(_names()) <= taken.keys()
    if complete and _revision(con) == _macros_revision():
        return
    con.execute("BEGIN")
    try:
        _execute_script(con, _macros("adsql", temporary=False))
        _execute_script(con, _macros("main", temporary=False), skip=foreign)
        _comment_macros(con, "main", foreign)
        con.execute(f"CREATE OR REPLACE MACRO adsql.macros_revision() AS {literal(_macros_revision())}")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def _taken_names(con: duckdb.DuckDBPyConnection) -> tuple[set[str], dict[str, bool]]:
    """Return the functions of our schema, and which of our names lead to one without it, and whether it is ours."""
    found = con.execute(template("taken_names").substitute(), [list(_names()), COMMENT]).fetchall()
    ours = {name for schema, name, _ in found if schema == "adsql"}
    return ours, {name: own for schema, name, own in found if schema == "main"}


def _comment_macros(con: duckdb.DuckDBPyConnection, schema: str, foreign: set[str]) -> None:
    """Give our macros the comment by which they are told from a user's, which may call adsql as well."""
    own = [name for name in _names() if name not in foreign]
    database = "temp" if schema == "temp.main" else str(con.execute("SELECT current_database()").fetchall()[0][0])
    for name, is_table in con.execute(template("uncommented_macros").substitute(), [database, own]).fetchall():
        con.execute(f"COMMENT ON MACRO {'TABLE ' if is_table else ''}{schema}.{name} IS {literal(COMMENT)}")


def _create_macros_in_memory(own: duckdb.DuckDBPyConnection, con: duckdb.DuckDBPyConnection) -> None:
    has_schema = _has_schema(own)
    if has_schema and _revision(own) == _macros_revision():
        return
    no_models = template("no_models").substitute()
    # Beside a schema of the same name it would make every `adsql.name` ambiguous.
    if not has_schema and _revision(own) is None:
        own.execute("ATTACH ':memory:' AS adsql (READ_WRITE)")
        own.execute(f"CREATE VIEW adsql.models AS FROM {no_models}")
        _execute_script(own, _macros("adsql", temporary=False))
        own.execute(f"CREATE MACRO adsql.macros_revision() AS {literal(_macros_revision())}")
    models = no_models if has_schema and not _has_models(own) else MODELS
    foreign = {name for name, is_own in _taken_names(con)[1].items() if not is_own}
    _execute_script(con, _macros("temp.main", temporary=True, models=models), skip=foreign)
    _comment_macros(con, "temp.main", foreign)


def _revision(con: duckdb.DuckDBPyConnection) -> str | None:
    try:
        # All rows are fetched: an unfinished result would be in the way of the caller's next statement.
        return str(con.execute("SELECT adsql.macros_revision()").fetchall()[0][0])
    except duckdb.Error:
        return None


@cache
def _names() -> tuple[str, ...]:
    """Return the names of the SQL contract: those of the macros that every schema has."""
    return tuple(dict.fromkeys(re.findall(r"MACRO \$schema\.(\w+)", template("macros").template)))


@cache
def _macros_revision() -> str:
    return hashlib.sha256(_macros("main", temporary=False).encode()).hexdigest()[:16]


@cache
def _macros(schema: str, *, temporary: bool, models: str = MODELS) -> str:
    home = schema if temporary else "adsql"
    return template("macros").substitute(
        schema=schema,
        home=home,
        temporary="TEMP" if temporary else "",
        models=models,
        handle=resolve("model", "version", models),
        exported=export("model", "version", models),
        table_form=literal(str(_NOT_A_TABLE)),
        training=template("training_arguments").substitute(),
        series_training=template("series_training_arguments").substitute(),
        **{name: _overloads(f"__adsql_{function}", home) for name, function in SCORING.items()},
    )


def _overloads(function: str, home: str) -> str:
    """Return a scalar macro's overloads for a row or one feature, up to 32 features: macros take no varargs."""
    overloads = []
    for count in range(1, MAX_POSITIONAL + 1):
        features = ", ".join(f"x{i}" for i in range(1, count + 1))
        overloads.append(f"(model, {features}) AS {function}({home}.model_handle(model), {features})")
    return ",\n".join(overloads)


def _execute_script(con: duckdb.DuckDBPyConnection, script: str, skip: set[str] | None = None) -> None:
    for statement in script.split(";\n"):
        text = statement.strip().rstrip(";")
        if text and not any(f".{name}(" in text or f".{name} (" in text for name in skip or ()):
            con.execute(text)
