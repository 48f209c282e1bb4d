"""What every detector says about its scores: contributions add up, and follow the feature at fault."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from adsql.abilities import Explains
from adsql.contributions import contributions_of, sampled
from adsql.registry import row_wise_detectors

DETECTORS = row_wise_detectors()
RNG = np.random.default_rng(12)
D = 4


def rows():
    """A block of rows whose second column follows the first; the others are on their own."""
    X = RNG.normal(size=(400, D))
    X[:, 1] = X[:, 0] + 0.5 * X[:, 1]
    return np.asfortranarray(X)


X = rows()
NORMAL = np.asfortranarray(X[np.abs(X).max(axis=1) < 1.2][:5])
COMBINATIONS = {f"ensemble {how}": how for how in ("maximum", "rank", "probability")}
EVERY = [*(name for name in DETECTORS if name != "autoencoder"), *COMBINATIONS, "iforest updated"]


@cache
def fitted(name):
    """Return a detector; an ensemble is a member per combination, a forest after an update has trees of two ages."""
    if name == "iforest updated":
        return fitted("iforest").updated(X[:30], 0.3, DETECTORS["iforest"].spec.resolve({}), 0)
    if name in COMBINATIONS:
        params = {"detectors": ["mad", "iforest", "gmm"], "combination": COMBINATIONS[name]}
        return DETECTORS["ensemble"].fit(X, DETECTORS["ensemble"].spec.resolve(params), 0)
    return DETECTORS[name].fit(X, DETECTORS[name].spec.resolve({}), 0)


OWN = ["zscore", "mad", "iqr", "hbos", "ecod", "copod", "pca", "mcd", "knn", "auto", "lof", "iforest", "ensemble"]


def test_these_detectors_explain_themselves():
    assert sorted(OWN) == sorted(name for name, cls in DETECTORS.items() if issubclass(cls, Explains))


@pytest.mark.parametrize("name", EVERY)
def test_contributions_add_up_to_the_score_less_the_base(name):
    detector = fitted(name)
    given = np.asfortranarray(np.vstack([X[:60], 8 * X[:20], np.zeros((1, D)), np.full((1, D), 1e9)]))
    found = contributions_of(detector, given)
    assert found.parts.shape == found.expected.shape == given.shape
    assert np.isfinite(found.parts).all()
    assert np.isfinite(found.expected).all()
    scores = detector.score(given)
    np.testing.assert_allclose(found.parts.sum(axis=1) + found.base, scores, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", EVERY)
def test_a_row_s_contributions_depend_on_that_row_alone(name):
    together = contributions_of(fitted(name), X[:20])
    alone = contributions_of(fitted(name), np.asfortranarray(X[7:8]))
    np.testing.assert_allclose(alone.parts[0], together.parts[7], rtol=1e-9, atol=1e-12)
    assert contributions_of(fitted(name), np.asfortranarray(X[:0])).parts.shape == (0, D)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("fault", [2, 3])
def test_the_feature_at_fault_comes_first_and_less_so_the_nearer_it_is_to_normal(name, fault):
    detector = fitted(name)
    parts, scores = [], []
    for distance in (12.0, 6.0, 0.0):
        given = NORMAL.copy(order="F")
        given[:, fault] = distance
        found = contributions_of(detector, given)
        parts.append(found.parts)
        scores.append(detector.score(given))
    assert (parts[0].argmax(axis=1) == fault).all()
    # Some scores tell no difference beyond the training data.
    assert (scores[0] >= scores[1]).all()
    assert (parts[0][:, fault] >= parts[1][:, fault] - 1e-9).all()
    assert (scores[0] > scores[2]).all()
    assert (parts[0][:, fault] > parts[2][:, fault]).all()


def test_a_forest_names_a_value_beyond_all_that_it_saw_even_where_the_outermost_is_the_most_usual():
    """Its splits cannot tell -20 from the 0 that most rows have: the way of such a row is that of a usual one."""
    data = X.copy(order="F")
    data[:, 2] = np.random.default_rng(3).geometric(0.6, len(X)) - 1.0
    detector = DETECTORS["iforest"].fit(data, DETECTORS["iforest"].spec.resolve({}), 0)
    given = np.repeat(NORMAL[:1], 4, axis=0).copy(order="F")
    given[:, 2], given[:, 3] = [0.0, -1.0, -4.0, -20.0], 2.0
    found = contributions_of(detector, given)
    assert np.ptp(detector.score(given)) == 0.0
    np.testing.assert_allclose(found.parts.sum(axis=1), found.parts[0].sum(), rtol=1e-9)
    assert found.parts.argmax(axis=1)[[0, -1]].tolist() == [3, 2]
    assert (np.diff(found.parts[:, 2]) > 0).all()


@pytest.mark.parametrize("name", ["pca", "mcd", "knn", "auto"])
def test_a_value_that_does_not_go_with_the_others_is_expected_to(name):
    given = np.asfortranarray([[1.5, -1.5, 0.0, 0.0]])
    found = contributions_of(fitted(name), given)
    assert set(found.parts[0].argsort()[-2:]) == {0, 1}
    assert found.expected[0, 1] > -0.6


def test_sampled_values_are_shapley_s_of_a_score_of_pairs():
    """Each half of an interaction belongs to either feature, whatever the orders."""
    given = np.random.default_rng(0).normal(size=(30, 3))
    found = sampled(lambda x: x[:, 0] * x[:, 1] + x[:, 1] * x[:, 2] + x[:, 2], given)
    a, b, c = given.T
    np.testing.assert_allclose(
        found.parts, np.column_stack([a * b, a * b + b * c, b * c + 2 * c]) / [2, 2, 2], atol=1e-12
    )
