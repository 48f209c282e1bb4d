"""What a database's exception means to whoever sent the request."""

from __future__ import annotations

import duckdb
import psycopg
import psycopg_pool
import pyarrow as pa

from adsql.errors import AdsqlError, UnknownSource, from_message
from adsql_server.problems import Forbidden, InternalError, InvalidRequest, Overloaded, Problem

FAILURES = (duckdb.Error, psycopg.Error, psycopg_pool.PoolTimeout, pa.ArrowException, OSError)
_UDF = "Python exception occurred"
_INTERRUPT = "INTERRUPT Error"
_READ_ONLY, _NO_TABLE, _NO_PRIVILEGE = "25006", "42P01", "42501"
# A statement with parameters, for which a request has no values.
_NO_VALUES = "08P01"
# Classes of SQLSTATE that tell of the statement or its values.
_OF_THE_STATEMENT = frozenset(
    {"0A", "21", "22", "23", "25", "2F", "34", "38", "39", "3D", "3F", "42", "44", "54", "P0"}
)
_OF_THE_SERVER = frozenset({"08", "40", "53", "55", "57", "58"})


class Cancelled(Problem):
    """The statement was stopped before its end."""

    code = "ADSQL_CANCELLED"
    status = 503


def failure(error: Exception) -> AdsqlError:
    """Return the error that a database's exception stands for.

    >>> failure(duckdb.ParserException("Parser Error: syntax error")).code
    'ADSQL_INVALID_REQUEST'
    """
    if isinstance(error, AdsqlError):
        return error
    # PostgreSQL tells the message and its context apart; DuckDB has one text.
    known = from_message((isinstance(error, psycopg.Error) and error.diag.message_primary) or str(error))
    if known is not None:
        return known
    if isinstance(error, psycopg.Error):
        return _of_postgres(error)
    if isinstance(error, psycopg_pool.PoolTimeout):
        return Overloaded("no connection to the database is free")
    return _of_duckdb(error)


def _of_duckdb(error: Exception) -> AdsqlError:
    text = _first_line(error)
    if isinstance(error, duckdb.InterruptException) or _INTERRUPT in text:
        return Cancelled("the statement was stopped")
    if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory" in text:
        return Overloaded("the statement needs more memory than the tenant has", hint="read fewer rows at once")
    if isinstance(error, duckdb.PermissionException):
        return Forbidden(text)
    if isinstance(error, duckdb.FatalException | duckdb.InternalException | duckdb.ConnectionException) or _UDF in text:
        return InternalError("the database failed")
    if isinstance(error, duckdb.Error | pa.ArrowException):
        return InvalidRequest(text)
    return InternalError("the database cannot be read")


def _of_postgres(error: psycopg.Error) -> AdsqlError:
    state = error.sqlstate or ""
    text = error.diag.message_primary or _first_line(error)
    if state == _READ_ONLY:
        return Forbidden(f"the statement writes: {text}", allowed="one SELECT")
    if state == _NO_TABLE:
        return UnknownSource(text, hint="GET /tables")
    if state == _NO_PRIVILEGE:
        return Forbidden(text)
    if isinstance(error, psycopg.errors.QueryCanceled):
        return Cancelled("the statement was stopped")
    if state == _NO_VALUES or state[:2] in _OF_THE_STATEMENT:
        return InvalidRequest(text)
    if state[:2] in _OF_THE_SERVER or isinstance(error, psycopg.OperationalError):
        return Overloaded("the database cannot take the statement now")
    # psycopg's own: a value that PostgreSQL has and Python has not, such as a date BC.
    if isinstance(error, psycopg.DataError | psycopg.ProgrammingError | psycopg.NotSupportedError):
        return InvalidRequest(text)
    return InternalError("the database failed")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
