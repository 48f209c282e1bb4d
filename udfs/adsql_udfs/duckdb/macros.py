"""The macros that the SQL contract consists of, as a database gets them."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING

from adsql.errors import InvalidOption
from adsql_udfs.duckdb import prepared_macros
from adsql_udfs.duckdb.plans import MODELS, export, resolve, template
from adsql_udfs.duckdb.prepared_macros import revision
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import duckdb

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


def create(
    con: duckdb.DuckDBPyConnection, prepare: Callable[[duckdb.DuckDBPyConnection], None], *, fresh: bool
) -> None:
    """Give a database our macros, unless it has them.

    Parameters
    ----------
    con
        A connection in no transaction, to a database that has adsql's functions and tables.
    prepare
        Makes adsql's functions and tables, and with `make` the macros, in an empty database.
    fresh
        Whether the database is known to have been made just now.
    """
    ours, taken = (set[str](), dict[str, bool]()) if fresh else _taken_names(con)
    foreign = {name for name, own in taken.items() if not own}
    complete = {*_names(), "model_handle"} <= ours and set(_names()) <= taken.keys()
    if complete and revision(con) == _macros_revision():
        return
    if ours or taken or not prepared_macros.copied(con, _database(con), _macros_revision(), prepare):
        make(con, foreign)


def make(con: duckdb.DuckDBPyConnection, foreign: Collection[str] = ()) -> None:
    """Make our macros, but in the main schema none of names that are the user's."""
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


def _comment_macros(con: duckdb.DuckDBPyConnection, schema: str, foreign: Collection[str]) -> None:
    """Give our macros the comment by which they are told from a user's, which may call adsql as well."""
    own = [name for name in _names() if name not in foreign]
    database = "temp" if schema == "temp.main" else _database(con)
    for name, is_table in con.execute(template("uncommented_macros").substitute(), [database, own]).fetchall():
        con.execute(f"COMMENT ON MACRO {'TABLE ' if is_table else ''}{schema}.{name} IS {literal(COMMENT)}")


def create_in_memory(own: duckdb.DuckDBPyConnection, con: duckdb.DuckDBPyConnection) -> None:
    """Give a connection to a database that cannot be written temporary macros, unless the database has ours."""
    has_schema = _has_schema(own)
    if has_schema and revision(own) == _macros_revision():
        return
    no_models = template("no_models").substitute()
    # Beside a schema of the same name it would make every `adsql.name` ambiguous.
    if not has_schema and revision(own) is None:
        own.execute("ATTACH ':memory:' AS adsql (READ_WRITE)")
        own.execute(f"CREATE VIEW adsql.models AS FROM {no_models}")
        _execute_script(own, _macros("adsql", temporary=False))
        own.execute(f"CREATE MACRO adsql.macros_revision() AS {literal(_macros_revision())}")
    models = no_models if has_schema and not _has_models(own) else MODELS
    foreign = {name for name, is_own in _taken_names(con)[1].items() if not is_own}
    _execute_script(con, _macros("temp.main", temporary=True, models=models), skip=foreign)
    _comment_macros(con, "temp.main", foreign)


def _has_models(con: duckdb.DuckDBPyConnection) -> bool:
    found = "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'adsql'"
    return bool(con.execute(f"{found} AND table_name = 'models'").fetchall()[0][0])


def _has_schema(con: duckdb.DuckDBPyConnection) -> bool:
    found = "SELECT count(*) FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = 'adsql'"
    return bool(con.execute(found).fetchall()[0][0])


def home(con: duckdb.DuckDBPyConnection) -> str:
    """Return the schema where a registered connection finds this version's functions, whatever a user called theirs.

    It is `adsql`, but for a read-only database whose macros are of another version.

    Examples
    --------
    >>> from adsql_udfs.duckdb import connect
    >>> home(connect())
    'adsql'
    """
    return "adsql" if revision(con) == _macros_revision() else "temp.main"


def _database(con: duckdb.DuckDBPyConnection) -> str:
    return str(con.execute("SELECT current_database()").fetchall()[0][0])


@cache
def _names() -> tuple[str, ...]:
    """Return the names of the SQL contract: those of the macros that every schema has."""
    return tuple(dict.fromkeys(re.findall(r"MACRO \$schema\.(\w+)", template("macros").template)))


@cache
def _macros_revision() -> str:
    return hashlib.sha256((_macros("main", temporary=False) + COMMENT).encode()).hexdigest()[:16]


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


def _execute_script(con: duckdb.DuckDBPyConnection, script: str, skip: Collection[str] = ()) -> None:
    for statement in script.split(";\n"):
        text = statement.strip().rstrip(";")
        if text and not any(f".{name}(" in text or f".{name} (" in text for name in skip):
            con.execute(text)
