"""What every client of PostgreSQL is to do, and what is to come of it: the clients' modules say only how."""

from __future__ import annotations

import datetime as dt
import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pytest

from adsql.errors import from_message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Value = str | bool | int | float | list[str]


class Result(NamedTuple):
    """What a client got: columns with PostgreSQL's names of their types, and rows."""

    columns: dict[str, str]
    rows: list[tuple]


@dataclass(frozen=True)
class Call:
    """A query with bound values, which stand where a question mark is."""

    name: str
    query: str
    values: tuple[Value, ...]
    columns: Mapping[str, str]
    rows: Sequence[tuple]

    def check(self, result: Result) -> None:
        """Assert that a client got what it should have; JSON may have come as text."""
        assert result.columns == self.columns
        types = list(self.columns.values())
        found = [
            tuple(json.loads(v) if t == "jsonb" and isinstance(v, str) else v for v, t in zip(row, types, strict=True))
            for row in result.rows
        ]
        assert found == list(self.rows)
        for row, expected in zip(found, self.rows, strict=True):
            assert [type(v) for v in row] == [type(v) for v in expected]


@dataclass(frozen=True)
class Failure:
    """A query that fails."""

    query: str
    values: tuple[Value, ...]
    sqlstate: str
    code: str

    def check(self, sqlstate: str | None, message: str) -> None:
        """Assert that a client was told why, by both codes."""
        error = from_message(message)
        assert error is not None, message
        assert (sqlstate, error.code) == (self.sqlstate, self.code)


def numbered(query: str) -> str:
    """Return a query as PostgreSQL itself writes it: with $1, $2, ..."""
    first, *rest = query.split("?")
    return first + "".join(f"${place}{part}" for place, part in enumerate(rest, 1))


def each_call(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test once for each of the calls."""
    return pytest.mark.parametrize("call", CALLS, ids=[call.name for call in CALLS])(test)


def each_failure(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test once for each of the failures."""
    return pytest.mark.parametrize("failure", FAILURES, ids=[failure.code for failure in FAILURES])(test)


# The one strange row of `trips`, which any detector ranks above all 500 others.
ROW = {"id": 500, "km": 90000, "fare": 900, "kind": "moon", "started": "2024-01-09T12:00:00"}
_ROW_COLUMNS = {"id": "int4", "fare": "float8", "km": "int4", "kind": "text", "started": "timestamp"}
_VALUES = (500, 900.0, 90000, "moon", dt.datetime(2024, 1, 9, 12, 0))  # noqa: DTZ001 - as the table has it
_SEVERITY = 500.5 / 501
_FOUND = {"id": "int4", "severity": "float8", "is_anomaly": "bool"}

CALLS = [
    Call(
        "positional arguments",
        "SELECT (d.row ->> 'id')::integer AS id, d.severity, d.is_anomaly FROM detect_anomalies(?, ?) AS d WHERE d.is_anomaly",
        ("trips", "mad"), _FOUND, [(500, _SEVERITY, True)],
    ),
    Call(
        "named arguments",
        """
        SELECT count(*) AS flagged, max(d.severity) AS severity
        FROM detect_anomalies(
            source => ?, algorithm => ?, columns => ?, params => ?, seed => ?, contamination => ?
        ) AS d
        WHERE d.is_anomaly
        """,
        ("trips", "knn", ["fare", "km"], '{"n_neighbors": 5}', 7, 0.01),
        {"flagged": "int8", "severity": "float8"}, [(5, _SEVERITY)],
    ),
    Call(
        "a query as the source",
        "SELECT count(*) AS n, bool_or(d.is_anomaly) AS any FROM detect_anomalies(?, algorithm => 'mad') AS d",
        ("SELECT fare FROM trips WHERE id < 100 -- '\"; $1",), {"n": "int8", "any": "bool"}, [(100, False)],
    ),
    Call(
        "a row as jsonb",
        "SELECT d.row FROM detect_anomalies(?, 'mad') AS d WHERE d.is_anomaly",
        ("trips",), {"row": "jsonb"}, [(ROW,)],
    ),
    Call(
        "a row of the source's type",
        "SELECT (d.row).*, d.is_anomaly FROM detect_anomalies(NULL::trips, model => ?) AS d WHERE d.is_anomaly",
        ("fares",), {**_ROW_COLUMNS, "is_anomaly": "bool"}, [(*_VALUES, True)],
    ),
    Call(
        # The same model is stored once, whichever client trains it first.
        "training",
        "SELECT * FROM train_model(?, ?, algorithm => ?, columns => ?, params => ?, threshold => ?)",
        ("trained", "trips", "knn", ["fare", "km"], '{"n_neighbors": 5}', 3.5),
        {
            "name": "text", "version": "int4", "algorithm": "text",
            "n_rows": "int8", "n_features": "int4", "threshold": "float8",
        },
        [("trained", 1, "knn", 501, 2, 3.5)],
    ),
    Call(
        "rows of a query",
        "SELECT t.id, severity('fares', t), is_anomaly('fares', t) FROM trips AS t WHERE is_anomaly(?, t) AND anomaly_score(?, t) > ?",
        ("fares", "fares", 100.0), _FOUND, [(500, _SEVERITY, True)],
    ),
    Call(
        "a row as bound JSON",
        "SELECT severity(?, ?), is_anomaly('fares', ?)",
        ("fares", json.dumps(ROW), json.dumps(ROW)),
        {"severity": "float8", "is_anomaly": "bool"}, [(_SEVERITY, True)],
    ),
    Call(
        "features by position",
        "SELECT is_anomaly(?, ?, ?) AS far, is_anomaly('numbers', 10, 250) AS near",
        ("numbers", 900.0, 90000), {"far": "bool", "near": "bool"}, [(True, False)],
    ),
    Call(
        "NULL",
        "SELECT severity(?, NULL::trips), is_anomaly('fares', NULL::trips)",
        ("fares",), {"severity": "float8", "is_anomaly": "bool"}, [(None, None)],
    ),
    Call(
        "a view",
        "SELECT id, severity, is_anomaly FROM scored_trips WHERE is_anomaly = ?",
        (True,), _FOUND, [(500, _SEVERITY, True)],
    ),
    Call(
        "a materialised table",
        "SELECT kind, started, severity, is_anomaly FROM flagged_trips WHERE id >= ?",
        (500,), {"kind": "text", "started": "timestamp", "severity": "float8", "is_anomaly": "bool"},
        [(*_VALUES[3:], _SEVERITY, True)],
    ),
    Call(
        "both booleans",
        "SELECT id, is_anomaly FROM scored_trips WHERE id >= ? ORDER BY id",
        (499,), {"id": "int4", "is_anomaly": "bool"}, [(499, False), (500, True)],
    ),
    Call(
        "models",
        "SELECT name, version, is_newest, n_rows FROM models() WHERE name = ?",
        ("fares",), {"name": "text", "version": "int4", "is_newest": "bool", "n_rows": "int8"},
        [("fares", 1, True, 501)],
    ),
]  # fmt: skip

FAILURES = [
    Failure("SELECT * FROM detect_anomalies(?)", ("nothing",), "42P01", "ADSQL_UNKNOWN_SOURCE"),
    Failure("SELECT * FROM detect_anomalies('trips', params => ?)", ('{"k": 1}',), "22023", "ADSQL_UNKNOWN_PARAMETER"),
    Failure("SELECT anomaly_score(?, t) FROM trips AS t", ("fare",), "42704", "ADSQL_UNKNOWN_MODEL"),
]

EVERY_SCORE = "SELECT anomaly_score, encode(float8send(anomaly_score), 'hex') AS bits FROM scored_trips"


def assert_same_bits(rows: Sequence[tuple]) -> None:
    """Assert that EVERY_SCORE arrived as the floats that the server has."""
    assert len(rows) == 501
    for score, bits in rows:
        assert struct.pack(">d", score).hex() == bits


N_MANY = 60_000
FETCH = 7_000  # no divisor of it
MANY = "SELECT id, is_anomaly FROM scored_many"
OPEN_CURSORS = "SELECT count(*) FROM pg_cursors"


def assert_each_once(rows: Sequence[tuple]) -> None:
    """Assert that the rows of MANY are all there, each once."""
    assert sorted(row[0] for row in rows) == list(range(1, N_MANY + 1))
    assert sorted(row[0] for row in rows if row[1]) == [20_000, 40_000, 60_000]


# A prepared statement: its plan becomes a generic one after the fifth time.
TIMES = 7
SCORE = "SELECT anomaly_score(?, t) AS score FROM trips AS t WHERE id = 500"
PREPARED = "SELECT count(*) AS n FROM pg_prepared_statements WHERE starts_with(statement, 'SELECT anomaly_score($1')"
VERSIONS = """
SELECT
    (SELECT d.anomaly_score FROM detect_anomalies(NULL::trips, model => ?, version => 1) AS d WHERE (d.row).id = 500) AS first,
    (SELECT d.anomaly_score FROM detect_anomalies(NULL::trips, model => ?, version => 2) AS d WHERE (d.row).id = 500) AS second
"""


def assert_newest_is_used(before: Sequence[float], after: Sequence[float], versions: Sequence[float]) -> None:
    """Assert that a statement used version 1, and version 2 as soon as there was one."""
    first, second = versions
    assert first != second
    assert list(before) == [first] * TIMES
    assert list(after) == [second] * TIMES


# Works for minutes unless it is cancelled.
LONG = """
SELECT count(*) FROM detect_anomalies('SELECT t.* FROM trips AS t, generate_series(1, 1000000)', model => 'fares')
"""
CANCELLED = "57014"
