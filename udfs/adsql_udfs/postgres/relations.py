"""Results as ordinary relations, for tools that know nothing of adsql: views and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsql.errors import InvalidOption
from adsql.wording import shown
from adsql_udfs.postgres import plans
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from adsql_udfs.postgres.server import Server


def create_view(plpy: Server, view: str, source: str, model: str, version: int | None) -> str:
    """Create a view of all columns of a source and the results of a saved model; return its quoted name.

    The view looks the model up by its name whenever it is read: the newest version, unless one is given.

    Parameters
    ----------
    plpy
        The server.
    view
        A name, qualified and quoted as in SQL.
    source, model, version
        As for detect_anomalies.
    """
    name = relation_name(plpy, view)
    query(plpy, sql("create_view", name=name, query=plans.saved(plpy, source, plans.Shape.COLUMNS, model, version)))
    return name


def materialize(plpy: Server, table: str, source: str, model: str, version: int | None) -> int:
    """Create a table of the same and return how many rows it has."""
    name = relation_name(plpy, table)
    query(plpy, sql("create_table", name=name, query=plans.saved(plpy, source, plans.Shape.COLUMNS, model, version)))
    return int(query(plpy, sql("count", source=f"TABLE {name}"))[0]["n"])


def relation_name(plpy: Server, given: str) -> str:
    """Return the name of a relation to create, with its parts quoted.

    Raises
    ------
    InvalidOption
        If it is no name.
    """
    return ".".join(map(identifier, name_parts(plpy, given, "relation")))


def name_parts(plpy: Server, given: str, what: str) -> list[str]:
    """Return the schema, if any, and the name of something to create.

    Parameters
    ----------
    plpy
        The server.
    given
        The name, qualified and quoted as in SQL.
    what
        What it is to name, for messages.

    Raises
    ------
    InvalidOption
        If it is no name.
    """
    try:
        parts = query(plpy, "SELECT pg_catalog.parse_ident($1) AS parts", ["text"], [given])[0]["parts"]
    except plpy.SPIError as error:
        raise _no_name(given, what) from error
    if not parts or len(parts) > _SCHEMA_AND_NAME:
        raise _no_name(given, what)
    return list(parts)


_SCHEMA_AND_NAME = 2


def _no_name(given: object, what: str) -> InvalidOption:
    return InvalidOption(
        f"{shown(given)} cannot name a {what}", allowed="a name, or a schema and a name, quoted as in SQL"
    )
