"""Models as plain SQL functions of the database's own: no Python, no adsql when they run, parallel safe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from adsql.errors import InvalidOption, NoSqlForm
from adsql.wording import shown
from adsql_udfs import loaded
from adsql_udfs.postgres import store
from adsql_udfs.postgres.relations import name_parts
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import escaped_literal, identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql_udfs.postgres.server import Rows, Server

MAX_BYTES = 63  # of an identifier
_SCORE, _VERDICT = "_score", "_is_anomaly"
_COMMENT = "compiled by adsql from model "
_TOO_DEEP = ("54001", "54000")  # what the server raises where its stack, or another limit of its own, is reached


class Argument(NamedTuple):
    """An argument of a compiled function: its name, '' where it can have none, and its type."""

    name: str
    sql_type: str


def compile_model(
    plpy: Server, model: str | None, function: str | None, version: int | None, schemas: Sequence[str]
) -> str:
    """Create the functions of a model's score and verdict, and return the first one's signature.

    Parameters
    ----------
    plpy
        The server.
    model, version
        A saved model.
    function
        The name of the function that returns the score, qualified and quoted as in SQL; the model's name and
        '_score' if None. The other one's ends in '_is_anomaly'.
    schemas
        The caller's search path: functions without a schema are created in the first one that is not adsql's own.

    Raises
    ------
    NoSqlForm
        If the model is no formula, or too large a one.
    InvalidOption
        If functions cannot be created under the name, or others have it.
    """
    from adsql.sqlgen import formula  # noqa: PLC0415 - sqlglot: scoring need not wait for it

    saved = store.find(plpy, model, version)
    written = formula(loaded.get(store.load(plpy, saved)))
    home, score, verdict = _names(plpy, saved.name, function, schemas)
    arguments = _arguments(written.arguments)
    comment = _COMMENT + shown(saved.name)
    _make_room(plpy, home, (verdict, score), arguments, comment)
    qualified = {name: f"{identifier(home)}.{identifier(name)}" for name in (score, verdict)}
    declared = ", ".join(f"{identifier(a.name)} {a.sql_type}" if a.name else a.sql_type for a in arguments)
    values = ", ".join(f"${place}" for place in range(1, len(arguments) + 1))
    _create(plpy, sql("create_score", name=qualified[score], arguments=declared, score=written.score))
    _create(
        plpy,
        sql(
            "create_verdict", name=qualified[verdict], arguments=declared, score=qualified[score], values=values,
            threshold=written.threshold,
        ),
    )  # fmt: skip
    types = ", ".join(argument.sql_type for argument in arguments)
    for name in qualified.values():
        query(plpy, sql("comment_function", name=f"{name}({types})", comment=escaped_literal(comment)))
    return f"{qualified[score]}({declared})"


def _names(plpy: Server, model: str, function: str | None, schemas: Sequence[str]) -> tuple[str, str, str]:
    """Return the schema and the names of the two functions."""
    if function is None:
        name = default_name(model)
        parts = [name]
    else:
        parts = name_parts(plpy, function, "function")
        name = parts[-1]
    home = parts[0] if len(parts) > 1 else next((schema for schema in schemas if schema != "adsql"), None)
    if home is None:
        raise InvalidOption(
            "no schema of the search_path exists", hint="name one: compile_model('m', 'some_schema.m_score')"
        )
    verdict = name.removesuffix(_SCORE) + _VERDICT
    longest = max(len(part.encode()) for part in (name, verdict))
    if longest > MAX_BYTES or not name:
        raise InvalidOption(
            f"{shown(name)} cannot name a function",
            allowed=f"names of 1 to {MAX_BYTES - len(_VERDICT)} bytes: one that ends in {_VERDICT} is created as well",
        )
    return home, name, verdict


def default_name(model: str) -> str:
    """Return the name of the function of a model's score: one that needs no quotes, where that is possible.

    Examples
    --------
    >>> default_name("Taxi fares, 2024")
    'taxi_fares_2024_score'
    """
    plain = re.sub(r"\W+", "_", model.lower()).strip("_")
    while len(plain.encode()) > MAX_BYTES - len(_VERDICT):
        plain = plain[:-1]
    return (f"_{plain}" if plain[:1].isdigit() else plain or "model") + _SCORE


def _arguments(columns: Sequence[tuple[str, str]]) -> list[Argument]:
    """Return the arguments, without a name where PostgreSQL would refuse it, or cut it short."""
    return [Argument(name if 0 < len(name.encode()) <= MAX_BYTES else "", sql_type) for name, sql_type in columns]


def _make_room(plpy: Server, schema: str, names: Sequence[str], arguments: Sequence[Argument], comment: str) -> None:
    """Drop the functions of an older version of the model whose arguments were others; keep those to be replaced."""
    existing = [row for name in names for row in _functions(plpy, schema, name)]
    for row in existing:
        if row["comment"] != comment:
            raise InvalidOption(
                f"function {row['signature']} exists, and was not compiled from this model",
                hint="choose another name: compile_model('m', 'schema.name'); or drop the function",
            )
    if any(not _takes(row["names"], row["types"], arguments) for row in existing):
        for row in existing:
            query(plpy, f"DROP FUNCTION {row['signature']}")


def _functions(plpy: Server, schema: str, name: str) -> Rows:
    return query(plpy, sql("functions_named"), ["text", "text"], [schema, name])


def _takes(names: Sequence[str] | None, types: Sequence[str], arguments: Sequence[Argument]) -> bool:
    known = names or [""] * len(types)
    return list(zip(known, types, strict=True)) == [tuple(argument) for argument in arguments]


def _create(plpy: Server, text: str) -> None:
    try:
        query(plpy, text)
    except plpy.SPIError as error:
        if getattr(error, "sqlstate", None) not in _TOO_DEEP:
            raise
        raise NoSqlForm(
            f"the model is too large for a function: {error}",
            hint="train a smaller model, or raise max_stack_depth",
        ) from error
