"""Change points are the library's on every engine."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from adsql.series.changes import ChangeOptions, find_changes

LINES = ("steady", "louder", "higher", "steeper")
DAYS = 300
START = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
CALL = "detect_change_points('output', 'ts', 'v', series => ARRAY['line']"


def values(line):
    v = np.random.default_rng(LINES.index(line)).normal(50.0, 1.0, DAYS)
    if line == "higher":
        v[180:] += 6.0
    if line == "steeper":
        v[150:] += 0.2 * np.arange(150)
    if line == "louder":
        v[150:] = 50.0 + 4.0 * (v[150:] - 50.0)
    v[[20, 21]] = np.nan
    return v


@pytest.fixture(scope="module")
def output():
    every = np.concatenate([values(line) for line in LINES])
    order = np.random.default_rng(9).permutation(len(every))  # rows come as they like
    table = {
        "line": pa.array([line for line in LINES for _ in range(DAYS)]),
        "ts": pa.array([START + dt.timedelta(days=i) for _ in LINES for i in range(DAYS)], pa.timestamp("us", "UTC")),
        "v": pa.array(every, mask=np.isnan(every)),
    }
    return {name: column.take(pa.array(order)) for name, column in table.items()}


@pytest.fixture
def engine(engine, output):
    engine.create("output", output)
    return engine


def expected(line, **options):
    return [
        (line, START + dt.timedelta(days=c.place), c.kind.value, c.before, c.after, c.score, c.confidence)
        for c in find_changes(values(line), ChangeOptions.parse(**options))
    ]


def test_times_may_be_whole_numbers(engine):
    source = "SELECT line, v, CAST((EXTRACT(epoch FROM ts) - 1672531200) / 86400 AS BIGINT) AS day FROM output"
    column = "ts_number" if engine.name == "postgresql" else "ts"
    found = engine.rows(f"""
        SELECT {column}, kind, score FROM detect_change_points('{source}', 'day', 'v', series => ARRAY['line'])
        WHERE series = 'higher' ORDER BY {column}
    """)
    assert found == [((row[1] - START).days, row[2], row[5]) for row in expected("higher")]


@pytest.mark.parametrize(("text", "options"), [
    ("", {}), (", kind => 'level'", {"kind": "level"}), (", kind => 'variance'", {"kind": "variance"}),
    (", kind => 'trend', sensitivity => 0.2", {"kind": "trend", "sensitivity": 0.2}), (", season => ARRAY[7]", {"season": [7]}),
])  # fmt: skip
def test_changes_are_the_library_s(engine, text, options):
    found = engine.rows(
        f"SELECT series, ts, kind, before, after, score, confidence FROM {CALL}{text}) ORDER BY series, ts"
    )
    told = [(series, ts.astimezone(dt.UTC), *rest) for series, ts, *rest in found]
    assert told == [row for line in sorted(LINES) for row in expected(line, **options)]
    if not options:
        assert {(series, kind) for series, _, kind, *_ in told} == {
            ("higher", "level"), ("louder", "variance"), ("steeper", "trend")
        }  # fmt: skip


def test_past_incidents_are_left_out(engine):
    days = "SELECT 'higher' AS series, min(ts) AS started_at, max(ts) AS ended_at FROM output"
    query = f"SELECT DISTINCT series FROM {CALL}, exclude => '{days.replace(chr(39), chr(39) * 2)}') ORDER BY series"
    assert engine.rows(query) == [("louder",), ("steeper",)]


def test_series_that_tell_nothing_have_no_rows(engine):
    engine.create("odd", {
        "name": pa.array(["short"] * 5 + ["constant"] * 60 + ["missing"] * 60 + ["timeless"] * 60),
        "ts": pa.array([*(START + dt.timedelta(days=i) for n in (5, 60, 60) for i in range(n)), *[None] * 60],
                       pa.timestamp("us", "UTC")),
        "v": pa.array([*range(5), *[3.0] * 60, *[None] * 60, *range(60)], pa.float64()),
    })  # fmt: skip
    assert engine.rows("SELECT * FROM detect_change_points('odd', 'ts', 'v', series => ARRAY['name'])") == []
    assert engine.rows("SELECT * FROM detect_change_points('SELECT * FROM odd WHERE false', 'ts', 'v')") == []


@pytest.mark.parametrize(("arguments", "code", "fragment"), [
    ("'none', 'ts', 'v'", "UNKNOWN_SOURCE", "none"), ("'output', 'time', 'v'", "UNKNOWN_COLUMN", "time"),
    ("'output', 'ts', 'w'", "UNKNOWN_COLUMN", "'w'"), ("'output', 'ts', 'line'", "UNUSABLE_COLUMN", "line"),
    ("'output', 'ts', NULL", "INVALID_OPTION", "value"), ("'output', 'ts', 'v', kind => 'mean'", "INVALID_OPTION", "variance"),
    ("'output', 'ts', 'v', sensitivity => 0", "INVALID_OPTION", "sensitivity"),
])  # fmt: skip
def test_what_cannot_be_used_is_told(engine, arguments, code, fragment):
    with engine.raises(code, fragment):
        engine.rows(f"SELECT * FROM detect_change_points({arguments})")
