"""`alert_day`: at most so many anomalies of each calendar day and segment, the strangest, on every engine."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

MINUTES = 60
START = dt.datetime(2024, 2, 27, 12)  # noqa: DTZ001 - a timestamp without zone
N = 60
CAP = "alert_budget => 1, alert_day => 'at'"
MODEL = f"algorithm => 'zscore', columns => ARRAY['x'], segment_by => ARRAY['kind'], threshold => 1.5, {CAP}"
BY_KIND = f"algorithm => 'zscore', columns => ARRAY['x'], segment_by => ARRAY['kind'], {CAP}"


def visits(n=N):
    """Every fifth row is strange, more and less so in turn; some of them have no time."""
    at = [None if k % 11 == 10 else START + dt.timedelta(minutes=MINUTES * k) for k in range(n)]
    return {
        "id": pa.array(range(n), pa.int32()),
        "at": pa.array(at, pa.timestamp("us")),
        "kind": pa.array(["a" if k % 2 else "b" for k in range(n)]),
        "x": pa.array([k * 7919 % 50 + (500.0 + k % 3 if k % 5 == 0 else 0.0) for k in range(n)]),
    }


def strangest(rows, most):
    """The oracle: of each day and segment, the ids of the rows over the threshold with the highest scores."""
    groups = defaultdict(list)
    for number, day, segment, score, over in rows:
        if over:
            groups[day, segment].append((-score, number))
    return {number for found in groups.values() for _, number in sorted(found)[:most]}


def flagged(engine, source, options, form=None):
    return {number for number, _, _, is_anomaly in engine.results(["id"], source, options, form) if is_anomaly}


def over(engine, columns):
    """The rows as the oracle takes them, by the library's own model."""
    engine.create("visits", columns)
    row = "SELECT id, anomaly_score('m', v), is_anomaly('m', v) FROM visits AS v ORDER BY id"
    own = zip(columns["at"].to_pylist(), columns["kind"].to_pylist(), engine.rows(row), strict=True)
    return [
        (n, at and dt.date(at.year, at.month, at.day), kind, score, is_over) for at, kind, (n, score, is_over) in own
    ]


def test_the_strangest_of_each_day_and_segment_are_anomalies_and_scores_stay(engine):
    columns = visits()
    engine.create("visits", columns)
    engine.rows(f"SELECT * FROM train_model('m', 'visits', {MODEL})")
    rows = over(engine, columns)
    assert sum(is_over for *_, is_over in rows) == N // 5
    expected = strangest(rows, 1)
    assert 0 < len(expected) < N // 5
    for form in engine.forms:
        for options in ("model => 'm'", MODEL):
            found = engine.results(["id"], "visits", options, form)
            assert [(number, score) for number, score, *_ in found] == [
                (number, score) for number, _, _, score, _ in rows
            ]
            assert {number for number, *_, is_anomaly in found if is_anomaly} == expected


@pytest.fixture(scope="module")
def with_model(shared):
    shared.create("visits", visits())
    shared.rows(f"SELECT * FROM train_model('m', 'visits', {MODEL})")
    yield shared
    shared.clean()


ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, *(START + dt.timedelta(hours=h) for h in (0, 11, 12, 35, 36, 60))]),
        st.sampled_from(["a", "b", "unknown", None]),
        st.sampled_from([None, 0.0, 600.0, 601.0, 10_000.0]),
    ),
    min_size=1,
    max_size=40,
)


@given(rows=ROWS)
@settings(max_examples=25, deadline=None)
def test_it_does_what_the_oracle_does(with_model, rows):
    at, kind, x = zip(*rows, strict=True)
    columns = {
        "id": pa.array(range(len(rows)), pa.int32()), "at": pa.array(at, pa.timestamp("us")),
        "kind": pa.array(kind, pa.string()), "x": pa.array(x, pa.float64()),
    }  # fmt: skip
    expected = strangest(over(with_model, columns), 1)
    found = with_model.results(["id"], "visits", "model => 'm'")
    assert {number for number, *_, is_anomaly in found if is_anomaly} == expected
    assert [number for number, score, _, is_anomaly in found if (score is None) != (is_anomaly is None)] == []


def test_rows_keep_the_order_of_the_source(engine):
    n = 40_000  # several chunks on each engine
    engine.create("visits", visits(n))
    columns = "(d.row).id" if engine.name == "postgresql" else "id"
    source = "NULL::visits" if engine.name == "postgresql" else "'visits'"
    engine.run(f"CREATE TABLE copied AS SELECT {columns} FROM detect_anomalies({source}, {MODEL}) AS d")
    engine.tables.append("copied")
    assert [number for (number,) in engine.rows("SELECT id FROM copied")] == list(range(n))


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us", "UTC")], ids=str)
def test_days_are_those_of_dates_and_of_the_session_s_time_zone(engine, kind):
    midnight = dt.datetime(2024, 2, 28, 15, tzinfo=dt.UTC)  # in Tokyo
    at = [midnight + dt.timedelta(hours=hours) for hours in (-14, -1, 0, 1, 8, 9)]
    x = [0.0] * 50 + [100.0 + k for k in range(6)]
    columns = {"id": pa.array(range(56), pa.int32()), "x": pa.array(x), "at": pa.array([*[at[0]] * 50, *at], pa.timestamp("us", "UTC")).cast(kind)}  # fmt: skip
    engine.create("visits", columns)
    options = "columns => ARRAY['x'], threshold => 1, alert_budget => 1, alert_day => 'at'"
    for zone, expected in (("Asia/Tokyo", {51, 55}), ("UTC", {54, 55})):
        engine.run(f"SET TimeZone = '{zone}'")
        try:
            found = flagged(engine, "visits", options)
        finally:
            engine.run("RESET TimeZone")
        assert found == ({54, 55} if kind == pa.date32() else expected)


def test_detectors_that_rank_have_it_too(engine):
    engine.create("visits", visits())
    plain = "algorithm => 'cof', columns => ARRAY['x'], contamination => 0.3"
    rows = engine.results(["id", "at"], "visits", plain, "typed" if engine.name == "postgresql" else None)
    expected = strangest([(n, at and at.date(), "", score, is_over) for n, at, score, _, is_over in rows], 1)
    assert flagged(engine, "visits", f"{plain}, {CAP}") == expected
    assert len(expected) < sum(is_over for *_, is_over in rows)


def test_the_column_of_days_stays_a_feature(engine):
    engine.create("visits", visits())
    for columns in ("", ", columns => ARRAY['x', 'at']"):
        models = []
        for options in ("threshold => 1.5", f"threshold => 1.5, {CAP}"):
            engine.rows(f"SELECT * FROM train_model('m', 'visits', 'knn', {options}{columns})")
            models.append(engine.saved_model("m"))
        assert models[0].positional_columns == models[1].positional_columns
        assert models[0].segments[""].to_state().to_bytes() == models[1].segments[""].to_state().to_bytes()


def test_it_is_kept_with_the_model_and_told(engine):
    engine.create("visits", visits())
    other_case = MODEL.replace("'at'", "'AT'")
    engine.rows(f"SELECT * FROM train_model('m', 'visits', {other_case})")
    assert engine.rows("SELECT name, value FROM model_info('m') WHERE name LIKE 'alert%' ORDER BY name") == [
        ("alert_budget", "1"), ("alert_day", "at"),
    ]  # fmt: skip
    said = "threshold = 1.5, at most 1 a day of at"
    assert engine.value("SELECT threshold_policy FROM models() WHERE name = 'm'") == said
    engine.rows("SELECT * FROM update_model('m', 'visits')")
    assert engine.value("SELECT threshold_policy FROM models() WHERE name = 'm' AND version = 2") == said
    engine.rows("SELECT give_feedback('m', v, 'normal') FROM visits AS v WHERE id = 5")
    engine.rows("SELECT * FROM apply_feedback('m', 'SELECT id, kind, x FROM visits')")
    assert engine.value("SELECT threshold_policy FROM models() WHERE name = 'm' AND version = 3") == said


def test_a_cap_above_the_anomalies_changes_nothing(engine):
    engine.create("visits", visits())
    plain = BY_KIND.replace(CAP, "contamination => 0.1")
    for most in (N, 1_000_000_000):
        capped = f"{plain}, alert_day => 'at', alert_budget => {most}"
        assert engine.results(["id"], "visits", capped) == engine.results(["id"], "visits", plain)


BAD: list[tuple[Any, ...]] = [
    ("alert_day => 'at'", "INVALID_OPTION", "alert_day", "alert_budget"),
    ("alert_day => '', alert_budget => 2", "INVALID_OPTION", "alert_day"),
    ("alert_day => 'at', alert_budget => 0", "INVALID_OPTION", "alert_budget"),
    ("alert_day => 'at', alert_budget => 2000000000", "INVALID_OPTION", "1,000,000,000"),
    ("alert_day => 'att', alert_budget => 2", "UNKNOWN_COLUMN", "alert_day", "'att'", "did you mean 'at'?"),
    ("alert_day => 'x', alert_budget => 2", "UNUSABLE_COLUMN", "alert_day", "'x'", "Allowed: at"),
    ("alert_day => 'kind', alert_budget => 2", "UNUSABLE_COLUMN", "'kind'", "no days"),
    ("alert_day => 'at', alert_budget => 2, threshold => 1.5, contamination => 0.1", "INVALID_OPTION", "exclude each other"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "code", "fragments"), [(o, c, f) for o, c, *f in BAD], ids=[o for o, *_ in BAD])
def test_what_cannot_be_used_is_refused(engine, options, code, fragments):
    engine.create("visits", visits())
    for algorithm in ("mad", "cof"):
        with engine.raises(code, *fragments):
            engine.rows(engine.detected(["id"], "visits", f"algorithm => '{algorithm}', {options}"))
    with engine.raises(code, *fragments):
        engine.rows(f"SELECT * FROM train_model('m', 'visits', {options})")


def test_a_source_without_the_days_is_refused(engine):
    engine.create("visits", visits())
    engine.rows(f"SELECT * FROM train_model('m', 'visits', {MODEL})")
    with engine.raises("MISSING_COLUMN", "'at'", "alert_budget"):
        engine.rows(engine.detected(["id"], "SELECT id, kind, x FROM visits", "model => 'm'"))
    with engine.raises("COLUMN_TYPE_CHANGED", "'at'", "no days"):
        engine.rows(engine.detected(["id"], "SELECT id, kind, x, x AS at FROM visits", "model => 'm'"))
    with engine.raises("INVALID_OPTION", "alert_day", "a saved model has its own"):
        engine.rows(engine.detected(["id"], "visits", "model => 'm', alert_day => 'at'"))
    row = engine.rows("SELECT is_anomaly('m', v) FROM (SELECT id, kind, x FROM visits) AS v")
    assert np.array(row).dtype == bool
