"""Models: segments, features by position, what is said about them, and what cannot be trained or scored."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from adsql.detector import Capability
from adsql.detectors.mad import MAD
from adsql.errors import (
    ColumnTypeChanged,
    CorruptModel,
    EmptySource,
    InvalidOption,
    MissingColumn,
    NotRowWise,
    NoUsableColumn,
    TooFewRows,
    UnknownColumn,
    UnusableColumn,
    WrongFeatureCount,
)
from adsql.model import MAX_SEGMENTS, Model
from adsql.options import TrainingOptions
from adsql.state import State, content_hash
from sample_tables import fitted, mixed, normal, taken

N = 300
X = np.random.default_rng(0).normal(size=N)


def by_city(**more):
    """Return two cities whose values lie far apart, and whatever else."""
    cities = np.arange(N) % 2
    return {
        "city": pa.array(np.where(cities, "Rome", "Oslo").tolist()),
        "x": pa.array(X + 1_000.0 * cities),
        **more,
    }


def trained(table, **options):
    return Model.fit(table, TrainingOptions.parse("mad", **options))


def facts(model, section):
    return {(fact.segment, fact.name): fact.value for fact in model.info() if fact.section == section}


def test_a_segment_is_a_model_of_its_rows_alone():
    table = by_city()
    model = trained(table, segment_by="city")
    scores = model.score(table)
    for city in ("Rome", "Oslo"):
        rows = np.flatnonzero(np.asarray(table["city"]) == city)
        part = {"x": table["x"].take(pa.array(rows))}
        alone = trained(part).score(part)
        assert scores.anomaly_score[rows].tobytes() == alone.anomaly_score.tobytes()
        assert scores.severity[rows].tobytes() == alone.severity.tobytes()
        assert scores.is_anomaly[rows].tolist() == alone.is_anomaly.tolist()


def test_what_is_usual_in_one_segment_is_strange_in_another():
    model = trained(by_city(), segment_by=["city"])
    rows = {"city": pa.array(["Rome", "Oslo", "Oslo"]), "x": pa.array([1_000.0, 1_000.0, 0.0])}
    assert model.score(rows).is_anomaly.tolist() == [False, True, False]


def test_segments_of_two_columns_are_their_pairs():
    table = by_city(kind=pa.array(["a", "a", "b", "b"] * (N // 4)))
    model = trained(table, segment_by=["city", "kind"])
    assert len(model.segments) == 4
    assert model.positional_columns == ("city", "kind", "x")
    assert {segment for segment, _ in facts(model, "feature")} == {"Oslo, a", "Oslo, b", "Rome, a", "Rome, b"}


def test_null_is_a_segment():
    cities = [None if i % 2 else "Oslo" for i in range(N)]
    model = trained(by_city(city=pa.array(cities)), segment_by="city")
    scores = model.score({"city": pa.array([None, "Oslo"], pa.string()), "x": pa.array([1_000.0, 0.0])})
    assert scores.present.all()
    assert not scores.is_anomaly.any()
    assert {segment for segment, _ in facts(model, "feature")} == {"NULL", "Oslo"}


def test_a_segment_unknown_in_training_has_no_score():
    model = trained(by_city(), segment_by="city")
    scores = model.score({"city": pa.array(["Bern", "Rome", None]), "x": pa.array([1e9, 1_000.0, 1e9])})
    assert scores.present.tolist() == [False, True, False]
    assert np.isnan(scores.anomaly_score[[0, 2]]).all()
    assert np.isnan(scores.severity[[0, 2]]).all()
    assert not scores.is_anomaly.any()


def test_segments_match_whatever_the_types_of_numbers():
    model = trained(by_city(city=pa.array([i % 2 for i in range(N)], pa.int64())), segment_by="city")
    rows = {"city": pa.array([1, 0], pa.int8()), "x": pa.array([1_000.0, 0.0])}
    assert model.score(rows).present.all()


KEYS = [i % 2 for i in range(N)]


@pytest.mark.parametrize(
    ("before", "now", "kinds"),
    [
        (pa.array(KEYS), pa.array(["0", "01"]), "text values, in training it held number"),
        (pa.array(map(str, KEYS)), pa.array([0, 1]), "number values, in training it held text"),
        (pa.array(map(bool, KEYS)), pa.array([0, 1]), "number values, in training it held boolean"),
        (
            pa.array(KEYS, pa.date32()),
            pa.array([0, 1], pa.timestamp("us")),
            "timestamp values, in training it held date",
        ),
    ],
)
def test_segments_of_another_kind_are_an_error_and_not_rows_without_a_score(before, now, kinds):
    model = trained(by_city(city=before), segment_by="city")
    for same in (model, Model.from_bytes(model.to_bytes())):
        with pytest.raises(ColumnTypeChanged, match=f"column 'city' holds {kinds} values"):
            same.score({"city": now, "x": pa.array([0.0, 1.0])})


@pytest.mark.parametrize("nothing", [pa.nulls(2), pa.nulls(2, pa.string())], ids=str)
def test_a_segment_column_without_values_fits_every_kind(nothing):
    model = trained(by_city(city=pa.array([None, *KEYS[1:]])), segment_by="city")
    assert "NULL" in {segment for segment, _ in facts(model, "no model")}
    assert not model.score({"city": nothing, "x": pa.array([0.0, 1.0])}).present.any()


def test_segments_of_another_kind_are_no_further_rows():
    table = by_city(city=pa.array(KEYS))
    model = Model.fit(table, TrainingOptions.parse("zscore", segment_by="city"))
    assert list(model.updated({**table, "city": table["city"].cast(pa.float64())}).segments) == ["0", "1"]
    with pytest.raises(ColumnTypeChanged, match="column 'city' holds text values, in training it held number"):
        model.updated({**table, "city": table["city"].cast(pa.string())})


def test_a_model_stored_without_kinds_checks_none():
    model = dataclasses.replace(trained(by_city(city=pa.array(KEYS)), segment_by="city"), segment_kinds=())
    restored = Model.from_bytes(model.to_bytes())
    assert restored.segment_kinds == ()
    assert restored.score({"city": pa.array(["0", "2"]), "x": pa.array([0.0, 1.0])}).present.tolist() == [True, False]


def test_kinds_are_stored_with_segments_only():
    assert "segment_kind" not in State.from_bytes(trained(by_city()).to_bytes()).child("model").texts


def test_a_segment_too_small_to_learn_from_is_recorded():
    table = by_city(city=pa.array(["Lima"] + ["Rome"] * (N - 1)))
    model = trained(table, segment_by="city")
    assert list(model.skipped.values()) == ["the segment has 1 row"]
    assert facts(model, "no model") == {("Lima", "reason"): "the segment has 1 row"}
    assert model.score(table).present.tolist() == [False] + [True] * (N - 1)
    restored = Model.from_bytes(model.to_bytes())
    assert restored.skipped == model.skipped
    assert restored.info() == model.info()


def test_a_segment_without_a_usable_column_is_recorded():
    table = by_city(x=pa.array([None if i % 2 else float(i) ** 0.5 for i in range(N)]))
    model = trained(table, segment_by="city")
    ((_, reason),) = facts(model, "no model").items()
    assert "x (every value is NULL)" in reason


def test_if_no_segment_can_be_trained_the_reason_is_the_error():
    with pytest.raises(TooFewRows, match="1 row"):
        trained({"city": pa.array(["a", "b"]), "x": pa.array([1.0, 2.0])}, segment_by="city")
    with pytest.raises(NoUsableColumn):
        trained(by_city(x=pa.nulls(N)), segment_by="city")


def test_if_no_segment_can_be_trained_the_message_says_so_and_names_the_last_one():
    with pytest.raises(TooFewRows, match="none of the 2 segments can be trained; segment 'b': the segment has 1 row"):
        trained({"city": pa.array(["a", "b"]), "x": pa.array([1.0, 2.0])}, segment_by="city")


def test_too_many_segments_are_refused():
    table = {
        "k": pa.array([i // 2 for i in range(2 * MAX_SEGMENTS + 2)]),
        "x": pa.array(np.arange(2.0 * MAX_SEGMENTS + 2)),
    }
    with pytest.raises(InvalidOption, match=r"segment_by k makes more than 1,000 segments.*at most 1,000"):
        trained(table, segment_by="k")


@pytest.mark.parametrize("column", [pa.array([[1]] * N), pa.array([{"a": 1}] * N), pa.array([b"\xff"] * N)], ids=str)
def test_a_segment_column_needs_a_text(column):
    with pytest.raises(UnusableColumn):
        trained(by_city(city=column), segment_by="city")


def test_an_unknown_segment_column_is_named():
    with pytest.raises(UnknownColumn, match=r"segment_by: column 'town' does not exist. Allowed: city, x"):
        trained(by_city(), segment_by="town")
    model = trained(by_city(), segment_by="city")
    with pytest.raises(UnknownColumn, match="segment_by: column 'city'"):
        model.score({"x": pa.array([1.0])})


def test_an_unknown_column_is_an_error_of_the_call_and_not_of_a_segment():
    with pytest.raises(UnknownColumn, match="column 'y'"):
        trained(by_city(), segment_by="city", columns=["y"])


def test_segment_columns_match_regardless_of_case_and_are_no_features():
    model = trained(by_city(), segment_by="CITY")
    assert model.n_features == 1
    assert model.score({"City": pa.array(["Rome"]), "X": pa.array([1_000.0])}).present.all()


def test_an_empty_batch_of_a_segmented_model_has_no_scores():
    model = trained(by_city(), segment_by="city")
    assert len(model.score(taken(by_city(), [])).anomaly_score) == 0


def test_a_segmented_model_survives_storage():
    table = by_city(kind=pa.array(["a", None, "\x1f", "NULL"] * (N // 4)))
    model = trained(table, segment_by=["kind", "city"])
    restored = Model.from_bytes(model.to_bytes(), model.content_hash)
    assert restored.to_bytes() == model.to_bytes()
    assert restored.score(table).anomaly_score.tobytes() == model.score(table).anomaly_score.tobytes()


def test_rows_are_counted_in_the_source_and_not_in_the_sample():
    table = by_city()
    model = Model.fit(table, TrainingOptions.parse("mad"), n_rows={"": 10_000})
    assert model.n_rows == 10_000
    assert facts(model, "model")[(None, "n_rows")] == "10000"
    assert facts(model, "model")[(None, "n_fit_rows")] == str(N)


def test_features_by_position_are_the_columns_in_the_order_of_the_source():
    model = trained({"z": pa.array(X), "a": pa.array(X * 100 + 5_000)})
    assert model.positional_columns == ("z", "a")
    by_name = model.score({"a": pa.array([5_000.0]), "z": pa.array([0.0])})
    assert model.score_by_position([pa.array([0.0]), pa.array([5_000.0])]).anomaly_score == by_name.anomaly_score
    assert model.score_by_position([pa.array([5_000.0]), pa.array([0.0])]).is_anomaly.all()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_another_number_of_features_is_refused(count):
    model = trained({"z": pa.array(X), "a": pa.array(X * 100)})
    with pytest.raises(WrongFeatureCount, match=f"{count} features? (was|were) passed, the model has 2. Allowed: z, a"):
        model.score_by_position([pa.array([0.0])] * count)


def test_a_row_without_a_column_of_the_model_is_refused():
    with pytest.raises(MissingColumn, match="no column 'x'"):
        trained({"x": pa.array(X)}).score({"y": pa.array([1.0])})
    with pytest.raises(MissingColumn, match="no column 'x'"):
        trained({"x": pa.array(X)}).score({})
    with pytest.raises(UnknownColumn, match="column 'city'"):
        trained(by_city(), segment_by="city").score({})


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ({}, EmptySource),
        ({"x": pa.array([], pa.float64())}, EmptySource),
        ({"x": pa.array([1.0])}, TooFewRows),
        ({"x": pa.array([None, None], pa.float64())}, NoUsableColumn),
    ],
    ids=["no columns", "no rows", "one row", "only NULL"],
)
def test_a_table_without_anything_to_learn_from_is_refused(table, error):
    with pytest.raises(error):
        trained(table)


def test_everything_about_a_model_is_told():
    table = {"id": pa.array(range(N)), **mixed(N)}
    model = fitted(MAD, table, contamination=0.05, seed=3)
    told = facts(model, "model")
    assert told[(None, "algorithm")] == "mad"
    assert told[(None, "anomaly_score")] == MAD.spec.score
    assert told[(None, "threshold_policy")] == "contamination = 0.05"
    assert told[(None, "seed")] == "3"
    assert told[(None, "content_hash")] == model.content_hash
    assert float(told[(None, "threshold")]) == pytest.approx(model.threshold)
    features = model.segments[""].features
    assert {name for _, name in facts(model, "feature")} == {feature.name for feature in features.features}
    assert facts(model, "left out") == {(None, "id"): "a key: every value is different and the values are consecutive"}


def test_a_detector_that_ranks_only_its_own_rows_is_not_trained():
    class RanksItsOwnRows(MAD):
        spec = dataclasses.replace(MAD.spec, name="ranks", capability=Capability.FIT_ONLY)

    options = dataclasses.replace(TrainingOptions.parse("mad"), algorithm=RanksItsOwnRows)
    table = normal(50, 2)
    with pytest.raises(NotRowWise, match="ranks compares the rows of one table"):
        Model.fit(table, options)


def altered(model, **changed):
    state = State.from_bytes(model.to_bytes())
    scalars = {key: value for key, value in changed.items() if not isinstance(value, list)}
    texts = {key: value for key, value in changed.items() if isinstance(value, list)}
    return State(
        {**state.scalars, **{f"model/{key}": value for key, value in scalars.items()}},
        state.arrays,
        {**state.texts, **{f"model/{key}": value for key, value in texts.items()}},
    ).to_bytes()


@pytest.mark.parametrize(
    "changed",
    [
        {"segment": []},
        {"segment": ["a"]},
        {"segment": ["", "b"]},
        {"policy": "no such policy"},
        {"skipped": ["a"]},
        {"skipped_reason": ["why"]},
        {"seed": 1.5},
    ],
    ids=str,
)
def test_a_model_whose_description_is_inconsistent_is_refused(changed):
    with pytest.raises(CorruptModel):
        Model.from_bytes(altered(trained(by_city()), **changed))


def test_a_segment_that_is_not_stored_is_refused():
    model = trained(by_city(), segment_by="city")
    with pytest.raises(CorruptModel):
        Model.from_bytes(altered(model, segment=[*model.segments, "Lima"]))


def test_a_restored_model_is_known_by_the_bytes_that_were_stored():
    """Another version of Arrow or adsql may encode an equal model in other bytes."""
    own = State.from_bytes(trained(by_city()).to_bytes())
    stored = State(own.scalars, {**own.arrays, "of_tomorrow": np.zeros(3)}, own.texts).to_bytes()
    restored = Model.from_bytes(stored)
    assert restored.to_bytes() != stored
    assert restored.content_hash == content_hash(stored) != content_hash(restored.to_bytes())
    assert ("content_hash", content_hash(stored)) in {(fact.name, fact.value) for fact in restored.info()}


def test_the_size_of_a_model_is_about_that_of_its_bytes(algorithm):
    model = fitted(algorithm, mixed(200))
    stored = len(model.to_bytes())
    assert 0.3 * stored < model.size <= stored


def test_the_order_in_which_an_engine_delivers_rows_does_not_matter(algorithm):
    """Other threads or another engine deliver another order; fits that draw rows at random must not see it."""
    table = normal(1_500, 3)
    shuffled = taken(table, np.random.default_rng(7).permutation(1_500))
    assert fitted(algorithm, table).to_bytes() == fitted(algorithm, shuffled).to_bytes()
