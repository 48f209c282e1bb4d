"""Fast kernels equal their slow, obvious forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adsql.kernels import half_spaces, novelty, profiles, seasons, sliding, windows
from series import slow

SERIES = arrays(np.float64, st.integers(8, 60), elements=st.floats(-1e3, 1e3, width=32))


def close(found, expected):
    # Sums of squares that slide lose what rounding leaves of the largest of them.
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-3)


@given(SERIES, st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_window_distance(x, width, k, seed):
    lags = np.flatnonzero(np.random.default_rng(seed).random(len(x) - width + 1) < 0.5)
    lags = lags[lags >= width]
    close(windows.window_distance(x, width, lags, k), slow.window_distance(x, width, lags, k))


@given(SERIES, st.integers(1, 3), st.integers(0, 20), st.integers(1, 5))
def test_separated_distance(x, d, apart, k):
    X = np.ascontiguousarray(x[: len(x) // d * d].reshape(-1, d))
    places = np.arange(0, len(X), 2)
    reference = np.ascontiguousarray(X[places].T)
    found = windows.separated_distance(X, reference, places, apart, k)
    expected = slow.separated_distance(X, reference, places, apart, k)
    close(found[0], expected[0])
    # Of neighbours that are equally far another one may be the last.
    np.testing.assert_allclose(found[1].sum(axis=1), expected[1].sum(axis=1), atol=1e-9)
    if k == 1 and d == 1:
        np.testing.assert_allclose(found[1], expected[1])


def test_the_columns_that_a_distance_comes_from():
    X = np.random.default_rng(0).normal(size=(60, 3))
    places = np.arange(0, 60, 2)
    reference = np.ascontiguousarray(X[places].T)
    found = windows.separated_distance(X, reference, places, 5, 4)
    for fast, obvious in zip(found, slow.separated_distance(X, reference, places, 5, 4), strict=True):
        np.testing.assert_allclose(fast, obvious, rtol=1e-6)


@given(SERIES, st.integers(1, 9))
def test_covering_mean(scores, width):
    scores = np.where(np.arange(len(scores)) % 5 == 3, np.nan, scores)
    n = len(scores) + width - 1
    close(windows.covering_mean(scores, width, n), slow.covering_mean(scores, width, n))


@given(SERIES, st.integers(1, 6), st.integers(6, 80))
def test_nearest_past(x, width, lags):
    close(novelty.nearest_past(x, width, lags), slow.nearest_past(x, width, lags))


def test_nearest_past_after_its_sums_were_made_anew():
    x = np.random.default_rng(0).normal(size=1_100)
    found = novelty.nearest_past(x, 4, 300)
    for t in (511, 512, 513, 1_024, 1_099):
        close(found[t], slow.nearest_past(x[t - 310 : t + 1], 4, 300)[-1])


@given(SERIES, st.integers(0, 9))
def test_announced_once(scores, quiet):
    np.testing.assert_array_equal(novelty.announced_once(scores, quiet), slow.announced_once(scores, quiet))


@given(SERIES, st.integers(1, 5))
def test_trailing_mean(x, width):
    expected = [x[max(0, t - width + 1) : t + 1].mean() for t in range(len(x))]
    close(novelty.trailing_mean(x, width), expected)


@given(SERIES, st.integers(2, 9))
def test_season_gain(x, period):
    assert seasons.season_gain(x, period) == pytest.approx(slow.season_gain(x, period), abs=1e-6)


@given(SERIES, st.integers(1, 9))
def test_a_line_is_its_own_centred_mean(x, width):
    line = 3.0 + 2.0 * np.arange(len(x))
    np.testing.assert_allclose(seasons.centred_mean(line, width), line)


@given(SERIES, st.integers(2, 9))
def test_without_season_every_phase_has_the_mean_zero(x, period):
    rest = seasons.without_season(x, period)
    for phase in range(min(period, len(x))):
        assert rest[phase::period].mean() == pytest.approx(0.0, abs=1e-9)


@given(SERIES, st.integers(3, 6), st.integers(0, 2**32 - 1))
def test_matrix_profile(x, width, seed):
    # Whole numbers: a window is constant or it is not, and rounding does not decide.
    x = np.round(x / 100.0)
    lags = np.flatnonzero(np.random.default_rng(seed).random(len(x) - width + 1) < 0.5)
    lags = lags[lags >= 1]
    close(profiles.matrix_profile(x, width, lags), slow.matrix_profile(x, width, lags))


@given(SERIES, st.integers(2, 12), st.integers(1, 2))
def test_past_medians(x, width, first):
    x = np.where(np.arange(len(x)) % 7 == 3, np.nan, np.round(x))
    for found, expected in zip(sliding.past_medians(x, width, first), slow.past_medians(x, width, first), strict=True):
        np.testing.assert_allclose(found, expected)


@given(SERIES, st.integers(4, 12), st.integers(0, 2**32 - 1))
def test_stream_masses(x, window, seed):
    rng = np.random.default_rng(seed)
    X = np.ascontiguousarray(np.column_stack([x, x[::-1]]) / 1e3)
    features, cuts = rng.integers(0, 2, (3, 7)), rng.uniform(-1.0, 1.0, (3, 7))
    found = half_spaces.stream_masses(X, features, cuts, window)
    np.testing.assert_array_equal(found, slow.stream_masses(X, features, cuts, window))
