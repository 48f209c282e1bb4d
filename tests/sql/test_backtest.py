"""Backtests of times that only DuckDB has: whole numbers, dates."""

from __future__ import annotations

import datetime as dt

import pytest

import adsql
from sql.support import raises, rows


@pytest.fixture(scope="module")
def con():
    with adsql.connect() as con:
        con.execute("""
            CREATE TABLE counted AS
            SELECT i, DATE '2024-01-01' + i::INTEGER AS day, hash(i) % 10 + if(i BETWEEN 250 AND 253, 90, 0) AS v
            FROM range(300) AS r(i)
        """)
        yield con


def test_whole_numbers_have_steps_that_are_numbers(con):
    query = "SELECT period, points, alerts, incidents, false_alerts, delay FROM backtest_series('counted', 'i', 'v', step => 100, incidents => $1) ORDER BY ALL"
    found = rows(con, query, ["SELECT 248 AS started_at, 260 AS ended_at"])
    assert found == [(0, 100, 0, 0, 0, None), (100, 100, 0, 0, 0, None), (200, 100, 1, 1, 0, 2.0)]


def test_dates_have_periods_of_months(con):
    found = rows(
        con, "SELECT period, points FROM backtest_series('counted', 'day', 'v', step => 'month') ORDER BY ALL LIMIT 2"
    )
    assert [(str(period)[:10], points) for period, points in found] == [("2024-01-01", 31), ("2024-02-01", 29)]
    assert isinstance(found[0][0], dt.date)


@pytest.mark.parametrize(("arguments", "fragment"), [
    ("'i', 'v'", "whole number"), ("'i', 'v', step => 'day'", "whole number"), ("'i', 'v', step => 0", "step = 0"),
    ("'day', 'v', step => 7", "step = 7"), ("'i', 'v', step => 1.5", "1.5"),
])  # fmt: skip
def test_a_step_that_does_not_suit_the_times_is_told(con, arguments, fragment):
    with raises("ADSQL_INVALID_OPTION", fragment):
        rows(con, f"FROM backtest_series('counted', {arguments})")
