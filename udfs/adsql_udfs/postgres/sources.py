"""What a caller may name as a source in PostgreSQL, and the SELECT it stands for.

Names are looked up on the caller's own search path. A statement is checked by the server itself, thrice, and not run:
as it is and inside parentheses it must each time be one statement that returns rows. So nothing that closes the
parentheses, no second statement and no write gets through, whatever its comments, quotes or dollars are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adsql.errors import InvalidSource, MissingColumn, ResultColumnExists, UnknownSource
from adsql.wording import did_you_mean, listing, shown
from adsql_udfs.postgres.columns import Column, describe
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import NAME, identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql_udfs.postgres.server import Server

ALLOWED = "the name of a table or view, or a single SELECT"
RESULT_COLUMNS = ("anomaly_score", "severity", "is_anomaly")
_READABLE = ("r", "v", "m", "f", "p")  # tables, views, materialised views, foreign and partitioned tables


@dataclass(frozen=True)
class Source:
    """Something to read rows from.

    Parameters
    ----------
    text
        A SELECT that fits between parentheses on lines of their own.
    columns
        Its columns.
    """

    text: str
    columns: tuple[Column, ...]

    def named(self, names: Sequence[str]) -> list[Column]:
        """Return the columns of some names, spelt exactly or regardless of case, in the source's order."""
        wanted = {name.casefold() for name in names}
        return [column for column in self.columns if column.name.casefold() in wanted]

    def required(self, names: Sequence[str]) -> list[Column]:
        """Return the columns that a model was trained on.

        Raises
        ------
        MissingColumn
            Naming the first that is not there.
        """
        columns = self.named(names)
        found = {column.name.casefold() for column in columns}
        missing = [name for name in names if name.casefold() not in found]
        if missing:
            raise MissingColumn(
                f"the row has no column {missing[0]!r}, which the model was trained on",
                allowed=f"rows with the columns {listing(names)}; "
                f"this one has {listing(column.name for column in self.columns)}",
                hint="select the model's columns, renamed if need be",
            )
        return columns

    def unused(self, name: str) -> str:
        """Return the name, made longer until no column has it."""
        taken = {column.name for column in self.columns}
        while name in taken:
            name += "_"
        return name


def source(plpy: Server, given: object) -> Source:
    """Return what a caller named.

    Raises
    ------
    UnknownSource, InvalidSource
        If it cannot be read.
    """
    if not isinstance(given, str) or not given.strip():
        raise InvalidSource(f"source = {shown(given)} cannot be read", allowed=ALLOWED)
    text = given.strip()
    name = relation(plpy, text)
    if name is not None:
        return _described(plpy, f"TABLE {name}", given)
    if NAME.match(text):
        raise unknown(plpy, text)
    return _described(plpy, _checked(plpy, text), given)


def check_free(columns: Sequence[Column]) -> None:
    """Raise if a source has a column named as one of the result's.

    Raises
    ------
    ResultColumnExists
        Naming it.
    """
    taken = [column.name for column in columns if column.name.casefold() in RESULT_COLUMNS]
    if taken:
        raise ResultColumnExists(
            f"the source already has a column {taken[0]!r}",
            allowed=f"sources without columns named {', '.join(RESULT_COLUMNS)}",
            hint="leave it out or rename it in a SELECT",
        )


def relation(plpy: Server, text: str) -> str | None:
    """Return the quoted name of the table or view that a text names, as it is or as one name in quotes."""
    for name in (text, identifier(text)):
        try:
            rows = query(plpy, sql("relation"), ["text"], [name])
        except plpy.SPIError as error:  # no name: a statement, or a name that needs quotes
            _raise_others(error)
            continue
        if rows[0]["relation"] is None:
            continue
        if rows[0]["kind"] not in _READABLE:
            raise InvalidSource(f"source {shown(text)} is neither a table nor a view", allowed=ALLOWED)
        return str(rows[0]["relation"])
    return None


def unknown(plpy: Server, text: str) -> UnknownSource:
    """Return the error of a name that stands for nothing, with those that are near."""
    near = [row["name"] for row in query(plpy, sql("visible_relations"), ['"char"[]'], [list(_READABLE)])]
    return UnknownSource(
        f"source {shown(text)} does not exist",
        allowed=ALLOWED,
        hint=did_you_mean(text, near) or "check the spelling and the search_path, or qualify the name with its schema",
    )


def _checked(plpy: Server, text: str) -> str:
    text = text.rstrip().removesuffix(";")
    try:
        plpy.prepare(sql("wrapped", source=text))  # parses only; refuses writes, which no FROM may hold
        plpy.cursor(text).close()  # refuses what needs our parentheses, and more than one statement
        plpy.cursor(sql("wrapped", source=text)).close()
    except plpy.SPIError as error:
        _raise_others(error)
        raise InvalidSource(
            f"source {shown(text)} is no single SELECT: {str(error).splitlines()[0]}", allowed=ALLOWED
        ) from error
    return text


def _described(plpy: Server, text: str, given: str) -> Source:
    try:
        result = plpy.execute(sql("wrapped", source=text) + " LIMIT 0")
    except plpy.SPIError as error:
        _raise_others(error)
        raise InvalidSource(f"source {shown(given)} cannot be read: {error}", allowed=ALLOWED) from error
    names = result.colnames()
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidSource(
            f"source {shown(given)} has two columns named {twice[0]!r}", hint="give them different names in the SELECT"
        )
    if not names:
        raise InvalidSource(f"source {shown(given)} has no columns", allowed=ALLOWED)
    return Source(text, tuple(describe(plpy, names, result.coltypes(), result.coltypmods())))


def _raise_others(error: Exception) -> None:
    """Raise an error again that is not about the text: a cancel, a missing privilege, a server that shuts down."""
    state = str(getattr(error, "sqlstate", ""))
    if state[:2] not in ("42", "0A") or state == "42501":
        raise error
