"""A cap on alerts on DuckDB: models that get it, or are not committed yet, and sources of every kind."""

from __future__ import annotations

import pytest

from sql.support import raises, rows, value

CAPPED = "'mad', columns => ['fare'], threshold => 1, alert_budget => 2, alert_day => 'started'"
FOUND = "SELECT count(*) FROM detect_anomalies('trips', model => 'm') WHERE is_anomaly"


@pytest.fixture
def most(con):
    """As many anomalies as the cap allows for; there are days with fewer."""
    over = "SELECT started, anomaly_score FROM detect_anomalies('trips', 'mad', columns => ['fare'], threshold => 1) WHERE is_anomaly"
    counts = [number for (number,) in rows(con, f"SELECT count(*) FROM ({over}) GROUP BY CAST(started AS DATE)")]
    assert max(counts) > 2
    return sum(min(number, 2) for number in counts)


def test_a_prepared_statement_looks_the_cap_up_anew(con, most):
    value(con, "SELECT train_model('m', 'trips', 'mad', columns => ['fare'], threshold => 1)")
    con.execute(f"PREPARE found AS {FOUND}")
    assert value(con, "EXECUTE found") > most
    value(con, f"SELECT train_model('m', 'trips', {CAPPED})")
    assert value(con, "EXECUTE found") == most
    value(con, "SELECT drop_model('m', 2)")
    assert value(con, "EXECUTE found") > most


def test_a_model_of_the_own_transaction_with_a_cap_is_to_be_committed_first(con, most):
    con.execute("BEGIN")
    con.execute(f"INSERT INTO adsql.models FROM fit_model('m', 'trips', {CAPPED})")
    with raises("ADSQL_MODEL_CHANGED", "commit"):
        con.execute(FOUND).fetchall()
    con.execute("ROLLBACK")
    con.execute(f"INSERT INTO adsql.models FROM fit_model('m', 'trips', {CAPPED})")
    assert value(con, FOUND) == most


def test_a_view_looks_the_cap_up_anew(con, most):
    value(con, "SELECT train_model('m', 'trips', 'mad', columns => ['fare'], threshold => 1)")
    con.execute("CREATE VIEW strange AS FROM detect_anomalies('trips', model => 'm') WHERE is_anomaly")
    assert value(con, "SELECT count(*) FROM strange") > most
    value(con, f"SELECT train_model('m', 'trips', {CAPPED})")
    assert value(con, "SELECT count(*) FROM strange") == most


def test_files_frames_and_queries_are_capped_too(con, most, tmp_path):
    con.execute(f"COPY trips TO '{tmp_path}/trips.parquet'")
    con.execute(f"COPY trips TO '{tmp_path}/trips.csv'")
    value(con, f"SELECT train_model('m', 'trips', {CAPPED})")
    frame = con.sql("FROM trips").to_arrow_table()
    con.register("frame", frame)
    for source in (f"{tmp_path}/trips.parquet", f"{tmp_path}/trips.csv", "frame", "SELECT * FROM trips"):
        assert value(con, FOUND.replace("'trips'", f"'{source}'")) == most
    for form in (f"detect_anomalies('trips', {CAPPED})", "detect_anomalies('trips', model => 'm')"):
        filtered = (
            f"SELECT count(*) FROM {form} WHERE is_anomaly AND started < TIMESTAMP '2024-01-05' AND anomaly_score > 0"
        )
        whole = f"SELECT count(*) FROM (SELECT * FROM {form} OFFSET 0) WHERE is_anomaly AND started < TIMESTAMP '2024-01-05'"
        assert value(con, filtered) == value(con, whole)


def test_of_a_source_without_rows_nothing_comes(con):
    value(con, f"SELECT train_model('m', 'trips', {CAPPED})")
    assert rows(con, "FROM detect_anomalies('FROM trips WHERE id < 0', model => 'm')") == []


def test_a_column_may_have_the_name_of_anything_in_the_statement(con, most):
    names = ["adsql_row", "adsql_place", "adsql_group", "adsql_kept", "adsql_placed", "started_1"]
    columns = ", ".join(f'fare AS "{name}"' for name in names)
    con.execute(f"CREATE TABLE named AS SELECT *, {columns} FROM trips")
    query = f"FROM detect_anomalies('named', algorithm => {CAPPED})"
    assert value(con, f"SELECT count(*) {query} WHERE is_anomaly") == most
    kept = rows(con, f"SELECT * EXCLUDE (anomaly_score, severity, is_anomaly) {query}")
    assert kept == rows(con, "FROM named")
