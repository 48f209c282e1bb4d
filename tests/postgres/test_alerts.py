"""Alerts on write: what becomes an event, that nothing blocks an insert, and that nobody's code runs as a superuser."""

from __future__ import annotations

import json

import psycopg
import pytest

from postgres.support import raises, rows, value

# Rows as in `trips`, and one that is far from all of them.
USUAL = "SELECT i, (i * 7919 % 1000) / 50.0, i * 104729 % 500, 'day', TIMESTAMP '2024-01-02' FROM generate_series(1, {}) AS i"
STRANGE = "(9999, 900.0, 90000, 'moon', '2024-01-09 12:00:00')"


@pytest.fixture
def watched(con):
    """The number of an alert on `trips`."""
    con.execute("SELECT train_model('fares', 'trips')")
    return value(con, "SELECT alert_on_insert('trips', 'fares')")


def events(con):
    return rows(con, "SELECT row ->> 'id', error FROM anomaly_events ORDER BY id")


def errors(con):
    return [error for _, error in events(con)]


def test_an_anomaly_that_is_inserted_becomes_an_event_with_its_row(con, watched):
    con.execute(f"INSERT INTO trips VALUES {STRANGE}")
    [event] = rows(con, "SELECT alert, owner, table_name, model, model_version, row, error, left_out FROM anomaly_events")
    assert event == (
        watched, "adsql", "adsql.trips", "fares", 1,
        {"id": 9999, "fare": 900.0, "km": 90000, "kind": "moon", "started": "2024-01-09T12:00:00"}, None, None,
    )  # fmt: skip
    same = "SELECT (e.anomaly_score, e.severity) = (anomaly_score('fares', t), severity('fares', t))"
    assert value(con, f"{same} FROM anomaly_events AS e, trips AS t WHERE t.id = 9999") is True


def test_usual_rows_and_no_rows_leave_no_event(con, watched):
    con.execute(f"INSERT INTO trips {USUAL.format(3)}")
    con.execute("INSERT INTO trips SELECT * FROM trips WHERE false")
    assert events(con) == []
