"""Holidays that come after the training: kept in the model, and expected as those before were."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.errors import CorruptModel
from adsql.restoring import restored
from adsql.series.holidays import Calendar
from adsql.series.model import SeriesColumns, SeriesModel
from adsql.series.training import fit_series, parsed
from adsql.state import State
from series.test_holidays import HOURLY, values_of

DAYS = 90
PAST, TO_COME = np.array([11, 24, 37, 52, 66, 79]), np.array([92, 97])
N, LATER = DAYS * 24, 240
RESULTS = ("expected", "lower", "upper", "score", "severity", "is_anomaly", "status")


def calendar(days, per_day=24):
    days = np.asarray(days)
    return Calendar.of(days * per_day, (days + 1) * per_day - 1, [None] * len(days))


@pytest.fixture(scope="module")
def values():
    return values_of(HOURLY[0], DAYS + 10, [*PAST, *TO_COME])


def part(key, values, days, kind=None):
    times = pa.array(range(len(values)), pa.int64())
    times = times if kind is None else times.cast(pa.int32()).cast(kind)
    return fit_series(
        key, times, values[:, np.newaxis], np.zeros(len(values), dtype=bool), parsed({}), None if days is None else days
    )


@pytest.fixture(scope="module")
def model(values):
    parts = [
        part("plain", values[:N], None), part("told", values[:N], calendar([*PAST, *TO_COME])),
        part("first", values_of(24, DAYS, []), calendar(TO_COME)), part("over", values[:N], calendar(PAST)),
    ]  # fmt: skip
    return SeriesModel.of(parts, parsed({}), SeriesColumns("ts", ("v",), ("shop",)))


def judge(model, key, values, times=None):
    at = np.arange(N, N + LATER) if times is None else times
    return model.judge([key] * len(at), pa.array(at), values[at][:, np.newaxis])


def on(days):
    return np.isin(np.arange(N, N + LATER) // 24, days)


def test_holidays_to_come_are_expected_as_those_before(model, values):
    there = on(TO_COME)
    told, plain = judge(model, "told", values), judge(model, "plain", values)
    assert np.abs(told.expected - values[N:])[there].mean() < 8.0
    assert np.abs(plain.expected - values[N:])[there].mean() > 30.0
    assert told.is_anomaly.mean() <= 0.02
    over = judge(model, "over", values)
    assert over.is_anomaly[there].mean() > 0.5
    for name in RESULTS:
        np.testing.assert_array_equal(getattr(told, name)[~there], getattr(over, name)[~there])
    moved = values.copy()
    moved[TO_COME[1] * 24 + 5] += 60.0
    assert judge(model, "told", moved).is_anomaly[TO_COME[1] * 24 + 5 - N]


def test_a_first_holiday_has_wide_bounds(model, values):
    first, there = judge(model, "first", values), on(TO_COME)
    width = first.upper - first.lower
    assert width[there].min() > 1.5 * width[~there].max()


def test_a_holiday_that_ends_before_it_begins_is_none(values):
    days = np.append(PAST, TO_COME)
    ends = np.append((PAST + 1) * 24 - 1, TO_COME * 24 - 10)
    trained = part("told", values[:N], Calendar.of(days * 24, ends, [None] * len(days)))
    model = SeriesModel.of([trained], parsed({}), SeriesColumns("ts", ("v",), ("shop",)))
    assert model.holidays is None or not len(model.holidays.starts)


def test_of_a_holiday_that_has_begun_the_rest_is_kept(values):
    """Trained in the middle of a day, the rest of it is expected as by a model of the day before."""
    days = np.append(PAST, TO_COME)
    kept = []
    for n in (TO_COME[0] * 24, TO_COME[0] * 24 + 12):
        trained = part("told", values[:n], calendar(days))
        model = SeriesModel.of([trained], parsed({}), SeriesColumns("ts", ("v",), ("shop",)))
        assert model.holidays is not None
        kept.append(model.holidays)
    before, during = kept
    assert before.lengths[0] == 24
    assert during.starts[0] == TO_COME[0] * 24 + 11
    assert during.ends[0] == before.ends[0]
    assert during.lengths[0] == 13
    np.testing.assert_allclose(during.shift[:13], before.shift[11:24], atol=10.0)


def test_a_holiday_that_has_begun_takes_memory_by_its_points():
    rng = np.random.default_rng(5)
    hour = 3_600_000_000
    bursts = np.sort(rng.integers(0, 60 * hour, 200))
    times = np.sort(np.concatenate([bursts, bursts + 1_000, bursts + 2_000]))
    begun = Calendar.of(np.array([59 * hour]), np.array([61 * hour]), [None])
    stored = fit_series(
        "begun", pa.array(times), rng.normal(size=(len(times), 1)), np.zeros(len(times), bool), parsed({}), begun
    )
    assert len(stored) < 1_000_000


def test_points_in_any_order_and_number_get_the_same_verdicts(model, values):
    times = np.random.default_rng(0).permutation(np.arange(N, N + LATER))
    whole = judge(model, "told", values)
    for some in (times, times[:1], times[100:107]):
        found = judge(model, "told", values, some)
        for name in RESULTS:
            np.testing.assert_array_equal(getattr(found, name), getattr(whole, name)[some - N])


def test_the_first_later_point_is_expected_as_by_a_model_of_longer_training(values):
    """An occurrence that has begun goes on as the others did."""
    n = TO_COME[0] * 24 + 9
    found = SeriesModel.of(
        [part("", values[:n], calendar([*PAST, *TO_COME]))], parsed({}), SeriesColumns("ts", ("v",))
    ).judge([""], pa.array([n]), values[n : n + 1, np.newaxis])
    assert abs(found.expected[0] - values[n]) < 12.0
    assert found.status.tolist() == [None]


def test_days_of_dates_are_days():
    days = np.array([100, 230, 351, 470, 610])
    values = values_of(1, 700, days)
    built = SeriesModel.of(
        [part("", values[:600], Calendar.of(days, days, [None] * 5), pa.date32())],
        parsed({}),
        SeriesColumns("ts", ("v",)),
    )
    times = pa.array([609, 610, 611], pa.int32()).cast(pa.date32())
    judged = built.judge([""] * 3, times, values[609:612, np.newaxis])
    assert not judged.is_anomaly.any()
    assert judged.expected[1] < judged.expected[[0, 2]].min() - 40.0


def test_a_model_survives_its_bytes_and_tells_what_it_knows(model, values):
    again = restored(model.to_bytes())
    assert again.to_bytes() == model.to_bytes()
    for name in RESULTS:
        np.testing.assert_array_equal(
            getattr(judge(again, "told", values), name), getattr(judge(model, "told", values), name)
        )
    facts = {fact.segment: fact.value for fact in again.info() if fact.name == "holidays"}
    assert facts == {
        "first": "2 within reach",
        "over": "0 within reach",
        "plain": "0 within reach",
        "told": "2 within reach",
    }


@pytest.mark.parametrize(("name", "change"), [
    ("counts", lambda a: a[1:]), ("counts", lambda a: a + np.int32(1)), ("counts", lambda a: -a), ("step", lambda a: a * 0.0),
    ("starts", lambda a: a[1:]), ("ends", lambda a: a[1:]), ("ends", lambda a: a - 1_000), ("lengths", lambda a: a - a),
    ("lengths", lambda a: a + np.int32(1)), ("shift", lambda a: a[1:]), ("shift", lambda a: a * np.nan), ("factor", lambda a: a * 0.0),
    ("factor", lambda a: a[1:]), ("least", lambda a: a - 1.0), ("least", lambda a: a[1:]),
])  # fmt: skip
def test_forged_states_are_refused(model, name, change):
    state = State.from_bytes(model.to_bytes())
    own = f"holidays/{name}"
    forged = State(state.scalars, {**state.arrays, own: change(state.arrays[own])}, state.texts)
    with pytest.raises(CorruptModel):
        restored(forged.to_bytes())
