"""What is told without labels: whether models say the same again, and whether detectors agree."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from adsql.errors import EmptySource, InvalidOption, NotRowWise, TooFewRows, UnknownAlgorithm, UnknownColumn
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.reliability import agreement, asked_algorithms, rank_correlation, stability

RNG = np.random.default_rng(0)
TABLE = {
    "x": pa.array(np.append(RNG.normal(size=395), [9.0, 10.0, 11.0, 12.0, 13.0])), "y": pa.array(RNG.normal(size=400)),
}  # fmt: skip


def figures(found):
    return {(one.varied, one.metric): one for one in found}


def test_a_detector_that_draws_nothing_does_not_depend_on_the_seed():
    found = figures(stability(TABLE, "mad"))
    for metric in ("rank_correlation", "top_overlap", "flagged_overlap"):
        assert found["seed", metric][2:] == pytest.approx((1.0, 1.0, 1.0))
    assert found["rows", "rank_correlation"].lowest < 1.0


def test_few_trees_are_less_stable_than_many():
    few, many = (
        figures(stability(TABLE, "iforest", params={"n_estimators": trees}))["seed", "rank_correlation"]
        for trees in (3, 30)
    )
    assert few.value < many.value < 1.0
    assert few.lowest <= few.value <= few.highest


def test_the_same_call_has_the_same_answer():
    first, second = (stability(TABLE, "iforest", params={"n_estimators": 3}, seed=5) for _ in range(2))
    assert first == second


def test_figures_are_those_of_the_models():
    [one] = agreement(TABLE, ("mad", "knn"))
    scores = [Model.fit(TABLE, TrainingOptions.parse(name)).score(TABLE) for name in ("mad", "knn")]
    flagged = [score.is_anomaly for score in scores]
    assert (one.flagged, one.flagged_by_other) == tuple(int(own.sum()) for own in flagged)
    assert one.flagged_by_both == int((flagged[0] & flagged[1]).sum()) > 0
    assert one.rank_correlation == pytest.approx(spearmanr(*(score.anomaly_score for score in scores)).statistic)


def test_all_pairs_are_compared_once():
    pairs = [(one.algorithm, one.other) for one in agreement(TABLE, ("mad", "zscore", "iqr"))]
    assert pairs == [("mad", "zscore"), ("mad", "iqr"), ("zscore", "iqr")]


def test_where_nothing_is_flagged_there_is_no_overlap():
    quiet = {"x": pa.array(np.linspace(0.0, 1.0, 100))}
    [one] = agreement(quiet, ("mad", "zscore"))
    assert (one.flagged_overlap, one.flagged_by_both) == (None, 0)


def test_rows_without_values_come_last_and_break_nothing():
    table = {"x": pa.array([None, *TABLE["x"].to_pylist()[1:]])}
    assert all(one.value is not None for one in stability(table, "mad"))


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=30))
def test_rank_correlation_is_scipys(pairs):
    a, b = np.array(pairs, np.float64).T
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert rank_correlation(a, b) is None
    else:
        assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)


@pytest.mark.parametrize(
    ("given_names", "error"),
    [
        ("mad", InvalidOption), ([], InvalidOption), (["mad"], InvalidOption), (["mad", "mad"], InvalidOption),
        (["iforest", "isolation_forest"], InvalidOption), ([1, 2], InvalidOption), (["mad", "none"], UnknownAlgorithm),
        (["mad", "abod", "sod"], NotRowWise),
    ],
)  # fmt: skip
def test_lists_that_cannot_be_compared_are_refused(given_names, error):
    with pytest.raises(error):
        asked_algorithms(given_names)


@pytest.mark.parametrize(
    ("table", "options", "error"),
    [
        ({}, {}, EmptySource), ({"x": pa.array([1.0] * 19)}, {}, TooFewRows), (TABLE, {"columns": ["z"]}, UnknownColumn),
        (TABLE, {"algorithm": "nothing"}, UnknownAlgorithm), (TABLE, {"seed": -1}, InvalidOption),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(table, options, error):
    with pytest.raises(error):
        stability(table, **options)
