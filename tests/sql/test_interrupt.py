"""A long query can be stopped, and the connection goes on."""

from __future__ import annotations

import threading

import duckdb
import pytest

import adsql
from sql.support import TRIPS, rows, value

QUERIES = [
    "SELECT max(anomaly_score) FROM detect_anomalies('many', model => 'slow')",
    "SELECT max(anomaly_score('slow', e)) FROM many AS e",
    "CREATE TABLE made AS FROM detect_anomalies('many', model => 'slow')",
    "FROM train_model('made', 'many', 'mad')",
]


@pytest.fixture
def many():
    """A source of 20 million rows: no query of this module is through with it before it is interrupted."""
    con = adsql.connect()
    con.execute(TRIPS)
    con.execute("CREATE VIEW many AS SELECT t.fare, t.km, hash(i) AS h FROM range(40000) AS r(i), trips AS t")
    rows(con, "SELECT train_model('slow', 'trips', 'knn', columns => ['fare', 'km'])")
    yield con
    con.close()


@pytest.mark.parametrize("query", QUERIES)
def test_a_long_query_is_interrupted_and_nothing_is_left_of_it(many, query):
    timer = threading.Timer(0.5, many.interrupt)
    timer.start()
    with pytest.raises(duckdb.InterruptException):
        rows(many, query)
    timer.join()
    assert value(many, "SELECT count(*) FROM detect_anomalies('trips')") == 501
    assert rows(many, "SELECT name FROM models()") == [("slow",)]
    assert rows(many, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'") == [("trips",)]
