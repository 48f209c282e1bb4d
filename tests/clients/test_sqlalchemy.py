"""SQLAlchemy: text with named values, expressions, and the view as a reflected table."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from clients import calls
from clients.calls import Result, each_call, each_failure
from clients.database import DATABASE, cancelling


def text(query, values):
    for place in range(len(values)):
        query = query.replace("?", f":value_{place}", 1)
    return sa.text(query), {f"value_{place}": value for place, value in enumerate(values)}


def run(con, query, values=()):
    result = con.execute(*text(query, values))
    columns = {column.name: column.type_display for column in result.cursor.description}
    return Result(columns, [tuple(row) for row in result])


@pytest.fixture(scope="module")
def engine(server):
    url = sa.URL.create("postgresql+psycopg", "adsql", host="127.0.0.1", port=server.port, database=DATABASE)
    found = sa.create_engine(url)
    yield found
    found.dispose()


@pytest.fixture
def con(engine):
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@each_call
def test_call(con, call):
    call.check(run(con, call.query, call.values))


@each_failure
def test_failure(con, failure):
    with pytest.raises(sa.exc.DBAPIError) as caught:
        run(con, failure.query, failure.values)
    failure.check(caught.value.orig.sqlstate, str(caught.value.orig))


def test_scores_are_the_server_s_own(con):
    calls.assert_same_bits(run(con, calls.EVERY_SCORE).rows)


def test_functions_as_expressions(con):
    found = sa.func.adsql.detect_anomalies("trips", "mad").table_valued(
        sa.column("row", JSONB), sa.column("severity", sa.Double), sa.column("is_anomaly", sa.Boolean)
    )
    query = sa.select(found.c.row["id"].as_integer().label("id")).where(found.c.is_anomaly)
    assert con.execute(query).all() == [(500,)]

    trips = sa.table("trips", sa.column("id", sa.Integer))
    whole_row = sa.literal_column("trips")
    score = sa.func.adsql.anomaly_score("fares", whole_row, type_=sa.Double)
    ranked = sa.select(trips.c.id).where(sa.func.adsql.is_anomaly("fares", whole_row, type_=sa.Boolean)).order_by(score)
    assert con.execute(ranked).all() == [(500,)]


def test_the_view_is_reflected_as_a_table(con):
    view = sa.Table("scored_trips", sa.MetaData(), autoload_with=con)
    types = {column.name: type(column.type) for column in view.columns}
    assert types["anomaly_score"] is types["severity"] is sa.DOUBLE_PRECISION
    assert types["is_anomaly"] is sa.BOOLEAN
    assert con.execute(sa.select(view.c.id).where(view.c.is_anomaly)).all() == [(500,)]


def test_cursor_with_a_fetch_size(engine):
    with engine.connect() as con:
        result = con.execute(sa.text(calls.MANY), execution_options={"yield_per": calls.FETCH})
        assert isinstance(result.cursor, psycopg.ServerCursor)
        # A text has no columns that SQLAlchemy knows: without a size all rows are one part.
        parts = list(result.partitions(calls.FETCH))
    assert [len(part) for part in parts] == [calls.FETCH] * 8 + [calls.N_MANY - 8 * calls.FETCH]
    calls.assert_each_once([tuple(row) for part in parts for row in part])


def test_prepared_statement_uses_the_newest_version(con, train):
    def scores():
        return [run(con, calls.SCORE, ["sqlalchemy"]).rows[0][0] for _ in range(calls.TIMES)]

    assert train("sqlalchemy", "mad") == 1
    before = scores()
    assert train("sqlalchemy", "knn") == 2
    after = scores()
    calls.assert_newest_is_used(before, after, run(con, calls.VERSIONS, ["sqlalchemy"] * 2).rows[0])
    assert run(con, calls.PREPARED).rows == [(1,)]


def test_a_transaction_that_is_rolled_back_leaves_no_model(engine):
    with engine.connect() as con:
        assert run(con, "SELECT (train_model(?, 'trips')).version", ["undone"]).rows == [(1,)]
        con.rollback()
        assert run(con, "SELECT count(*) AS n FROM models() WHERE name = ?", ["undone"]).rows == [(0,)]


def test_cancel(server, con):
    driver = con.connection.driver_connection
    with (
        cancelling(server, driver.info.backend_pid, driver.cancel_safe),
        pytest.raises(sa.exc.OperationalError) as caught,
    ):
        run(con, calls.LONG)
    assert caught.value.orig.sqlstate == calls.CANCELLED
    assert run(con, "SELECT 1 AS one").rows == [(1,)]
