"""What verdicts make of scores: held against the covariance written out, and against what the posterior must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adsql.detectors.zscore import ZScore
from adsql.errors import CorruptModel, NoSqlForm
from adsql.kernels.verdicts import log_odds_of_scores, scores_of_log_odds, squeezed
from adsql.reranked import Reranked, Verdicts, _covariance, _forces, nearest_threshold
from adsql.state import State

X = np.asfortranarray(np.random.default_rng(0).normal(size=(400, 3)))
DETECTOR = ZScore.fit(X, ZScore.spec.resolve({}), 0)
THRESHOLD = 2.0
JUDGED = np.random.default_rng(1).normal(scale=3.0, size=(20, 3))
SAID = JUDGED[:, 0] > 0
FITTED = Reranked.fit(DETECTOR, X, Verdicts(JUDGED, SAID), THRESHOLD)
ROWS = np.asfortranarray(np.random.default_rng(2).normal(scale=4.0, size=(50, 3)))


def test_the_kernel_is_the_prior_covariance_times_the_forces():
    points, rows = FITTED.judged.T, squeezed(ROWS, FITTED.scale)
    said, own = (log_odds_of_scores(DETECTOR.score(x), THRESHOLD, FITTED.spread) for x in (_unsqueezed(points), ROWS))
    forces = FITTED.heights / 4.0
    covariance = _covariance(np.vstack([rows, points]), np.concatenate([own, said]))[: len(rows), len(rows) :]
    np.testing.assert_allclose(FITTED.log_odds(ROWS), own + covariance @ forces, rtol=1e-9, atol=1e-9)


def _unsqueezed(points):
    return np.asfortranarray(np.sinh(points * FITTED.scale))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.floats(0.1, 30.0))
def test_the_forces_are_those_of_the_mode(seed, m, spread):
    rng = np.random.default_rng(seed)
    said, is_anomaly = rng.normal(scale=spread, size=m), rng.integers(0, 2, m).astype(float)
    weights = rng.choice([0.2, 1.0], m)
    covariance = _covariance(rng.normal(size=(m, 2)), said)
    forces = _forces(covariance, said, is_anomaly, weights)
    log_odds = said + covariance @ forces
    # Where the gradient is zero, each force is what the verdict says beyond what is believed.
    np.testing.assert_allclose(forces, weights * (is_anomaly - 1.0 / (1.0 + np.exp(-log_odds))), atol=1e-4)


def test_scores_and_log_odds_are_each_others_inverse():
    scores = np.array([-1e6, -1.0, 0.0, 2.0, 5.0, 1e9])
    there = log_odds_of_scores(scores, 2.0, 0.5)
    np.testing.assert_allclose(scores_of_log_odds(there, 2.0, 0.5), scores, rtol=1e-12, atol=1e-12)
    assert there[3] == 0.0


def test_extreme_scores_stay_finite():
    extreme = np.array([-1.7e308, 1.7e308])
    assert np.isfinite(scores_of_log_odds(log_odds_of_scores(extreme, 0.0, 1e-9), 0.0, 1e-9)).all()


def test_a_row_scores_alike_alone_and_among_others():
    together = FITTED.score(ROWS)
    alone = [FITTED.score(np.asfortranarray(row[None]))[0] for row in ROWS]
    assert together.tolist() == alone
    assert FITTED.score(np.ascontiguousarray(ROWS)).tolist() == alone


def test_rows_that_are_alike_follow_the_verdict_and_others_hardly_change():
    row = np.array([[8.0, 0.0, 0.0]])
    muted = Reranked.fit(DETECTOR, X, Verdicts(row, np.array([False])), THRESHOLD)
    near, far = np.asfortranarray(row + 0.1), np.asfortranarray(np.array([[0.0, 0.0, -9.0]]))
    assert DETECTOR.score(near)[0] > THRESHOLD > muted.score(near)[0]
    assert DETECTOR.score(far)[0] > THRESHOLD
    assert muted.score(far)[0] > THRESHOLD


def test_state_restores_bit_by_bit():
    again = Reranked.from_state(State.from_bytes(FITTED.to_state().to_bytes()), ZScore)
    assert again.score(ROWS).tolist() == FITTED.score(ROWS).tolist()
    assert again.description() == FITTED.description()
    assert Reranked.fit(DETECTOR, X, Verdicts(JUDGED, SAID), THRESHOLD).to_state().to_bytes() == (
        FITTED.to_state().to_bytes()
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale", np.zeros(3)), ("scale", np.ones(2)), ("judged", np.zeros((2, 3))), ("heights", np.full(70, np.nan)),
        ("tilts", np.zeros(1)), ("slopes", np.zeros(4)),
    ],
)  # fmt: skip
def test_forged_arrays_are_refused(name, value):
    state = FITTED.to_state()
    forged = State(state.scalars, {**state.arrays, f"verdicts/{name}": value}, state.texts)
    with pytest.raises(CorruptModel):
        Reranked.from_state(forged, ZScore)


@pytest.mark.parametrize(
    ("name", "value"),
    [("spread", 0.0), ("spread", -1.0), ("center", 1e200), ("trust", "x"), ("shift", None), ("verdicts", 1.5)],
)
def test_forged_numbers_are_refused(name, value):
    state = FITTED.to_state()
    forged = State({**state.scalars, f"verdicts/{name}": value}, state.arrays, state.texts)
    with pytest.raises(CorruptModel):
        Reranked.from_state(forged, ZScore)


def test_it_has_no_sql_form():
    with pytest.raises(NoSqlForm, match="verdicts"):
        FITTED.expression([], None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=12))
def test_no_threshold_has_a_better_f1_and_none_as_good_is_nearer(pairs):
    log_odds = np.array([float(value) for value, _ in pairs])
    is_anomaly = np.array([said for _, said in pairs])

    def quality(threshold):
        flagged = log_odds > threshold
        if not is_anomaly.any():
            return -flagged.sum()
        return 2.0 * (flagged & is_anomaly).sum() / (flagged.sum() + is_anomaly.sum())

    chosen = nearest_threshold(log_odds, is_anomaly)
    # Between scores, halfway is taken, which is up to half a step further than the nearest.
    every = np.arange(-6.0, 6.25, 0.25)
    assert quality(chosen) == max(quality(one) for one in every)
    if quality(0.0) == quality(chosen):
        assert chosen == 0.0
