"""A cap on alerts in the relations of PostgreSQL, and what does not know of it."""

from __future__ import annotations

from postgres.support import raises, rows, value

TRAINED = "SELECT train_model('m', 'trips', 'mad', columns => ARRAY['fare'], threshold => 1{})"
CAP = ", alert_budget => 1, alert_day => 'started'"
COUNT = "SELECT count(*) FROM {} WHERE is_anomaly"


def test_views_and_tables_apply_it_and_alerts_do_not(con):
    con.execute(TRAINED.format(CAP))
    over = "SELECT started::date AS day FROM trips AS t WHERE is_anomaly('m', t)"
    days, anomalies = rows(con, f"SELECT count(DISTINCT day), count(*) FROM ({over}) AS found")[0]
    assert 1 < days < anomalies
    con.execute("SELECT create_detection_view('seen', 'trips', 'm')")
    con.execute("SELECT materialize_anomalies('kept', 'trips', 'm')")
    for relation in (
        "seen",
        "kept",
        "detect_anomalies('trips', model => 'm')",
        "detect_anomalies(NULL::trips, model => 'm')",
    ):
        assert value(con, COUNT.format(relation)) == days
    assert rows(con, "SELECT id FROM kept") == rows(con, "SELECT id FROM trips"), "in the order of the source"
    con.execute("CREATE TABLE incoming (LIKE trips)")
    con.execute("SELECT alert_on_insert('incoming', 'm')")
    con.execute("INSERT INTO incoming TABLE trips")
    assert value(con, "SELECT count(*) FROM adsql.anomaly_events") == anomalies


def test_a_view_of_a_model_that_gets_another_cap_says_so(con):
    con.execute(TRAINED.format(""))
    con.execute("SELECT create_detection_view('seen', 'trips', 'm')")
    before = value(con, COUNT.format("seen"))
    con.execute(TRAINED.format(CAP))
    with raises("ADSQL_MODEL_CHANGED", "create the view again", sqlstate="22023"):
        con.execute(COUNT.format("seen"))
    con.execute("SELECT create_detection_view('capped', 'trips', 'm')")
    assert 0 < value(con, COUNT.format("capped")) < before


def test_a_column_may_have_the_name_of_anything_in_the_plan(con):
    names = ["placed", "scored", "adsql_place", "adsql_group", "grouped", "ranked", "adsql_rank", "row", "numbered"]
    columns = ", ".join(f'i * {place} % 7 AS "{name}"' for place, name in enumerate(names, 1))
    con.execute(f"CREATE TABLE named AS SELECT {columns}, now() AS result FROM generate_series(1, 400) AS i")
    expected = rows(con, "SELECT to_jsonb(t.*) FROM named AS t")
    options = "alert_budget => 1, alert_day => 'result'"
    assert rows(con, f"SELECT row FROM detect_anomalies('named', {options})") == expected
    assert rows(con, f"SELECT to_jsonb(d.row) FROM detect_anomalies(NULL::named, {options}) AS d") == expected
