"""What each threshold would flag is what it flags."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.segment_keys import segment_keys
from adsql.threshold_report import threshold_report

RNG = np.random.default_rng(5)
TABLE = {"x": pa.array(RNG.normal(size=900)), "s": pa.array((["a"] * 300 + [None] * 599) + ["lone"])}


def fitted(**options):
    return Model.fit(TABLE, TrainingOptions.parse("mad", columns="x", **options))


@pytest.fixture(scope="module")
def model():
    return fitted()


def report_of(model, scores):
    return threshold_report(model, pa.array([""] * len(scores)), np.asarray(scores, np.float64))


def test_training_with_a_threshold_of_the_report_flags_what_it_says(model):
    for line in report_of(model, model.score(TABLE).anomaly_score):
        flagged = int(fitted(threshold=line.threshold).score(TABLE).is_anomaly.sum())
        assert flagged == line.flagged
        assert line.share == line.flagged / 900


def test_the_numbers_are_round_and_the_model_s_own_is_among_them(model):
    lines = report_of(model, model.score(TABLE).anomaly_score)
    assert [line.flagged for line in lines if not line.is_current] == [0, 1, 2, 5, 10, 20, 50, 100, 200]
    [own] = [line for line in lines if line.is_current]
    assert own.threshold == model.threshold
    assert own.flagged == model.score(TABLE).is_anomaly.sum()
    assert [line.threshold for line in lines] == sorted((line.threshold for line in lines), reverse=True)
    assert [line.severity for line in lines] == sorted((line.severity for line in lines), reverse=True)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=300))
def test_ties_are_flagged_together(model, scores):
    lines = report_of(model, scores)
    for line in lines:
        assert line.flagged == sum(score > line.threshold for score in scores)
    assert len({line.threshold for line in lines}) == len(lines)
    others = [line.flagged for line in lines if not line.is_current]
    assert len(set(others)) == len(others)


def test_each_segment_has_its_own_lines():
    model = fitted(segment_by="s")
    lines = threshold_report(model, segment_keys(TABLE, model.segment_by), model.score(TABLE).anomaly_score)
    assert list(dict.fromkeys(line.segment for line in lines)) == ["NULL", "a"]
    only = [line for line in lines if line.segment == "a"]
    assert [line.flagged for line in only if not line.is_current] == [0, 1, 2, 5, 10, 20, 50, 100]
    assert {line.threshold for line in only if line.is_current} == {model.segments["a"].threshold}


def test_rows_without_a_score_count_for_nothing(model):
    assert report_of(model, [np.nan, np.nan]) == []
    assert report_of(model, [1.0, np.nan, 3.0]) == report_of(model, [1.0, 3.0])
