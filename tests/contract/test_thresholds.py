"""What each detector flags: little in clean data, what is obvious, and never more than was asked for."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from sample_tables import fitted, mixed, normal, with_outlier

CLEAN_SHARE = 0.01
# cblof calls clusters outside of nine tenths of the rows small, kpca keeps the directions of half the variance.
SMALL_GROUPS_ARE_STRANGE = {"cblof", "kpca"}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("d", [1, 2, 5, 20])
def test_at_most_one_percent_of_clean_data_is_flagged(algorithm, d, seed):
    table = normal(10_000, d, seed=100 * d + seed)
    scores = fitted(algorithm, table, seed=seed).score(table)
    assert scores.is_anomaly.mean() <= CLEAN_SHARE


@pytest.mark.parametrize("d", [1, 2, 3, 10])
def test_an_obvious_outlier_is_flagged_and_nothing_is_stranger(algorithm, d):
    table = with_outlier(500, d)
    scores = fitted(algorithm, table).score(table)
    # Detectors that look at ranks or bins may give an extreme of clean data the same score, never a higher one.
    assert scores.anomaly_score[-1] == scores.anomaly_score.max()
    assert scores.severity[-1] == scores.severity.max()
    # Not of one column: the ranks that ecod looks at are the same for all samples of one column.
    assert scores.is_anomaly[-1] or d == 1


# Their scores are bounded: on a grid of 35 points the clean rows between the points reach them as well.
BOUNDED = {"inne", "kpca", "ocsvm"}


def test_an_obvious_outlier_among_small_whole_numbers_is_flagged(algorithm):
    """Quantities and counts repeat, as categories do; a value far from all of them is strange nevertheless."""
    table = {
        "quantity": pa.array([12 + i * 5 % 7 for i in range(200)] + [950]),
        "distance": pa.array([3 + i * 3 % 5 for i in range(200)] + [900]),
    }
    scores = fitted(algorithm, table).score(table)
    assert scores.is_anomaly[-1] or (algorithm.spec.name in BOUNDED and scores.severity[-1] == scores.severity.max())


def test_a_row_without_anything_strange_is_not_flagged(algorithm):
    table = with_outlier(500, 3)
    scores = fitted(algorithm, table).score({name: pa.array([0.0]) for name in table})
    assert not scores.is_anomaly[0]


def test_severity_is_a_share_that_grows_with_the_score(algorithm):
    model = fitted(algorithm, normal(2_000, 3))
    near, far = normal(2_000, 3, seed=1), normal(2_000, 3, seed=2)
    table = {name: pa.array(np.append(np.asarray(near[name]), np.asarray(far[name]) * 100)) for name in near}
    scores = model.score(table)
    order = np.argsort(scores.anomaly_score, kind="stable")
    assert ((scores.severity >= 0) & (scores.severity <= 1)).all()
    assert (np.diff(scores.severity[order]) >= 0).all()


def test_a_typical_row_has_severity_one_half(algorithm):
    table = normal(2_000, 3)
    severity = fitted(algorithm, table).score(table).severity
    assert np.median(severity) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("contamination", ["0.001", "0.01", "0.07", "0.29", "0.5"])
@pytest.mark.parametrize("table", [normal(100, 3), mixed(100)], ids=["normal", "mixed"])
def test_contamination_is_the_largest_share_that_is_flagged(algorithm, table, contamination):
    scores = fitted(algorithm, table, contamination=float(contamination)).score(table)
    # The fraction that the caller wrote: 0.29 * 100 is 28.999... in floating point.
    most = math.floor(Fraction(contamination) * 100)
    flagged = int(scores.is_anomaly.sum())
    assert flagged <= most
    # Rows with equal scores are flagged together, so that fewer can be; but then the next would be too many.
    at_least_as_strange = int((scores.anomaly_score >= scores.anomaly_score[~scores.is_anomaly].max()).sum())
    assert flagged == most or at_least_as_strange > most


@pytest.mark.parametrize("budget", [1, 5, 299])
def test_an_alert_budget_is_the_largest_number_of_rows_flagged(algorithm, budget):
    table = normal(300, 3)
    scores = fitted(algorithm, table, alert_budget=budget).score(table)
    flagged = int(scores.is_anomaly.sum())
    assert flagged <= budget
    at_least_as_strange = int((scores.anomaly_score >= scores.anomaly_score[~scores.is_anomaly].max()).sum())
    assert flagged == budget or at_least_as_strange > budget


def test_an_explicit_threshold_is_exclusive(algorithm):
    table = normal(300, 3)
    expected = fitted(algorithm, table).score(table).anomaly_score
    threshold = float(np.sort(expected)[-20])
    scores = fitted(algorithm, table, threshold=threshold).score(table)
    np.testing.assert_array_equal(scores.is_anomaly, expected > threshold)


def test_the_policy_does_not_change_scores(algorithm):
    table = mixed(300)
    automatic = fitted(algorithm, table).score(table)
    share = fitted(algorithm, table, contamination=0.2).score(table)
    assert automatic.anomaly_score.tobytes() == share.anomaly_score.tobytes()
    assert automatic.severity.tobytes() == share.severity.tobytes()


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.3])
def test_the_less_usual_value_of_a_boolean_is_no_anomaly(algorithm, share):
    if algorithm.spec.name in SMALL_GROUPS_ARE_STRANGE and share < 0.3:
        pytest.skip("small groups are what it looks for")
    rng = np.random.default_rng(4)
    table = {
        "amount": pa.array(50 + 10 * np.sin(np.arange(5_000))),
        "returned": pa.array((rng.random(5_000) < share).tolist()),
    }
    assert fitted(algorithm, table).score(table).is_anomaly.mean() <= 0.01


def test_the_less_usual_of_many_categories_is_no_anomaly(algorithm):
    rng = np.random.default_rng(5)
    shares = [0.102] * 9 + [0.082]
    table = {
        "amount": pa.array(rng.normal(size=5_000)),
        "city": pa.array(rng.choice(list("abcdefghij"), 5_000, p=shares).tolist()),
    }
    assert fitted(algorithm, table).score(table).is_anomaly.mean() <= 0.01
