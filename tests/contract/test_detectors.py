"""A detector's promises about scoring and training, kept by every one that is registered."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from adsql.detector import Detector
from adsql.kernels import compiled
from adsql.kernels.compiled import Kernel
from adsql.model import Model
from adsql.registry import row_wise_detectors
from adsql.state import State, content_hash
from sample_tables import fitted, mixed, normal, taken

TRAINING = mixed(1_500)
SCORED = mixed(2_500, seed=1)
N_SCORED = 2_500


@cache
def trained(algorithm):
    return fitted(algorithm, TRAINING)


@cache
def scores(algorithm):
    return trained(algorithm).score(SCORED)


def assert_same_bits(found, expected, rows=slice(None)):
    for name in ("anomaly_score", "severity", "is_anomaly", "present"):
        ours, theirs = getattr(found, name), getattr(expected, name)[rows]
        assert ours.tobytes() == theirs.tobytes(), name


def test_it_follows_the_protocol(algorithm):
    detector = trained(algorithm).segments[""].detector
    assert isinstance(detector, Detector)
    assert detector.n_features == trained(algorithm).n_features


@pytest.mark.parametrize(("size", "rows"), [(1, 300), (7, 1_400), (2_048, N_SCORED), (N_SCORED, N_SCORED)])
def test_a_score_does_not_depend_on_the_size_of_its_batch(algorithm, size, rows):
    model = trained(algorithm)
    for start in range(0, rows, size):
        batch = {name: column.slice(start, size) for name, column in SCORED.items()}
        assert_same_bits(model.score(batch), scores(algorithm), slice(start, start + size))


def _any_numbers(n, d):
    """Rows of all magnitudes, some at the median, some with missing, infinite or huge values."""
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-3, 6, size=(n, 1))
    rows[::5] = rng.normal(size=(len(rows[::5]), d))
    for start, value in enumerate((np.nan, np.inf, -np.inf, 1e300, -0.0)):
        rows[np.arange(start, n, 9), rng.integers(d, size=len(rows[start::9]))] = value
    rows[1] = 0.0
    rows[2] = np.nan
    return rows


@pytest.fixture
def first_rows(monkeypatch):
    """Lets Python run kernels for rows, as in a process that has not loaded compiled code, and tells whether it did."""
    monkeypatch.setattr(compiled, "_MOST_SECONDS", np.inf)
    monkeypatch.setattr(Kernel, "seconds", 0.0)
    monkeypatch.setattr(Kernel, "uses_python", True)
    yield
    assert Kernel.seconds > 0.0
    assert Kernel.uses_python


def assert_python_gives_the_same_bits(only, request):
    rows = _any_numbers(60, len(only.features.features))
    expected = [only.score_values(row) for row in rows]
    assert all(result.severity[0] >= 0.0 for result in expected if result.present[0])  # computed when asked for
    request.getfixturevalue("first_rows")
    for row, result in zip(rows, expected, strict=True):
        assert_same_bits(only.score_values(row), result)


def test_numbers_have_the_same_bits_whether_python_or_compiled_code_scores_them(algorithm, request):
    assert_python_gives_the_same_bits(trained(algorithm).segments[""], request)


# With what the defaults do not call, or call otherwise.
WITH_OPTIONS = [
    ("iforest", {"max_samples": 900}),
    ("eif", {"extension_level": 0}),
    ("eif", {"extension_level": 4}),
    ("knn", {"method": "median", "n_neighbors": 4}),
    ("knn", {"method": "mean"}),
    ("ensemble", {"combination": "probability"}),
    ("gmm", {"n_components": 4}),
    ("loda", {"n_bins": 7}),
]


@pytest.mark.parametrize(("name", "options"), WITH_OPTIONS, ids=[f"{name}-{options}" for name, options in WITH_OPTIONS])
def test_it_does_with_options_as_well(name, options, request):
    assert_python_gives_the_same_bits(
        fitted(row_wise_detectors()[name], TRAINING, params=options).segments[""], request
    )


def test_a_row_has_the_same_bits_whether_python_or_compiled_code_scores_it(algorithm, request):
    model, all_rows = trained(algorithm), scores(algorithm)
    assert all_rows.severity[0] >= 0.0  # all severities are computed when the first is asked for
    request.getfixturevalue("first_rows")
    for start in range(30):
        row = {name: column.slice(start, 1) for name, column in SCORED.items()}
        assert_same_bits(model.score(row), all_rows, slice(start, start + 1))


def _signatures():
    """What each kernel has been compiled for, or loaded."""
    modules = [module for name, module in sys.modules.items() if name.startswith("adsql.kernels.")]
    kernels = {id(each): each for module in modules for each in vars(module).values() if isinstance(each, Kernel)}
    return {each.__qualname__: list(each.compiled.signatures) for each in kernels.values()}


def test_a_restored_model_needs_no_other_code_than_the_fitted_one(algorithm):
    """Compiling takes a second or more; types of arrays include whether they can be written to."""
    model = trained(algorithm)
    model.score(SCORED)
    known = _signatures()
    Model.from_bytes(model.to_bytes()).score(SCORED)
    assert _signatures() == known


def test_an_empty_batch_has_no_scores(algorithm):
    assert len(trained(algorithm).score(taken(SCORED, [])).anomaly_score) == 0


def test_a_score_does_not_depend_on_the_order_of_rows(algorithm):
    order = np.random.default_rng(2).permutation(N_SCORED)
    assert_same_bits(trained(algorithm).score(taken(SCORED, order)), scores(algorithm), order)


def test_a_score_does_not_depend_on_other_threads(algorithm):
    model = trained(algorithm)
    bounds = np.linspace(0, N_SCORED, 33).astype(int)
    parts = list(pairwise(bounds)) * 4

    def score(part):
        start, stop = part
        return model.score({name: column.slice(start, stop - start) for name, column in SCORED.items()})

    with ThreadPoolExecutor(8) as pool:
        for (start, stop), found in zip(parts, pool.map(score, parts), strict=True):
            assert_same_bits(found, scores(algorithm), slice(start, stop))


def test_a_score_does_not_depend_on_the_order_of_columns(algorithm):
    backwards = dict(reversed(SCORED.items()))
    assert_same_bits(trained(algorithm).score(backwards), scores(algorithm))


def test_a_score_does_not_depend_on_the_order_of_columns_in_training(algorithm):
    backwards = fitted(algorithm, dict(reversed(TRAINING.items())))
    assert_same_bits(backwards.score(SCORED), scores(algorithm))


def test_columns_that_the_model_does_not_use_are_ignored(algorithm):
    wider = {"extra": SCORED["amount"], **SCORED}
    assert_same_bits(trained(algorithm).score(wider), scores(algorithm))


def test_features_by_position_score_as_by_name(algorithm):
    model = trained(algorithm)
    by_position = model.score_by_position([SCORED[name] for name in model.positional_columns])
    assert_same_bits(by_position, scores(algorithm))


def test_training_does_not_depend_on_the_order_of_rows(algorithm):
    order = np.random.default_rng(3).permutation(len(TRAINING["amount"]))
    assert fitted(algorithm, taken(TRAINING, order)).to_bytes() == trained(algorithm).to_bytes()


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_training_is_the_same_under_the_same_seed(algorithm, seed):
    table = normal(400, 3)
    assert fitted(algorithm, table, seed=seed).to_bytes() == fitted(algorithm, table, seed=seed).to_bytes()


def test_training_does_not_change_its_input(algorithm):
    X = np.random.default_rng(4).normal(size=(300, 3))
    before = X.copy()
    detector = algorithm.fit(X, algorithm.spec.resolve({}), 0)
    detector.score(X)
    np.testing.assert_array_equal(X, before)


def test_scoring_does_not_change_the_detector(algorithm):
    detector = trained(algorithm).segments[""].detector
    before = detector.to_state().to_bytes()
    detector.score(np.random.default_rng(5).normal(size=(50, detector.n_features)))
    assert detector.to_state().to_bytes() == before


def test_a_restored_detector_scores_the_same_bits(algorithm):
    detector = trained(algorithm).segments[""].detector
    stored = detector.to_state().to_bytes()
    restored = algorithm.from_state(State.from_bytes(stored))
    X = np.random.default_rng(6).normal(size=(200, detector.n_features))
    assert restored.score(X).tobytes() == detector.score(X).tobytes()
    assert restored.to_state().to_bytes() == stored


def test_a_restored_model_is_the_same(algorithm):
    model = trained(algorithm)
    restored = Model.from_bytes(model.to_bytes(), expected_hash=model.content_hash)
    assert restored.to_bytes() == model.to_bytes()
    assert restored.content_hash == content_hash(model.to_bytes())
    assert restored.info() == model.info()
    assert_same_bits(restored.score(SCORED), scores(algorithm))


def test_models_of_different_data_have_different_hashes(algorithm):
    assert (
        fitted(algorithm, normal(100, 2, seed=0)).content_hash != fitted(algorithm, normal(100, 2, seed=1)).content_hash
    )
