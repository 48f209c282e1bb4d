"""What a caller may name as a source, and the SELECT it stands for."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import duckdb

from adsql.errors import InvalidSource, UnknownSource, empty_source
from adsql.wording import did_you_mean, shown
from adsql_udfs.quoting import NAME, PART, identifier, literal

ALLOWED = "the name of a table, view or DataFrame, a CSV, JSON or Parquet file, or a single SELECT"
_FILE = re.compile(r"\.(csv|tsv|parquet|json|jsonl|ndjson)(\.(gz|zst))?$", re.IGNORECASE)
_QUERY = re.compile(r"[\s(]*(select|from|with|values|table|pivot|unpivot|describe|summarize)\b[\s*(]", re.IGNORECASE)
_PIVOT = re.compile(r"[\s(]*pivot\b", re.IGNORECASE)
_SYSTEM = re.compile(r"\s*(pg_|duckdb_|sqlite_|information_schema|adsql\.)")
_WRITE = re.compile(r'"type":"\w+_QUERY_NODE"')  # of INSERT, UPDATE, DELETE, MERGE, COPY

# Parses text only: nothing is bound or run on it, and it sees no database of the caller.
_parser: duckdb.DuckDBPyConnection | None = None
_lock = threading.Lock()


def source_query(source: object) -> str:
    """Return the SELECT that a source stands for.

    A name may be qualified and quoted as in SQL. Text that is neither a file, a name nor a statement is taken
    as one unquoted name, so that a table called ``my;table`` can be named as it is.

    Raises
    ------
    InvalidSource
        For two statements, a write, a SELECT that does not parse, or no text at all.

    Examples
    --------
    >>> source_query("trips"), source_query("data/trips.csv")
    ('FROM "trips"', "FROM 'data/trips.csv'")
    """
    if not isinstance(source, str) or not source.strip():
        raise InvalidSource(f"source = {shown(source)} cannot be read", allowed=ALLOWED)
    text = source.strip()
    if _FILE.search(text) and not is_query(text):
        return f"FROM {literal(text)}"
    if NAME.match(text):
        return "FROM " + ".".join(_requoted(part) for part in re.findall(PART, text))
    return _checked_statement(text)


def is_query(text: str) -> bool:
    """Return whether a source is a statement, or begins as a query does, and is not a name."""
    if NAME.match(text.strip()):
        return False
    try:
        return bool(_parse(text))
    except duckdb.ParserException:
        return _QUERY.match(text) is not None


def _requoted(part: str) -> str:
    return part if part.startswith('"') else identifier(part)


def _checked_statement(text: str) -> str:
    try:
        statements = _parse(text)
    except duckdb.ParserException as error:
        if is_query(text):
            raise InvalidSource(f"the source does not parse: {_first_line(error)}", allowed=ALLOWED) from error
        return f"FROM {identifier(text)}"
    if len(statements) != 1:
        raise InvalidSource(
            f"the source {shown(text)} has {len(statements)} statements",
            allowed=ALLOWED,
            hint="pass one SELECT; quote a name that has a semicolon",
        )
    kind = statements[0].type.name
    if kind == "MULTI" and _PIVOT.match(text):
        raise InvalidSource(
            f"the source {shown(text)} has columns that depend on its rows",
            allowed="PIVOT with the values that become columns: ON kind IN ('day', 'night')",
            hint="name the values, or make a table of it first",
        )
    if kind != "SELECT" or _writes(statements[0].query):
        raise InvalidSource(
            f"the source {shown(text)} is {'a write' if kind == 'SELECT' else kind}, not a query",
            allowed=ALLOWED,
        )
    return without_semicolon(str(statements[0].query))


def without_semicolon(query: str) -> str:
    """Return a statement up to its semicolons, behind which there may be comments."""
    text = query.encode()  # tokens are counted in bytes
    end = len(text)
    for offset, kind in reversed(duckdb.tokenize(query)):
        if text[offset : offset + 1] == b";":
            end = offset
        elif kind != duckdb.token_type.comment:
            break
    return text[:end].decode()


def _parse(text: str) -> list[Any]:
    global _parser  # noqa: PLW0603 - made when the first statement needs it
    with _lock:
        if _parser is None:
            _parser = duckdb.connect()
        return _parser.extract_statements(text)


def _writes(query: str) -> bool:
    """Return whether a WITH clause of a SELECT inserts, updates or deletes."""
    with _lock:
        assert _parser is not None  # noqa: S101 - the statement was parsed with it
        row = _parser.execute("SELECT json_serialize_sql($1)", [query]).fetchone()
    # Sought in the text, which no depth or NaN spoils: a string inside it has its quotes escaped.
    return row is None or not row[0].startswith('{"error":false') or _WRITE.search(row[0]) is not None


def check_bound(source: str, plan: str | None) -> None:
    """Raise a coded error if DuckDB could not bind the source's SELECT.

    A name must be that of something that exists. A SELECT may also read CTEs of the calling statement, which
    nothing can see from here; a table that is missing in it is left to DuckDB, whose own error names it.

    Parameters
    ----------
    source
        What the caller wrote.
    plan
        What `json_serialize_plan` made of its SELECT on the caller's own connection, which sees temporary and
        uncommitted tables. It cannot serialise the plans of some sources (DataFrames, Parquet files), which says
        nothing against them.

    Raises
    ------
    UnknownSource, InvalidSource
        If the source cannot be read.
    """
    problem = decoded_plan(plan)
    if problem.get("error_type") not in ("catalog", "binder", "parser", "io"):
        return
    message = str(problem.get("error_message", "")).replace("\n", " ").rstrip(".")
    missing_table = problem.get("error_subtype") == "MISSING_ENTRY" and problem.get("type") == "Table"
    if missing_table and is_query(source):
        return
    # A view that exists may read a table that does not.
    if missing_table and problem.get("name") == _last_part(source):
        near = [name for name in str(problem.get("candidates", "")).split(",") if not _SYSTEM.match(name)]
        raise UnknownSource(
            f"source {shown(source)} does not exist",
            allowed=ALLOWED,
            hint=did_you_mean(source.strip(), near)
            or f"check the spelling; to read a CTE of this statement, pass a SELECT: {shown(f'FROM {source.strip()}')}",
        )
    if problem.get("error_type") == "io" or (problem.get("error_type") == "catalog" and not is_query(source)):
        raise UnknownSource(
            f"source {shown(source)} cannot be read: {message}", allowed=ALLOWED,
            hint=_file_hint(source) if "." in source and not is_query(source) else "",
        )  # fmt: skip
    raise InvalidSource(f"source {shown(source)} does not bind: {message}", allowed=ALLOWED)


def _file_hint(name: str) -> str:
    if _FILE.search(name.strip()):
        return "check the path"
    return f"if it is a file, its suffix is not known: {shown(f'FROM read_csv({literal(name.strip())})')}"


def _last_part(name: str) -> str:
    """Return the table's own name in a qualified one, without its quotes."""
    text = name.strip()
    if not NAME.match(text):
        return text
    part = str(re.findall(PART, text)[-1])
    return part[1:-1].replace('""', '"') if part.startswith('"') else part


def filled_query(source: str, plan: str | None) -> str:
    """Return the SELECT of a source that DuckDB has bound, and does not know to be empty.

    Raises
    ------
    SourceError, ColumnError
        As `check_bound` and `check_not_empty`.
    """
    check_bound(source, plan)
    check_not_empty(plan)
    return source_query(source)


def check_not_empty(plan: str | None) -> None:
    """Raise if DuckDB knows beforehand that a source to train on has no rows (`WHERE false`, `LIMIT 0`).

    It would then skip the training, and with it the error that an empty table gives.

    Raises
    ------
    EmptySource
        If the optimised plan is an empty result.
    """
    plans = decoded_plan(plan).get("plans", [])
    if plans and plans[0].get("type") == "LOGICAL_EMPTY_RESULT":
        raise empty_source()


def decoded_plan(plan: str | None) -> dict[str, Any]:
    """Return a serialised plan, or nothing where it cannot be read, which says nothing against its source.

    DuckDB writes the constant NaN as `nan`, which is no JSON, and a sum of hundreds of terms as deep as it is long.
    """
    try:
        return dict(json.loads(plan)) if plan else {}
    except (ValueError, RecursionError):
        return {}


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
