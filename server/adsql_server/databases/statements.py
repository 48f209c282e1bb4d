"""Which statements callers may send to DuckDB, where every connection may do everything.

A statement passes if it is one SELECT and calls only functions that are known to read and to do nothing else. Two
walls stand behind this one: the instance is locked against files and settings, and the transaction is read-only.
Neither of them stops adsql's own functions that write, or functions that change the connection or take SQL as text.
"""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Any

import duckdb

from adsql.wording import shown
from adsql_server.problems import Forbidden, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = r'(?:"(?:[^"]|"")+"|[^\W\d]\w*)'
_NAME = re.compile(rf"\s*{_PART}(?:\s*\.\s*{_PART}){{0,2}}\s*")
_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
# What these show is the process, not the tenant's data: settings, paths, logs, other sessions' statements.
_SYSTEM = re.compile(r"(duckdb|pragma|pg|sqlite)_", re.IGNORECASE)
_SYSTEM_SCHEMAS = frozenset({"system", "pg_catalog", "temp"})

_ADSQL_SCALARS = frozenset(
    {
        "anomaly_score",
        "severity",
        "is_anomaly",
        "detect_anomalies",
        "consensus",
        "explain_anomaly",
        "suggest_normal",
        "model_sql",
    }
)
# By the place of the source among the arguments: it is SQL again.
_ADSQL_SOURCES = {
    "detect_anomalies": 0, "evaluate_model": 1, "compare_models": 1, "threshold_report": 1, "explain_anomalies": 0,
    "profile_data": 0, "suggest_detectors": 0, "contrast_anomalies": 0, "check_drift": 1, "model_stability": 0,
    "detector_agreement": 0, "preview_feedback": 1, "detect_series_anomalies": 0, "anomaly_incidents": 0,
    "detect_change_points": 0, "backtest_series": 0, "score_series": 1,
}  # fmt: skip
# Arguments that are sources as well, and how many others may go without their names: none of these.
_FURTHER_SOURCES = frozenset({"exclude", "incidents", "holidays"})
_WITHOUT_NAMES = {"detect_series_anomalies": 3, "detect_change_points": 3, "backtest_series": 3}
_TABLE_FUNCTIONS = frozenset(
    {
        "range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree",
        # Of files in the folders that the settings declare: DuckDB refuses all others.
        "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_ndjson", "read_ndjson_auto", "read_parquet",
        "parquet_scan",
        "models", "model_info", "detectors", *_ADSQL_SOURCES,
    }
)  # fmt: skip
# Not the same each time, and harmless.
_VOLATILE = frozenset({"random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "error"})
# They take SQL as text, or show settings and files of the process.
_REFUSED = frozenset({"current_setting", "json_serialize_plan", "json_execute_serialized_sql", "getenv", "getvariable"})
_NOT_LISTED = frozenset({"unnest"})


def is_name(source: str) -> bool:
    """Return whether a source is a table's name, qualified or not, and no statement.

    >>> is_name("sales.orders"), is_name('"odd; name"'), is_name("SELECT 1"), is_name("a; b")
    (True, True, False, False)
    """
    return _NAME.fullmatch(source) is not None


class Checker:
    """Decides about statements; it parses them, and runs nothing of them."""

    def __init__(self) -> None:
        self._parser = duckdb.connect(config={"threads": 1, "enable_external_access": False})
        self._lock = threading.Lock()
        listed = self._parser.execute(
            "SELECT DISTINCT lower(function_name), bool_or(stability = 'VOLATILE' AND function_type <> 'aggregate') "
            "FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro', 'window') GROUP BY ALL"
        ).fetchall()
        harmless = {name for name, is_volatile in listed if not is_volatile and not name.startswith("__internal")}
        self._scalars = (harmless | _VOLATILE | _ADSQL_SCALARS | _NOT_LISTED) - _REFUSED

    def check(self, text: str) -> None:
        """Raise unless a text is one SELECT that only reads.

        Raises
        ------
        InvalidRequest
            If it is not one SELECT.
        Forbidden
            If it calls something that may do more.
        """
        try:
            statements = self._statements(text)
        except duckdb.ParserException as error:
            raise InvalidRequest(f"the statement does not parse: {str(error).splitlines()[0]}") from error
        self._check(text, statements)

    def check_source(self, source: str) -> None:
        """Raise unless a source is a name, or one SELECT that only reads.

        Raises
        ------
        InvalidRequest, Forbidden
            As `check`.
        """
        if is_name(source):
            _check_relation([part.strip().strip('"') for part in re.findall(_PART, source)])
            return
        try:
            statements = self._statements(source)
        except duckdb.ParserException:
            return  # no statement: adsql takes it for the name of a file or a table, or refuses it
        self._check(source, statements)

    def close(self) -> None:
        """Close the parser."""
        self._parser.close()

    def _statements(self, text: str) -> list[Any]:
        with self._lock:
            return self._parser.extract_statements(text)

    def _check(self, text: str, statements: list[Any]) -> None:
        if len(statements) != 1 or statements[0].type.name != "SELECT":
            kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
            raise InvalidRequest(f"the statement is {kinds}", allowed="one SELECT")
        with self._lock:
            row = self._parser.execute("SELECT json_serialize_sql($1)", [text]).fetchone()
        try:
            tree = json.loads(row[0]) if row else {}
        except (ValueError, RecursionError) as error:
            raise InvalidRequest("the statement is nested too deeply to be checked") from error
        if tree.get("error") is not False:
            raise InvalidRequest("the statement cannot be checked", allowed="one SELECT")
        for node in _nodes(tree["statements"]):
            self._check_node(node)

    def _check_node(self, node: dict[str, Any]) -> None:
        kind = str(node.get("type", ""))
        if kind.endswith("_NODE") and kind not in _NODES:
            raise Forbidden(f"the statement writes: {kind.removesuffix('_QUERY_NODE')}", allowed="one SELECT")
        if kind == "TABLE_FUNCTION":
            self._check_table_function(node["function"])
        elif kind == "BASE_TABLE":
            _check_relation(node["qualified_name"]["path"])
        elif kind == "SHOW_REF" and node.get("show_type") not in ("DESCRIBE", "SUMMARY", "SUMMARIZE"):
            raise Forbidden("SHOW tells about the whole database", hint="GET /tables")
        elif node.get("class") in ("FUNCTION", "WINDOW") and not node.get("checked"):
            name = _function(node)
            if name not in self._scalars:
                raise _refused(name)

    def _check_table_function(self, call: dict[str, Any]) -> None:
        name = _function(call)
        if name not in _TABLE_FUNCTIONS:
            raise _refused(name)
        call["checked"] = True
        if name in _ADSQL_SOURCES:
            for source in _sources(name, call["arguments"], _ADSQL_SOURCES[name]):
                self.check_source(source)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Yield all objects in a tree, each before those in it."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _function(call: dict[str, Any]) -> str:
    path = (call.get("qualified_name") or {}).get("path") or [call.get("function_name", "")]
    return str(path[-1]).lower()


def _sources(function: str, arguments: list[dict[str, Any]], place: int) -> Iterator[str]:
    """Yield the texts that a call names as its sources; they must be there to be read."""
    first = [one for one in arguments if one["name"].lower() == "source"]
    given = first or [one for one in arguments if not one["name"]][place : place + 1]
    if len(given) != 1:
        raise Forbidden(f"{function} is called without a source")
    if sum(not one["name"] for one in arguments) > _WITHOUT_NAMES.get(function, len(arguments)):
        raise Forbidden(f"options of {function} are given without their names", hint="write name => value")
    for one in given + [one for one in arguments if one["name"].lower() in _FURTHER_SOURCES]:
        literal = one["expression"].get("literal")
        if not literal or literal.get("kind") != "STRING":
            raise Forbidden(f"a source of {function} is no string literal", hint="write the source as it is")
        yield str(literal["text"])


def _check_relation(path: list[str]) -> None:
    if _SYSTEM.match(path[-1]) or any(part.lower() in _SYSTEM_SCHEMAS for part in path[:-1]):
        raise Forbidden(f"{shown('.'.join(path))} belongs to the system", hint="GET /tables")


def _refused(function: str) -> Forbidden:
    return Forbidden(
        f"the function {shown(function)} cannot be called here",
        allowed="functions that read the tenant's tables and change nothing",
    )
