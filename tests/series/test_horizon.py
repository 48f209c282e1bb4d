"""What is expected after the last point of a series: times, values, bounds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.errors import InvalidOption
from adsql.series.detection import Status, detect
from adsql.series.horizon import time_texts, times_ahead
from adsql.series.model import SeriesColumns, SeriesModel
from adsql.series.options import SeriesOptions
from adsql.series.sampling import Sampling
from adsql.series.training import fit_series, parsed
from series.kinds import KINDS, clean

N, H = 400, 30


def forecast(values, times=None, **options):
    n = len(values)
    return detect(
        np.arange(n) * 60 if times is None else np.asarray(times),
        np.ones(n, dtype=bool), values[:, np.newaxis], np.zeros(n, dtype=bool), SeriesOptions.parse(**options),
    )  # fmt: skip


def ahead(values, **options):
    """Expected values and bounds of the points to come."""
    found = forecast(values, **options)
    return [part[len(values) :] for part in (found.expected, found.lower, found.upper)]


@pytest.mark.parametrize(
    "options", [{}, {"season": 24}, {"sensitivity": 0.05, "direction": "up", "min_deviation": 2.0}]
)
def test_a_model_expects_the_same_of_the_points_to_come(options):
    values = clean("season", N, 5)
    asked = parsed(options)
    part = fit_series("", pa.array(np.arange(N) * 60), values[:, np.newaxis], np.zeros(N, dtype=bool), asked)
    model = SeriesModel.of([part], asked, SeriesColumns("t", ("v",)))
    later = (N + np.arange(H)) * 60
    judged = model.judge([""] * H, pa.array(later), np.zeros((H, 1)))
    found = forecast(values, horizon=H, **options)
    assert found.later.tolist() == later.tolist()
    for ours, theirs in zip(
        ahead(values, horizon=H, **options), (judged.expected, judged.lower, judged.upper), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
def test_a_horizon_leaves_the_verdicts_as_they_were(mode):
    values = clean("season", N, 6)
    plain, found = forecast(values, mode=mode), forecast(values, mode=mode, horizon=H)
    assert set(found.status[N:]) == {Status.FORECAST}
    assert not found.is_anomaly[N:].any()
    assert found.asked[N:].all()
    for name in ("expected", "lower", "upper", "score", "severity", "is_anomaly", "status", "algorithm"):
        np.testing.assert_array_equal(getattr(found, name)[:N], getattr(plain, name))
        assert len(getattr(found, name)) == N + H
    assert np.isnan(found.score[N:]).all()
    assert np.isnan(found.severity[N:]).all()


@pytest.mark.parametrize("algorithm", ["decomposition", "ets"])
@pytest.mark.parametrize("kind", KINDS)
def test_most_values_to_come_are_within_a_99_percent_band(kind, algorithm):
    outside = 0
    for seed in range(5):
        values = clean(kind, N + H, seed)
        _, lower, upper = ahead(values[:N], algorithm=algorithm, horizon=H, sensitivity=0.01)
        outside += int(((values[N:] < lower) | (values[N:] > upper)).sum())
    # Errors of one forecast are alike, so that the share of five varies much more than that of 150 points.
    assert outside <= 0.1 * 5 * H


def test_bounds_grow_where_the_past_was_hard_to_foresee():
    values = np.cumsum(np.random.default_rng(7).normal(size=N))
    _, lower, upper = ahead(values, horizon=H)
    assert (np.diff(upper - lower) >= -1e-9).all()
    assert upper[-1] - lower[-1] > 3.0 * (upper[0] - lower[0])


def test_the_future_is_not_told_beyond_what_the_past_tells():
    found = forecast(clean("season", 60, 0), horizon=50)
    assert found.status[60:].tolist() == [Status.FORECAST] * 16 + [Status.TOO_FAR] * 34
    assert np.isnan(found.upper[60 + 16 :]).all()


def test_series_that_cannot_be_forecast_say_so():
    found = forecast(np.arange(5.0), horizon=2)
    assert found.status[5:].tolist() == [Status.TOO_SHORT] * 2
    assert found.later.tolist() == [300, 360]
    assert len(forecast(np.arange(3.0), times=[7, 7, 7], horizon=2).later) == 0
    assert len(forecast(np.zeros(0), horizon=2).later) == 0
    nothing = forecast(np.full(40, np.nan), horizon=2, algorithm="ets")
    assert nothing.status[40:].tolist() == [Status.TOO_SHORT] * 2


@pytest.mark.parametrize(("times", "expected"), [
    ([0, 10, 20, 50, 60], [70, 80]), ([60, 0, 10, 50, 20], [70, 80]), ([0, 1, 5, 6, 40], [42, 45]),
    ([0, 31, 60, 91, 121, 152], [182, 213]), ([2**62 - 30, 2**62 - 20, 2**62 - 15_000], []), ([3], []), ([], []),
])  # fmt: skip
def test_times_go_on_at_the_usual_distance(times, expected):
    given = np.array(times, dtype=np.int64)
    found = times_ahead(given, Sampling.of(given, np.ones(len(given), dtype=bool)), 2)
    assert found.tolist() == expected


@pytest.mark.parametrize(("kind", "times", "expected"), [
    (pa.timestamp("us"), [0, -1], ["1970-01-01 00:00:00.000000", "1969-12-31 23:59:59.999999"]),
    (pa.timestamp("s", "Europe/Berlin"), [86_400], ["1970-01-02 00:00:00+00"]),
    (pa.timestamp("ns"), [5], ["1970-01-01 00:00:00.000000005"]),
    (pa.date32(), [-719_163, -719_162, 2_932_896, 2_932_897], [None, "0001-01-01", "9999-12-31", None]),
    (pa.uint8(), [-1, 255, 256], [None, "255", None]), (pa.int64(), [2**61], [str(2**61)]),
])  # fmt: skip
def test_times_are_text_that_their_type_can_be_read_from(kind, times, expected):
    assert time_texts(np.array(times), kind) == expected


@pytest.mark.parametrize(("options", "fragment"), [
    ({"horizon": 0}, "horizon"), ({"horizon": 8_193}, "8192"), ({"horizon": "soon"}, "soon"), ({"horizon": 1.5}, "1.5"),
    ({"horizon": 1, "algorithm": "window_neighbours"}, "forecasts nothing"),
    ({"horizon": 1, "algorithm": "online_robust_z"}, "forecasts nothing"),
    ({"horizon": 1, "n_channels": 2}, "forecasts nothing"),
])  # fmt: skip
def test_a_horizon_that_cannot_be_used_is_told(options, fragment):
    with pytest.raises(InvalidOption, match=fragment):
        SeriesOptions.parse(**options)
