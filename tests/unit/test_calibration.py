"""Severity is a monotone map from any score to [0, 1]."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adsql.calibration import Calibration
from adsql.state import State

scores = st.floats(-1e30, 1e30) | st.sampled_from([0.0, 1.0, 1.0 + 2**-52, 5e-324, -1e-300])
training = hnp.arrays(np.float64, st.integers(1, 50), elements=scores)
new = hnp.arrays(np.float64, st.integers(1, 50), elements=scores)


def restored(calibration):
    return Calibration.from_state(State.from_bytes(calibration.to_state().to_bytes()))


@given(training, new)
def test_severity_lies_between_0_and_1(training, new):
    severity = Calibration.fit(training).severity(np.concatenate([training, new]))
    assert ((severity >= 0) & (severity <= 1)).all()


@given(training, new)
@example(np.array([0.0, 0.37, 1.58]), np.array([0.0]))  # interpolation rounds up just below a knot
def test_severity_never_falls_as_the_score_grows(training, new):
    close = [training + k * np.spacing(training) for k in (-2, -1, 1, 2)]
    ordered = np.sort(np.concatenate([training, *close, new]))
    assert (np.diff(Calibration.fit(training).severity(ordered)) >= 0).all()


@given(training, new)
def test_a_restored_calibration_gives_the_same_bits(training, new):
    calibration = Calibration.fit(training)
    assert restored(calibration).severity(new).tobytes() == calibration.severity(new).tobytes()


@given(training)
def test_a_training_score_has_the_share_below_it_and_half_of_its_ties(training):
    expected = [((training < s).sum() + (training == s).sum() / 2) / len(training) for s in training]
    np.testing.assert_allclose(Calibration.fit(training).severity(training), expected, rtol=1e-12)


@given(training)
def test_the_order_of_training_scores_does_not_matter(training):
    forwards, backwards = Calibration.fit(training), Calibration.fit(training[::-1])
    assert forwards.to_state().to_bytes() == backwards.to_state().to_bytes()


def test_above_all_training_scores_severity_grows_towards_1():
    calibration = Calibration.fit(np.random.default_rng(0).exponential(size=1_000))
    top = calibration.scores[-1]
    severity = calibration.severity(top + np.array([0.0, 1.0, 2.0, 1e9]))
    assert severity[0] == pytest.approx(1 - 1 / 2_000)
    assert severity[0] < severity[1] < severity[2] < severity[3] == 1.0


def test_below_all_training_scores_severity_is_0():
    assert Calibration.fit(np.array([1.0, 2.0])).severity(np.array([0.999, -1e9])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("n", [1_024, 1_025, 20_000])
def test_many_scores_are_summed_up_in_a_thousand_knots(n):
    training = np.random.default_rng(1).lognormal(size=n)
    calibration = Calibration.fit(training)
    assert len(calibration.scores) == min(n, 1_024)
    exact = np.searchsorted(np.sort(training), training) / n + 0.5 / n
    severity = calibration.severity(training)
    np.testing.assert_allclose(severity, exact, atol=2e-3)
    # The tail, which alerts are about, is exact.
    tail = np.argsort(training)[-256:]
    np.testing.assert_allclose(severity[tail], exact[tail], rtol=1e-12)
