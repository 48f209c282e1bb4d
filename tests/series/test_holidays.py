"""Holidays: expected to be as others were, told from ordinary days, and known before they come."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adsql.errors import InvalidOption
from adsql.series.detection import Status, detect
from adsql.series.holidays import Calendar, median_of_others
from adsql.series.options import SeriesOptions

HOUR = 3_600
FIELDS = ("expected", "lower", "upper", "score", "severity", "is_anomaly")
# Points a day, days, the days that are holidays, and by how much the anomaly on one is off.
HOURLY = (24, 160, np.array([20, 37, 58, 75, 92, 118, 135, 150]), 40.0)
DAILY = (1, 1_100, np.array([99, 223, 340, 451, 576, 690, 811, 952]), 40.0)


def values_of(per_day, days, holidays, seed=0):
    """Return a series with a season of a day, or of a week where a day is a point, and another shape on holidays."""
    rng = np.random.default_rng(seed)
    t = np.arange(per_day * days)
    ordinary = 100.0 + (30.0 * np.sin(2 * np.pi * t / 24) if per_day > 1 else np.where(t % 7 >= 5, -20.0, 0.0))
    values = ordinary + 3.0 * rng.standard_normal(len(t))
    for day in holidays:
        inside = slice(day * per_day, (day + 1) * per_day)
        values[inside] += -70.0 + 20.0 * np.sin(np.pi * (t[inside] % per_day) / per_day) + 2.0 * rng.standard_normal()
    return values


def calendar_of(per_day, holidays, names=None):
    starts = np.asarray(holidays, np.int64) * per_day * HOUR
    return Calendar.of(starts, starts + per_day * HOUR - 1, names or [None] * len(starts))


def on_holidays(per_day, holidays, n):
    return np.isin(np.arange(n) // per_day, holidays)


def judge(values, calendar, excluded=None, times=None, **options):
    n = len(values)
    return detect(
        np.arange(n) * HOUR if times is None else times, np.ones(n, dtype=bool), values[:, np.newaxis],
        np.zeros(n, dtype=bool) if excluded is None else excluded, SeriesOptions.parse(**options), calendar,
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
@pytest.mark.parametrize("algorithm", ["auto", "decomposition", "ets"])
@pytest.mark.parametrize("kind", [HOURLY, DAILY], ids=["hourly", "daily"])
def test_holidays_are_flagged_unless_they_are_told(kind, algorithm, mode):
    per_day, length, holidays, off = kind
    values = values_of(per_day, length, holidays)
    there, known = (on_holidays(per_day, days, len(values)) for days in (holidays, holidays[3:]))
    told = calendar_of(per_day, holidays)
    options = {"algorithm": algorithm, "mode": mode}
    untold = judge(values, None, **options).is_anomaly
    assert untold[there].sum() >= 5
    found = judge(values, told, **options).is_anomaly
    assert found[known].mean() <= 0.01
    assert found.sum() < untold.sum()
    moved = values.copy()
    place = holidays[-2] * per_day + per_day // 2
    moved[place] += off
    assert judge(moved, told, **options).is_anomaly[place]


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
@pytest.mark.parametrize("kind", [HOURLY, DAILY], ids=["hourly", "daily"])
def test_bounds_hold_on_ordinary_days_and_on_holidays(kind, mode):
    per_day, days, holidays, _ = kind
    ordinary, special = [], []
    for seed in range(12):
        values = values_of(per_day, days, holidays, seed)
        judged = judge(values, calendar_of(per_day, holidays), mode=mode, algorithm="decomposition", sensitivity=0.01)
        inside = (values >= judged.lower) & (values <= judged.upper)
        known = ~np.isnan(judged.lower)
        ordinary.append(inside[known & ~on_holidays(per_day, holidays, len(values))])
        special.append(inside[on_holidays(per_day, holidays[4:], len(values))])
    assert 0.985 <= np.concatenate(ordinary).mean() <= 0.995
    assert np.concatenate(special).mean() >= 0.97


@pytest.mark.parametrize("kind", [HOURLY, DAILY], ids=["hourly", "daily"])
def test_an_expectation_is_close_to_what_a_holiday_is_like(kind):
    per_day, days, holidays, _ = kind
    values = values_of(per_day, days, holidays)
    judged = judge(values, calendar_of(per_day, holidays), mode="causal")
    late = on_holidays(per_day, holidays[3:], len(values))
    assert np.abs(judged.expected - values)[late].mean() < 8.0
    assert np.abs(judge(values, None, mode="causal").expected - values)[late].mean() > 12.0


@pytest.mark.parametrize("algorithm", ["auto", "decomposition", "ets", "online_robust_z"])
@pytest.mark.parametrize("kind", [HOURLY, DAILY], ids=["hourly", "daily"])
def test_a_causal_verdict_stays_when_rows_are_appended(kind, algorithm):
    per_day, days, holidays, _ = kind
    values = values_of(per_day, days, holidays)
    told = calendar_of(per_day, holidays)
    whole = judge(values, told, mode="causal", algorithm=algorithm)
    for day in (holidays[4] + 0.5, holidays[5] + 1):
        n = int(day * per_day) + 1
        part = judge(values[:n], told, mode="causal", algorithm=algorithm)
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:n])


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
def test_a_point_and_its_holiday_have_no_part_in_what_is_expected_of_them(mode):
    per_day, days, holidays, _ = HOURLY
    values = values_of(per_day, days, holidays)
    told = calendar_of(per_day, holidays)
    moved = values.copy()
    own = slice(holidays[5] * per_day, (holidays[5] + 1) * per_day)
    moved[own] -= 500.0
    for name in ("expected", "lower", "upper"):
        before, after = (
            getattr(judge(given, told, mode=mode, algorithm="decomposition"), name) for given in (values, moved)
        )
        np.testing.assert_array_equal(after[own], before[own])


def test_ordinary_days_are_expected_as_if_holidays_were_excluded():
    per_day, days, holidays, _ = HOURLY
    values = values_of(per_day, days, holidays)
    there = on_holidays(per_day, holidays, len(values))
    told = judge(values, calendar_of(per_day, holidays), algorithm="decomposition")
    left_out = judge(values, None, excluded=there, algorithm="decomposition")
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(told, name)[~there], getattr(left_out, name)[~there])


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
@pytest.mark.parametrize("algorithm", ["decomposition", "ets"])
def test_a_first_long_holiday_on_which_nothing_happens_is_not_flagged(algorithm, mode):
    values = values_of(24, 400, [])
    n, day = len(values), 24 * HOUR
    calendar = Calendar.of(np.array([100 * day]), np.array([280 * day]), [None])
    judged = judge(values, calendar, algorithm=algorithm, mode=mode)
    inside = (np.arange(n) >= 100 * 24) & (np.arange(n) <= 280 * 24)
    assert not judged.is_anomaly[inside].any()
    assert 50.0 < judged.expected[inside].min() < judged.expected[inside].max() < 150.0


def test_a_first_holiday_is_flagged_less_loudly_and_teaches_nothing():
    per_day, days, _, _ = DAILY
    values = values_of(per_day, days, [])
    values[400] -= 30.0
    told = calendar_of(per_day, [400])
    for mode in ("retrospective", "causal"):
        loud, quiet = (judge(values, given, mode=mode, algorithm="decomposition") for given in (None, told))
        assert quiet.expected[400] == pytest.approx(loud.expected[400], abs=3.0)
        assert quiet.upper[400] - quiet.lower[400] > 1.5 * (loud.upper[400] - loud.lower[400])
        assert quiet.score[400] < loud.score[400]


def test_a_holiday_is_as_those_of_its_name_once_they_are_enough():
    per_day, days, _, _ = DAILY
    feasts, fasts = np.array([100, 200, 300, 400, 500]), np.array([150, 250, 350, 450])
    values = values_of(per_day, days, [])
    values[feasts] += 80.0
    values[fasts] -= 60.0
    names = ["feast"] * 5 + ["fast"] * 4
    named, unnamed = (
        judge(values, calendar_of(per_day, [*feasts, *fasts], given), mode="causal", algorithm="decomposition")
        for given in (names, None)
    )
    ordinary = judge(
        values, calendar_of(per_day, [*feasts, *fasts]), mode="causal", season=[7], algorithm="decomposition"
    )
    assert not named.is_anomaly[[400, 450, 500]].any()
    assert named.expected[500] == pytest.approx(values[500], abs=15.0)
    assert named.expected[450] == pytest.approx(values[450], abs=15.0)
    assert abs(unnamed.expected[500] - values[500]) > 50.0
    assert abs(ordinary.expected[500] - values[500]) > 50.0


def test_forecasts_know_the_holidays_that_come():
    per_day, days, holidays, _ = HOURLY
    values = values_of(per_day, days, [*holidays, days - 1])[: (days - 1) * per_day]
    coming = values_of(per_day, days, [*holidays, days - 1])[(days - 1) * per_day :]
    plain, told = (
        judge(values, calendar_of(per_day, given), horizon=24) for given in (holidays, [*holidays, days - 1])
    )
    assert told.status[-24:].tolist() == [Status.FORECAST] * 24
    assert np.abs(told.expected[-24:] - coming).mean() < 12.0
    assert np.abs(plain.expected[-24:] - coming).mean() > 20.0
    first = judge(values, calendar_of(per_day, [days - 1]), horizon=24)
    assert (first.upper - first.lower)[-24:].min() > (plain.upper - plain.lower)[-24:].max()


def test_times_may_be_irregular_and_several_at_once():
    per_day, days, holidays, _ = HOURLY
    rng = np.random.default_rng(4)
    values = values_of(per_day, days, holidays)
    kept = np.sort(rng.choice(len(values), 1_200, replace=False))
    times = np.append(np.append(kept * HOUR + rng.integers(0, 1_700, len(kept)), [kept[-1] * HOUR] * 2), 0)
    given = np.append(values[kept], [100.0, 101.0, 99.0])
    judged = judge(given, calendar_of(per_day, holidays), times=times)
    assert np.isfinite(judged.score).all()
    assert judged.is_anomaly.mean() < 0.02


def test_memory_is_taken_by_points_and_not_by_the_steps_of_a_holiday():
    """Where most points come in bursts, a holiday of an hour has millions of steps."""
    rng = np.random.default_rng(5)
    second, hour = 1_000_000, 3_600_000_000
    bursts = np.sort(rng.integers(0, 60 * hour, 250))
    times = np.sort(np.concatenate([bursts, bursts + 1_000, bursts + 2_000]))
    starts = np.arange(10, 50, 10) * hour
    calendar = Calendar.of(starts, starts + hour - second, [None] * 4)
    values = rng.normal(size=len(times))
    judge(values[:60], calendar, times=times[:60], algorithm="decomposition")
    tracemalloc.start()
    try:
        judge(values, calendar, times=times, algorithm="decomposition")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("values", [
    np.full(400, np.nan), np.full(400, 3.0), np.full(400, np.inf), np.arange(5.0), np.zeros(0), np.linspace(-1e150, 1e150, 400),
], ids=["missing", "constant", "infinite", "short", "empty", "huge"])  # fmt: skip
@pytest.mark.parametrize("mode", ["retrospective", "causal"])
def test_degenerate_series_raise_nothing(values, mode):
    for calendar in (calendar_of(1, range(0, 400, 30)), calendar_of(400, [0]), calendar_of(1, [])):
        judged = judge(values, calendar, mode=mode, horizon=3)
        scored = np.array([status is None for status in judged.status], dtype=bool)
        assert np.isfinite(judged.score[scored]).all()


def test_overlapping_holidays_belong_to_the_one_that_began_last():
    found = Calendar.of(np.array([0, 5, 5, 20, 20]), np.array([30, 9, 7, 19, 20]), ["a", "b", "c", "d", "d"])
    assert found.owners(np.array([-1, 0, 5, 8, 10, 20, 31])).tolist() == [-1, 0, 2, 1, 0, 3, -1]
    assert len(Calendar.of(np.array([3, 3]), np.array([4, 4]), ["x", "x"])) == 1
    assert Calendar.of(np.array([3, 5]), np.array([4, 4]), ["x", "y"]).starts.tolist() == [3]
    assert Calendar.of(np.zeros(0, np.int64), np.zeros(0, np.int64), []).owners(np.array([1])).tolist() == [-1]


def test_an_algorithm_that_expects_nothing_says_so():
    with pytest.raises(InvalidOption, match="sub_pca"):
        SeriesOptions.parse(algorithm="sub_pca").require_expectation("holidays")
    SeriesOptions.parse(algorithm="ets").require_expectation("holidays")


@given(arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=st.floats(-9, 9) | st.just(np.nan)))
def test_the_median_of_others_is_that_of_the_column_without_the_value(table):
    found = median_of_others(table)
    for (row, column), value in np.ndenumerate(table):
        others = np.delete(table[:, column], row)
        others = others[~np.isnan(others)]
        if np.isnan(value) or len(others) < 2:
            assert np.isnan(found[row, column])
        else:
            assert found[row, column] == pytest.approx(np.median(others), abs=1e-12)
