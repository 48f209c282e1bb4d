"""Missing, infinite, extreme and constant values: never an error, a NaN or an infinity, whatever the detector."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.features import FeatureSpec
from sample_tables import AWKWARD, CONSTANT, fitted, mixed, normal, taken


def assert_finite(scores):
    assert np.isfinite(scores.anomaly_score).all()
    assert ((scores.severity >= 0) & (scores.severity <= 1)).all()


@pytest.mark.parametrize("make", AWKWARD.values(), ids=AWKWARD)
def test_an_awkward_table_is_scored_and_so_is_any_number_by_its_model(algorithm, make):
    table = make()
    model = fitted(algorithm, table)
    assert_finite(model.score(table))
    assert np.isfinite(model.threshold)
    numbers = [name for name in model.positional_columns if pa.types.is_float64(table[name].type)]
    extremes = pa.array([np.inf, -np.inf, 1.7e308, -1.7e308, 5e-324, 0.0, -0.0, 1e150])
    rest = taken(table, [0] * len(extremes))
    assert_finite(model.score({**rest, **dict.fromkeys(numbers, extremes)}))


@pytest.mark.parametrize("make", CONSTANT.values(), ids=CONSTANT)
def test_nothing_in_a_constant_table_is_strange(algorithm, make):
    table = make()
    scores = fitted(algorithm, table).score(table)
    assert_finite(scores)
    assert np.unique(scores.anomaly_score).size == 1
    assert not scores.is_anomaly.any()


def test_null_and_nan_are_the_same(algorithm):
    X = np.random.default_rng(0).normal(size=(300, 2))
    gone = np.random.default_rng(1).random(X.shape) < 0.2
    with_null = {f"x{j}": pa.array(X[:, j], mask=gone[:, j]) for j in range(2)}
    with_nan = {f"x{j}": pa.array(np.where(gone[:, j], np.nan, X[:, j])) for j in range(2)}
    null_model, nan_model = fitted(algorithm, with_null), fitted(algorithm, with_nan)
    assert null_model.to_bytes() == nan_model.to_bytes()
    null_scores, nan_scores = null_model.score(with_null), null_model.score(with_nan)
    assert null_scores.anomaly_score.tobytes() == nan_scores.anomaly_score.tobytes()
    assert null_scores.present.tolist() == nan_scores.present.tolist() == (~gone.all(axis=1)).tolist()


def test_a_missing_value_counts_as_the_median(algorithm):
    table = normal(301, 2)
    model = fitted(algorithm, table)
    median = np.median(np.asarray(table["x00"]))
    other = pa.array([-2.0, 0.0, 3.0])
    missing = model.score({"x00": pa.array([None] * 3, pa.float64()), "x01": other})
    explicit = model.score({"x00": pa.array([median] * 3), "x01": other})
    assert missing.anomaly_score.tobytes() == explicit.anomaly_score.tobytes()
    assert missing.present.all()


def test_an_untyped_null_counts_as_missing(algorithm):
    table = mixed(300)
    model = fitted(algorithm, table)
    untyped = model.score({**table, "amount": pa.nulls(300), "city": pa.nulls(300)})
    typed = model.score({**table, "amount": pa.nulls(300, pa.float64()), "city": pa.nulls(300, pa.string())})
    assert untyped.anomaly_score.tobytes() == typed.anomaly_score.tobytes()


def test_a_row_of_missing_values_has_no_score(algorithm):
    model = fitted(algorithm, normal(300, 2))
    scores = model.score(
        {"x00": pa.array([None, None, 1.0]), "x01": pa.array([None, float("nan"), None], pa.float64())}
    )
    assert scores.present.tolist() == [False, False, True]
    assert not scores.is_anomaly[:2].any()


def test_a_row_of_missing_values_does_not_change_training(algorithm):
    table = normal(300, 2)
    longer = {name: pa.concat_arrays([column, pa.nulls(30, pa.float64())]) for name, column in table.items()}
    plain, padded = fitted(algorithm, table), fitted(algorithm, longer)
    scores = plain.score(table)
    assert padded.score(table).anomaly_score.tobytes() == scores.anomaly_score.tobytes()
    assert padded.threshold == plain.threshold


def test_an_infinity_counts_as_the_largest_number(algorithm):
    model = fitted(algorithm, normal(300, 1))
    infinite = model.score({"x00": pa.array([np.inf, -np.inf])})
    largest = model.score({"x00": pa.array([1e300, -1e300])})
    assert_finite(infinite)
    assert infinite.anomaly_score.tobytes() == largest.anomaly_score.tobytes()


def test_numbers_of_any_type_score_as_their_value(algorithm):
    whole = np.random.default_rng(2).integers(0, 100, 300)
    model = fitted(algorithm, {"x": pa.array(whole.astype(np.float64))})
    expected = model.score({"x": pa.array(whole.astype(np.float64))}).anomaly_score
    for dtype in (pa.int8(), pa.uint64(), pa.int64(), pa.float32(), pa.decimal128(30, 4), pa.decimal256(50, 0)):
        scores = model.score({"x": pa.array(whole).cast(dtype)})
        assert scores.anomaly_score.tobytes() == expected.tobytes(), dtype


def test_a_detector_gets_finite_features_only(algorithm):
    table = AWKWARD["both_extremes"]()
    features = FeatureSpec.fit(table, None, 120)
    X, present = features.transform(features.select(table))
    assert np.isfinite(X).all()
    assert present.all()
    assert np.isfinite(algorithm.fit(X, algorithm.spec.resolve({}), 0).score(X)).all()
