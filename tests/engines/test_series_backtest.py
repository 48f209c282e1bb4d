"""A backtest tells what would have been told on each day: what causal detection says when the series ends with it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from adsql.series.detection import detect
from adsql.series.options import SeriesOptions
from series.kinds import clean

SHOPS = ("north", "south")
HOURS, DAY = 12 * 24, 24
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
CALL = "backtest_series('sales', 'ts', ARRAY['sold'], series => ARRAY['shop']"
COUNTS = "points, judged, anomalies, alerts"
LABELLED = "incidents, detected, missed, false_alerts, delay"


def sold(shop):
    values = clean("season", HOURS, SHOPS.index(shop))
    if shop == "south":
        values[200:206] += 30.0
        values[230] -= 40.0
    values[[60, 61]] = np.nan
    return values


@pytest.fixture(scope="module")
def sales():
    values = np.concatenate([sold(shop) for shop in SHOPS])
    times = [START + dt.timedelta(hours=i) for _ in SHOPS for i in range(HOURS)]
    return {
        "shop": pa.array([shop for shop in SHOPS for _ in range(HOURS)]),
        "ts": pa.array(times, pa.timestamp("us", "UTC")),
        "sold": pa.array(values, mask=np.isnan(values)),
    }


def incidents(*rows):
    """Incidents by shop and hours, as a table."""
    at = [[START + dt.timedelta(hours=row[i]) for row in rows] for i in (1, 2)]
    return {
        "series": pa.array([row[0] for row in rows], pa.string()),
        "started_at": pa.array(at[0], pa.timestamp("us", "UTC")),
        "ended_at": pa.array(at[1], pa.timestamp("us", "UTC")),
    }


@pytest.fixture
def engine(engine, sales):
    engine.create("sales", sales)
    return engine


def causal(values, **options):
    n = len(values)
    return detect(
        np.arange(n) * 3_600, np.ones(n, dtype=bool), values[:, np.newaxis], np.zeros(n, dtype=bool),
        SeriesOptions.parse(mode="causal", **options),
    )  # fmt: skip


def day_by_day(shop, **options):
    """Each day judged with the series cut off at its end, as on that day."""
    rows, before = [], False
    for first in range(0, HOURS, DAY):
        judged = causal(sold(shop)[: first + DAY], **options)
        flagged = judged.is_anomaly[first:].tolist()
        alerts = sum(flag and not last for flag, last in zip(flagged, [before, *flagged], strict=False))
        before = flagged[-1]
        rows.append((DAY, int(np.isfinite(judged.score[first:]).sum()), sum(flagged), alerts))
    return rows


@pytest.mark.parametrize(("text", "options"), [
    ("", {}), (", sensitivity => 0.05, direction => 'up'", {"sensitivity": 0.05, "direction": "up"}),
    (", algorithm => 'stream_novelty'", {"algorithm": "stream_novelty"}),
    (", season => ARRAY[24], min_deviation => 5", {"season": [24], "min_deviation": 5}),
])  # fmt: skip
def test_each_day_is_judged_as_if_nothing_had_followed(engine, text, options):
    found = engine.rows(f"SELECT series, {COUNTS} FROM {CALL}{text}) ORDER BY series, period")
    assert found == [(shop, *counts) for shop in SHOPS for counts in day_by_day(shop, **options)]


def test_times_may_be_whole_numbers(engine):
    hours = "SELECT shop, sold, CAST((EXTRACT(epoch FROM ts) - 1704067200) / 3600 AS BIGINT) AS hour FROM sales"
    period, delay = ("period_number", "delay_number") if engine.name == "postgresql" else ("period", "delay")
    call = (
        f"backtest_series('{hours}', 'hour', ARRAY['sold'], series => ARRAY['shop'], step => {{}}, min_deviation => 8"
    )
    step = "'24'" if engine.name == "postgresql" else "24"
    found = engine.rows(f"SELECT series, {COUNTS}, {period} FROM {call.format(step)}) ORDER BY series, {period}")
    assert found == [
        (shop, *counts, first)
        for shop in SHOPS
        for counts, first in zip(day_by_day(shop, min_deviation=8), range(0, HOURS, DAY), strict=True)
    ]
    known = "SELECT ''south'' AS series, 198 AS started_at, 206 AS ended_at"
    told = engine.rows(
        f"SELECT detected, {delay} FROM {call.format(step)}, incidents => '{known}') WHERE incidents > 0"
    )
    assert told == [(1, 2.0)]
    with engine.raises("INVALID_OPTION", "whole number"):
        engine.rows(f"SELECT * FROM {call.format(chr(39) + 'day' + chr(39))})")


@pytest.fixture
def counted(engine):
    """The call of a backtest of the whole numbers from -30, with a step."""
    engine.create("counted", {"k": pa.array(np.arange(-30, 90), pa.int32()), "v": pa.array(np.arange(120) % 7)})
    return lambda step: f"backtest_series('counted', 'k', ARRAY['v'], step => {step})"


def test_periods_below_zero_are_as_long_as_others(engine, counted):
    step, period = ("'50'", "period_number") if engine.name == "postgresql" else ("50", "period")
    assert engine.rows(f"SELECT {period}, points FROM {counted(step)} ORDER BY 1") == [(-50, 30), (0, 50), (50, 40)]


@pytest.mark.parametrize("step", ["99999999999999999999", "9223372036854775808", "'٣'", "'" + "9" * 5_000 + "'", "'0'"])
def test_steps_that_are_no_64_bit_numbers_are_told(engine, counted, step):
    text = f"'{step}'" if engine.name == "postgresql" and "'" not in step else step
    with engine.raises("INVALID_OPTION", "step = ", "9223372036854775807"):
        engine.rows(f"SELECT * FROM {counted(text)}")


def test_periods_are_as_long_as_asked_for(engine):
    periods = engine.rows(f"SELECT DISTINCT period FROM {CALL}, step => 'week') ORDER BY period")
    assert [ts.astimezone(dt.UTC) for (ts,) in periods] == [START, START + dt.timedelta(days=7)]
    assert engine.rows(f"SELECT series, sum(points) FROM {CALL}, step => 'hour') GROUP BY series ORDER BY series") == [
        (shop, HOURS) for shop in SHOPS
    ]


def test_what_was_told_is_compared_with_what_happened(engine):
    engine.create("known", incidents(("south", 198, 206), ("south", 100, 104), ("north", 150, 152), ("south", 3, 5)))
    found = engine.rows(f"""
        SELECT series, period, {LABELLED} FROM {CALL}, incidents => 'known', min_deviation => 8)
        WHERE incidents > 0 OR false_alerts > 0 ORDER BY series, period
    """)
    day = dt.timedelta(days=1)
    assert [(series, ts.astimezone(dt.UTC), *rest) for series, ts, *rest in found] == [
        ("north", START + 6 * day, 1, 0, 1, 0, None),
        ("south", START + 4 * day, 1, 0, 1, 0, None),
        ("south", START + 8 * day, 1, 1, 0, 0, dt.timedelta(hours=2)),
        ("south", START + 9 * day, 0, 0, 0, 1, None),
    ]  # the incident of the first hours was before anything was judged


def test_an_incident_counts_for_its_own_series_alone_and_without_series_for_all(engine):
    engine.create("known", incidents(("north", 198, 206)))
    query = f"SELECT series, sum(detected), sum(false_alerts) FROM {CALL}, incidents => 'known', min_deviation => 8)"
    assert engine.rows(f"{query} GROUP BY series ORDER BY series") == [("north", 0, 0), ("south", 0, 2)]
    south = "SELECT ts, sold FROM sales WHERE shop = ''south''"
    whole = f"backtest_series('{south}', 'ts', ARRAY['sold'], incidents => 'SELECT started_at, ended_at FROM known', min_deviation => 8)"
    assert engine.rows(f"SELECT sum(detected), sum(missed), sum(false_alerts) FROM {whole}") == [(1, 0, 1)]


def test_without_incidents_nothing_is_said_of_them(engine):
    assert engine.rows(f"SELECT DISTINCT {LABELLED} FROM {CALL})") == [(None,) * 5]


def test_series_that_cannot_be_judged_have_points_and_no_alerts(engine):
    short = "SELECT * FROM sales WHERE ts < TIMESTAMPTZ ''2024-01-01 12:00:00+00''"
    query = f"SELECT series, {COUNTS} FROM {CALL.replace(chr(39) + 'sales' + chr(39), chr(39) + short + chr(39))}) ORDER BY series"
    assert engine.rows(query) == [(shop, 12, 0, 0, 0) for shop in SHOPS]


@pytest.mark.parametrize(("arguments", "code", "fragment"), [
    ("'sales', 'ts', ARRAY['sold'], step => 'fortnight'", "INVALID_OPTION", "week"),
    ("'sales', 'ts', ARRAY['sold'], step => ''", "INVALID_OPTION", "step"),
    ("'sales', 'ts', ARRAY['sold'], algorithm => 'window_neighbours'", "INVALID_OPTION", "causal"),
    ("'sales', 'ts', ARRAY['sold'], incidents => 'sales'", "UNKNOWN_COLUMN", "started_at"),
    ("'sales', 'ts', ARRAY['sold'], incidents => 'none'", "UNKNOWN_SOURCE", "none"),
    ("'none', 'ts', ARRAY['sold']", "UNKNOWN_SOURCE", "none"), ("'sales', 'at', ARRAY['sold']", "UNKNOWN_COLUMN", "'at'"),
])  # fmt: skip
def test_what_cannot_be_used_is_told(engine, arguments, code, fragment):
    with engine.raises(code, fragment):
        engine.rows(f"SELECT * FROM backtest_series({arguments})")
