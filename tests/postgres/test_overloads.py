"""Which function a call means, where what is passed has no type of its own: literals, NULL and bound values."""

from __future__ import annotations

import psycopg
import pytest

from postgres.support import raises, rows, value
from sql.support import ANOMALY

FUNCTIONS = ("anomaly_score", "severity", "is_anomaly")


@pytest.fixture
def fares(con):
    con.execute("SELECT train_model('fares', 'trips')")
    return con


def test_a_row_may_be_bound_as_text(fares):
    row = value(fares, f"SELECT to_jsonb(t)::text FROM trips AS t WHERE id = {ANOMALY}")
    for function in FUNCTIONS:
        expected = value(fares, f"SELECT {function}('fares', t) FROM trips AS t WHERE id = {ANOMALY}")
        assert expected is not None
        for cast in ("", "::text", "::varchar", "::jsonb"):
            assert value(fares, f"SELECT {function}('fares', %s{cast})", [row]) == expected


def test_null_is_no_row_whatever_its_type(fares):
    for function in FUNCTIONS:
        for null in ("NULL", "NULL::text", "NULL::jsonb", "NULL::trips"):
            assert rows(fares, f"SELECT {function}('fares', {null})") == [(None,)]


def test_text_that_is_no_object_is_refused(fares):
    for row, sqlstate in (("[1]", "22023"), ("7", "22023"), ('"day"', "22023"), ("", "22P02"), ("{", "22P02")):
        with pytest.raises(psycopg.Error) as caught:
            fares.execute("SELECT anomaly_score('fares', %s)", [row])
        assert caught.value.sqlstate == sqlstate


def test_two_texts_are_a_source_and_an_algorithm(con):
    call = "SELECT (d.row ->> 'id')::integer FROM detect_anomalies(%s, %s) AS d WHERE is_anomaly"
    assert rows(con, call, ["trips", "mad"]) == [(ANOMALY,)]
    with raises("ADSQL_UNKNOWN_ALGORITHM", "'{}'"):
        con.execute(call, ["trips", "{}"])


def test_one_feature_by_position_is_no_row(con):
    con.execute("SELECT train_model('one', 'SELECT fare FROM trips', algorithm => 'mad')")
    scores = [value(con, f"SELECT anomaly_score('one', 900{cast})") for cast in ("", ".0", "::smallint", "::real")]
    assert len(set(scores)) == 1
    assert value(con, "SELECT anomaly_score('one', %s)", ['{"fare": 900}']) == scores[0]
