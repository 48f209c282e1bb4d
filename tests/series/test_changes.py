"""Change points: found where they are, and not where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adsql.errors import InvalidOption
from adsql.kernels.contrasts import JUMP, KINK, STEP, largest_contrasts
from adsql.series.changes import ChangeOptions, find_changes
from adsql.series.segmentation import intervals, threshold
from series.kinds import clean

WITHOUT = {"step": lambda t, b: [], "jump": lambda t, b: [t], "kink": lambda t, b: [t]}
FORMS = {"step": STEP, "jump": JUMP, "kink": KINK}


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


def autoregressive(correlation, n, seed):
    x = noise(n, seed)
    for i in range(1, n):
        x[i] += correlation * x[i - 1]
    return x


def kinds(values, **options):
    return [(change.place, change.kind.value) for change in find_changes(values, ChangeOptions.parse(**options))]


def slow_contrast(x, b, form):
    """By least squares: what the change's column adds to a fit of the others, as a standard normal variable."""
    t = np.arange(len(x), dtype=float)
    change = np.maximum(t - b, 0.0) if form == "kink" else (t >= b).astype(float)
    base = np.column_stack([np.ones(len(x)), *WITHOUT[form](t, b)])
    rest = change - base @ np.linalg.lstsq(base, change, rcond=None)[0]
    length = np.linalg.norm(rest)
    return abs(rest @ x) / length if length > 1e-6 else 0.0


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_the_kernel_finds_what_least_squares_does(form, data):
    n = data.draw(st.integers(8, 40))
    x = data.draw(arrays(float, n, elements=st.floats(-100, 100, width=32)))
    start = data.draw(st.integers(0, n - 6))
    stop = data.draw(st.integers(start + 6, n))
    least = data.draw(st.integers(2, 3))
    best, places = largest_contrasts(x, np.array([start]), np.array([stop]), least, FORMS[form])
    slow = [slow_contrast(x[start:stop], b - start, form) for b in range(start + least, stop - least + 1)]
    assert best[0] == pytest.approx(max(slow), abs=1e-5)
    if max(slow) > 1e-5:
        assert slow[places[0] - start - least] == pytest.approx(max(slow), abs=1e-5)


@pytest.mark.parametrize("form", [STEP, JUMP, KINK])
@pytest.mark.parametrize("n", [64, 400])
def test_the_threshold_is_exceeded_by_as_much_noise_as_it_says(form, n):
    starts, stops = intervals(n)
    largest = [largest_contrasts(noise(n, seed), starts, stops, 8, form)[0].max() for seed in range(600)]
    assert 0.06 <= np.mean(np.array(largest) > threshold(n, form, 0.1)) <= 0.14
    assert np.mean(np.array(largest) > threshold(n, form, 0.01)) <= 0.025


@pytest.mark.parametrize("kind", ["noise", "trend", "season", "heavy tails", "growing", "counts", "autoregressive"])
def test_clean_series_have_no_changes_but_for_the_rate_of_false_alarms(kind):
    alarms = [bool(find_changes(clean(kind, 400, seed))) for seed in range(60)]
    assert np.mean(alarms) <= 0.05


@pytest.mark.parametrize("correlation", [-0.5, 0.5, 0.9])
def test_correlated_noise_has_no_changes(correlation):
    assert sum(bool(find_changes(autoregressive(correlation, 500, seed))) for seed in range(60)) <= 3


def test_a_level_is_found_at_its_point_and_measured():
    values = 10.0 + noise(400)
    values[250:] += 3.0
    [change] = find_changes(values)
    assert abs(change.place - 250) <= 1
    assert (change.kind.value, round(change.before), round(change.after)) == ("level", 10, 13)
    assert change.confidence > 0.999
    assert change.score > threshold(400, JUMP, 0.01)


def test_a_trend_and_a_variance_are_told_from_a_level():
    values = noise(400, 1)
    values[200:] += 0.1 * np.arange(200)
    [change] = find_changes(values)
    assert (abs(change.place - 200) <= 10, change.kind.value) == (True, "trend")
    assert (change.before, change.after) == (pytest.approx(0.0, abs=0.01), pytest.approx(0.1, abs=0.01))
    values = noise(400, 2)
    values[200:] *= 3.0
    [change] = find_changes(values)
    assert (abs(change.place - 200) <= 10, change.kind.value) == (True, "variance")
    assert (round(change.before), round(change.after)) == (1, 3)


def test_several_changes_are_found_in_order():
    values = noise(1_000, 3)
    values[800:] *= 3.0
    values[300:] += 4.0
    values[600:] -= 3.0
    found = kinds(values)
    assert [kind for _, kind in found] == ["level", "level", "variance"]
    np.testing.assert_allclose([place for place, _ in found], [300, 600, 800], atol=15)
    assert [kind for _, kind in kinds(values, kind="variance")] == ["variance"]
    assert [kind for _, kind in kinds(values, kind="level")] == ["level", "level"]


def test_a_jump_is_not_told_as_two_bends():
    for seed in range(20):
        values = noise(300, seed)
        values[200:] += 6.0
        assert kinds(values) == [(200, "level")]


def test_a_change_is_found_beside_a_season_a_trend_and_correlation():
    values = clean("season", 600, 0) + 0.02 * np.arange(600)
    values[400:] += 5.0
    assert [kind for _, kind in kinds(values)] == ["level"]
    values = autoregressive(0.6, 600, 4)
    values[300:] += 8.0
    [(place, kind)] = kinds(values)
    assert (abs(place - 300) <= 3, kind) == (True, "level")


def test_a_higher_sensitivity_finds_smaller_changes():
    found = []
    for seed in range(20):
        values = noise(200, seed)
        values[100:] += 1.2
        found.append([len(kinds(values, kind="level", sensitivity=share)) for share in (0.0001, 0.4)])
    few, many = np.sum(found, axis=0)
    assert few < many


def test_a_strange_point_is_no_change():
    values = noise(300)
    values[[50, 150, 151, 250]] = [40.0, -60.0, 90.0, 500.0]
    assert find_changes(values) == []


def test_missing_values_are_left_out_and_places_are_those_of_all():
    values = noise(400)
    values[250:] += 4.0
    values[100:150] = np.nan
    values[::9] = np.inf
    [change] = find_changes(values)
    assert abs(change.place - 250) <= 2
    assert change.kind.value == "level"


@pytest.mark.parametrize("values", [
    [], [1.0], [np.nan] * 100, [5.0] * 100, list(range(31)), [1e300, -1e300] * 50, [0.0] * 99 + [1.0], [np.inf] * 50,
], ids=["none", "one", "missing", "constant", "short", "huge", "one other", "infinite"])  # fmt: skip
def test_degenerate_series_raise_nothing(values):
    assert all(np.isfinite(change.score) for change in find_changes(np.array(values, dtype=float)))


def test_a_step_without_noise_is_found():
    [change] = find_changes(np.repeat([2.0, 7.0], 50))
    assert (change.place, change.kind.value, change.before, change.after) == (50, "level", 2.0, 7.0)


def test_scale_and_place_do_not_matter():
    values = noise(300, 5)
    values[200:] += 4.0
    assert kinds(values) == kinds(1e6 * values - 3e7) == kinds(-1e-6 * values)


@pytest.mark.parametrize("given", [
    {"kind": "mean"}, {"kind": 3}, {"sensitivity": 0}, {"sensitivity": 0.9}, {"sensitivity": "high"}, {"season": "daily"},
])  # fmt: skip
def test_an_option_that_cannot_be_used_is_told(given):
    with pytest.raises(InvalidOption):
        ChangeOptions.parse(**given)
