"""Known quantities beside a series: what they explain is expected, and what they do not is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adsql.errors import InvalidOption
from adsql.series.covariates import Covariates, coefficients
from adsql.series.detection import detect
from adsql.series.options import SeriesOptions, check_others
from series.test_holidays import FIELDS, calendar_of, on_holidays

N = 1_600
COLD = np.array([500, 760, 1_010, 1_330])
STRANGE = 1_200


@pytest.fixture(scope="module")
def known():
    """Temperature with cold spells of some hours, and a price that changes now and then."""
    rng = np.random.default_rng(3)
    t = np.arange(N)
    temperature = (
        10.0 + 6.0 * np.sin(2 * np.pi * (t - 8) / 24) + np.convolve(rng.normal(size=N + 71), np.ones(72) / 8, "valid")
    )
    for start in COLD:
        temperature[start : start + 3] -= 20.0
    return np.column_stack([temperature, np.repeat(rng.choice([1.0, 2.0, 3.0], N // 100), 100)])


@pytest.fixture(scope="module")
def load(known):
    noise = 3.0 * np.random.default_rng(4).normal(size=N)
    season = 30.0 * np.sin(2 * np.pi * np.arange(N) / 24)
    return 300.0 + season + known @ [-4.0, -10.0] + noise


def judge(values, covariates, calendar=None, **options):
    n = len(values)
    return detect(
        np.arange(n) * 3_600, np.ones(n, dtype=bool), values[:, np.newaxis], np.zeros(n, dtype=bool),
        SeriesOptions.parse(**options), calendar, covariates,
    )  # fmt: skip


def in_spells(n=N):
    return np.isin(np.arange(n), [start + k for start in COLD for k in range(3)])


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
@pytest.mark.parametrize("algorithm", ["auto", "decomposition", "ets"])
def test_what_a_covariate_explains_is_flagged_without_it_alone(load, known, algorithm, mode):
    options = {"algorithm": algorithm, "mode": mode}
    without, found = judge(load, None, **options), judge(load, known, **options)
    assert without.is_anomaly[in_spells()].sum() >= 3
    assert found.is_anomaly[in_spells()].sum() <= 1
    assert found.is_anomaly.sum() < without.is_anomaly.sum()
    assert np.nanmean(np.abs(found.expected - load)) < 0.9 * np.nanmean(np.abs(without.expected - load))
    moved = load.copy()
    moved[STRANGE] += 25.0
    assert judge(moved, known, **options).is_anomaly[STRANGE]


def test_expected_values_are_values_with_their_bounds_around_them(load, known):
    judged = judge(load, known, algorithm="decomposition", sensitivity=0.01)
    inside = (load >= judged.lower) & (load <= judged.upper)
    assert 0.985 <= inside[50:].mean() <= 0.995
    np.testing.assert_array_equal(judged.is_anomaly, ~inside)


@pytest.mark.parametrize("algorithm", ["auto", "decomposition", "ets"])
def test_a_causal_verdict_stays_when_rows_are_appended(load, known, algorithm):
    whole = judge(load, known, mode="causal", algorithm=algorithm)
    for n in (769, 800, 1_201):
        part = judge(load[:n], known[:n], mode="causal", algorithm=algorithm)
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:n])


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
def test_a_value_has_hardly_a_part_in_what_is_expected_of_it(load, known, mode):
    """A causal one none; of all values each has a part in the coefficients, which Huber's loss bounds."""
    moved = load.copy()
    moved[STRANGE] += 1e6
    before, after = (
        judge(each, known, mode=mode, algorithm="decomposition").expected[STRANGE] for each in (load, moved)
    )
    assert after == pytest.approx(before, abs=1.0 if mode == "retrospective" else 0.0)


def test_a_point_without_a_covariate_keeps_the_ordinary_expectation(load, known):
    holes = known.copy()
    holes[900:905, 0] = np.nan
    judged = judge(load, holes, algorithm="decomposition")
    ordinary = judge(load - Covariates(holes).effect(load, None, N, N), None, algorithm="decomposition")
    np.testing.assert_allclose(judged.expected[900:905], ordinary.expected[900:905])
    assert judged.status[900:905].tolist() == [None] * 5
    nothing = judge(load, np.full((N, 1), np.nan))
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(nothing, name), getattr(judge(load, None), name))


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
def test_constant_and_collinear_covariates_do_no_harm(load, known, mode):
    temperature, price = known.T
    plain = judge(load, known, mode=mode, algorithm="decomposition")
    for more in (np.full(N, 7.0), 2.0 * temperature - 3.0, temperature + price, np.arange(N) % 24 * 1.0):
        judged = judge(load, np.column_stack([known, more]), mode=mode, algorithm="decomposition")
        assert np.abs(judged.expected - plain.expected)[400:].mean() < 0.5
        assert not judged.is_anomaly[in_spells()].any()


def test_what_explains_nothing_changes_little():
    rng = np.random.default_rng(0)
    walk, other = np.cumsum(rng.normal(size=(2, 2_000)), axis=1)
    [weight] = coefficients(walk, other[:, np.newaxis])
    assert abs(weight) < 0.1
    plain, judged = (judge(walk, given, algorithm="decomposition") for given in (None, other[:, np.newaxis]))
    assert np.nanmean(np.abs(judged.expected - walk)) < 1.02 * np.nanmean(np.abs(plain.expected - walk))


def test_coefficients_withstand_outliers_and_level_shifts(known):
    rng = np.random.default_rng(1)
    values = 5.0 + known @ [2.0, -3.0] + rng.normal(size=N)
    values[rng.choice(N, 30, replace=False)] += 200.0
    values[850:] += 150.0
    assert coefficients(values, known).tolist() == pytest.approx([2.0, -3.0], abs=1.0)


@given(st.integers(0, 1_000), st.floats(-1e6, 1e6), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
@settings(max_examples=25, deadline=None)
def test_coefficients_follow_the_units(seed, shift, unit, weight):
    rng = np.random.default_rng(seed)
    known = rng.normal(size=(120, 1))
    values = weight * known[:, 0] + 0.01 * rng.normal(size=120)
    [found] = coefficients(values, known, ())
    [moved] = coefficients(values + shift, known * unit, ())
    assert moved * unit == pytest.approx(found, abs=1e-3 + 1e-6 * abs(shift))
    assert found == pytest.approx(weight, abs=0.05)


@pytest.mark.parametrize("values", [
    np.full(400, np.nan), np.full(400, 3.0), np.full(400, np.inf), np.arange(5.0), np.zeros(0), np.linspace(-1e150, 1e150, 400),
], ids=["missing", "constant", "infinite", "short", "empty", "huge"])  # fmt: skip
@pytest.mark.parametrize("mode", ["retrospective", "causal"])
def test_degenerate_series_raise_nothing(values, mode):
    n = len(values)
    for column in (
        np.zeros(n),
        np.full(n, np.inf),
        np.linspace(-1e300, 1e300, n),
        np.random.default_rng(0).normal(size=n),
    ):
        judged = judge(values, column[:, np.newaxis], mode=mode)
        scored = np.array([status is None for status in judged.status], dtype=bool)
        assert np.isfinite(judged.score[scored]).all()


@pytest.mark.parametrize("mode", ["retrospective", "causal"])
def test_holidays_and_covariates_add(load, known, mode):
    days = np.array([12, 19, 27, 34, 45, 52, 60])
    values = load.copy()
    there = on_holidays(24, days, N)
    values[there] -= 90.0
    judged = judge(values, known, calendar_of(24, days), mode=mode)
    late = on_holidays(24, days[3:], N)
    assert np.abs(judged.expected - values)[late].mean() < 8.0
    assert judged.is_anomaly[late].mean() <= 0.01


@pytest.mark.parametrize("options", [
    {"algorithm": "online_robust_z"}, {"algorithm": "sub_pca"}, {"n_channels": 2}, {"horizon": 3}, {"covariates": 3}, {"covariates": [""]},
])  # fmt: skip
def test_what_makes_no_use_of_covariates_says_so(options):
    with pytest.raises(InvalidOption, match="covariates"):
        SeriesOptions.parse(**{"covariates": ["t"], **options})


def test_a_column_is_judged_or_explains():
    with pytest.raises(InvalidOption, match="'Sold'"):
        check_others("covariates", ["price", "Sold"], ["ts", "sold"])
    check_others("covariates", ["price"], ["ts", "sold"])
