"""ADBC: results are Arrow. What has bound values is prepared, what has none is copied out in binary form."""

from __future__ import annotations

import pytest
from adbc_driver_postgresql import StatementOptions, dbapi

from clients import calls
from clients.calls import Result, each_call, each_failure, numbered
from clients.database import DATABASE, cancelling

TYPES = {
    "int32": "int4", "int64": "int8", "double": "float8", "bool": "bool", "string": "text",
    "extension<arrow.json>": "jsonb", "timestamp[us]": "timestamp",
}  # fmt: skip


def run(con, query, values=()):
    with con.cursor() as cursor:
        cursor.execute(numbered(query), values or None)
        table = cursor.fetch_arrow_table()
    rows = [tuple(row.values()) for row in table.to_pylist()]
    return Result({field.name: TYPES[str(field.type)] for field in table.schema}, rows)


@pytest.fixture(scope="module")
def con(server):
    with dbapi.connect(server.dsn(dbname=DATABASE), autocommit=True) as connection:
        yield connection


@each_call
def test_call(con, call):
    call.check(run(con, call.query, call.values))


@each_failure
def test_failure(con, failure):
    with pytest.raises(dbapi.DatabaseError) as caught:
        run(con, failure.query, failure.values)
    failure.check(caught.value.sqlstate, str(caught.value))


def test_scores_are_the_server_s_own(con):
    calls.assert_same_bits(run(con, calls.EVERY_SCORE).rows)


def test_record_batches_of_a_size(con):
    with con.cursor() as cursor:
        cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: "100000"})
        cursor.execute(calls.MANY)
        batches = list(cursor.fetch_record_batch())
    assert len(batches) > 5
    calls.assert_each_once([tuple(row.values()) for batch in batches for row in batch.to_pylist()])


def test_a_call_for_each_row_that_is_bound(con):
    with con.cursor() as cursor:
        cursor.executemany("SELECT * FROM train_model($1, 'trips', algorithm => $2)", [("x", "mad"), ("y", "knn")])
        cursor.execute("SELECT name FROM models() WHERE name IN ('x', 'y')")
        assert cursor.fetchall() == [("x",), ("y",)]


def test_prepared_statement_uses_the_newest_version(con, train):
    with con.cursor() as cursor:
        cursor.adbc_prepare(numbered(calls.SCORE))

        def scores():
            found = []
            for _ in range(calls.TIMES):
                cursor.execute(numbered(calls.SCORE), ["adbc"])
                found += cursor.fetchone()
            return found

        assert train("adbc", "mad") == 1
        before = scores()
        assert train("adbc", "knn") == 2
        after = scores()
    with con.cursor() as cursor:
        cursor.execute(numbered(calls.VERSIONS), ["adbc", "adbc"])
        calls.assert_newest_is_used(before, after, cursor.fetchone())


def test_cancel(server, con):
    pid = run(con, "SELECT pg_backend_pid() AS pid").rows[0][0]
    with (
        con.cursor() as cursor,
        cancelling(server, pid, cursor.adbc_cancel),
        pytest.raises(dbapi.Error) as caught,
    ):
        cursor.execute(calls.LONG).fetchall()
    assert caught.value.sqlstate == calls.CANCELLED
    assert run(con, "SELECT 1 AS one").rows == [(1,)]
