"""What the algorithms of series promise: seasons found, bounds that hold, nothing from the future."""

from __future__ import annotations

import numpy as np
import pytest

from adsql.series.bounds import Tails, bulk_deviates, deviate_of
from adsql.series.channels import channel_neighbours
from adsql.series.decomposition import decompose
from adsql.series.ets import ets, fitted_gains
from adsql.series.expectation import MIN_POINTS
from adsql.series.half_space_trees import half_space_trees
from adsql.series.k_shape import cluster_shapes, k_shape, shape_distances
from adsql.series.matrix_profile import matrix_profile
from adsql.series.online import stream_novelty
from adsql.series.online_robust_z import online_robust_z
from adsql.series.periods import find_periods
from adsql.series.spectral_residual import spectral_residual
from adsql.series.sub_pca import sub_pca
from adsql.series.window_neighbours import shape_period, window_neighbours
from series import slow
from series.kinds import KINDS, clean


def deviates(values, **options):
    return decompose(values, **options).deviates(values)


CAUSAL = {
    "decomposition": lambda x: deviates(x, causal=True),
    "online": stream_novelty,
    "ets": lambda x: ets(x, causal=True).deviates(x),
    "robust z": lambda x: online_robust_z(x).deviates(x),
    "half spaces": lambda x: half_space_trees(x[:, np.newaxis], window=100),
}
RETROSPECTIVE = {
    "decomposition": deviates,
    "windows": window_neighbours,
    "channels": lambda x: channel_neighbours(x[:, np.newaxis])[0],
    "ets": lambda x: ets(x).deviates(x),
    "matrix profile": matrix_profile,
    "residual": spectral_residual,
    "components": sub_pca,
    "shapes": k_shape,
}


@pytest.fixture(scope="module")
def season():
    values = clean("season", 1_000, 0)
    values[700] += 20.0
    return values


@pytest.mark.parametrize(("kind", "expected"), [
    ("season", (24,)), ("two seasons", (24, 168)), ("counts", (24,)), ("growing", (24,)), ("noise", ()), ("trend", ()),
    ("random walk", ()), ("autoregressive", ()), ("heavy tails", ()),
])  # fmt: skip
def test_seasons_are_found_where_there_are_any(kind, expected):
    for seed in range(3):
        assert find_periods(clean(kind, 3_000, seed)) == expected


def test_gaps_and_outliers_do_not_hide_a_season():
    values = clean("season", 1_500, 1)
    values[::7] = np.nan
    values[500] = 1e6
    assert find_periods(values) == (24,)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("expect", [decompose, ets])
def test_level_and_season_stay_over_a_long_gap(expect, causal):
    """A slope is never quite zero in noise, and would lead away from the values as far as the gap is long."""
    t = np.arange(8_000)
    truth = 100.0 + 20.0 * np.sin(2 * np.pi * t / 48)
    gap = slice(1_500, 6_500)
    for seed in range(5):
        values = truth + 3.0 * np.random.default_rng(seed).standard_normal(len(t))
        values[gap] = np.nan
        expected = expect(values, [48], causal=causal).expected
        assert np.abs(expected[gap] - truth[gap]).max() < 12.0


@pytest.mark.parametrize("periods", [None, [24]])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("expect", [decompose, ets])
def test_a_gap_at_either_end_teaches_nothing_and_ends_nothing(expect, causal, periods):
    values = clean("season", 4_000, 0)
    late, early = values.copy(), values.copy()
    late[:2_500], early[1_500:] = np.nan, np.nan
    for given, known in ((late, slice(3_500, 4_000)), (early, slice(1_000, 1_500))):
        expected = expect(given, periods, causal=causal).expected
        assert np.abs(expected[known] - values[known]).mean() < 3.0


def test_a_trend_goes_on_through_a_few_missing_points_and_wears_off_over_many():
    values = 3.0 * np.arange(400.0) + np.random.default_rng(0).standard_normal(400)
    values[200:300] = np.nan
    expected = decompose(values, [], causal=True).expected
    np.testing.assert_allclose(expected[200:208], 3.0 * np.arange(200, 208), atol=3.0)
    assert expected[208:300].max() < 3.0 * 208 + 30.0
    assert expected[299] == pytest.approx(expected[290], abs=0.1)


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 50, [3.0] * 50], ids=["none", "one", "missing", "constant"])
def test_nothing_has_no_season(values):
    assert find_periods(np.array(values)) == ()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_of_new_points_99_percent_lie_in_a_99_percent_band(kind, causal):
    inside = []
    for seed in range(4):
        values = clean(kind, 3_000, seed)
        lower, upper = decompose(values, causal=causal).bounds(deviate_of(0.01))
        inside.append(((lower <= values) & (values <= upper))[1_000:])
    assert 0.985 <= np.mean(inside) <= 0.995


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_bounds_fitted_to_few_points_hold_as_well(kind, causal):
    inside = []
    for seed in range(500, 520):
        values = clean(kind, 600, seed)
        lower, upper = decompose(values, causal=causal).bounds(deviate_of(0.01))
        inside.append(((lower <= values) & (values <= upper))[50:])
    assert 0.985 <= np.mean(inside) <= 0.995


@pytest.mark.parametrize("name", CAUSAL)
def test_a_causal_result_stays_when_points_are_appended(name, season):
    whole = CAUSAL[name](season)
    for n in (150, 431, 701, 702, 999):
        np.testing.assert_array_equal(CAUSAL[name](season[:n]), whole[:n])


@pytest.mark.parametrize("name", RETROSPECTIVE)
def test_a_retrospective_result_looks_ahead(name, season):
    assert not np.array_equal(RETROSPECTIVE[name](season[:900]), RETROSPECTIVE[name](season)[:900])


@pytest.mark.parametrize("run", [*CAUSAL.values(), *RETROSPECTIVE.values()])
def test_equal_calls_give_equal_bits(run, season):
    assert run(season).tobytes() == run(season).tobytes()


@pytest.mark.parametrize("run", [
    deviates, CAUSAL["decomposition"], stream_novelty, spectral_residual, *(CAUSAL[n] for n in ("ets", "robust z")),
])  # fmt: skip
def test_the_strangest_point_is_the_one_that_was_moved(run, season):
    assert np.nanargmax(np.abs(run(season))) == 700


def test_the_tested_point_has_no_part_in_its_expectation(season):
    moved = season.copy()
    moved[700] = 1e4
    assert decompose(moved, (24,)).expected[700] == decompose(season, (24,)).expected[700]


def test_a_new_level_is_told_at_its_start_and_then_known():
    values = clean("noise", 600, 0)
    values[300:] += 30.0
    strange = np.abs(deviates(values)) > deviate_of(0.001)
    # From before and from behind, both sides of a change are as expected.
    assert strange[:297].sum() <= 2
    assert strange[303:].sum() <= 2
    late = np.abs(deviates(values, causal=True)) > deviate_of(0.001)
    assert late[300:304].all()
    assert late[320:].sum() <= 3


def test_a_constant_series_expects_its_value_and_nothing_else():
    values = np.full(200, 7.0)
    values[150] = 7.5
    found = decompose(values)
    np.testing.assert_array_equal(found.expected, 7.0)
    result = found.deviates(values)
    assert result[150] == np.inf
    assert (np.delete(result, 150) == 0.0).all()


def test_too_short_a_series_has_no_bounds():
    for n in (0, 1, MIN_POINTS - 1):
        assert np.isnan(deviates(np.arange(float(n)))).all()
    assert not np.isnan(deviates(np.arange(float(MIN_POINTS)))).any()


def test_a_missing_value_has_an_expectation_and_no_deviate(season):
    values = season.copy()
    values[300:310] = np.nan
    found = decompose(values)
    assert np.isnan(found.deviates(values)[300:310]).all()
    assert np.abs(found.expected[300:310] - season[300:310]).max() < 6.0


def test_few_outliers_do_not_widen_bounds():
    values = clean("noise", 2_000, 0)
    dirty = values.copy()
    dirty[::250] += 50.0
    for deviate in (2.0, 3.3):
        low, high = Tails.fit(values).interval(deviate)
        low_dirty, high_dirty = Tails.fit(dirty).interval(deviate)
        assert high_dirty - low_dirty < 1.25 * (high - low)


def test_deviates_are_the_inverse_of_intervals():
    tails = Tails.fit(np.random.default_rng(0).exponential(size=3_000))
    for deviate in (0.5, 2.0, 4.0):
        np.testing.assert_allclose(tails.deviates(np.array(tails.interval(deviate))), [-deviate, deviate])


def test_rarity_is_told_by_the_bulk_of_scores():
    scores = np.random.default_rng(0).normal(5.0, 2.0, 4_000)
    clean_rarity = bulk_deviates(scores)
    assert (clean_rarity >= 0.0).all()
    assert clean_rarity.max() < deviate_of(0.001)
    scores[:400] += 40.0
    assert bulk_deviates(scores)[:400].min() > 5.0
    assert (bulk_deviates(np.full(50, 3.0)) == 0.0).all()


def test_windows_of_a_series_that_repeats_itself_exactly_are_not_told_apart_by_rounding():
    values = np.tile(np.arange(7.0), 60)
    assert (window_neighbours(values) == 0.0).all()


def test_windows_find_a_strange_shape_of_usual_values():
    values = np.sin(np.arange(2_000) * 2 * np.pi / 50)
    values[1_200:1_250] = values[1_200:1_250][::-1] * -0.3
    assert shape_period(values) == 50
    assert 1_150 <= window_neighbours(values).argmax() <= 1_300


@pytest.mark.parametrize("run", [matrix_profile, sub_pca, k_shape])
def test_a_strange_shape_is_found_by_every_algorithm_of_windows(run):
    rng = np.random.default_rng(1)
    values = np.sin(np.arange(2_000) * 2 * np.pi / 50) + 0.05 * rng.normal(size=2_000)
    values[1_200:1_250] = np.sin(np.arange(50) * 2 * np.pi / 17) + 0.05 * rng.normal(size=50)
    assert 1_150 <= run(values).argmax() <= 1_300


def test_components_are_those_of_the_slow_form():
    values = np.random.default_rng(0).normal(size=300)
    np.testing.assert_allclose(sub_pca(values, 8), slow.sub_pca(values, 8), rtol=1e-8)


@pytest.mark.parametrize("n", [20, 151])
def test_spectral_residuals_are_those_of_the_slow_form(n):
    values = np.random.default_rng(0).normal(size=n)
    np.testing.assert_allclose(spectral_residual(values, 9), slow.spectral_residual(values, 9), atol=1e-9)


def test_shape_distances_are_those_of_the_slow_form():
    rng = np.random.default_rng(0)
    windows, shapes = rng.normal(size=(6, 11)), rng.normal(size=(3, 11))
    windows /= np.linalg.norm(windows, axis=1, keepdims=True)
    shapes /= np.linalg.norm(shapes, axis=1, keepdims=True)
    shapes[1] = 0.0
    distances, shifts = shape_distances(windows, shapes)
    for i, window in enumerate(windows):
        for j, shape in enumerate(shapes):
            expected = slow.shape_distance(window, shape)
            assert (distances[i, j], shifts[i, j]) == (pytest.approx(expected[0]), expected[1])


def test_shifted_windows_of_two_shapes_are_two_clusters():
    rng = np.random.default_rng(0)
    t = np.arange(40)
    kinds = [np.exp(-(((t - 20) / 3) ** 2)), np.sign(np.sin(t / 3.0)) * (abs(t - 20) < 12)]
    windows = np.array([np.roll(kinds[i % 2], rng.integers(-5, 6)) + 0.02 * rng.normal(size=40) for i in range(60)])
    windows -= windows.mean(axis=1, keepdims=True)
    windows /= np.linalg.norm(windows, axis=1, keepdims=True)
    shapes, weights = cluster_shapes(windows, 2, rng)
    nearest = shape_distances(windows, shapes)[0].argmin(axis=1)
    assert weights.tolist() == [0.5, 0.5]
    assert len(set(nearest[::2])) == len(set(nearest[1::2])) == 1


def test_gains_follow_the_series():
    rng = np.random.default_rng(0)
    walk, noise = np.cumsum(rng.normal(size=1_000)), rng.normal(size=1_000)
    assert fitted_gains(walk, ())[0, 0] >= 0.6
    assert fitted_gains(noise, ())[0, 0] <= 0.1
    assert fitted_gains(np.cumsum(np.cumsum(rng.normal(size=1_000)) * 0.1 + 1.0), ())[0, 1] > 0.0


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_bounds_of_fitted_smoothing_hold(kind, causal):
    values = clean(kind, 3_000, 5)
    lower, upper = ets(values, causal=causal).bounds(deviate_of(0.01))
    assert 0.98 <= ((lower <= values) & (values <= upper))[1_000:].mean() <= 0.998


def test_a_stream_s_new_state_is_strange_and_then_usual():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_500, 2))
    X[800:] += 5.0
    scores = half_space_trees(X)
    assert np.isnan(scores[:250]).all()
    assert scores[800:840].mean() > np.quantile(scores[250:800], 0.95)
    assert scores[1_300:].mean() < scores[800:840].mean()


def test_channels_find_rows_that_no_single_channel_shows():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=2_000)
    X = np.column_stack([shared, shared + 0.05 * rng.normal(size=2_000)])
    X[1_000:1_100, 1] = -X[1_000:1_100, 1]
    scores, shares = channel_neighbours(X)
    assert 1_000 <= scores.argmax() < 1_100
    assert shares.shape == X.shape
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


def test_the_channel_that_moved_has_the_larger_share():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2_000, 4))
    X[:, 3] = 7.0
    X[1_000:1_100, 1] += 6.0
    scores, shares = channel_neighbours(X)
    assert 1_000 <= scores.argmax() < 1_100
    assert shares[1_000:1_100, 1].min() > 0.5
    assert (shares[:, 3] == 0.0).all()


@pytest.mark.parametrize("n", [0, 1, 5, 99, 300])
def test_scores_are_finite_whatever_the_length(n):
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=n), np.zeros(n), np.full(n, np.nan), np.where(rng.random(n) < 0.5, np.nan, 1e300)):
        every = [window_neighbours, stream_novelty, matrix_profile, spectral_residual, sub_pca, k_shape]
        for scores in (channel_neighbours(values[:, np.newaxis])[0], *(run(values) for run in every)):
            assert scores.shape == (n,)
            assert np.isfinite(scores).all()
