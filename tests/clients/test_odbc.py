"""psqlodbc, through unixODBC and pyodbc: booleans are booleans with BoolsAsChar=0."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager

import pyodbc
import pytest

from clients import calls
from clients.calls import Result, each_call, each_failure
from clients.database import DATABASE, cancelling

# By the class of the values and the size, which is what the driver tells.
TYPES = {
    (int, 10): "int4", (int, 19): "int8", (float, 17): "float8", (bool, 1): "bool", (str, 8190): "text",
    (str, 255): "jsonb", (dt.datetime, 26): "timestamp",
}  # fmt: skip


def bound(value):
    # There are no parameters of array type: the text of one is taken.
    return f"{{{','.join(value)}}}" if isinstance(value, list) else value


def run(con, query, values=()):
    cursor = con.execute(query, [bound(value) for value in values])
    columns = {name: TYPES[kind, size] for name, kind, _, size, *_ in cursor.description}
    return Result(columns, [tuple(row) for row in cursor.fetchall()])


@contextmanager
def connected(server, **options):
    settings = {"BoolsAsChar": "0", **options}
    con = pyodbc.connect(
        driver="{PostgreSQL Unicode}", server="127.0.0.1", port=str(server.port), database=DATABASE, uid="adsql",
        autocommit=True, **settings,
    )  # fmt: skip
    try:
        yield con
    finally:
        con.close()


@pytest.fixture(scope="module")
def con(server):
    with connected(server) as connection:
        yield connection


@each_call
def test_call(con, call):
    call.check(run(con, call.query, call.values))


@each_failure
def test_failure(con, failure):
    with pytest.raises(pyodbc.Error) as caught:
        run(con, failure.query, failure.values)
    sqlstate, message = caught.value.args
    failure.check(sqlstate, message)


def test_booleans_are_text_unless_asked_otherwise(server, con):
    query = "SELECT id, is_anomaly FROM scored_trips WHERE id >= 499 ORDER BY id"
    with connected(server, BoolsAsChar="1") as as_text:
        cursor = as_text.execute(query)
        assert cursor.description[1][1] is str
        assert [tuple(row) for row in cursor.fetchall()] == [(499, "0"), (500, "1")]
    cursor = con.execute(query)
    assert cursor.description[1][1] is bool
    assert [tuple(row) for row in cursor.fetchall()] == [(499, False), (500, True)]


def test_columns_of_the_view(con):
    found = {row.column_name: row.type_name for row in con.cursor().columns("scored_trips", schema="public")}
    assert found == {
        "id": "int4", "fare": "float8", "km": "int4", "kind": "text", "started": "timestamp",
        "anomaly_score": "float8", "severity": "float8", "is_anomaly": "bool",
    }  # fmt: skip


def test_scores_are_the_server_s_own(con):
    calls.assert_same_bits(run(con, calls.EVERY_SCORE).rows)


def test_cursor_with_a_fetch_size(server):
    with connected(server, UseDeclareFetch="1", Fetch=str(calls.FETCH)) as con:
        con.autocommit = False
        cursor = con.execute(calls.MANY)
        rows = [tuple(cursor.fetchone())]
        assert con.execute(calls.OPEN_CURSORS).fetchone()[0] >= 1
        rows += [tuple(row) for row in cursor.fetchall()]
        calls.assert_each_once(rows)
        con.rollback()


def test_prepared_statement_uses_the_newest_version(con, train):
    cursor = con.cursor()

    def scores():
        return [cursor.execute(calls.SCORE, "odbc").fetchone()[0] for _ in range(calls.TIMES)]

    assert train("odbc", "mad") == 1
    before = scores()
    assert train("odbc", "knn") == 2
    after = scores()
    calls.assert_newest_is_used(before, after, con.execute(calls.VERSIONS, "odbc", "odbc").fetchone())
    assert run(con, calls.PREPARED).rows == [(1,)]


def test_cancel(server, con):
    pid = con.execute("SELECT pg_backend_pid()").fetchone()[0]
    cursor = con.cursor()
    with cancelling(server, pid, cursor.cancel), pytest.raises(pyodbc.Error) as caught:
        cursor.execute(calls.LONG)
    assert "canceling statement" in str(caught.value)
    assert run(con, "SELECT 1 AS one").rows == [(1,)]
