"""Threshold policies: what is flagged, what is refused, and what the automatic one promises."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adsql.errors import InvalidOption
from adsql.threshold import Policy, ThresholdPolicy, automatic_threshold, clean_rows

distinct_scores = hnp.arrays(np.float64, st.integers(1, 200), elements=st.floats(-1e30, 1e30), unique=True)
tied_scores = hnp.arrays(np.float64, st.integers(1, 60), elements=st.integers(0, 5).map(float))
shares = st.integers(1, 500).map(lambda thousandths: thousandths / 1_000)
CHOICES = {"contamination": 0.1, "threshold": 2.5, "alert_budget": 3}


def no_clean_scores():
    pytest.fail("only the automatic policy needs scores of clean data")


def flagged(scores, n_rows=None, **policy):
    threshold = ThresholdPolicy.choose(**policy).fit(scores, n_rows or len(scores), no_clean_scores)
    return scores > threshold


@given(distinct_scores, shares)
@example(1.0 + np.arange(8) * 2.0**-52, 0.25)  # neighbouring floats: there is no score halfway between them
@example(np.arange(100.0), 0.29)
def test_contamination_flags_exactly_that_share_of_distinct_scores(scores, share):
    assert flagged(scores, contamination=share).sum() == int(Fraction(str(share)) * len(scores))


@given(tied_scores, shares)
def test_contamination_never_flags_more_and_never_splits_ties(scores, share):
    rows = flagged(scores, contamination=share)
    assert rows.sum() <= Fraction(str(share)) * len(scores)
    assert not set(scores[rows]) & set(scores[~rows])


def test_contamination_takes_the_highest_scores():
    assert flagged(np.array([5.0, 1.0, 4.0, 2.0, 3.0]), contamination=0.4).tolist() == [True, False, True, False, False]


def test_the_threshold_lies_between_the_rows_it_separates():
    threshold = ThresholdPolicy.choose(contamination=0.2).fit(np.arange(10.0), 10, no_clean_scores)
    assert 7.0 < threshold < 8.0


@given(distinct_scores, st.integers(1, 300))
def test_a_budget_is_filled_and_never_exceeded(scores, budget):
    assert flagged(scores, alert_budget=budget).sum() == min(budget, len(scores))


def test_a_budget_counts_rows_of_the_whole_source():
    assert flagged(np.arange(100.0), n_rows=1_000, alert_budget=50).sum() == 5
    assert flagged(np.arange(100.0), n_rows=1_000, alert_budget=1).sum() == 0


@given(tied_scores, st.floats(-10, 10))
def test_an_explicit_threshold_is_taken_as_it_is(scores, threshold):
    np.testing.assert_array_equal(flagged(scores, threshold=threshold), scores > threshold)


@pytest.mark.parametrize("names", [("contamination", "threshold"), ("threshold", "alert_budget"), tuple(CHOICES)])
def test_policies_exclude_each_other(names):
    with pytest.raises(InvalidOption, match="exclude each other") as caught:
        ThresholdPolicy.choose(**{name: CHOICES[name] for name in names})
    assert all(name in str(caught.value) for name in names)


def test_no_policy_is_the_automatic_one():
    assert ThresholdPolicy.choose() == ThresholdPolicy(Policy.AUTOMATIC, None)


@pytest.mark.parametrize("name", CHOICES)
def test_each_policy_is_chosen_by_its_name(name):
    assert ThresholdPolicy.choose(**{name: CHOICES[name]}) == ThresholdPolicy(Policy(name), float(CHOICES[name]))


NEVER = [True, False, "0.1", "", [0.1], {}, float("nan"), float("inf"), -float("inf"), 10**400, -(10**400)]
REFUSED = [
    *(("contamination", value) for value in (*NEVER, 0, 0.0, -0.1, 0.500001, 1, 50)),
    *(("threshold", value) for value in NEVER),
    *(("alert_budget", value) for value in (*NEVER, 0, -1, 0.5, 1.5)),
]


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=lambda value: str(value)[:20])
def test_a_value_out_of_range_is_refused_and_named(name, value):
    with pytest.raises(InvalidOption, match=f"{name} = .* cannot be used. Allowed: a ") as caught:
        ThresholdPolicy.choose(**{name: value})
    assert repr(value)[:20] in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contamination", 0.5),
        ("contamination", 1e-9),
        ("alert_budget", 1),
        ("alert_budget", 7.0),
        ("threshold", 0),
        ("threshold", -3),
    ],
)
def test_a_value_at_the_bound_is_accepted(name, value):
    assert ThresholdPolicy.choose(**{name: value}).value == value


def test_the_automatic_threshold_of_clean_scores_is_where_one_in_a_thousand_lies():
    clean = np.random.default_rng(0).gamma(2.0, size=50_000)
    assert automatic_threshold(clean, clean) == pytest.approx(np.quantile(clean, 0.999))


@pytest.mark.parametrize(("factor", "shift"), [(1.5, 0.0), (2.0, 5.0), (1e6, -1e3)])
def test_the_automatic_threshold_follows_the_scale_of_scores(factor, shift):
    rng = np.random.default_rng(1)
    scores, clean = rng.gamma(2.0, size=5_000), rng.gamma(2.0, size=4_000)
    expected = automatic_threshold(scores, clean) * factor + shift
    assert automatic_threshold(scores * factor + shift, clean) == pytest.approx(expected, rel=1e-6)


def test_scores_closer_together_than_those_of_clean_data_do_not_lower_the_automatic_threshold():
    rng = np.random.default_rng(6)
    scores, clean = rng.gamma(2.0, size=5_000), rng.gamma(2.0, size=4_000)
    reach = automatic_threshold(clean, clean) - np.median(clean)
    narrow = scores * 1e-6
    assert automatic_threshold(narrow, clean) - np.median(narrow) == pytest.approx(reach)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.10])
def test_anomalies_hardly_move_the_automatic_threshold(share):
    rng = np.random.default_rng(2)
    scores, clean = rng.gamma(2.0, size=10_000), rng.gamma(2.0, size=4_000)
    without = automatic_threshold(scores, clean)
    scores[: int(share * len(scores))] = 1e6
    moved = automatic_threshold(scores, clean)
    assert without < moved < 1.5 * without
    assert (scores > moved).mean() == pytest.approx(share, abs=2e-3)


@pytest.mark.parametrize(("different", "expected"), [(0, 0), (4, 4), (10, 10), (200, 10)])
def test_of_scores_that_are_mostly_equal_one_percent_is_flagged(different, expected):
    scores = np.zeros(1_000)
    scores[:different] = 1.0 + np.arange(different)
    above = scores > automatic_threshold(scores, np.random.default_rng(3).gamma(2.0, size=4_000))
    assert above.sum() == expected


def test_clean_rows_have_the_rank_correlation_of_the_data_and_normal_columns():
    rng = np.random.default_rng(4)
    shared = rng.normal(size=(20_000, 1))
    X = np.hstack([shared, -shared, rng.normal(size=(20_000, 1))]) + 0.5 * rng.normal(size=(20_000, 3))
    # Ranks know nothing of a monotone distortion.
    X[:, 0] = np.exp(X[:, 0])
    rows = clean_rows(X, 0)
    assert rows.shape[1] == 3
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(rows.std(axis=0), 1, atol=0.05)
    np.testing.assert_allclose(np.corrcoef(rows.T), [[1, -0.8, 0], [-0.8, 1, 0], [0, 0, 1]], atol=0.05)


@pytest.mark.parametrize(
    "X",
    [np.zeros((5, 3)), np.ones((1, 2)), np.tile(np.arange(50.0)[:, None], 4)],
    ids=["constant", "one_row", "equal_columns"],
)
def test_clean_rows_exist_whatever_the_data(X):
    rows = clean_rows(X, 0)
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows.std(axis=0), 1, atol=0.05)


def test_clean_rows_are_the_same_under_the_same_seed():
    X = np.random.default_rng(5).normal(size=(100, 2))
    assert clean_rows(X, 1).tobytes() == clean_rows(X, 1).tobytes() != clean_rows(X, 2).tobytes()


def test_values_far_from_a_column_of_few_values_are_not_clean():
    column = np.append(np.tile(np.arange(7.0), 30), 900.0)[:, None]
    assert clean_rows(column, 0).max() == 5 + 5 * (5 - 1)  # quartiles 1 and 5
    rare = np.append(np.zeros(200), np.ones(10))[:, None]
    assert clean_rows(rare, 0).max() == 1.0
