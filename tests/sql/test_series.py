"""Series in SQL: thousands in one call, whatever they are like."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

import adsql
from adsql.series.detection import detect
from adsql.series.options import SeriesOptions
from series.kinds import clean
from sql.support import raises, rows

COLUMNS = [
    "series", "ts", "value", "expected_value", "lower_bound", "upper_bound", "anomaly_score", "severity", "is_anomaly",
    "status", "algorithm", "season", "contribution",
]  # fmt: skip
START = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a timestamp without zone
HOURS = 400


@pytest.fixture(scope="module")
def con():
    """Sales of three shops by the hour; `odd` has one series of each kind that cannot be judged."""
    with adsql.connect() as con:
        values = {shop: clean("season", HOURS, seed) for seed, shop in enumerate(("north", "south", "west"))}
        values["south"][300:303] += 30.0
        table = pa.table({
            "shop": [shop for shop in values for _ in range(HOURS)],
            "ts": pa.array([START + dt.timedelta(hours=i) for _ in values for i in range(HOURS)], pa.timestamp("us")),
            "sales": np.concatenate(list(values.values())),
            "visitors": np.concatenate([v**2 for v in values.values()]),
        })  # fmt: skip
        con.register("arrow_sales", table)
        con.execute("CREATE TABLE sales AS FROM arrow_sales")
        con.execute("CREATE TABLE detected AS FROM detect_series_anomalies('sales', 'ts', 'sales', series => 'shop')")
        con.execute("""
            CREATE TABLE odd AS
            SELECT 'short' AS name, TIMESTAMP '2024-01-01' + to_days(i) AS ts, i::DOUBLE AS v FROM range(5) r(i)
            UNION ALL SELECT 'constant', TIMESTAMP '2024-01-01' + to_days(i), 7 FROM range(60) r(i)
            UNION ALL SELECT 'nothing', TIMESTAMP '2024-01-01' + to_days(i), NULL FROM range(60) r(i)
            UNION ALL SELECT 'timeless', NULL, i FROM range(60) r(i)
            UNION ALL SELECT 'irregular', TIMESTAMP '2024-01-01' + to_minutes(i * i), i % 7 FROM range(60) r(i)
            UNION ALL SELECT NULL, TIMESTAMP '2024-01-01' + to_days(i), i % 5 FROM range(60) r(i)
        """)
        yield con


def test_the_columns_are_those_of_the_contract_and_the_rows_those_of_the_source(con):
    assert [row[0] for row in rows(con, "DESCRIBE detected")] == COLUMNS
    assert rows(con, "SELECT series, ts, value FROM detected ORDER BY ALL") == rows(
        con, "SELECT shop, ts, sales FROM sales ORDER BY ALL"
    )
    assert rows(con, "SELECT column_type FROM (DESCRIBE detected) WHERE column_name = 'ts'") == [("TIMESTAMP",)]


def test_results_are_the_library_s(con):
    found = con.execute("FROM detected WHERE series = 'south' ORDER BY ts").fetchnumpy()
    n = len(found["value"])
    judged = detect(
        np.arange(n) * 3_600_000_000, np.ones(n, dtype=bool), np.asarray(found["value"])[:, np.newaxis],
        np.zeros(n, dtype=bool), SeriesOptions.parse(),
    )  # fmt: skip
    for name, values in (
        ("expected_value", judged.expected),
        ("upper_bound", judged.upper),
        ("anomaly_score", judged.score),
    ):
        np.testing.assert_array_equal(np.asarray(found[name]), values)


def test_an_incident_is_found_and_put_together(con):
    [incident] = rows(con, """
        SELECT series, started_at, ended_at, points, peak_at BETWEEN started_at AND ended_at, severity
        FROM anomaly_incidents('detected', max_gap => 1) WHERE points > 1
    """)  # fmt: skip
    assert incident[:5] == ("south", START + dt.timedelta(hours=300), START + dt.timedelta(hours=302), 3, True)
    assert incident[5] > 0.999
    nested = "FROM detect_series_anomalies(''sales'', ''ts'', ''sales'', series => ''shop'', alert_budget => 3)"
    assert rows(
        con, f"SELECT series, sum(points) FROM anomaly_incidents('{nested}') WHERE series = 'south' GROUP BY ALL"
    ) == [("south", 3)]


def test_a_gap_of_other_points_parts_incidents(con):
    points = """
        SELECT 1 AS series, i AS ts, 1.0 AS value, 0.0 AS expected_value, i / 9 AS anomaly_score, 0.5 AS severity,
            i IN (1, 2, 4, 9) AS is_anomaly
        FROM range(12) r(i)
    """
    query = f"SELECT started_at, ended_at, points FROM anomaly_incidents('{points}', max_gap => $1) ORDER BY ALL"
    assert rows(con, query, [0]) == [(1, 2, 2), (4, 4, 1), (9, 9, 1)]
    assert rows(con, query, [1]) == [(1, 4, 3), (9, 9, 1)]
    assert rows(con, query, [4]) == [(1, 9, 4)]


def test_verdicts_do_not_depend_on_threads(con):
    """These are more than one chunk of lists, so that several threads judge them."""
    source = "SELECT s, i, if(i = 3000, 99, hash(s * 31 + i) % 7) AS v FROM range(70) a(s), range(4000) b(i)"
    call = (
        f"detect_series_anomalies('{source}', 'i', 'v', series => 's', algorithm => 'decomposition', season => 'none')"
    )
    [(before,)] = rows(con, "SELECT current_setting('threads')")
    found = []
    for threads in (1, 3):
        con.execute(f"SET threads = {threads}")
        found.append(
            con.execute(f"SELECT series, ts, anomaly_score, is_anomaly FROM {call} ORDER BY series, ts").fetchnumpy()
        )
    con.execute(f"SET threads = {before}")
    for name, values in found[0].items():
        np.testing.assert_array_equal(values, found[1][name])
    assert found[0]["is_anomaly"][3_000::4_000].all()


def test_the_season_and_whose_verdict_it_is_are_told(con):
    query = "SELECT DISTINCT series, season, algorithm FROM detected WHERE is_anomaly AND series = 'south'"
    assert ("south", [24], "decomposition") in rows(con, query)
    query = """
        SELECT contribution.sales + contribution.visitors, contribution.visitors > 0.3, value.sales IS NOT NULL
        FROM detect_series_anomalies('sales', 'ts', ['sales', 'visitors'], series => 'shop', only_last_n => 1)
    """
    assert rows(con, query) == [(pytest.approx(1.0), True, True)] * 3
    query = """
        SELECT DISTINCT season, algorithm
        FROM detect_series_anomalies('sales', 'ts', ['sales', 'visitors'], series => 'shop')
    """
    assert rows(con, query) == [(None, "channel_neighbours")]


def test_series_that_cannot_be_judged_say_why_and_do_not_stop_the_others(con):
    found = rows(con, """
        SELECT series, status, count(*), count(anomaly_score), count(*) FILTER (is_anomaly)
        FROM detect_series_anomalies('odd', 'ts', 'v', series => 'name') GROUP BY ALL ORDER BY ALL
    """)  # fmt: skip
    assert [row[:4] for row in found] == [
        ("constant", None, 60, 60), ("irregular", None, 60, 60), ("nothing", "no value", 60, 0), ("short", "too short", 5, 0),
        ("timeless", "no time", 60, 0), (None, None, 60, 60),
    ]  # fmt: skip
    assert found[0][4] == 0


def test_without_series_the_source_is_one(con):
    query = (
        "SELECT DISTINCT series, status FROM detect_series_anomalies('FROM sales WHERE shop = ''west''', 'ts', 'sales')"
    )
    assert rows(con, query) == [(None, None)]


def test_several_columns_make_a_key(con):
    query = "SELECT DISTINCT series FROM detect_series_anomalies('sales', 'ts', 'sales', series => ['shop', 'shop'])"
    with raises("ADSQL_INVALID_OPTION", "twice"):
        rows(con, query)
    query = "SELECT DISTINCT series FROM detect_series_anomalies('odd', 'ts', 'v', series => ['name', 'v'], only_last_n => 1)"
    assert {"name": "constant", "v": 7.0} in [row[0] for row in rows(con, query)]


def test_several_values_are_judged_together(con):
    query = """
        SELECT value, expected_value, anomaly_score IS NOT NULL
        FROM detect_series_anomalies('sales', 'ts', ['sales', 'visitors'], series => 'shop', only_last_n => 1)
    """
    found = rows(con, query)
    assert len(found) == 3
    for value, expected, scored in found:
        assert value["visitors"] == pytest.approx(value["sales"] ** 2)
        assert expected is None
        assert scored


def test_only_the_last_points_come_back(con):
    query = "SELECT series, ts FROM detect_series_anomalies('sales', 'ts', 'sales', series => 'shop', only_last_n => 2) ORDER BY ALL"
    last = [START + dt.timedelta(hours=HOURS - k) for k in (2, 1)]
    assert rows(con, query) == [(shop, ts) for shop in ("north", "south", "west") for ts in last]


def test_past_incidents_are_excluded(con):
    con.execute("CREATE OR REPLACE TABLE past AS FROM anomaly_incidents('detected') WHERE points > 1")
    query = """
        SELECT ts FROM detect_series_anomalies('sales', 'ts', 'sales', series => 'shop', exclude => 'past')
        WHERE series = 'south' AND is_anomaly AND ts >= TIMESTAMP '2024-01-13 12:00:00' ORDER BY ts LIMIT 3
    """
    assert [ts for (ts,) in rows(con, query)] == [START + dt.timedelta(hours=h) for h in (300, 301, 302)]


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_NS", "BIGINT", "INTEGER"])
def test_times_may_be_of_any_kind(con, kind):
    times = "i::" + kind if kind.endswith(("INT", "INTEGER")) else f"(TIMESTAMP '2024-01-01' + to_days(i))::{kind}"
    query = f"FROM detect_series_anomalies('SELECT {times.replace(chr(39), chr(39) * 2)} AS t, i % 7 AS v FROM range(90) r(i)', 't', 'v')"
    assert rows(con, f"SELECT count(*), count(anomaly_score), count(ts) {query}") == [(90, 90, 90)]


@pytest.mark.parametrize(
    "options", ["algorithm => 'window_neighbours'", "algorithm => 'stream_novelty'", "mode => 'causal'"]
)
def test_algorithms_and_modes(con, options):
    query = f"SELECT count(*), count(DISTINCT series) FROM detect_series_anomalies('sales', 'ts', 'sales', series => 'shop', {options})"
    assert rows(con, query) == [(3 * HOURS, 3)]


@pytest.mark.parametrize(("arguments", "code", "fragment"), [
    ("'no_such_table', 'ts', 'sales'", "ADSQL_UNKNOWN_SOURCE", "no_such_table"),
    ("'sales', 'time', 'sales'", "ADSQL_UNKNOWN_COLUMN", "time_column: column 'time'"),
    ("'sales', 'ts', ['sales', 'sold']", "ADSQL_UNKNOWN_COLUMN", "'sold'"),
    ("'sales', 'ts', 'sales', series => 'city'", "ADSQL_UNKNOWN_COLUMN", "'city'"),
    ("'sales', 'ts', []", "ADSQL_INVALID_OPTION", "value_columns = []"),
    ("'sales', NULL, 'sales'", "ADSQL_INVALID_OPTION", "time_column = None"),
    ("'sales', ['ts', 'ts'], 'sales'", "ADSQL_INVALID_OPTION", "time_column"),
    ("'sales', 'shop', 'sales'", "ADSQL_UNUSABLE_COLUMN", "time column"),
    ("'sales', 'ts', 'shop'", "ADSQL_UNUSABLE_COLUMN", "'shop'"),
    ("'sales', 'ts', 'sales', season => 'daily'", "ADSQL_INVALID_OPTION", "season"),
    ("'sales', 'ts', 'sales', algorithm => 'prophet'", "ADSQL_UNKNOWN_ALGORITHM", "prophet"),
    ("'sales', 'ts', 'sales', exclude => 'DROP TABLE sales'", "ADSQL_INVALID_SOURCE", "DROP"),
])  # fmt: skip
def test_what_cannot_be_used_is_told(con, arguments, code, fragment):
    with raises(code, fragment):
        rows(con, f"FROM detect_series_anomalies({arguments})")


def test_names_are_quoted(con):
    con.execute(
        'CREATE OR REPLACE TABLE "odd; name" AS SELECT shop AS "the ""shop""", ts AS "it\'s", sales AS "a b" FROM sales'
    )
    query = """
        SELECT count(*) FROM detect_series_anomalies('odd; name', 'it''s', ['a b', 'a b'], series => 'the "shop"')
    """
    with raises("ADSQL_INVALID_OPTION", "twice"):
        rows(con, query)
    query = """SELECT count(anomaly_score) FROM detect_series_anomalies('odd; name', 'it''s', 'a b', series => 'the "shop"')"""
    assert rows(con, query) == [(3 * HOURS,)]


@pytest.mark.parametrize(("value", "status"), [("500.0", None), ("5", None), ("2.5e0", None), ("NULL", "no value")])
def test_values_may_be_constants(con, value, status):
    query = f"FROM detect_series_anomalies('SELECT i AS t, {value} AS v FROM range(40) AS r(i)', 't', 'v')"
    assert rows(con, f"SELECT DISTINCT status {query}") == [(status,)]
    with raises("ADSQL_UNUSABLE_COLUMN", "VARCHAR"):
        rows(con, query.replace(f"{value} AS v", "''high'' AS v"))


def test_many_short_series_in_one_call(con):
    query = """
        SELECT count(*), count(DISTINCT series), count(anomaly_score)
        FROM detect_series_anomalies(
            'SELECT i // 30 AS s, i AS t, hash(i) % 100 AS v FROM range(90000) r(i)', 't', 'v', series => 's'
        )
    """
    assert rows(con, query) == [(90_000, 3_000, 90_000)]


def test_an_empty_source_has_no_rows(con):
    assert rows(con, "FROM detect_series_anomalies('FROM sales WHERE false', 'ts', 'sales', series => 'shop')") == []


@pytest.mark.parametrize("call", [
    "detect_series_anomalies({source}, 'ts', 'none')", "detect_series_anomalies({source}, 'ts', 'v', series => 'none')",
    "detect_series_anomalies({source}, 'ts', 'v', covariates => ['none'])", "anomaly_incidents({source})",
    "detect_change_points({source}, 'none', 'v')", "backtest_series({source}, 'none', 'v')",
])  # fmt: skip
def test_a_column_that_a_file_lacks_is_told_as_one_that_a_table_lacks(con, tmp_path, call):
    few = "SELECT TIMESTAMP '2024-03-01' + to_hours(i) AS ts, i % 5 AS v FROM range(40) AS r(i)"
    for suffix in ("csv", "parquet"):
        con.execute(f"COPY ({few}) TO '{tmp_path}/few.{suffix}'")
        with raises("ADSQL_UNKNOWN_COLUMN", "Allowed: ts, v"):
            rows(con, f"FROM {call.format(source=repr(f'{tmp_path}/few.{suffix}'))}")
