"""psycopg 3: values are bound as they are, lists as arrays."""

from __future__ import annotations

import psycopg
import pytest

from clients import calls
from clients.calls import Result, each_call, each_failure
from clients.database import DATABASE, cancelling


def run(con, query, values=()):
    cursor = con.execute(query.replace("?", "%s"), values)
    return Result({column.name: column.type_display for column in cursor.description}, cursor.fetchall())


@pytest.fixture(scope="module")
def con(server):
    with psycopg.connect(server.dsn(dbname=DATABASE), autocommit=True) as connection:
        yield connection


@each_call
def test_call(con, call):
    call.check(run(con, call.query, call.values))


@each_failure
def test_failure(con, failure):
    with pytest.raises(psycopg.Error) as caught:
        run(con, failure.query, failure.values)
    failure.check(caught.value.sqlstate, str(caught.value))


def test_values_in_binary_form(con):
    for call in calls.CALLS:
        with con.cursor(binary=True) as cursor:
            call.check(
                Result(dict(call.columns), cursor.execute(call.query.replace("?", "%b"), call.values).fetchall())
            )


def test_scores_are_the_server_s_own(con):
    calls.assert_same_bits(run(con, calls.EVERY_SCORE).rows)


def test_cursor_with_a_fetch_size(con):
    with con.transaction(), con.cursor("named") as cursor:
        cursor.itersize = calls.FETCH
        cursor.execute(calls.MANY)
        calls.assert_each_once(list(cursor))


def test_a_cursor_keeps_the_version_that_it_began_with(con):
    query = "SELECT anomaly_score('begun', t) AS score FROM many AS t WHERE id <= 20000"
    con.execute("SELECT train_model('begun', 'many', algorithm => 'mad')")
    before = [row[0] for row in con.execute(query)]
    with con.transaction(), con.cursor("rows") as rows:
        rows.execute(query)
        found = rows.fetchmany(calls.FETCH)
        con.execute("SELECT train_model('begun', 'many', algorithm => 'knn')")
        assert con.execute(f"{query} LIMIT 1").fetchone()[0] != before[0]
        found += rows.fetchall()
    assert [row[0] for row in found] == before


def test_prepared_statement_uses_the_newest_version(con, train):
    def scores():
        return [
            con.execute(calls.SCORE.replace("?", "%s"), ["psycopg"], prepare=True).fetchone()[0]
            for _ in range(calls.TIMES)
        ]

    assert train("psycopg", "mad") == 1
    before = scores()
    assert train("psycopg", "knn") == 2
    after = scores()
    calls.assert_newest_is_used(before, after, run(con, calls.VERSIONS, ["psycopg"] * 2).rows[0])
    assert run(con, calls.PREPARED).rows == [(1,)]


def test_cancel(server, con):
    with cancelling(server, con.info.backend_pid, con.cancel_safe), pytest.raises(psycopg.errors.QueryCanceled):
        run(con, calls.LONG)
    assert run(con, "SELECT 1 AS one").rows == [(1,)]


def test_statement_timeout(con):
    con.execute("SET statement_timeout = '300ms'")
    with pytest.raises(psycopg.errors.QueryCanceled):
        run(con, calls.LONG)
    con.execute("RESET statement_timeout")
    assert run(con, "SELECT 1 AS one").rows == [(1,)]
