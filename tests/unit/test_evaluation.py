"""Figures equal scikit-learn's; intervals are those of their papers, and hold the truth as often as they say."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from adsql.confidence import Placements, auc_interval, auc_p_value, f1_interval, wilson
from adsql.errors import EmptySource, InvalidOption, UnknownColumn, UnusableColumn
from adsql.evaluation import Outcomes, asked_models, compare, evaluate, labels_of, outcomes
from adsql.model import Model
from adsql.options import TrainingOptions

# Few distinct scores, so that there are ties.
ROWS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=2, max_size=60)


def figures(scores, labels, threshold, k=None):
    scores = np.asarray(scores, np.float64)
    found = evaluate(Outcomes(scores, scores > threshold), np.asarray(labels, np.float64), k)
    return {metric.metric: metric for metric in found}


@given(ROWS, st.integers(-1, 13))
def test_figures_equal_scikit_learn_s(rows, threshold):
    scores, labels = np.array([s for s, _ in rows]) / 7, np.array([is_anomaly for _, is_anomaly in rows])
    found = {name: metric.value for name, metric in figures(scores, labels, threshold / 7).items()}
    flagged = scores > threshold / 7
    if 0 < labels.sum() < len(labels):
        assert found["auc_roc"] == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    else:
        assert found["auc_roc"] is None
    if labels.any():
        assert found["average_precision"] == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
        assert found["recall"] == pytest.approx(recall_score(labels, flagged), abs=1e-12)
    else:
        assert found["average_precision"] is found["recall"] is found["precision_at_k"] is None
    if flagged.any():
        assert found["precision"] == pytest.approx(precision_score(labels, flagged), abs=1e-12)
    else:
        assert found["precision"] is None
    if labels.any() or flagged.any():
        assert found["f1"] == pytest.approx(f1_score(labels, flagged), abs=1e-12)
    else:
        assert found["f1"] is None


@given(ROWS, st.data())
def test_precision_at_k_is_the_mean_over_all_orders_of_ties(rows, data):
    k = data.draw(st.integers(1, len(rows)))
    scores, labels = [s for s, _ in rows], [is_anomaly for _, is_anomaly in rows]
    last = sorted(scores, reverse=True)[k - 1]
    above = [label for score, label in rows if score > last]
    tied = [label for score, label in rows if score == last]
    expected = (sum(above) + (k - len(above)) * sum(tied) / len(tied)) / k
    found = figures(scores, labels, 5, k)["precision_at_k"].value
    if any(labels) or k is not None:
        assert found == pytest.approx(expected, abs=1e-12)


@given(ROWS, st.integers(-1, 13))
def test_values_lie_inside_their_intervals(rows, threshold):
    found = figures([s for s, _ in rows], [is_anomaly for _, is_anomaly in rows], threshold)
    for name in ("auc_roc", "average_precision", "precision", "recall", "f1", "precision_at_k"):
        _, value, lower, upper = found[name]
        if lower is not None:
            assert 0.0 <= lower <= value + 1e-12
            assert value - 1e-12 <= upper <= 1.0


def test_rows_without_a_label_or_a_score_count_for_nothing():
    scores, labels = np.array([1.0, 2.0, np.nan, 4.0, 5.0]), np.array([0.0, 1.0, 1.0, np.nan, 1.0])
    some = evaluate(Outcomes(scores, scores > 1.5), labels)
    kept = [0, 1, 4]
    alone = evaluate(Outcomes(scores[kept], scores[kept] > 1.5), labels[kept])
    assert some[:-1] == alone[:-1]
    assert (some[-1].value, alone[-1].value) == (2.0, 0.0)


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 30, 200) / 7, (rng.random(200) < 0.3).astype(float)
    order = rng.permutation(200)
    one = evaluate(Outcomes(scores, scores > 3), labels)
    other = evaluate(Outcomes(scores[order], scores[order] > 3), labels[order])
    for a, b in zip(one, other, strict=True):
        assert [x if isinstance(x, str | None) else pytest.approx(x, rel=1e-12) for x in a] == list(b)


@given(st.integers(1, 200), st.data())
def test_the_interval_of_a_share_is_wilson_s(n, data):
    hits = data.draw(st.integers(0, n))
    expected = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert wilson(hits / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def slow_covariance(scores, others, labels):
    """Return DeLong's covariance, pair by pair, as in the paper."""
    positive, negative = np.flatnonzero(labels), np.flatnonzero(~labels)

    def psi(s, i, j):
        return 1.0 if s[i] > s[j] else 0.5 if s[i] == s[j] else 0.0

    def parts(s):
        high = [sum(psi(s, i, j) for j in negative) / len(negative) for i in positive]
        low = [sum(psi(s, i, j) for i in positive) / len(positive) for j in negative]
        return high, low, sum(high) / len(high)

    (high, low, area), (high2, low2, area2) = parts(scores), parts(others)
    first = sum((a - area) * (b - area2) for a, b in zip(high, high2, strict=True)) / (len(high) - 1)
    second = sum((a - area) * (b - area2) for a, b in zip(low, low2, strict=True)) / (len(low) - 1)
    return first / len(high) + second / len(low)


def test_delong_s_covariance_is_that_of_the_paper():
    rng = np.random.default_rng(1)
    labels = rng.random(40) < 0.4
    one, other = rng.integers(0, 9, 40).astype(float) + labels, rng.integers(0, 9, 40).astype(float) + labels
    a, b = Placements.of(one, labels), Placements.of(other, labels)
    for found, wanted in (
        (a.covariance(a), slow_covariance(one, one, labels)),
        (a.covariance(b), slow_covariance(one, other, labels)),
    ):
        assert found == pytest.approx(wanted, rel=1e-12)


def test_delong_s_interval_holds_the_true_area_as_often_as_it_says():
    rng = np.random.default_rng(2)
    truth = 0.5 * (1 + math.erf(1.5 / math.sqrt(2) / math.sqrt(2)))  # P(X > Y), X normal around 1.5, Y around 0
    labels = np.arange(330) < 30
    held = 0
    for _ in range(400):
        lower, upper = auc_interval(Placements.of(rng.normal(size=330) + 1.5 * labels, labels))
        held += lower <= truth <= upper
    assert 0.92 <= held / 400 <= 0.98


def test_a_perfect_ranking_of_few_rows_is_not_sure():
    labels = np.array([True, True, True, False, False, False, False])
    lower, upper = auc_interval(Placements.of(labels.astype(float), labels))
    assert upper == 1.0
    assert lower == pytest.approx(binomtest(3, 3).proportion_ci(0.95, method="exact").low)
    assert auc_interval(Placements.of(-labels.astype(float), labels)) == (0.0, pytest.approx(1 - lower))


def test_one_anomaly_has_an_area_without_an_interval():
    found = figures([1, 2, 3, 4], [0, 0, 1, 0], 9)["auc_roc"]
    assert (found.value, found.lower, found.upper) == (pytest.approx(2 / 3), None, None)


def test_the_test_of_equal_models_is_wrong_as_often_as_it_says():
    rng = np.random.default_rng(3)
    labels = np.arange(250) < 50
    small = 0
    for _ in range(400):
        shared = rng.normal(size=250) + labels
        one, other = (Placements.of(shared + rng.normal(size=250), labels) for _ in range(2))
        small += auc_p_value(one, other) < 0.05
    assert small / 400 <= 0.08
    better, worse = (
        Placements.of(2.0 * labels + rng.normal(size=250), labels),
        Placements.of(rng.normal(size=250), labels),
    )
    assert auc_p_value(better, worse) < 1e-6


def test_f1_s_interval_follows_from_that_of_the_share_of_hits():
    lower, upper = f1_interval(8, 4)
    share = wilson(8 / 12, 12)
    assert (lower, upper) == (2 * share.lower / (1 + share.lower), 2 * share.upper / (1 + share.upper))


def test_models_are_compared_on_the_rows_that_all_score():
    labels = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 0.0])
    one = np.array([1.0, 2.0, 3.0, 4.0, np.nan, 0.0])
    other = np.array([2.0, 3.0, 1.0, 4.0, 5.0, np.nan])
    shared = ~np.isnan(one) & ~np.isnan(other)
    found = compare([Outcomes(one, one > 2.5), Outcomes(other, other > 2.5)], labels)
    for place, scores in enumerate((one, other)):
        alone = evaluate(Outcomes(scores[shared], scores[shared] > 2.5), labels[shared])
        assert [c[1:5] for c in found if c.model == place] == [tuple(metric) for metric in alone[:6]]
    assert [(c.model, c.rank) for c in found if c.metric == "auc_roc"] == [(0, 1), (1, 2)]
    assert [c.p_value is None for c in found] == [c.metric != "auc_roc" for c in found]


def test_ranks_are_shared_by_equal_figures():
    scores, labels = np.arange(6.0), np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    found = compare(
        [Outcomes(scores, scores > 4), Outcomes(-scores, scores > 4), Outcomes(2 * scores, scores > 4)], labels
    )
    areas = [(c.model, c.rank) for c in found if c.metric == "auc_roc"]
    assert areas == [(0, 1), (2, 1), (1, 3)]


def test_segments_are_ranked_together_by_severity():
    rng = np.random.default_rng(4)
    table = {
        "x": pa.array(np.concatenate([rng.normal(size=300), 1000 * rng.normal(size=300)])),
        "s": pa.array(["a"] * 300 + ["b"] * 300),
    }
    model = Model.fit(table, TrainingOptions.parse("mad", segment_by="s"))
    found = outcomes(model, {**table, "s": pa.array(["a"] * 300 + ["c"] * 300)})
    assert found.score[:300] == pytest.approx(model.score(table).severity[:300])
    assert np.isnan(found.score[300:]).all()


@pytest.mark.parametrize("k", [0, -1, 5, 2.0, True, "3"])
def test_a_k_that_no_rows_can_have_is_refused(k):
    with pytest.raises(InvalidOption, match="k = "):
        figures([1, 2, 3, 4], [0, 1, 0, 1], 2, k)


def test_labels_that_say_nothing_are_refused():
    with pytest.raises(EmptySource, match="a label and a score"):
        figures([1, 2], [np.nan, np.nan], 0)
    table = {"x": pa.array([1.0, 2.0]), "y": pa.array([True, None])}
    assert np.array_equal(labels_of(table, "Y"), [1.0, np.nan], equal_nan=True)
    with pytest.raises(UnknownColumn, match="label"):
        labels_of(table, "z")
    with pytest.raises(UnusableColumn, match="label 'x'"):
        labels_of(table, "x")
    for label in (None, "", 3):
        with pytest.raises(InvalidOption, match="label"):
            labels_of(table, label)


@pytest.mark.parametrize(
    ("models", "versions"), [("m", None), ([], None), ([1], None), (["a"], [1, 2]), (["a"], 3), (None, None)]
)
def test_models_to_compare_are_lists(models, versions):
    with pytest.raises(InvalidOption):
        asked_models(models, versions)


def test_evaluating_imports_no_library_of_metrics():
    script = "import adsql.evaluation, sys; print([n for n in ('sklearn', 'scipy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
