"""model_stability and detector_agreement: the library's figures of the rows that are in the database."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.reliability import agreement, stability

STABILITY = "SELECT varied, metric, value, lowest, highest FROM model_stability({})"
AGREEMENT = "SELECT * FROM detector_agreement({})"


def plain():
    rng = np.random.default_rng(8)
    return {"x": pa.array(np.append(rng.normal(size=299), 12.0)), "y": pa.array(rng.normal(size=300))}


@pytest.fixture
def filled(engine):
    engine.create("plain", plain())
    return engine


def assert_alike(found, expected):
    """Sums have other last bits where rows come in another order."""
    for row, one in zip(found, expected, strict=True):
        for value, wanted in zip(row, one, strict=True):
            assert value == (pytest.approx(wanted) if isinstance(wanted, float) else wanted)


def test_stability_is_that_of_the_library(filled):
    expected = stability(plain(), "iforest", params={"n_estimators": 5}, seed=3)
    call = """'plain', algorithm => 'iforest', params => '{"n_estimators": 5}', seed => 3"""
    assert_alike(filled.rows(STABILITY.format(call)), expected)


def test_agreement_is_that_of_the_library(filled):
    expected = agreement(plain(), ("mad", "knn", "zscore"), ["x"])
    call = "'plain', algorithms => ARRAY['mad', 'knn', 'zscore'], columns => ARRAY['x']"
    assert_alike(filled.rows(AGREEMENT.format(call)), expected)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (STABILITY.format("'plain', algorithm => 'nothing'"), "UNKNOWN_ALGORITHM"),
        (STABILITY.format("'plain', algorithm => 'sod'"), "NOT_ROW_WISE"),
        (STABILITY.format("'nowhere'"), "UNKNOWN_SOURCE"),
        (STABILITY.format("'SELECT x FROM plain WHERE false'"), "EMPTY_SOURCE"),
        (STABILITY.format("'SELECT x FROM plain WHERE x > 3'"), "TOO_FEW_ROWS"),
        (AGREEMENT.format("'plain', algorithms => ARRAY['mad']"), "INVALID_OPTION"),
        (AGREEMENT.format("'plain', columns => ARRAY['z']"), "UNKNOWN_COLUMN"),
    ],
)
def test_what_cannot_be_is_refused(filled, call, code):
    with filled.raises(code):
        filled.rows(call)
