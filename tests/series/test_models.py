"""Models of series: later points are judged by what was kept, each by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adsql.errors import ColumnTypeChanged, CorruptModel, EmptySource, InvalidOption, MissingColumn, TooFewRows
from adsql.kernels.forecasts import one_step
from adsql.restoring import restored
from adsql.series.bounds import deviate_of
from adsql.series.columns import TIME, microseconds
from adsql.series.decomposition import EXPERTS, decompose
from adsql.series.detection import Status
from adsql.series.expectation import beginning
from adsql.series.facts import facts
from adsql.series.forecasts import HORIZONS, Forecasts
from adsql.series.model import SeriesColumns, SeriesModel
from adsql.series.training import fit_series, parsed
from adsql.state import State
from series.kinds import KINDS, clean

N, LATER = 600, 150
COLUMNS = SeriesColumns("ts", ("v",), ("shop",))
RESULTS = ("expected", "lower", "upper", "score", "severity", "is_anomaly", "status")


def fitted(series, **given):
    options = parsed(given)
    parts = [
        fit_series(key, pa.array(range(len(values))), values[:, np.newaxis], np.zeros(len(values), dtype=bool), options)
        for key, values in series.items()
    ]
    return SeriesModel.of(parts, options, COLUMNS)


def judge(model, keys, times, values):
    return model.judge(list(keys), pa.array(times, pa.int64()), np.asarray(values, dtype=float)[:, np.newaxis])


@pytest.fixture(scope="module")
def whole():
    values = {kind: clean(kind, N + LATER, 5) for kind in ("season", "random walk", "noise", "two seasons")}
    values["season"][N + 40] += 20.0
    return values


@pytest.fixture(scope="module")
def model(whole):
    return fitted({key: values[:N] for key, values in whole.items()})


@pytest.fixture(scope="module")
def points(whole):
    keys = [key for key in whole for _ in range(LATER)]
    return keys, [*range(N, N + LATER)] * len(whole), np.concatenate([values[N:] for values in whole.values()])


def test_points_one_at_a_time_in_blocks_and_all_at_once_get_the_same_verdicts(model, points):
    keys, times, values = points
    together = judge(model, keys, times, values)
    order = np.random.default_rng(0).permutation(len(keys))
    for size in (1, 7, 100):
        for first in range(0, len(keys), size):
            rows = order[first : first + size]
            part = judge(model, [keys[i] for i in rows], [times[i] for i in rows], values[rows])
            for name in RESULTS:
                np.testing.assert_array_equal(getattr(part, name), getattr(together, name)[rows])


def test_an_anomaly_among_later_points_is_found(model, points):
    keys, times, values = points
    judged = judge(model, keys, times, values)
    reached = np.array([status is None for status in judged.status])
    flagged = [(keys[i], times[i]) for i in np.flatnonzero(judged.is_anomaly)]
    assert ("season", N + 40) in flagged
    assert len(flagged) <= 0.02 * reached.sum()
    assert {status for status in judged.status if status is not None} <= {Status.TOO_FAR}
    np.testing.assert_array_equal(judged.is_anomaly, reached & ((values < judged.lower) | (values > judged.upper)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_later_point_is_expected_as_by_causal_detection(kind):
    """Point after point: trained on those before, the model expects what causal detection does."""
    values = clean(kind, 400, 1)
    causal = decompose(values, [24], causal=True)
    for n in (150, 260, 300, 301, 399):
        kept = Forecasts.fit(values[:n], [24])
        expected, scale = kept.expected(np.zeros(1, np.int64), np.ones(1, np.int64))
        assert expected[0] == pytest.approx(forecast_from(values, n, (24,)), rel=1e-9)
        assert scale[0] > 0.0
        if n >= 192:  # where causal detection has learned its first seasons from the same cycles
            assert expected[0] == pytest.approx(causal.expected[n], rel=1e-9)
            assert scale[0] == pytest.approx(causal.scale[n], rel=1e-9)


def forecast_from(values, n, periods, ahead=1):
    unseen = np.append(values[:n], np.full(ahead, np.nan))
    return one_step(*beginning(unseen, periods, EXPERTS, n))[0][n + ahead - 1]


@given(st.integers(0, 20), st.integers(1, 8), st.sampled_from([(), (5,), (7, 24)]))
@settings(max_examples=30, deadline=None)
def test_forecasts_of_several_steps_are_those_over_few_missing_points(seed, ahead, periods):
    values = clean("season", 200, seed) + 3.0 * np.arange(200)
    kept = Forecasts.fit(values, periods)
    assert kept.damping[0] == 1.0, "this trend goes on"
    expected, _ = kept.expected(np.zeros(1, np.int64), np.array([ahead]))
    assert expected[0] == pytest.approx(forecast_from(values, 200, periods, ahead), rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_99_percent_of_later_points_lie_in_a_99_percent_band(kind):
    inside = []
    for seed in range(12):
        values = clean(kind, 1_100, seed)
        kept = Forecasts.fit(values[:900])
        ahead, owners = np.arange(1, 201), np.zeros(200, np.int64)
        expected, scale = kept.expected(owners, ahead)
        low, high = kept.tails_of(owners).interval(deviate_of(0.01))
        later = values[900:]
        inside.append((expected + low * scale <= later) & (later <= expected + high * scale))
    # Where one random walk is after 200 steps says nothing of the next.
    assert np.mean(inside) >= (0.93 if kind == "random walk" else 0.97)


def test_bounds_grow_with_the_distance_where_errors_do(model):
    place = {key: i for i, key in enumerate(model.keys)}
    growth = model.forecasts.growth
    assert growth[place["random walk"], 10] > 3.0
    assert growth[place["noise"], 10] < 1.5
    assert (np.diff(growth, axis=1) >= 0.0).all()
    assert (model.forecasts.reach <= N // 3).all()


def test_later_points_have_a_status_where_nothing_is_known(model):
    keys = ["noise", "elsewhere", "noise", "noise", "noise", None]
    judged = judge(model, keys, [N - 1, N, N + int(HORIZONS[-1]), N, N + 1, N], [1.0, 1.0, 1.0, np.nan, 10.0, 1.0])
    assert judged.status.tolist() == [
        Status.NOT_NEW, Status.UNKNOWN_SERIES, Status.TOO_FAR, Status.NO_VALUE, None, Status.UNKNOWN_SERIES
    ]  # fmt: skip
    assert np.isnan(judged.score[:4]).all()
    assert not judged.is_anomaly.any()
    timeless = model.judge(["noise"], pa.array([None], pa.int64()), np.array([[1.0]]))
    assert timeless.status.tolist() == [Status.NO_TIME]
    assert len(judge(model, [], [], []).score) == 0


def test_series_of_which_nothing_can_be_kept_say_why():
    series = {
        "good": clean("noise", 60, 0), "short": np.arange(5.0), "missing": np.full(60, np.nan),
        "huge": np.full(60, 1e60), "constant": np.full(60, 4.0),
    }  # fmt: skip
    model = fitted(series)
    assert model.keys == ("constant", "good")
    assert set(model.skipped) == {"short", "missing", "huge"}
    judged = judge(model, ["short", "constant", "constant"], [60] * 3, [1.0, 4.0, 5.0])
    assert judged.status.tolist() == [Status.TOO_SHORT, None, None]
    assert judged.is_anomaly.tolist() == [False, False, True]
    assert np.isfinite(judged.score[1:]).all()
    with pytest.raises(TooFewRows, match="short"):
        fitted({"short": np.arange(5.0)})
    with pytest.raises(EmptySource):
        fitted({})


def test_excluded_rows_teach_nothing():
    values = clean("noise", 200, 0)
    values[150:] += 50.0
    options, excluded = parsed({}), np.zeros(200, dtype=bool)
    excluded[150:] = True
    part = fit_series("", pa.array(range(200)), values[:, np.newaxis], excluded, options)
    model = SeriesModel.of([part], options, SeriesColumns("ts", ("v",)))
    assert judge(model, ["", ""], [200, 201], [10.0, 60.0]).is_anomaly.tolist() == [False, True]


@pytest.mark.parametrize(("given", "up", "down"), [
    ({}, True, True), ({"direction": "up"}, True, False), ({"direction": "down"}, False, True),
    ({"min_deviation": 1e3}, False, False), ({"sensitivity": 1e-9}, True, True),
])  # fmt: skip
def test_options_of_judgement_are_kept(given, up, down):
    model = restored(fitted({"": clean("noise", 200, 0)}, **given).to_bytes())
    assert judge(model, ["", ""], [200, 200], [100.0, -100.0]).is_anomaly.tolist() == [up, down]


def test_times_keep_the_season_in_step_over_gaps():
    values = clean("season", 600, 2)
    kept = np.delete(np.arange(600), np.arange(200, 231))
    options = parsed({"season": 24})
    part = fit_series("", pa.array(kept * 60), values[kept][:, np.newaxis], np.zeros(len(kept), dtype=bool), options)
    model = SeriesModel.of([part], options, SeriesColumns("ts", ("v",)))
    later = clean("season", 700, 2)[600:]
    judged = judge(model, [""] * 100, np.arange(600, 700) * 60, later)
    assert np.abs(judged.expected - later).mean() < 1.5
    irregular = fit_series("", pa.array(np.arange(200) ** 2), values[:200, np.newaxis], np.zeros(200, bool), options)
    model = SeriesModel.of([irregular], options, SeriesColumns("ts", ("v",)))
    assert model.forecasts.periods.tolist() == [[1]]


@pytest.mark.parametrize(("kind", "first"), [
    (pa.timestamp("s"), 1_000), (pa.timestamp("ms"), 1_000_000), (pa.timestamp("us", "UTC"), 10**9),
    (pa.timestamp("ns"), 10**12),
])  # fmt: skip
def test_times_of_all_units_are_the_same_times(kind, first):
    times, known, what = microseconds(pa.array([first, None], pa.int64()).cast(kind))
    assert (times[0], known.tolist(), what) == (10**9, [True, False], "time")
    _, reachable, _ = microseconds(pa.array([2**61], pa.int64()).cast(pa.timestamp("s")))
    assert reachable.tolist() == [False]


def test_times_of_another_kind_are_refused(model):
    with pytest.raises(ColumnTypeChanged, match="whole numbers"):
        model.judge(["noise"], pa.array([0], pa.timestamp("us")), np.zeros((1, 1)))


def test_a_model_survives_its_bytes(model, points):
    data = model.to_bytes()
    again = restored(data)
    assert again.to_bytes() == data
    assert again.content_hash == model.content_hash
    assert again.info() == model.info()
    for name in RESULTS:
        np.testing.assert_array_equal(getattr(judge(again, *points), name), getattr(judge(model, *points), name))


@pytest.mark.parametrize(("name", "change"), [
    ("kept/growth", lambda a: a * 0.0), ("kept/reach", lambda a: a * 1_000), ("kept/clock", lambda a: a - a),
    ("kept/level", lambda a: a * np.nan), ("kept/seasons", lambda a: a[1:]), ("kept/scales", lambda a: a[:-1]),
    ("kept/damping", lambda a: a * 2.0), ("kept/periods", lambda a: a * -1), ("kept/tails", lambda a: -np.abs(a)), ("kept/slope", lambda a: a[1:]),
    ("model/step", lambda a: a * 0.0), ("model/last", lambda a: a[1:]), ("kept/growth", lambda a: a[:, 1:]),
])  # fmt: skip
def test_forged_states_are_refused(model, name, change):
    state = State.from_bytes(model.to_bytes())
    forged = State(state.scalars, {**state.arrays, name: change(state.arrays[name])}, state.texts)
    with pytest.raises(CorruptModel):
        restored(forged.to_bytes())


@pytest.mark.parametrize(("name", "value"), [
    ("model/algorithm", "stream_novelty"), ("model/algorithm", 3), ("model/options", "{"), ("model/time_kind", "never"),
    ("kept/seasons_each", 0), ("kept/seasons_each", 7), ("model/n_rows", None), ("model/options", '{"season": 1}'),
])  # fmt: skip
def test_forged_descriptions_are_refused(model, name, value):
    state = State.from_bytes(model.to_bytes())
    with pytest.raises(CorruptModel):
        restored(State({**state.scalars, name: value}, state.arrays, state.texts).to_bytes())


@pytest.mark.parametrize("algorithm", ["window_neighbours", "channel_neighbours", "stream_novelty"])
def test_algorithms_of_which_nothing_can_be_kept_are_refused_with_the_reason(algorithm):
    with pytest.raises(InvalidOption, match="cannot be kept as a model: it"):
        parsed({"algorithm": algorithm})
    with pytest.raises(InvalidOption, match="channel_neighbours"):
        parsed({}, 2)


def test_other_columns_than_the_model_s_are_refused(model):
    model.check_columns(["V", "ts", "shop"])
    with pytest.raises(MissingColumn, match="trained anew"):
        model.check_columns(["v", "ts"])


@pytest.mark.parametrize(("step", "told"), [(1.5e6, "0:00:01.500000"), (1e300, "106751991 days, 4:00:54.775808")])
def test_the_usual_distance_of_points_is_told_also_of_a_damaged_model(model, step, told):
    found = facts(replace(model, time_kind=TIME, step=np.full(len(model.keys), step)))
    assert {fact.value for fact in found if fact.name == "step"} == {told}
