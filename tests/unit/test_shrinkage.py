"""Segments that share a detector: each row against what is usual in its own segment."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.errors import CorruptModel, InvalidOption, NotIncremental
from adsql.feedback import Verdict, learned
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.state import State

RNG = np.random.default_rng(0)
# Three large shops, one that is new, and one that sells nothing else every day.
LEVELS = {"corner": (50.0, 300), "mall": (1000.0, 300), "station": (400.0, 300), "new": (700.0, 5), "kiosk": (20.0, 40)}
SHOP = np.concatenate([[name] * n for name, (_, n) in LEVELS.items()])
SALES = np.concatenate([level * (1.0 + 0.05 * RNG.normal(size=n)) for level, n in LEVELS.values()])
TABLE = {"sales": pa.array(SALES), "shop": pa.array(SHOP.tolist())}
DROP = {"sales": pa.array([200.0]), "shop": pa.array(["mall"])}  # 80% less than usual, there


def fitted(algorithm="mad", **options):
    return Model.fit(TABLE, TrainingOptions.parse(algorithm, columns="sales", **options))


@pytest.fixture(scope="module")
def model():
    return fitted(segment_by="shop", segment_shrinkage=20)


@pytest.mark.parametrize("algorithm", ["mad", "knn", "zscore"])
def test_a_drop_in_one_segment_is_found_that_a_model_of_all_rows_misses(algorithm):
    pooled = Model.fit(TABLE, TrainingOptions.parse(algorithm, columns="sales"))
    assert not pooled.score(DROP).is_anomaly[0]
    conditional = fitted(algorithm, segment_by="shop", segment_shrinkage=20)
    assert conditional.score(DROP).is_anomaly[0]


def test_a_segment_of_five_rows_is_scored_and_not_all_of_it_is_flagged(model):
    scores = model.score(TABLE)
    assert scores.present.all()
    assert scores.is_anomaly[SHOP == "new"].sum() <= 1
    assert scores.is_anomaly.mean() < 0.05
    assert model.skipped == {}


def test_a_segment_of_one_row_and_one_that_never_changes_are_scored():
    table = {"sales": pa.array([*SALES, 90.0, *[5.0] * 30]), "shop": pa.array([*SHOP, "one", *["still"] * 30])}
    model = Model.fit(table, TrainingOptions.parse("mad", columns="sales", segment_by="shop", segment_shrinkage=5))
    scores = model.score(table)
    assert np.isfinite(scores.anomaly_score).all()
    assert not scores.is_anomaly[-30:].any()


def test_the_more_rows_a_segment_has_the_more_its_own_spread_counts():
    wide = RNG.normal(size=400) * 30.0
    table = {"x": pa.array([*RNG.normal(size=2000), *wide]), "s": pa.array(["a"] * 2000 + ["b"] * 400)}
    scales = [
        Model.fit(table, TrainingOptions.parse("mad", columns="x", segment_by="s", segment_shrinkage=k))
        .segments["b"].features.features[0].scale
        for k in (1, 400, 100_000)
    ]  # fmt: skip
    assert scales[0] > scales[1] > scales[2]


def test_one_detector_is_stored_once_and_restored_for_all(model):
    again = Model.from_bytes(model.to_bytes(), model.content_hash)
    assert len({id(segment.detector) for segment in again.segments.values()}) == 1
    assert again.score(TABLE).anomaly_score.tolist() == model.score(TABLE).anomaly_score.tolist()
    assert again.to_bytes() == model.to_bytes()
    assert again.segment_shrinkage == 20.0
    separate = fitted("knn", segment_by="shop")
    shared = fitted("knn", segment_by="shop", segment_shrinkage=20)
    assert len(shared.to_bytes()) < len(separate.to_bytes())


@pytest.mark.parametrize("place", [-1, 4, 99])
def test_a_segment_that_refers_to_no_other_before_it_is_refused(model, place):
    state = State.from_bytes(model.to_bytes())
    forged = State({**state.scalars, "4/segment/same_as": place}, state.arrays, state.texts)
    with pytest.raises(CorruptModel, match="not there"):
        Model.from_bytes(forged.to_bytes())


def test_it_does_not_depend_on_the_order_of_rows(model):
    order = pa.array(np.random.default_rng(1).permutation(len(SALES)))
    table = {name: column.take(order) for name, column in TABLE.items()}
    again = Model.fit(table, TrainingOptions.parse("mad", columns="sales", segment_by="shop", segment_shrinkage=20))
    first, second = (
        {name: segment.to_state().scalars for name, segment in one.segments.items()} for one in (again, model)
    )
    assert first == second


def test_it_cannot_be_updated_and_can_learn_from_verdicts(model):
    with pytest.raises(NotIncremental, match="segment_shrinkage"):
        model.updated(TABLE)
    after = learned(model, TABLE, [Verdict('{"sales": 200, "shop": "mall"}', is_anomaly=False)])
    assert after.segment_shrinkage == 20.0
    assert not after.score(DROP).is_anomaly[0]
    assert Model.from_bytes(after.to_bytes()).score(DROP).anomaly_score == after.score(DROP).anomaly_score


def test_each_segment_remembers_its_own_rows_for_drift(model):
    again = Model.from_bytes(model.to_bytes())
    kept, restored = ([one.reference.to_state().to_bytes() for one in m.segments.values()] for m in (model, again))
    assert kept == restored
    assert len(set(kept)) == len(LEVELS)


def test_it_is_told(model):
    assert ("segment_shrinkage", "20") in {(fact.name, fact.value) for fact in model.info()}


@pytest.mark.parametrize("value", [0, -1, True, "many", float("nan"), float("inf"), 1e7])
def test_what_is_no_number_of_rows_is_refused(value):
    with pytest.raises(InvalidOption, match="segment_shrinkage"):
        TrainingOptions.parse("mad", segment_by="shop", segment_shrinkage=value)


@pytest.mark.parametrize(
    "options", [{}, {"segment_by": "s", "label_column": "y"}, {"segment_by": "s", "algorithm": "sod"}]
)
def test_where_it_has_no_place_it_is_refused(options):
    with pytest.raises(InvalidOption, match="segment_shrinkage cannot be used here"):
        TrainingOptions.parse(**({"algorithm": "mad"} | options), segment_shrinkage=10)
