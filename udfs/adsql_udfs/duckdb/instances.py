"""Which open connection belongs to the database that a UDF runs in.

A UDF is not told its connection. Each database instance gets a token, returned by a UDF of that instance, and
the connections on which adsql was registered are remembered by token, weakly: adsql never keeps a database open.
"""

from __future__ import annotations

import functools
import inspect
import threading
import uuid
import weakref
from typing import TYPE_CHECKING, Any

import duckdb
from duckdb.func import ARROW, SPECIAL

from adsql.arrow_memory import texts
from adsql.errors import NotRegistered

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

TOKEN_FUNCTION = "__adsql_instance"  # noqa: S105 - a name

# DuckDB would evaluate the annotations of a function that it is given, and take them for SQL types.
VARIADIC = inspect.Signature([inspect.Parameter("columns", inspect.Parameter.VAR_POSITIONAL)])

_lock = threading.Lock()
_connections: dict[str, list[weakref.ref[duckdb.DuckDBPyConnection]]] = {}
# DuckDB calls the functions from other connections after the registering one has closed; they must never be freed.
_functions: list[Callable[..., Any]] = []


def token_of(own: duckdb.DuckDBPyConnection) -> str | None:
    """Return the token of a connection's instance, or None if it has none yet."""
    try:
        # All rows are fetched: no function can be registered on a connection with an unfinished result.
        return str(own.execute(f"SELECT {TOKEN_FUNCTION}(1)").fetchall()[0][0])
    except duckdb.CatalogException:
        return None


def new_token(own: duckdb.DuckDBPyConnection) -> str:
    """Give an instance its token, through a connection that is in no transaction of the caller's."""
    token = uuid.uuid4().hex
    function = functools.partial(_token, token)
    vars(function)["__signature__"] = VARIADIC
    _functions.append(function)
    own.create_function(TOKEN_FUNCTION, function, ["INTEGER"], "VARCHAR", type=ARROW, null_handling=SPECIAL)
    return token


def remember(token: str, con: duckdb.DuckDBPyConnection) -> None:
    """Remember a connection of an instance, and forget those that are gone, of all instances."""
    with _lock:
        for each, refs in list(_connections.items()):
            known = [ref for ref in refs if ref() is not None and ref() is not con]
            if known:
                _connections[each] = known
            else:
                del _connections[each]
        _connections[token] = [*_connections.get(token, []), weakref.ref(con)]


def cursor(token: str) -> duckdb.DuckDBPyConnection:
    """Return a new connection to an instance, in a transaction of its own; the caller closes it.

    Raises
    ------
    NotRegistered
        If every connection that adsql was registered on is closed.
    """
    for ref in reversed(_connections.get(token, [])):
        con = ref()
        if con is not None:
            try:
                return con.cursor()
            except duckdb.ConnectionException:
                continue
    raise NotRegistered(
        "the connection that adsql was registered on is closed",
        hint="call adsql.register(con) with the connection that trains or drops models",
    )


def _token(token: str, ones: pa.ChunkedArray[Any]) -> pa.Array[Any]:
    return texts([token] * len(ones))
