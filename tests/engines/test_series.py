"""Series are judged alike on every engine: as the library judges them."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest

from adsql.series.detection import detect
from adsql.series.holidays import Calendar
from adsql.series.options import SeriesOptions
from series.kinds import clean

SHOPS = ("north", "south", "west")
HOURS = 240
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
RESULTS = (
    "value, expected_value, lower_bound, upper_bound, anomaly_score, severity, is_anomaly, status, algorithm, season"
)
CALL = "detect_series_anomalies('sales', 'ts', ARRAY['sold'], series => ARRAY['shop']"


def sold(shop):
    values = clean("season", HOURS, SHOPS.index(shop))
    values[200] += 25.0
    values[[7, 50]] = np.nan
    return values


@pytest.fixture(scope="module")
def sales():
    values = np.concatenate([sold(shop) for shop in SHOPS])
    return {
        "shop": pa.array([shop for shop in SHOPS for _ in range(HOURS)]),
        "ts": pa.array([START + dt.timedelta(hours=i) for _ in SHOPS for i in range(HOURS)], pa.timestamp("us", "UTC")),
        "sold": pa.array(values, mask=np.isnan(values)),
        "visitors": pa.array(np.nan_to_num(values) * 3.0),
    }


@pytest.fixture
def engine(engine, sales):
    engine.create("sales", sales)
    return engine


def expected(X, calendar=None, covariates=None, /, **options):
    judged = detect(
        np.arange(len(X)) * 3_600, np.ones(len(X), dtype=bool), X, np.zeros(len(X), dtype=bool),
        SeriesOptions.parse(X.shape[1], **options), calendar, covariates,
    )  # fmt: skip
    rows = []
    values = np.concatenate([X[:, 0], np.full(len(judged.later), np.nan)])
    for i in range(len(values)):
        floats = (values[i], judged.expected[i], judged.lower[i], judged.upper[i], judged.score[i], judged.severity[i])
        verdict = None if np.isnan(judged.score[i]) else bool(judged.is_anomaly[i])
        algorithm, season = judged.algorithms[judged.algorithm[i]], judged.season
        numbers = (None if np.isnan(v) else float(v) for v in floats)
        rows.append((*numbers, verdict, judged.status[i], algorithm, None if season is None else list(season)))
    return rows


def by_shop(engine, call):
    """The results of each series of one call, in the order of time."""
    found = {shop: [] for shop in SHOPS}
    for series, *results in engine.rows(f"SELECT series, {RESULTS} FROM {call} ORDER BY series, ts"):
        found[series].append(tuple(results))
    return found


@pytest.mark.parametrize(("text", "options"), [
    ("", {}), (", mode => 'causal'", {"mode": "causal"}), (", season => ARRAY[24]", {"season": [24]}),
    (", sensitivity => 0.05, direction => 'up'", {"sensitivity": 0.05, "direction": "up"}),
    (", alert_budget => 2, min_deviation => 1.5", {"alert_budget": 2, "min_deviation": 1.5}),
    (", contamination => 0.02, direction => 'down'", {"contamination": 0.02, "direction": "down"}),
    (", algorithm => 'window_neighbours', params => '{\"n_neighbors\": 3}', seed => 5",
     {"algorithm": "window_neighbours", "params": {"n_neighbors": 3}, "seed": 5}),
    (", algorithm => 'stream_novelty'", {"algorithm": "stream_novelty"}),
])  # fmt: skip
def test_an_option_gives_the_library_s_verdicts(engine, text, options):
    found = by_shop(engine, f"{CALL}{text})")
    for shop in SHOPS:
        assert found[shop] == expected(sold(shop)[:, np.newaxis], **options)


def test_times_come_back_as_they_were(engine):
    found = engine.rows(f"SELECT ts FROM {CALL}, only_last_n => 2) WHERE series = 'west' ORDER BY ts")
    assert [ts.astimezone(dt.UTC) for (ts,) in found] == [START + dt.timedelta(hours=HOURS - k) for k in (2, 1)]


def test_points_to_come_follow_with_what_is_expected_of_them(engine):
    found = engine.rows(f"""
        SELECT series, ts, value, expected_value, lower_bound, upper_bound, anomaly_score, is_anomaly, status, algorithm
        FROM {CALL}, horizon => 3) WHERE status = 'forecast' ORDER BY series, ts
    """)
    assert [(row[0], row[1].astimezone(dt.UTC)) for row in found] == [
        (shop, START + dt.timedelta(hours=HOURS + k)) for shop in SHOPS for k in range(3)
    ]
    north = expected(sold("north")[:, np.newaxis], horizon=3)[HOURS:]
    assert [(row[2], *row[3:6], row[6], row[7], row[8], row[9]) for row in found[:3]] == [
        (None, *row[1:4], None, None, "forecast", "decomposition") for row in north
    ]


@pytest.mark.parametrize(("time", "last"), [
    ("CAST(TIMESTAMP '2024-01-01 00:00:00' + i * INTERVAL '1 day' AS DATE)", "2024-03-01"),
    ("TIMESTAMP '2024-01-01 00:00:00' + i * INTERVAL '1 hour'", "2024-01-03 12:00:00"),
])  # fmt: skip
def test_times_to_come_are_of_the_column_s_type(engine, time, last):
    source = f"SELECT {time} AS t, i % 6 AS v FROM generate_series(0, 59) AS r(i)".replace("'", "''")
    [(at,)] = engine.rows(f"""
        SELECT CAST(CAST(ts AS TIMESTAMP) AS VARCHAR) FROM detect_series_anomalies('{source}', 't', ARRAY['v'], horizon => 1)
        WHERE status = 'forecast'
    """)
    assert at.startswith(last)


def test_times_may_be_whole_numbers(engine):
    source = "SELECT sold, CAST((EXTRACT(epoch FROM ts) - 1704067200) / 3600 AS INTEGER) AS hour FROM sales WHERE shop = ''west''"
    column = "ts_number" if engine.name == "postgresql" else "ts"
    past = "SELECT 230 AS started_at, 239 AS ended_at"
    call = f"detect_series_anomalies('{source}', 'hour', ARRAY['sold'], horizon => 2, exclude => '{past}')"
    found = engine.rows(f"SELECT {column}, expected_value FROM {call} ORDER BY {column}")
    assert [at for at, _ in found] == list(range(HOURS + 2))
    judged = detect(
        np.arange(HOURS), np.ones(HOURS, dtype=bool), sold("west")[:, np.newaxis], np.arange(HOURS) >= 230,
        SeriesOptions.parse(horizon=2),
    )  # fmt: skip
    assert [value for _, value in found] == [None if np.isnan(value) else value for value in judged.expected]


def test_several_values_are_judged_together(engine):
    call = "detect_series_anomalies('sales', 'ts', ARRAY['sold', 'visitors'], series => ARRAY['shop'])"
    found = engine.rows(f"SELECT anomaly_score, severity FROM {call} WHERE series = 'north' ORDER BY ts")
    X = np.column_stack([sold("north"), np.nan_to_num(sold("north")) * 3.0])
    assert found == [row[4:6] for row in expected(X)]
    assert {row[8] for row in expected(X)} == {"channel_neighbours"}
    found = engine.rows(
        f"SELECT CAST(contribution AS VARCHAR) FROM {call} WHERE series = 'north' AND anomaly_score IS NOT NULL"
    )
    shares = [json.loads(text.replace("'", '"')) for (text,) in found]
    assert all(share.keys() == {"sold", "visitors"} and sum(share.values()) == pytest.approx(1.0) for share in shares)


def test_past_incidents_are_excluded(engine):
    past = (
        "SELECT shop AS series, ts AS started_at, ts AS ended_at FROM sales "
        "WHERE ts >= TIMESTAMPTZ ''2024-01-09 00:00:00+00'' AND shop = ''west''"
    )
    kept, excluded = (
        engine.rows(f"SELECT series, ts, expected_value FROM {CALL}{options}) ORDER BY series, ts")
        for options in ("", f", exclude => '{past}'")
    )
    assert [row for row in kept if row[0] != "west"] == [row for row in excluded if row[0] != "west"]
    assert [row for row in kept if row[0] == "west"] != [row for row in excluded if row[0] == "west"]


def days_of(names, *, first=3, every=1):
    """Return SQL of holidays on days of January 2024, and the calendar that it stands for, in seconds from its first."""
    days = [first + every * k for k in range(len(names))]
    told = ["NULL" if name is None else f"''{name}''" for name in names]
    rows = ", ".join(f"(''2024-01-{day + 1:02}'', {name})" for day, name in zip(days, told, strict=True))
    starts = np.array(days) * 86_400
    text = f"SELECT CAST(d AS DATE) AS date, CAST(n AS VARCHAR) AS name FROM (VALUES {rows}) AS r(d, n)"
    return text, Calendar.of(starts, starts + 86_399, names)


@pytest.mark.parametrize(("text", "options"), [
    ("", {}), (", mode => 'causal'", {"mode": "causal"}),
    (", horizon => 30, algorithm => 'decomposition'", {"horizon": 30, "algorithm": "decomposition"}),
])  # fmt: skip
def test_holidays_give_the_library_s_verdicts(engine, zone, text, options):
    zone("UTC")
    source, calendar = days_of(["feast", None, "feast", "feast", "feast", None, None, "late"])
    found = by_shop(engine, f"{CALL}{text}, holidays => '{source}')")
    for shop in SHOPS[:2]:
        assert found[shop] == expected(sold(shop)[:, np.newaxis], calendar, **options)
        assert found[shop] != expected(sold(shop)[:, np.newaxis], **options)


def test_holidays_may_be_times_and_of_one_series(engine):
    hours = "SELECT TIMESTAMPTZ ''2024-01-05 09:00:00+00'' + d * INTERVAL ''1 day'' AS started_at, {} FROM (VALUES (0), (1), (2), (4)) AS r(d)"
    ended = "TIMESTAMPTZ ''2024-01-05 14:00:00+00'' + d * INTERVAL ''1 day'' AS ended_at"
    starts = np.array([4, 5, 6, 8]) * 86_400 + 9 * 3_600
    calendar = Calendar.of(starts, starts + 5 * 3_600, [None] * 4)
    for own, meant in (("NULL", {"north", "west"}), ("''west''", {"west"})):
        source = hours.format(f"{ended}, CAST({own} AS VARCHAR) AS series")
        found = by_shop(engine, f"{CALL}, holidays => '{source}')")
        for shop in ("north", "west"):
            assert found[shop] == expected(sold(shop)[:, np.newaxis], calendar if shop in meant else None)


@pytest.mark.parametrize(("key", "own"), [
    ("DOUBLE PRECISION", "1"), ("DECIMAL(9, 2)", "1"), ("BIGINT", "CAST(1 AS DOUBLE PRECISION)"), ("BIGINT", "CAST(1 AS DECIMAL(9, 3))"),
    ("DECIMAL(9, 2)", "CAST(1 AS DECIMAL(9, 3))"), ("REAL", "CAST(''1'' AS VARCHAR)"), ("VARCHAR", "1"),
])  # fmt: skip
def test_a_holiday_is_of_the_series_of_an_equal_value(engine, key, own):
    days, calendar = days_of([None] * 4)
    source = f"SELECT CAST(CASE shop WHEN ''west'' THEN 1 ELSE 2 END AS {key}) AS line, ts, sold FROM sales WHERE shop <> ''south''"
    judged = engine.rows(f"""
        SELECT {RESULTS}
        FROM detect_series_anomalies('{source}', 'ts', ARRAY['sold'], series => ARRAY['line'],
            holidays => 'SELECT date, {own} AS series FROM ({days}) AS d')
        ORDER BY CAST(CAST(series AS VARCHAR) AS DOUBLE PRECISION), ts
    """)
    assert judged == expected(sold("west")[:, np.newaxis], calendar) + expected(sold("north")[:, np.newaxis])


@pytest.fixture
def zone(engine):
    yield lambda name: engine.run(f"SET TimeZone = '{name}'")
    engine.run("SET TimeZone = 'UTC'")


@pytest.mark.parametrize(("time", "begins"), [("ts AT TIME ZONE ''UTC''", 0), ("ts", 5)])
def test_a_day_is_one_of_the_time_s_own_clock(engine, zone, time, begins):
    zone("America/New_York")
    days, calendar = days_of([None] * 4)
    source = f"SELECT {time} AS t, sold FROM sales WHERE shop = ''west''"
    found = engine.rows(f"""
        SELECT {RESULTS} FROM detect_series_anomalies('{source}', 't', ARRAY['sold'], holidays => '{days}') ORDER BY ts
    """)
    moved = Calendar(calendar.starts + begins * 3_600, calendar.ends + begins * 3_600, calendar.kinds)
    assert found == expected(sold("west")[:, np.newaxis], moved)


def test_dates_may_have_holidays(engine):
    values = sold("north")
    engine.create("daily", {
        "day": pa.array([START.date() + dt.timedelta(days=i) for i in range(HOURS)], pa.date32()),
        "v": pa.array(values, mask=np.isnan(values)),
    })  # fmt: skip
    days, calendar = days_of([None] * 6, every=4)
    found = engine.rows(f"""
        SELECT {RESULTS} FROM detect_series_anomalies('daily', 'day', ARRAY['v'], holidays => '{days}') ORDER BY ts
    """)
    every = calendar.starts // 86_400 * 3_600
    assert found == expected(values[:, np.newaxis], Calendar(every, every, calendar.kinds))


@pytest.mark.parametrize("day", ["5000000-01-01", "294246-12-31", "infinity", "-infinity"])
def test_days_that_times_do_not_reach_are_none(engine, day):
    call = "detect_series_anomalies('SELECT * FROM sales WHERE shop = ''west'' AND sold > 0', 'ts', ARRAY['sold']"
    told = engine.rows(f"SELECT expected_value FROM {call}) ORDER BY ts")
    engine.run(f"CREATE TABLE far AS SELECT DATE '{day}' AS date, DATE '2024-03-01' AS started_at")
    engine.tables.append("far")
    ended = (
        "SELECT started_at, date AS ended_at FROM far WHERE date < DATE ''2024-01-01'' OR date > DATE ''5000-01-01''"
    )
    for source in ("SELECT date FROM far", f"SELECT DATE ''{day}'' AS date", ended):
        assert engine.rows(f"SELECT expected_value FROM {call}, holidays => '{source}') ORDER BY ts") == told


def test_whole_numbers_may_have_holidays(engine):
    source = "SELECT sold, CAST((EXTRACT(epoch FROM ts) - 1704067200) / 3600 AS INTEGER) AS hour FROM sales WHERE shop = ''west''"
    column = "ts_number" if engine.name == "postgresql" else "ts"
    days = "SELECT 24 * d AS started_at, 24 * d + 23 AS ended_at FROM (VALUES (3), (4), (6), (8)) AS r(d)"
    call = f"detect_series_anomalies('{source}', 'hour', ARRAY['sold'], holidays => '{days}')"
    starts = np.array([3, 4, 6, 8]) * 86_400
    judged = expected(sold("west")[:, np.newaxis], Calendar.of(starts, starts + 82_800, [None] * 4))
    assert engine.rows(f"SELECT {RESULTS} FROM {call} ORDER BY {column}") == judged
    with engine.raises("INVALID_OPTION", "whole numbers"):
        engine.rows(
            f"SELECT * FROM detect_series_anomalies('{source}', 'hour', ARRAY['sold'], holidays => '{days_of(['x'])[0]}')"
        )


@pytest.mark.parametrize(("text", "options"), [
    ("", {}), (", mode => 'causal', algorithm => 'ets'", {"mode": "causal", "algorithm": "ets"}),
])  # fmt: skip
def test_covariates_give_the_library_s_verdicts(engine, text, options):
    def known(shop):
        weather = np.random.default_rng(len(shop)).normal(size=HOURS)
        weather[20] = np.nan
        return weather, np.arange(HOURS) // 50

    values = {shop: sold(shop) + 6.0 * np.nan_to_num(known(shop)[0]) - known(shop)[1] for shop in SHOPS}
    weather = np.concatenate([known(shop)[0] for shop in SHOPS])
    engine.create("driven", {
        "shop": pa.array([shop for shop in SHOPS for _ in range(HOURS)]),
        "ts": pa.array([START + dt.timedelta(hours=i) for _ in SHOPS for i in range(HOURS)], pa.timestamp("us", "UTC")),
        "v": pa.array(np.concatenate(list(values.values())), from_pandas=True),
        "weather": pa.array(weather, from_pandas=True),
        "price": pa.array(np.concatenate([known(shop)[1] for shop in SHOPS])),
    })  # fmt: skip
    call = "detect_series_anomalies('driven', 'ts', ARRAY['v'], series => ARRAY['shop'], covariates => ARRAY['weather', 'price']"
    found = by_shop(engine, f"{call}{text})")
    for shop in SHOPS[:2]:
        beside = np.column_stack(known(shop))
        wanted = expected(values[shop][:, np.newaxis], None, beside, covariates=["weather", "price"], **options)
        assert found[shop] == wanted
        assert found[shop] != expected(values[shop][:, np.newaxis], **options)


def test_series_that_cannot_be_judged_say_why(engine):
    engine.create("odd", {
        "name": pa.array(["short"] * 3 + ["nothing"] * 30 + ["timeless"] * 30 + ["constant"] * 30),
        "ts": pa.array([*(START + dt.timedelta(days=i) for i in (*range(3), *range(30))), *([None] * 30),
                        *(START + dt.timedelta(days=i) for i in range(30))], pa.timestamp("us", "UTC")),
        "v": pa.array([1.0, 2.0, 3.0, *([None] * 30), *range(30), *([5.0] * 30)], pa.float64()),
    })  # fmt: skip
    found = engine.rows("""
        SELECT series, status, count(*), count(anomaly_score)
        FROM detect_series_anomalies('odd', 'ts', ARRAY['v'], series => ARRAY['name'])
        GROUP BY series, status ORDER BY series
    """)
    assert found == [
        ("constant", None, 30, 30), ("nothing", "no value", 30, 0), ("short", "too short", 3, 0), ("timeless", "no time", 30, 0),
    ]  # fmt: skip


def test_without_series_the_source_is_one(engine):
    call = "detect_series_anomalies('SELECT * FROM sales WHERE shop = ''west''', 'ts', ARRAY['sold'])"
    assert engine.rows(f"SELECT DISTINCT series, count(*) FROM {call} GROUP BY series") == [(None, HOURS)]


@pytest.mark.parametrize(("arguments", "code", "fragment"), [
    ("'no_such_table', 'ts', ARRAY['sold']", "UNKNOWN_SOURCE", "no_such_table"),
    ("'sales', 'time', ARRAY['sold']", "UNKNOWN_COLUMN", "time_column: column 'time'"),
    ("'sales', 'ts', ARRAY['sold', 'missing']", "UNKNOWN_COLUMN", "'missing'"),
    ("'sales', 'ts', ARRAY['sold'], series => ARRAY['city']", "UNKNOWN_COLUMN", "'city'"),
    ("'sales', 'ts', ARRAY['sold', 'SOLD']", "INVALID_OPTION", "twice"),
    ("'sales', NULL, ARRAY['sold']", "INVALID_OPTION", "time_column"),
    ("'sales', 'shop', ARRAY['sold']", "UNUSABLE_COLUMN", "time"),
    ("'sales', 'ts', ARRAY['shop']", "UNUSABLE_COLUMN", "'shop'"),
    ("'sales', 'ts', ARRAY['sold'], season => ARRAY[1]", "INVALID_OPTION", "season"),
    ("'sales', 'ts', ARRAY['sold'], algorithm => 'prophet'", "UNKNOWN_ALGORITHM", "prophet"),
    ("'sales', 'ts', ARRAY['sold'], sensitivity => 2", "INVALID_OPTION", "sensitivity"),
    ("'sales', 'ts', ARRAY['sold'], horizon => 0", "INVALID_OPTION", "horizon"),
    ("'sales', 'ts', ARRAY['sold'], horizon => 3, algorithm => 'sub_pca'", "INVALID_OPTION", "sub_pca"),
    ("'sales', 'ts', ARRAY['sold'], exclude => 'no_such_table'", "UNKNOWN_SOURCE", "no_such_table"),
    ("'sales', 'ts', ARRAY['sold'], exclude => 'sales'", "UNKNOWN_COLUMN", "started_at"),
    ("'sales', 'ts', ARRAY['sold'], covariates => ARRAY['rain']", "UNKNOWN_COLUMN", "covariates: column 'rain'"),
    ("'sales', 'ts', ARRAY['sold'], covariates => ARRAY['shop']", "UNUSABLE_COLUMN", "'shop'"),
    ("'sales', 'ts', ARRAY['sold'], covariates => ARRAY['visitors', 'sold']", "INVALID_OPTION", "'sold'"),
    ("'sales', 'ts', ARRAY['sold'], covariates => ARRAY['visitors'], algorithm => 'sub_pca'", "INVALID_OPTION", "sub_pca"),
    ("'sales', 'ts', ARRAY['sold'], covariates => ARRAY['visitors'], horizon => 3", "INVALID_OPTION", "horizon"),
    ("'sales', 'ts', ARRAY['sold'], holidays => 'no_such_table'", "UNKNOWN_SOURCE", "no_such_table"),
    ("'sales', 'ts', ARRAY['sold'], holidays => 'sales'", "UNKNOWN_COLUMN", "'date'"),
    ("'sales', 'ts', ARRAY['sold'], holidays => 'SELECT ts AS started_at FROM sales'", "UNKNOWN_COLUMN", "'ended_at'"),
    ("'sales', 'ts', ARRAY['sold'], holidays => 'SELECT ts AS date FROM sales', algorithm => 'k_shape'", "INVALID_OPTION", "k_shape"),
    ("'sales', 'ts', ARRAY['sold', 'visitors'], holidays => 'SELECT ts AS date FROM sales'", "INVALID_OPTION", "one value"),
])  # fmt: skip
def test_what_cannot_be_used_is_told(engine, arguments, code, fragment):
    with engine.raises(code, fragment):
        engine.rows(f"SELECT * FROM detect_series_anomalies({arguments})")


POINTS = """
    SELECT 'a' AS series, TIMESTAMPTZ ''2024-01-01 00:00:00+00'' + i * INTERVAL ''1 hour'' AS ts, i AS value, 0.5 AS expected_value,
        CASE WHEN i = 2 THEN 9 ELSE i END AS anomaly_score, 0.5 AS severity, i IN (1, 2, 4, 9) AS is_anomaly
    FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS r(i)
""".replace("'a'", "''a''")


@pytest.mark.parametrize(("gap", "expected"), [
    ("NULL", [(1, 2, 2, 2), (4, 4, 4, 1), (9, 9, 9, 1)]), ("1", [(1, 4, 2, 3), (9, 9, 9, 1)]), ("4", [(1, 9, 2, 4)]),
])  # fmt: skip
def test_consecutive_points_are_one_incident(engine, gap, expected):
    found = engine.rows(f"""
        SELECT series, incident, started_at, ended_at, peak_at, peak_value, expected_value, anomaly_score, severity, points
        FROM anomaly_incidents('{POINTS}', max_gap => {gap}) ORDER BY incident
    """)
    hours = [tuple(int((ts - START).total_seconds() // 3_600) for ts in row[2:5]) for row in found]
    assert [(*times, row[9]) for times, row in zip(hours, found, strict=True)] == expected
    assert [row[1] for row in found] == list(range(1, len(found) + 1))
    assert found[0][5:9] == (2.0, 0.5, 9.0, 0.5)


def test_results_that_are_none_are_told(engine):
    with engine.raises("UNKNOWN_COLUMN", "'series'"):
        engine.rows("SELECT * FROM anomaly_incidents('sales')")
    with engine.raises("INVALID_OPTION", "max_gap"):
        engine.rows(f"SELECT * FROM anomaly_incidents('{POINTS}', max_gap => -1)")
