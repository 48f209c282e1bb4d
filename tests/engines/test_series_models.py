"""Models of series are alike on every engine: what the library keeps, and what it says of later points."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from adsql.restoring import restored
from adsql.series.holidays import Calendar
from adsql.series.model import SeriesColumns, SeriesModel
from adsql.series.training import fit_series, parsed
from series.kinds import clean

SHOPS = ("north", "south", "west's")
HOURS, LATER = 240, 40
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
RESULTS = "value, expected_value, lower_bound, upper_bound, anomaly_score, severity, is_anomaly, status"
TRAINED = "train_series_model('m', 'sales', 'ts', ARRAY['sold'], series => ARRAY['shop']"


def sold(shop):
    values = clean("season", HOURS + LATER, SHOPS.index(shop))
    values[HOURS + 10] += 25.0
    values[[7, 50, HOURS + 3]] = np.nan
    return values


def table(first, last):
    values = np.concatenate([sold(shop)[first:last] for shop in SHOPS])
    times = [START + dt.timedelta(hours=i) for _ in SHOPS for i in range(first, last)]
    return {
        "shop": pa.array([shop for shop in SHOPS for _ in range(first, last)]),
        "ts": pa.array(times, pa.timestamp("us", "UTC")),
        "sold": pa.array(values, mask=np.isnan(values)),
    }


@pytest.fixture(scope="module")
def tables():
    return {"sales": table(0, HOURS), "later": table(HOURS, HOURS + LATER)}


@pytest.fixture
def engine(engine, tables):
    for name, columns in tables.items():
        engine.create(name, columns)
    return engine


def kept(calendar=None, **given):
    options = parsed(given)
    parts = []
    for shop in SHOPS:
        time = pa.array([START + dt.timedelta(hours=i) for i in range(HOURS)], pa.timestamp("us", "UTC"))
        nothing = np.zeros(HOURS, dtype=bool)
        parts.append(fit_series(shop, time, sold(shop)[:HOURS, np.newaxis], nothing, options, calendar))
    return SeriesModel.of(parts, options, SeriesColumns("ts", ("sold",), ("shop",)))


def expected(model, shop):
    X = sold(shop)[HOURS:, np.newaxis]
    time = pa.array([START + dt.timedelta(hours=i) for i in range(HOURS, HOURS + LATER)], pa.timestamp("us", "UTC"))
    judged = model.judge([shop] * LATER, time, X)
    rows = []
    for i in range(LATER):
        floats = (X[i, 0], judged.expected[i], judged.lower[i], judged.upper[i], judged.score[i], judged.severity[i])
        verdict = None if np.isnan(judged.score[i]) else bool(judged.is_anomaly[i])
        rows.append((*(None if np.isnan(v) else float(v) for v in floats), verdict, judged.status[i]))
    return rows


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def by_shop(engine, call):
    """The results of each series of one call, in the order of time."""
    found = {shop: [] for shop in SHOPS}
    for series, *results in engine.rows(f"SELECT series, {RESULTS} FROM {call} ORDER BY series, ts"):
        found[series].append(tuple(results))
    return found


@pytest.mark.parametrize(("text", "options"), [
    ("", {}), (", season => ARRAY[24], sensitivity => 0.05", {"season": [24], "sensitivity": 0.05}),
    (", direction => 'up', min_deviation => 1.5", {"direction": "up", "min_deviation": 1.5}),
])  # fmt: skip
def test_verdicts_are_those_of_the_library_s_model(engine, text, options):
    found = engine.rows(f"SELECT name, version, algorithm, n_rows, n_features FROM {TRAINED}{text})")
    assert found == [("m", 1, "decomposition", HOURS * len(SHOPS), 1)]
    model = kept(**options)
    found = by_shop(engine, "score_series('m', 'later')")
    for shop in SHOPS:
        assert found[shop] == expected(model, shop)
    flagged = engine.rows("SELECT DISTINCT ts FROM score_series('m', 'later') WHERE anomaly_score > 6")
    assert [ts.astimezone(dt.UTC) for (ts,) in flagged] == [START + dt.timedelta(hours=HOURS + 10)]


def test_holidays_to_come_are_kept(engine):
    engine.run("SET TimeZone = 'UTC'")
    days = "SELECT CAST(d AS DATE) AS date FROM (VALUES (''2024-01-04''), (''2024-01-06''), (''2024-01-09''), (''2024-01-11'')) AS r(d)"
    engine.rows(f"SELECT * FROM {TRAINED}, holidays => '{days}')")
    starts = np.array([3, 5, 8, 10]) * 86_400_000_000 + int(START.timestamp()) * 1_000_000
    model = kept(Calendar.of(starts, starts + 86_399_999_999, [None] * 4))
    without = kept()
    found = by_shop(engine, "score_series('m', 'later')")
    for shop in SHOPS:
        assert found[shop] == expected(model, shop)
        assert found[shop] != expected(without, shop)


def test_times_may_be_whole_numbers(engine):
    hour = "CAST((EXTRACT(epoch FROM ts) - 1704067200) / 3600 AS BIGINT) AS hour"
    past, later = (f"SELECT shop, sold, {hour} FROM {name}" for name in ("sales", "later"))
    engine.rows(f"SELECT * FROM train_series_model('m', '{past}', 'hour', ARRAY['sold'], series => ARRAY['shop'])")
    column = "ts_number" if engine.name == "postgresql" else "ts"
    query = f"SELECT {RESULTS}, {column} FROM score_series('m', '{later}') WHERE series = 'south' ORDER BY {column}"
    found = engine.rows(query)
    assert [row[:-1] for row in found] == expected(kept(), "south")
    assert [row[-1] for row in found] == list(range(HOURS, HOURS + LATER))
    with engine.raises("COLUMN_TYPE_CHANGED", "whole numbers"):
        engine.rows("SELECT * FROM score_series('m', 'SELECT shop, sold, ts AS hour FROM later')")


def test_the_model_is_a_row_like_any_other(engine):
    engine.rows(f"SELECT * FROM {TRAINED})")
    [(state, content_hash)] = engine.rows("SELECT state, content_hash FROM adsql.models WHERE name = 'm'")
    assert restored(bytes(state), content_hash).keys == SHOPS
    listed = engine.rows(
        "SELECT algorithm, n_segments, segment_by, threshold_policy, source FROM models() WHERE name = 'm'"
    )
    assert listed == [("decomposition", 3, ["shop"], "sensitivity = 0.001", "sales")]
    facts = engine.rows("SELECT name, value FROM model_info('m') WHERE segment = 'south' ORDER BY name")
    assert facts == [
        ("points", str(HOURS)), ("reaches", "64 points ahead"), ("seasons", "24"), ("step", "1:00:00"),
        ("until", "2024-01-10T23:00:00.000000")
    ]  # fmt: skip
    assert engine.rows(f"SELECT version FROM {TRAINED})") == [(1,)]
    assert engine.rows(f"SELECT version FROM {TRAINED}, sensitivity => 0.01)") == [(2,)]
    counts = [
        engine.value(f"SELECT count(*) FROM score_series('m', 'later', version => {v}) WHERE is_anomaly")
        for v in (1, 2)
    ]
    assert counts[0] <= counts[1]
    moved = "SELECT name, n_rows FROM import_model('copy', (SELECT export_model('m', version => 1)))"
    assert engine.rows(moved) == [("copy", HOURS * len(SHOPS))]
    assert engine.rows("SELECT * FROM score_series('copy', 'later') ORDER BY series, ts") == engine.rows(
        "SELECT * FROM score_series('m', 'later', version => 1) ORDER BY series, ts"
    )
    assert engine.rows("SELECT drop_model('m')") == [([1, 2],)]
    with engine.raises("UNKNOWN_MODEL", "'m'"):
        engine.rows("SELECT * FROM score_series('m', 'later')")


def test_either_kind_of_model_refuses_the_other_s_calls_with_the_reason(engine):
    engine.rows(f"SELECT * FROM {TRAINED})")
    engine.rows("SELECT (train_model('rows', 'sales', algorithm => 'mad')).version")
    for call in (
        "SELECT anomaly_score('m', t) FROM sales AS t", "SELECT explain_anomaly('m', t) FROM sales AS t",
        "SELECT anomaly_score FROM detect_anomalies('sales', model => 'm')", "SELECT model_sql('m')",
        "SELECT (update_model('m', 'sales')).version", "SELECT * FROM evaluate_model('m', 'sales', 'sold')",
    ):  # fmt: skip
        with engine.raises("WRONG_KIND_OF_MODEL", "decomposition", "score_series"):
            engine.rows(call)
    with engine.raises("WRONG_KIND_OF_MODEL", "mad", "train_series_model"):
        engine.rows("SELECT * FROM score_series('rows', 'later')")


def test_later_points_are_told_why_they_are_not_judged(engine):
    engine.rows(f"SELECT * FROM {TRAINED})")
    odd = (
        "SELECT 'east' AS shop, ts, sold FROM later UNION ALL SELECT shop, ts, sold FROM sales "
        "UNION ALL SELECT 'south', NULL, 5.0"
    )
    found = engine.rows(f"""
        SELECT series, status, count(*) FROM score_series('m', {quoted(odd)})
        WHERE status <> 'no value' GROUP BY series, status ORDER BY series, status
    """)
    assert found == [
        ("east", "unknown series", 3 * (LATER - 1)), ("north", "not new", HOURS - 2), ("south", "no time", 1),
        ("south", "not new", HOURS - 2), ("west's", "not new", HOURS - 2),
    ]  # fmt: skip


def test_past_incidents_teach_nothing(engine):
    past = "SELECT shop AS series, ts AS started_at, ts AS ended_at FROM sales WHERE shop = ''south'' AND sold > 55"
    engine.rows(f"SELECT * FROM {TRAINED}, season => ARRAY[24])")
    engine.rows(f"SELECT * FROM {TRAINED}, season => ARRAY[24], exclude => '{past}')")
    query = "SELECT series, expected_value FROM score_series('m', 'later', version => {}) ORDER BY series, ts"
    before, after = (engine.rows(query.format(version)) for version in (1, 2))
    assert [row for row in before if row[0] != "south"] == [row for row in after if row[0] != "south"]
    assert [row for row in before if row[0] == "south"] != [row for row in after if row[0] == "south"]


def test_without_series_the_source_is_one_and_columns_may_be_several(engine):
    north = "SELECT ts, sold FROM sales WHERE shop = ''north''"
    engine.rows(f"SELECT * FROM train_series_model('one', '{north}', 'ts', ARRAY['sold'])")
    assert engine.rows("SELECT series, count(*) FROM score_series('one', 'later') GROUP BY series") == [
        (None, 3 * LATER)
    ]
    two = 'SELECT shop, 7 AS "the ""area""", ts, sold FROM {}'
    names = "ARRAY['shop', 'the \"area\"']"
    engine.rows(
        f"SELECT * FROM train_series_model('two', '{two.format('sales')}', 'ts', ARRAY['sold'], series => {names})"
    )
    found = engine.rows(f"SELECT count(anomaly_score) FROM score_series('two', '{two.format('later')}')")
    assert found == [(3 * (LATER - 1),)]


@pytest.mark.parametrize(("call", "code", "fragment"), [
    ("train_series_model('m', 'none', 'ts', ARRAY['sold'])", "UNKNOWN_SOURCE", "none"),
    ("train_series_model('m', 'sales', 'time', ARRAY['sold'])", "UNKNOWN_COLUMN", "'time'"),
    ("train_series_model('m', 'sales', 'ts', ARRAY['shop'])", "UNUSABLE_COLUMN", "'shop'"),
    ("train_series_model('m', 'sales', 'ts', ARRAY['sold'], series => ARRAY['city'])", "UNKNOWN_COLUMN", "'city'"),
    ("train_series_model('', 'sales', 'ts', ARRAY['sold'])", "INVALID_MODEL_NAME", "''"),
    ("train_series_model('m', 'sales', 'ts', ARRAY['sold'], algorithm => 'stream_novelty')", "INVALID_OPTION", "kept"),
    ("train_series_model('m', 'sales', 'ts', ARRAY['sold'], sensitivity => 2)", "INVALID_OPTION", "sensitivity"),
    ("train_series_model('m', 'SELECT * FROM sales WHERE false', 'ts', ARRAY['sold'])", "EMPTY_SOURCE", "no rows"),
    ("train_series_model('m', 'SELECT * FROM sales LIMIT 9', 'ts', ARRAY['sold'])", "TOO_FEW_ROWS", "too short"),
    ("score_series('nobody', 'later')", "UNKNOWN_MODEL", "nobody"),
    ("score_series(NULL, 'later')", "UNKNOWN_MODEL", "NULL"),
    ("score_series('m', 'later', version => 9)", "UNKNOWN_VERSION", "9"),
    ("score_series('m', 'SELECT ts, sold FROM later')", "MISSING_COLUMN", "shop"),
    ("score_series('m', 'SELECT shop, ts, ''much'' AS sold FROM later')", "UNUSABLE_COLUMN", "sold"),
])  # fmt: skip
def test_what_cannot_be_used_is_told(engine, call, code, fragment):
    engine.rows(f"SELECT * FROM {TRAINED})")
    with engine.raises(code, fragment):
        engine.rows(f"SELECT * FROM {call}")
