"""Segments: a pipeline for each value, on every engine the same."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from engines.tables import expected, fitted, trips

ROW = "SELECT id, anomaly_score('m', t), severity('m', t), is_anomaly('m', t) FROM {} AS t ORDER BY id"
MOMENTS = [dt.datetime(2024, 1, 1, 12, 30, 0, 5000), dt.datetime(1969, 12, 31, 23, 59, 59, 999999), None]  # noqa: DTZ001
# Values of every type that a segment can be made of, whose texts engines write in their own ways.
VALUES = {
    "text": pa.array(["a", "a\\b\x1fc", "NULL", None, "", "Ünï"]),
    "whole": pa.array([1, -1, 2**53 + 1, None], pa.int64()),
    "number": pa.array([1.0, 1.5, 1e15, 1e22, -0.0, None]),
    "single": pa.array([0.1, 2.0, None], pa.float32()),
    "decimal": pa.array([Decimal("1.50"), Decimal("1.00"), None], pa.decimal128(10, 2)),
    "integral": pa.array([Decimal(7), Decimal(-7), None], pa.decimal128(10, 0)),
    "flag": pa.array([True, False, None]),
    "day": pa.array([dt.date(2024, 2, 29), dt.date(1, 1, 1), None]),
    "moment": pa.array(MOMENTS, pa.timestamp("us")),
    "instant": pa.array(MOMENTS, pa.timestamp("us", "UTC")),
    "time": pa.array([dt.time(0), dt.time(23, 59, 59, 10), None], pa.time64("us")),
}


@pytest.mark.parametrize("name", VALUES)
def test_segments_of_every_type_are_the_library_s_in_every_form(engine, name):
    n = 120
    values = VALUES[name]
    table = {
        "id": pa.array(range(n), pa.int64()),
        "x": pa.array([float(i * i % 37) for i in range(n)]),
        "part": values.take(pa.array([i % len(values) for i in range(n)])),
    }
    engine.create("parted", table)
    model = fitted("mad", table, columns=["x"], segment_by=["part"])
    wanted = expected(table, model.score(table))
    options = "algorithm => 'mad', columns => ARRAY['x'], segment_by => ARRAY['part']"
    assert engine.value(f"SELECT (train_model('m', 'parted', {options})).version") == 1
    assert engine.saved_model("m").content_hash == model.content_hash
    assert engine.value("SELECT n_segments FROM models() WHERE name = 'm'") == len(values)
    for form in engine.forms:
        assert engine.results(["id"], "parted", "model => 'm'", form) == wanted
        assert engine.results(["id"], "parted", options, form) == wanted
    assert engine.rows(ROW.format("parted")) == wanted
    assert all(row[1] is not None for row in wanted)


def test_a_row_of_a_segment_that_is_not_known_has_no_score(engine):
    engine.value("SELECT (train_model('m', 'trips', algorithm => 'mad', segment_by => ARRAY['kind', 'place'])).version")
    source = (
        "SELECT 1 AS id, CAST(5 AS double precision) AS fare, 5 AS km, started, fraud, 'dusk' AS kind, 1 AS place FROM trips WHERE id = 1 "
        "UNION ALL SELECT 2, 5, 5, started, fraud, 'day', 1 FROM trips WHERE id = 1"
    )
    unknown, known = engine.results(["id"], source, "model => 'm'")
    assert unknown == (1, None, None, None)
    assert known[1] is not None
    assert engine.rows(ROW.format(f"({source})")) == [unknown, known]


def test_a_segment_of_one_row_has_no_model_and_is_told(engine):
    engine.value("SELECT (train_model('m', 'trips', algorithm => 'mad', segment_by => ARRAY['kind'])).version")
    told = engine.rows("SELECT section, segment FROM model_info('m') WHERE segment = 'moon'")
    assert told == [("no model", "moon")]
    assert engine.rows("SELECT anomaly_score('m', t) FROM trips AS t WHERE kind = 'moon'") == [(None,)]


def test_another_kind_of_values_is_refused(engine):
    engine.value(
        "SELECT (train_model('m', 'SELECT fare, km % 3 AS s FROM trips', algorithm => 'mad', segment_by => ARRAY['s'])).version"
    )
    wanted = engine.rows("SELECT anomaly_score('m', t) FROM (SELECT fare, km % 3 AS s, id FROM trips) AS t ORDER BY id")
    for kind in ("bigint", "decimal(10, 2)", "double precision"):
        scored = f"SELECT fare, CAST(km % 3 AS {kind}) AS s, id FROM trips"
        assert engine.rows(f"SELECT anomaly_score('m', t) FROM ({scored}) AS t ORDER BY id") == wanted
    text = "SELECT fare, CAST(km % 3 AS varchar) AS s FROM trips"
    problem = "column 's' holds text values, in training it held number values"
    with engine.raises("COLUMN_TYPE_CHANGED", problem):
        engine.rows(f"SELECT anomaly_score('m', t) FROM ({text}) AS t")
    with engine.raises("COLUMN_TYPE_CHANGED", problem):
        engine.rows(f"SELECT * FROM detect_anomalies('{text}', model => 'm')")


def test_rankings_are_made_in_each_segment_alone(engine):
    found = engine.results(
        ["id", "kind"], "trips", "algorithm => 'sod', columns => ARRAY['fare', 'km'], segment_by => ARRAY['kind']"
    )
    alone = engine.results(
        ["id", "kind"], "SELECT * FROM trips WHERE kind = 'day'", "algorithm => 'sod', columns => ARRAY['fare', 'km']"
    )
    assert [row for row in found if row[1] == "day"] == alone
    assert [row[2] for row in found if row[1] == "moon"] == [None]
    assert len(found) == len(trips()["id"])
