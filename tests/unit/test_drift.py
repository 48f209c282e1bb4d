"""Drift is told where there is some, and no more often than the level says where there is none."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact, ks_2samp

from adsql.drift import LEVEL, _as_often, _divided, _psi, check_drift, ks_p_value
from adsql.errors import CorruptModel, EmptySource, MissingColumn, NoReference
from adsql.features import FeatureSpec
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.reference import Reference
from adsql.state import State
from sample_tables import mixed, taken

START = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a timestamp without zone


def trained(table, algorithm="zscore", **options):
    return Model.fit(table, TrainingOptions.parse(algorithm, contamination=0.01, **options))


def rows(rng, n):
    """Numbers, ties, categories of which many are rare, missing values."""
    return {
        "x": pa.array([float(v) if rng.random() > 0.1 else None for v in rng.normal(size=n)]),
        "ties": pa.array(rng.poisson(1.0, n)),
        "kind": pa.array([f"k{int(v)}" for v in np.minimum(rng.exponential(3.0, n), 30)]),
        "flag": pa.array((rng.random(n) < 0.4).tolist()),
    }


@pytest.mark.parametrize(("n", "m"), [(12, 9), (200, 40), (40, 500), (600, 600)])
def test_false_alarms_are_no_more_frequent_than_the_level(n, m):
    """Of undrifted draws; small samples, equal values, rare categories and missing values among them."""
    seeds = 40
    alarms = 0
    for seed in range(seeds):
        rng = np.random.default_rng([n, m, seed])
        found = check_drift(trained(rows(rng, n), columns=["x", "ties", "kind", "flag"]), rows(rng, m))
        alarms += any(one.verdict != "stable" for one in found)
    assert alarms <= LEVEL * seeds


def test_rows_of_the_training_itself_have_not_drifted():
    table = mixed(2_000)
    model = trained(table)
    for seed in range(20):
        chosen = np.random.default_rng(seed).choice(2_000, 500)
        assert {one.verdict for one in check_drift(model, taken(table, chosen))} == {"stable"}


@pytest.mark.parametrize(
    ("column", "changed", "feature", "verdict"),
    [
        ("x", lambda v: v + 2.0, "x", "large"),
        ("x", lambda v: v * 2.0, "x", "large"),
        ("x", lambda v: v + 0.35, "x", "moderate"),
        ("x", lambda v: np.where(np.arange(len(v)) % 2, v, np.nan), "x", "large"),
        ("ties", lambda v: v + 1, "ties", "large"),
        ("kind", lambda v: np.where(np.arange(len(v)) % 3, v, "new"), "kind", "large"),
        ("at", lambda v: v // 86_400 * 86_400 + v % 43_200, "at:time_of_day", "large"),
        ("at", lambda v: v - (v // 86_400 + 4) % 7 // 6 * 86_400, "at:day_of_week", "large"),
    ],
)  # fmt: skip
def test_drift_is_told_of_the_feature_that_has_it(column, changed, feature, verdict):
    rng = np.random.default_rng(4)

    def drawn(change):
        n = 1_500
        values = {
            "x": rng.normal(size=n), "ties": rng.poisson(1.0, n), "kind": rng.choice(["a", "b", "c"], n),
            "at": rng.integers(1_700_000_000, 1_705_000_000, n),
        }  # fmt: skip
        values[column] = change(values[column])
        table = {name: pa.array(v.tolist(), from_pandas=True) for name, v in values.items() if name != "at"}
        return {**table, "at": pa.array(values["at"], pa.timestamp("s"))}

    found = {one.feature: one for one in check_drift(trained(drawn(lambda v: v)), drawn(changed))}
    assert {name for name, one in found.items() if one.verdict != "stable"} == {feature}
    assert found[feature].verdict == verdict


def test_shares_of_missing_and_unseen_values_are_counted():
    model = trained(
        {"x": pa.array([1.0, 2.0, None, 4.0] * 50), "kind": pa.array(["a", "b"] * 100)}, columns=["x", "kind"]
    )
    new = {"x": pa.array([0.0, 5.0, None, None, 3.0]), "kind": pa.array(["a", None, "c", "c", "b"])}
    x, kind = check_drift(model, new)
    assert (x.rows, x.null_rate, x.expected_null_rate, x.unseen) == (5, 0.4, 0.25, 0.4)
    assert (kind.null_rate, kind.expected_null_rate, kind.unseen) == (0.2, 0.0, 0.4)
    assert (x.test, kind.test) == ("ks", "chi2")


def test_a_column_that_is_empty_now_has_nothing_to_compare():
    model = trained({"x": pa.array(np.arange(200.0)), "y": pa.array(np.arange(200.0) ** 0.5)})
    x, y = check_drift(model, {"x": pa.nulls(60, pa.float64()), "y": pa.array(np.arange(60.0))})
    assert (x.null_rate, x.test, x.statistic, x.verdict) == (1.0, None, None, "large")
    assert y.test == "ks"


def test_segments_are_compared_with_their_own_and_new_ones_are_told():
    rng = np.random.default_rng(1)
    city = rng.choice(["Bern", "Rome"], 800)
    table = {"x": pa.array(rng.normal(size=800) + 9 * (city == "Rome")), "city": pa.array(city.tolist())}
    model = trained(table, segment_by="city")
    only_rome = taken(table, np.flatnonzero(city == "Rome"))
    assert [(one.segment, one.verdict) for one in check_drift(model, only_rome)] == [
        ("Rome", "stable"),
        (None, "stable"),
    ]
    moved = {"x": pa.array([9.0, 0.0] * 200), "city": pa.array(["Bern", "Oslo"] * 200)}
    found = check_drift(model, moved)
    assert [(one.segment, one.feature, one.verdict) for one in found] == [
        ("Bern", "x", "large"), (None, "city", "new segments"),
    ]  # fmt: skip
    assert (found[1].unseen, found[1].p_value) == (0.5, None)


def slow_ks(d, n, m):
    """The probability that paths of n steps right and m up, all equally likely, go as far off the diagonal."""
    inside = {(0, 0): 1}
    for i in range(n + 1):
        for j in range(m + 1):
            if (i, j) != (0, 0):
                off = abs(i / n - j / m) >= d - 1e-12
                inside[i, j] = 0 if off else inside.get((i - 1, j), 0) + inside.get((i, j - 1), 0)
    return 1 - inside[n, m] / math.comb(n + m, n)


@pytest.mark.parametrize(
    ("n", "m"), [(1, 1), (1, 30), (2, 9), (3, 3), (4, 4), (5, 12), (8, 8), (13, 14), (20, 30), (30, 31)]
)
def test_the_p_value_of_ks_is_no_less_than_the_exact_one(n, m):
    for d in {abs(i / n - j / m) for i in range(n + 1) for j in range(m + 1)}:
        exact = slow_ks(d, n, m)
        assert ks_p_value(d, n, m) >= min(exact, 0.09) * (1 - 1e-12)


def test_the_p_value_of_ks_is_that_of_scipy_for_large_samples():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=5_000), rng.normal(0.05, 1.0, 4_000)
    found = ks_2samp(a, b)
    assert ks_p_value(found.statistic, 5_000, 4_000) == pytest.approx(found.pvalue, rel=0.05)


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_missing_values_are_tested_by_fisher(rows, m, data):
    gone, now = data.draw(st.integers(0, rows)), data.draw(st.integers(0, m))
    table = [[now, m - now], [gone, rows - gone]]
    sides = [fisher_exact(table, alternative=side).pvalue for side in ("greater", "less")]
    assert _as_often(gone, rows, now, m) == pytest.approx(min(1.0, 2.0 * min(sides)), abs=1e-9)


def test_categories_are_tested_by_chi_squared():
    ours, theirs = np.array([400, 300, 300]), np.array([100, 90, 50])
    statistic, p_value = _divided(ours, theirs, 9_999)
    known = chi2_contingency(np.array([ours, theirs]))
    assert statistic == pytest.approx(known.statistic)
    assert p_value == pytest.approx(known.pvalue, abs=0.01)
    assert _divided(theirs, ours, 9_999)[0] == pytest.approx(statistic)


def test_the_stability_index_is_what_it_is_by_hand():
    assert _psi(np.array([50, 50]), np.array([20, 80])) == pytest.approx(
        (0.2 - 0.5) * math.log(0.2 / 0.5) + (0.8 - 0.5) * math.log(0.8 / 0.5)
    )
    assert _psi(np.array([10, 0]), np.array([0, 10])) == pytest.approx(2 * 0.95 * math.log(20))


def test_a_reference_survives_storage():
    model = trained(mixed(500))
    restored = Model.from_bytes(model.to_bytes())
    assert restored.to_bytes() == model.to_bytes()
    assert check_drift(restored, mixed(300, seed=9)) == check_drift(model, mixed(300, seed=9))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("count", lambda a: a[:-1]), ("count", lambda a: -a), ("count", lambda a: a[::-1].copy()), ("grid", lambda a: a[::-1].copy()),
        ("grid", lambda a: a * np.inf), ("size", lambda a: a[:-1]), ("missing", lambda a: a + 1), ("rest", lambda a: a[:0]),
        ("rest", lambda a: a + 1), ("grid", lambda a: a.astype(np.float32)),
    ],
)  # fmt: skip
def test_a_forged_reference_is_refused(name, change):
    model = trained(mixed(300))
    state = model.segments[""].reference.to_state()
    with np.errstate(invalid="ignore"):
        forged = State(state.scalars, {**state.arrays, name: change(state.arrays[name])}, state.texts)
    with pytest.raises(CorruptModel):
        Reference.from_state(forged, model.segments[""].features)


def test_updating_adds_the_new_rows_to_the_reference():
    first, second = rows(np.random.default_rng(1), 300), rows(np.random.default_rng(2), 200)
    second["x"] = pa.array(np.linspace(-9.0, 9.0, 200))
    model = trained(first, columns=["x", "ties", "kind", "flag"])
    updated = model.updated(second).segments[""].reference
    both = {name: pa.concat_arrays([first[name], second[name]]) for name in first}
    for merged, whole in zip(updated.traits, Reference.fit(model.segments[""].features, both).traits, strict=True):
        assert (merged.name, merged.missing) == (whole.name, whole.missing)
        if merged.name == "kind":
            assert (merged.values, merged.counts.tolist()) == (whole.values, whole.counts.tolist())
        else:
            there = np.sort([float(v) for v in both[merged.name].to_pylist() if v is not None])
            assert (merged.grid[0], merged.grid[-1]) == (there[0], there[-1])
            assert merged.below.tolist() == np.searchsorted(there, merged.grid, "right").tolist()
    assert updated.rows == 500


def test_what_cannot_be_compared_is_told():
    model = trained({"x": pa.array(np.arange(50.0))})
    with pytest.raises(EmptySource):
        check_drift(model, {"x": pa.array([], pa.float64())})
    with pytest.raises(MissingColumn):
        check_drift(model, {"y": pa.array([1.0])})
    old = replace(model, segments={"": replace(model.segments[""], reference=None)})
    with pytest.raises(NoReference, match="train it again"):
        check_drift(old, {"x": pa.array([1.0])})
    assert "reference/rows" not in State.from_bytes(old.to_bytes()).child("0").scalars
    assert Model.from_bytes(old.to_bytes()).segments[""].reference is None


def test_the_summary_of_a_column_of_categories_that_are_too_many_is_cut():
    values = [f"{'-' * (i % 60)}a{'.' * (i // 60)}" for i in range(3_000)]
    features = FeatureSpec.fit({"word": pa.array(values)}, ["word"], 3_000)
    [trait] = Reference.fit(features, {"word": pa.array(values)}).traits
    assert len(trait.values) == 1_000
    assert trait.rest + trait.counts.sum() == 3_000
    model = trained({"word": pa.array(values)}, columns=["word"])
    assert check_drift(model, {"word": pa.array(values[::2])})[0].verdict == "stable"
