"""The promises of detectors that can only rank the rows they are given, kept by every one that is registered."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.detector import Capability, Ranker
from adsql.errors import (
    EmptySource,
    InvalidOption,
    NotRowWise,
    NoUsableColumn,
    TooFewRows,
    TooManyRows,
    UnknownColumn,
)
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.ranking import MAX_ROWS, rank
from sample_tables import AWKWARD, CONSTANT, mixed, normal, ranked, taken, with_outlier

NAMES = ("anomaly_score", "severity", "is_anomaly", "present")


def assert_same_bits(found, expected, rows=slice(None)):
    for name in NAMES:
        assert getattr(found, name).tobytes() == getattr(expected, name)[rows].tobytes(), name


def assert_finite(scores):
    assert np.isfinite(scores.anomaly_score[scores.present]).all()
    assert ((scores.severity >= 0) & (scores.severity <= 1))[scores.present].all()


def test_it_follows_the_protocol_and_tells_its_limits(ranker):
    spec = ranker.spec
    assert isinstance(ranker, Ranker)
    assert spec.capability is Capability.FIT_ONLY
    assert spec.max_rows > 100
    assert 0 < spec.effort.seconds_for(spec.max_rows, 8) <= 30
    assert spec.effort.bytes_for(spec.max_rows, 8) < 1e9
    spec.check_size(spec.max_rows, 8)


def test_it_cannot_be_trained(ranker):
    name = ranker.spec.name
    with pytest.raises(NotRowWise, match=rf"{name} compares .*detect_anomalies\(source, algorithm => '{name}'\), or"):
        Model.fit(normal(50, 2), TrainingOptions.parse(name))


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_scores_are_the_same_under_the_same_seed(ranker, seed):
    table = mixed(120)
    assert_same_bits(ranked(ranker, table, seed=seed), ranked(ranker, table, seed=seed))


def test_scores_do_not_depend_on_the_order_of_rows_or_columns(ranker):
    table = mixed(120)
    order = np.random.default_rng(2).permutation(120)
    expected = ranked(ranker, table)
    assert_same_bits(ranked(ranker, taken(table, order)), expected, order)
    assert_same_bits(ranked(ranker, dict(reversed(table.items()))), expected)


def test_nothing_random_outside_is_touched(ranker, capfd):
    np.random.seed(4)  # noqa: NPY002 - the global state that is not to change
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    X = np.random.default_rng(4).normal(size=(60, 3))
    copy = X.copy()
    ranker.rank(X, ranker.spec.resolve({}), 0)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    np.testing.assert_array_equal(X, copy)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("make", AWKWARD.values(), ids=AWKWARD)
def test_an_awkward_table_is_ranked(ranker, make):
    assert_finite(ranked(ranker, make()))


@pytest.mark.parametrize("n", [2, 3, 4, 5, 21, 22])
@pytest.mark.parametrize("d", [1, 3])
def test_a_table_smaller_than_its_neighbourhoods_is_ranked(ranker, n, d):
    scores = ranked(ranker, normal(n, d))
    assert_finite(scores)
    assert scores.present.all()


@pytest.mark.parametrize("make", CONSTANT.values(), ids=CONSTANT)
def test_nothing_in_a_constant_table_is_strange(ranker, make):
    scores = ranked(ranker, make())
    assert_finite(scores)
    assert np.unique(scores.anomaly_score).size == 1
    assert not scores.is_anomaly.any()


def test_features_at_their_limits_are_ranked(ranker):
    X = np.array([[-1e9, 1e9], [1e9, -1e9], [0.0, 0.0], [1e-300, 0.0], [5e-324, 1.0]] * 8)
    assert np.isfinite(ranker.rank(X, ranker.spec.resolve({}), 0)).all()


def test_equal_rows_have_equal_scores(ranker):
    table = taken(normal(30, 3), np.arange(90) % 30)
    scores = ranked(ranker, table).anomaly_score.reshape(3, 30)
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], scores[2])


def test_a_row_of_missing_values_has_no_score_and_does_not_count(ranker):
    table = normal(100, 2)
    longer = {name: pa.concat_arrays([pa.nulls(3, pa.float64()), column]) for name, column in table.items()}
    scores = ranked(ranker, longer)
    assert scores.present.tolist() == [False] * 3 + [True] * 100
    assert not scores.is_anomaly[:3].any()
    assert scores.anomaly_score[3:].tobytes() == ranked(ranker, table).anomaly_score.tobytes()


def test_null_and_nan_are_the_same(ranker):
    X = np.random.default_rng(0).normal(size=(100, 2))
    gone = np.random.default_rng(1).random(X.shape) < 0.2
    with_null = {f"x{j}": pa.array(X[:, j], mask=gone[:, j]) for j in range(2)}
    with_nan = {f"x{j}": pa.array(np.where(gone[:, j], np.nan, X[:, j])) for j in range(2)}
    assert_same_bits(ranked(ranker, with_null), ranked(ranker, with_nan))


@pytest.mark.parametrize("d", [3, 10])
def test_nothing_is_stranger_than_an_obvious_outlier(ranker, d):
    if ranker.spec.name == "qmcd":
        pytest.skip("an extreme value squeezes the others together and wraps around to them, as its page says")
    scores = ranked(ranker, with_outlier(300, d))
    assert scores.anomaly_score[-1] == scores.anomaly_score.max()


@pytest.mark.parametrize("d", [1, 2, 5])
def test_at_most_two_percent_of_clean_data_is_flagged(ranker, d):
    assert ranked(ranker, normal(600, d, seed=d)).is_anomaly.mean() <= 0.02


@pytest.mark.parametrize("options", [{"contamination": 0.05}, {"alert_budget": 10}], ids=str)
def test_no_more_rows_are_flagged_than_asked_for(ranker, options):
    assert ranked(ranker, normal(200, 3), **options).is_anomaly.sum() <= 10


def test_a_segment_is_ranked_as_if_it_were_alone(ranker):
    X = np.random.default_rng(0).normal(size=121)
    city = np.array(["Rome", "Oslo"] * 60 + ["Lima"])
    table = {"city": pa.array(city.tolist()), "x": pa.array(X), "y": pa.array(X[::-1] ** 2)}
    scores = ranked(ranker, table, segment_by="city")
    for name in ("Rome", "Oslo"):
        rows = np.flatnonzero(city == name)
        alone = ranked(ranker, {key: table[key].take(pa.array(rows)) for key in ("x", "y")})
        assert scores.anomaly_score[rows].tobytes() == alone.anomaly_score.tobytes()
        assert scores.is_anomaly[rows].tolist() == alone.is_anomaly.tolist()
    assert scores.present.tolist() == [True] * 120 + [False], "Lima has one row"


def test_more_rows_than_it_takes_are_refused_before_it_starts(ranker):
    spec = ranker.spec
    message = rf"{spec.name} compares .*: {10**9} rows of 2 columns would take about .* rows.*'{spec.instead}'"
    with pytest.raises(TooManyRows, match=message):
        rank(normal(10, 2), TrainingOptions.parse(spec.name), 10**9)
    with pytest.raises(TooManyRows, match=f"at most {spec.max_rows} rows"):
        spec.check_size(spec.max_rows + 1, 8)


def test_so_many_columns_that_it_takes_too_long_lower_the_limit(ranker):
    spec = ranker.spec
    with pytest.raises(TooManyRows, match=r"Allowed: at most \d+ rows") as caught:
        spec.check_size(spec.max_rows, 10**6)
    allowed = int(str(caught.value).partition("at most ")[2].split()[0])
    assert allowed < spec.max_rows
    spec.check_size(allowed, 10**6)


def test_segments_that_take_too_long_together_are_refused(ranker):
    table = {"k": pa.array(["a", "b"] * 20), "x": pa.array(np.arange(40.0) ** 0.5)}
    options = TrainingOptions.parse(ranker.spec.name, segment_by="k")
    with pytest.raises(TooManyRows, match=f"{MAX_ROWS + 1} rows in 2 segments"):
        rank(table, options, MAX_ROWS + 1)


def test_what_cannot_be_ranked_is_refused_as_in_training():
    def refused(error, table, **options):
        with pytest.raises(error):
            rank(table, TrainingOptions.parse("cof", **options))

    refused(EmptySource, {})
    refused(EmptySource, {"x": pa.array([], pa.float64())})
    refused(TooFewRows, {"x": pa.array([1.0])})
    refused(NoUsableColumn, {"x": pa.nulls(5)})
    refused(UnknownColumn, normal(10, 2), columns=["no"])
    refused(UnknownColumn, normal(10, 2), segment_by="no")
    refused(TooFewRows, {"k": pa.array(["a", "b"]), "x": pa.array([1.0, 2.0])}, segment_by="k")
    many = {"k": pa.array(np.arange(2_002) // 2), "x": pa.array(np.arange(2_002.0))}
    refused(InvalidOption, many, segment_by="k")


def test_a_detector_to_train_is_not_ranked_with():
    with pytest.raises(InvalidOption, match="auto is trained"):
        rank(normal(10, 2), TrainingOptions.parse("auto"))
