"""Verdicts on the rows of one series: options, times out of order, and series that are none."""

from __future__ import annotations

import numpy as np
import pytest

from adsql.errors import InvalidOption, InvalidParameter, OptionError, UnknownAlgorithm, UnknownParameter
from adsql.series.detection import Status, detect
from adsql.series.options import ALGORITHMS, SeriesOptions
from adsql.series.sampling import Sampling
from series.kinds import KINDS, clean

N = 600


@pytest.fixture(scope="module")
def values():
    found = clean("season", N, 3)
    found[400] += 15.0
    found[500] -= 15.0
    return found


def judge(values, times=None, known=None, excluded=None, **options):
    X = values if values.ndim == 2 else values[:, np.newaxis]
    n = len(X)
    return detect(
        np.arange(n) * 60 if times is None else times,
        np.ones(n, dtype=bool) if known is None else known,
        X,
        np.zeros(n, dtype=bool) if excluded is None else excluded,
        SeriesOptions.parse(X.shape[1], **options),
    )


def flagged(judged):
    return np.flatnonzero(judged.is_anomaly).tolist()


def test_an_anomaly_of_values_is_a_row_outside_of_its_bounds(values):
    judged = judge(values, algorithm="decomposition")
    np.testing.assert_array_equal(judged.is_anomaly, (values < judged.lower) | (values > judged.upper))
    assert {400, 500} <= set(flagged(judged))
    assert len(flagged(judged)) <= 5
    assert ((judged.severity >= 0.0) & (judged.severity <= 1.0)).all()


@pytest.mark.parametrize(("direction", "expected"), [("both", [400, 500]), ("up", [400]), ("down", [500])])
def test_a_direction_looks_at_one_side(values, direction, expected):
    judged = judge(values, direction=direction, min_deviation=10.0)
    assert flagged(judged) == expected
    assert np.isnan(judged.lower).all() == (direction == "up")
    assert np.isnan(judged.upper).all() == (direction == "down")


def test_a_least_deviation_widens_the_bounds(values):
    judged = judge(values, min_deviation=14.0)
    assert (judged.upper - judged.expected >= 14.0 - 1e-9).all()
    assert flagged(judge(values, min_deviation=100.0)) == []


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_budget_and_share_flag_what_they_say(values, algorithm):
    assert len(flagged(judge(values, algorithm=algorithm, alert_budget=3))) <= 3
    assert len(flagged(judge(values, algorithm=algorithm, contamination=0.05))) <= 0.05 * N
    assert set(flagged(judge(values, alert_budget=2))) == {400, 500}


def test_a_higher_sensitivity_flags_more(values):
    counts = [len(flagged(judge(values, sensitivity=share))) for share in (0.0001, 0.01, 0.2)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] < 0.4 * N


def test_only_the_last_rows_are_asked_for(values):
    judged = judge(values, only_last_n=5)
    assert np.flatnonzero(judged.asked).tolist() == list(range(N - 5, N))
    whole = judge(values)
    np.testing.assert_array_equal(judged.expected[-5:], whole.expected[-5:])
    # The budget is for those alone.
    assert flagged(judge(values, only_last_n=150, alert_budget=1)) == [500]


def test_rows_may_come_in_any_order(values):
    order = np.random.default_rng(0).permutation(N)
    whole, shuffled = judge(values), judge(values[order], times=np.arange(N)[order] * 60)
    np.testing.assert_array_equal(shuffled.score, whole.score[order])
    np.testing.assert_array_equal(shuffled.is_anomaly, whole.is_anomaly[order])


def test_excluded_rows_teach_nothing_and_are_judged():
    values = clean("noise", 400, 0)
    values[100:200] += 40.0
    excluded = np.zeros(400, dtype=bool)
    excluded[100:200] = True
    judged = judge(values, excluded=excluded)
    assert judged.is_anomaly[100:200].all()
    assert np.abs(judged.expected - 10.0).max() < 2.0
    assert judge(values).is_anomaly[100:200].sum() < 50


def test_a_gap_keeps_the_season_in_step(values):
    kept = np.delete(np.arange(N), np.arange(250, 250 + 31))
    judged = judge(values[kept], times=kept * 60)
    assert {400, 500} <= set(kept[flagged(judged)])
    assert len(flagged(judged)) <= 6


def test_rows_of_the_same_time_are_judged_each_by_itself(values):
    times = np.append(np.arange(N), 300) * 60
    judged = judge(np.append(values, values[300] + 30.0), times=times)
    assert judged.is_anomaly[-1]
    assert not judged.is_anomaly[300]
    assert judged.expected[-1] == judged.expected[300]


def test_rows_without_time_or_value_have_a_status(values):
    holes = values.copy()
    holes[[10, 20]] = np.nan
    holes[30] = np.inf
    known = np.ones(N, dtype=bool)
    known[[20, 40]] = False
    judged = judge(holes, known=known)
    told = {place: status for place, status in enumerate(judged.status) if status is not None}
    assert told == {10: Status.NO_VALUE, 20: Status.NO_TIME, 30: Status.NO_VALUE, 40: Status.NO_TIME}
    assert np.isnan(judged.score[list(told)]).all()
    assert not judged.is_anomaly[list(told)].any()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("n", [0, 1, 2, 10, 23])
def test_too_short_a_series_has_a_status_and_no_verdict(algorithm, n):
    judged = judge(np.arange(float(n)), algorithm=algorithm)
    assert judged.status.tolist() == [Status.TOO_SHORT] * n
    assert not judged.is_anomaly.any()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("kind", ["constant", "missing", "infinite", "huge", "all at one time"])
def test_degenerate_series_raise_nothing(algorithm, kind):
    values = {
        "constant": np.full(200, 3.0), "missing": np.full(200, np.nan), "infinite": np.full(200, np.inf),
        "huge": np.linspace(-1e150, 1e150, 200), "all at one time": np.arange(200.0),
    }[kind]  # fmt: skip
    judged = judge(values, times=np.zeros(200, np.int64) if kind == "all at one time" else None, algorithm=algorithm)
    scored = np.array([status is None for status in judged.status])
    assert np.isfinite(judged.score[scored]).all()
    if kind in ("missing", "infinite"):
        assert judged.status.tolist() == [Status.NO_VALUE] * 200
    if kind == "constant":
        assert not judged.is_anomaly.any()


def test_a_causal_verdict_stays_when_rows_are_appended(values):
    whole = judge(values, mode="causal")
    assert set(whole.status[:24]) == {Status.WARMING_UP}
    part = judge(values[:450], mode="causal")
    for name in ("expected", "lower", "upper", "score", "severity", "is_anomaly"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:450])


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
def test_by_default_an_anomaly_is_outside_of_its_bounds_or_in_a_strange_stretch(mode):
    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(2_000) * 2 * np.pi / 50) + 0.05 * rng.normal(size=2_000)
    wave[1_200:1_300] = np.sin(np.arange(100) * 2 * np.pi / 20) + 0.05 * rng.normal(size=100)
    judged = judge(wave, mode=mode)
    outside = (wave < judged.lower) | (wave > judged.upper)
    by_value = judged.algorithm == judged.algorithms.index("decomposition")
    np.testing.assert_array_equal(judged.is_anomaly & by_value, outside & by_value)
    assert judged.is_anomaly[outside].all()
    assert judged.algorithms[1] == {"retrospective": "window_neighbours", "causal": "stream_novelty"}[mode]
    stretch = np.flatnonzero(judged.is_anomaly & ~by_value)
    assert len(stretch) > 0
    assert stretch.min() >= 1_100
    assert stretch.max() < 1_400


def test_a_strange_value_does_not_make_its_neighbours_strange(values):
    judged = judge(values)
    assert [place for place in flagged(judged) if 380 <= place <= 420] == [400]
    assert judged.algorithm[400] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_by_default_clean_series_have_few_alarms(kind):
    assert judge(clean(kind, 2_000, 7), sensitivity=0.01).is_anomaly.mean() <= 0.02


def test_a_week_s_end_is_no_strange_stretch():
    t = np.arange(10_000)
    values = 50 + 10 * np.sin(2 * np.pi * t / 24) + 5 * (t % 168 < 48) + 3 * np.random.default_rng(0).random(len(t))
    judged = judge(values)
    assert judged.season == (24, 168)
    assert judged.is_anomaly.mean() < 0.004


def test_the_season_is_reported(values):
    assert judge(values).season == (24,)
    assert judge(clean("noise", N, 0)).season == ()
    assert judge(values, season=[7, 24]).season == (7, 24)
    assert judge(values, algorithm="window_neighbours").season is None


def test_several_values_are_judged_together():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_000, 3))
    X[600:700] += 5.0
    judged = judge(X, contamination=0.05)
    assert 600 <= np.argmax(judged.score) < 700
    assert np.isnan(judged.expected).all()


@pytest.mark.parametrize(("given", "error"), [
    ({"algorithm": "no such"}, UnknownAlgorithm), ({"algorithm": 3}, UnknownAlgorithm),
    ({"season": 1}, InvalidOption), ({"season": "daily"}, InvalidOption), ({"season": [24, 1.5]}, InvalidOption),
    ({"sensitivity": 0}, InvalidOption), ({"sensitivity": 0.6}, InvalidOption), ({"sensitivity": "high"}, InvalidOption),
    ({"sensitivity": 0.1, "contamination": 0.1}, InvalidOption), ({"contamination": 0.1, "alert_budget": 1}, InvalidOption),
    ({"direction": "sideways"}, InvalidOption), ({"direction": True}, InvalidOption), ({"min_deviation": -1}, InvalidOption),
    ({"min_deviation": float("nan")}, InvalidOption), ({"mode": "future"}, InvalidOption), ({"only_last_n": 0}, InvalidOption),
    ({"only_last_n": 1.5}, InvalidOption), ({"seed": -1}, InvalidOption), ({"params": {"x": 1}}, UnknownParameter),
    ({"params": "no json"}, InvalidOption), ({"algorithm": "window_neighbours", "params": {"n_neighbors": 0}}, InvalidParameter),
    ({"algorithm": "window_neighbours", "mode": "causal"}, InvalidOption),
    ({"algorithm": "stream_novelty", "mode": "retrospective"}, InvalidOption),
    ({"algorithm": "stream_novelty", "direction": "up"}, InvalidOption),
    ({"algorithm": "decomposition", "n_channels": 2}, InvalidOption),
])  # fmt: skip
def test_an_option_that_cannot_be_used_is_told(given, error):
    with pytest.raises(error) as caught:
        SeriesOptions.parse(**given)
    assert isinstance(caught.value, OptionError)


def test_the_default_follows_what_is_asked_for():
    assert SeriesOptions.parse(1).algorithm.spec.name == "auto"
    assert SeriesOptions.parse(1, direction="up").algorithm.spec.name == "decomposition"
    assert SeriesOptions.parse(1, min_deviation=2).algorithm.spec.name == "decomposition"
    assert SeriesOptions.parse(2, "auto").algorithm.spec.name == "channel_neighbours"
    assert SeriesOptions.parse(season="none").periods == ()
    assert SeriesOptions.parse(season=[168, 24.0, 24]).periods == (24, 168)


@pytest.mark.parametrize(("times", "places", "step"), [
    ([], [], None), ([5], [0], None), ([5, 5], [0, 0], None), ([0, 10, 20], [0, 1, 2], 10.0),
    ([20, 0, 10], [0, 1, 2], 10.0), ([0, 1, 2, 3, 4, 100_000], [0, 1, 2, 3, 4, 5], 1.0),
    ([0, 1, 17, 18, 91, 3_000], [0, 1, 2, 3, 4, 5], None),
])  # fmt: skip
def test_sampling(times, places, step):
    found = Sampling.of(np.array(times, np.int64), np.ones(len(times), dtype=bool))
    assert found.places.tolist() == places
    assert found.step == step
    assert found.n == (places[-1] + 1 if places else 0)
