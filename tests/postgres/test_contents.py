"""What is returned, and what is in the tables."""

from __future__ import annotations

from postgres.support import raises, rows, value
from sql.support import ANOMALY


def test_the_one_anomaly_is_found_without_a_model(con):
    found = rows(con, "SELECT (row ->> 'id')::int, severity FROM detect_anomalies('trips') WHERE is_anomaly")
    assert [row[0] for row in found] == [ANOMALY]
    assert found[0][1] > 0.99


def test_a_row_type_as_source_gives_rows_of_that_type(con):
    assert rows(con, "SELECT (d.row).id FROM detect_anomalies(NULL::trips) AS d WHERE is_anomaly") == [(ANOMALY,)]


def test_every_row_is_returned_once_and_beside_its_own_score(con):
    con.execute("SELECT train_model('fares', 'trips')")
    query = """
    SELECT count(*), count(DISTINCT t.id), bool_and(d.anomaly_score IS NOT DISTINCT FROM anomaly_score('fares', t))
    FROM detect_anomalies(NULL::trips, model => 'fares') AS d
    JOIN trips AS t ON t.id = (d.row).id
    """
    assert rows(con, query) == [(501, 501, True)]


def test_a_column_may_have_the_name_of_anything_in_the_plan(con):
    names = ["numbered", "adsql_source", "chunk", "adsql_chunk", "result", "scored", "row"]
    columns = ", ".join(f'i * {place} % 7 AS "{name}"' for place, name in enumerate(names, 1))
    con.execute(f"CREATE TABLE named AS SELECT {columns} FROM generate_series(1, 400) AS i")
    expected = rows(con, "SELECT to_jsonb(t.*) FROM named AS t LIMIT 1")
    assert rows(con, "SELECT row FROM detect_anomalies('named') LIMIT 1") == expected
    assert rows(con, "SELECT to_jsonb(d.row) FROM detect_anomalies(NULL::named) AS d LIMIT 1") == expected


def test_a_model_is_a_row_with_its_owner(con):
    assert value(con, "SELECT (train_model('fares', 'trips', algorithm => 'mad')).version") == 1
    assert rows(con, "SELECT owner, name, algorithm, n_rows FROM models()") == [("adsql", "fares", "mad", 501)]


def test_an_unknown_model_is_told_with_those_that_exist(con):
    con.execute("SELECT train_model('fares', 'trips', algorithm => 'mad')")
    with raises("ADSQL_UNKNOWN_MODEL", "'fare'", "fares", sqlstate="42704"):
        con.execute("SELECT anomaly_score('fare', t) FROM trips AS t")
