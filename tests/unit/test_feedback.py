"""What a model makes of verdicts: training without confirmed anomalies, another threshold, another ranking."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from adsql.errors import ColumnTypeChanged, EmptySource, InvalidOption, InvalidSource, MissingColumn, NotIncremental
from adsql.feedback import Verdict, check_row, learned, preview, verdict_of
from adsql.model import Model
from adsql.options import TrainingOptions

RNG = np.random.default_rng(0)
# A fault raises x; a harmless kind of row raises y just as far.
FAULTS, HARMLESS = np.arange(0, 10), np.arange(10, 20)
VALUES = {"x": RNG.normal(size=600), "y": RNG.normal(size=600)}
VALUES["x"][FAULTS] += 7.0
VALUES["y"][HARMLESS] += 7.0
TABLE = {name: pa.array(values) for name, values in VALUES.items()}
MODEL = Model.fit(TABLE, TrainingOptions.parse("mad"))


def verdict(row, is_anomaly):
    return Verdict(json.dumps({name: float(values[row]) for name, values in VALUES.items()}), is_anomaly)


SAID = [verdict(row, True) for row in FAULTS[:5]] + [verdict(row, False) for row in HARMLESS[:5]]
AFTER = learned(MODEL, TABLE, SAID)


def test_rows_like_those_that_were_called_normal_are_muted_and_the_others_stay():
    assert MODEL.score(TABLE).is_anomaly[:20].all()
    flagged = AFTER.score(TABLE).is_anomaly
    assert flagged[FAULTS].all()
    assert not flagged[HARMLESS].any()


def test_it_is_the_same_model_whatever_the_order_of_rows_and_the_time():
    assert learned(MODEL, TABLE, SAID).content_hash == AFTER.content_hash
    order = pa.array(np.random.default_rng(1).permutation(600))
    assert learned(MODEL, {name: column.take(order) for name, column in TABLE.items()}, SAID).content_hash == (
        AFTER.content_hash
    )


def test_stored_bytes_restore_it():
    again = Model.from_bytes(AFTER.to_bytes(), AFTER.content_hash)
    assert again.score(TABLE).anomaly_score.tolist() == AFTER.score(TABLE).anomaly_score.tolist()
    assert ("verdicts", "10, of which 5 anomalies") in {(fact.name, fact.value) for fact in again.info()}


def test_severity_follows_the_new_scores():
    scores = AFTER.score(TABLE)
    order = np.argsort(scores.anomaly_score)
    assert (np.diff(scores.severity[order]) >= 0).all()


def test_confirmed_anomalies_are_left_out_of_training_whatever_else_equals_them():
    effects = {effect.metric: effect for effect in preview(MODEL, TABLE, SAID)}
    assert effects["left_out_of_training"].after == 5.0
    assert AFTER.segments[""].n_fit_rows == 595
    twice = {name: pa.concat_arrays([column, column]) for name, column in TABLE.items()}
    assert {e.metric: e.after for e in preview(MODEL, twice, SAID)}["left_out_of_training"] == 10.0


def test_the_preview_is_what_learning_does():
    effects = {effect.metric: effect for effect in preview(MODEL, TABLE, SAID)}
    assert (effects["threshold"].before, effects["threshold"].after) == (MODEL.threshold, AFTER.threshold)
    flagged = [float(model.score(TABLE).is_anomaly.sum()) for model in (MODEL, AFTER)]
    assert [effects["flagged"].before, effects["flagged"].after] == flagged
    assert (effects["false_alarms"].before, effects["false_alarms"].after) == (5.0, 0.0)
    assert effects["missed_anomalies"].after == 0.0
    assert effects["average_precision"].after == 1.0
    assert effects["average_precision"].before < 1.0


def test_what_is_cross_validated_does_not_know_its_own_verdict():
    # Verdicts by the toss of a coin on rows that are alike: nothing can be learned from them.
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(40, 2))
    said = [Verdict(json.dumps({"x": a, "y": b}), bool(rng.integers(2))) for a, b in rows.tolist()]
    after = {effect.metric: effect.after for effect in preview(MODEL, TABLE, said)}
    assert after["average_precision"] < 0.8


def test_one_kind_of_verdict_has_no_precision():
    effects = {effect.metric: effect for effect in preview(MODEL, TABLE, SAID[5:])}
    assert effects["average_precision"] == ("average_precision", None, None)
    assert effects["flagged"].after < effects["flagged"].before


def test_confirming_alone_neither_flags_everything_nor_loses_what_was_confirmed():
    scores = learned(MODEL, TABLE, SAID[:5]).score(TABLE)
    assert scores.is_anomaly[FAULTS].all()
    assert scores.is_anomaly.mean() < 0.1


def test_each_segment_learns_from_its_own_verdicts():
    shop = ["a" if row % 2 else "b" for row in range(600)]
    table = {**TABLE, "shop": pa.array(shop)}
    model = Model.fit(table, TrainingOptions.parse("mad", segment_by="shop"))
    rows = [json.dumps({**json.loads(one.row), "shop": "a"}) for one in SAID]
    said = [Verdict(row, one.is_anomaly) for row, one in zip(rows, SAID, strict=True)]
    after = learned(model, table, said)
    other = [json.loads(one.row) for one in SAID]
    elsewhere = {"x": pa.array([row["x"] for row in other]), "y": pa.array([row["y"] for row in other])}
    in_b = {**elsewhere, "shop": pa.array(["b"] * 10)}
    assert after.score(in_b).anomaly_score.tolist() == model.score(in_b).anomaly_score.tolist()
    in_a = {**elsewhere, "shop": pa.array(["a"] * 10)}
    assert not after.score(in_a).is_anomaly[5:].any()
    figures = {effect.metric: effect for effect in preview(model, table, said, {"a": 300, "b": 300})}
    assert figures["threshold"] == ("threshold", None, None)


def test_labels_and_verdicts_go_together():
    table = {**TABLE, "fraud": pa.array([row in FAULTS for row in range(600)])}
    model = Model.fit(table, TrainingOptions.parse("mad", label_column="fraud"))
    after = learned(model, table, SAID)
    assert after.label_column == "fraud"
    assert not after.score(table).is_anomaly[HARMLESS].any()


def test_a_model_that_has_learned_can_learn_again_but_not_be_updated():
    more = [*SAID, verdict(12, False), verdict(7, True)]
    assert learned(AFTER, TABLE, more).content_hash == learned(MODEL, TABLE, more).content_hash
    with pytest.raises(NotIncremental, match="verdicts"):
        Model.updated(AFTER, TABLE)


def test_texts_times_and_missing_values_are_read_as_in_the_table():
    table = {
        "x": pa.array([*range(199), None]), "kind": pa.array(["a", "b"] * 100),
        "day": pa.array(np.arange(200), pa.int32()).cast(pa.date32()),
    }  # fmt: skip
    model = Model.fit(table, TrainingOptions.parse("mad"))
    row = '{"x": 3, "kind": "b", "day": "1970-01-04"}'
    assert {e.metric: e.after for e in preview(model, table, [Verdict(row, True)])}["left_out_of_training"] == 1.0


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("[1]", InvalidSource), ("{", InvalidSource), ("[" * 100_000, InvalidSource), ('{"x": 1}', MissingColumn),
        ('{"x": "high", "y": 1}', ColumnTypeChanged), ('{"x": [1], "y": 1}', ColumnTypeChanged),
    ],
)  # fmt: skip
def test_rows_that_do_not_fit_are_refused(row, error):
    with pytest.raises(error):
        check_row(MODEL, Verdict(row, True))


@pytest.mark.parametrize(("row", "said"), [("{}", "maybe"), ("{}", None), ("{}", True), (None, "normal")])
def test_what_is_no_verdict_is_refused(row, said):
    with pytest.raises(InvalidOption):
        verdict_of(row, said)


def test_without_usable_verdicts_there_is_nothing_to_learn():
    with pytest.raises(EmptySource, match="no verdicts"):
        learned(MODEL, TABLE, [])
    with pytest.raises(EmptySource, match="none of 1 verdicts"):
        learned(MODEL, TABLE, [Verdict('{"x": null, "y": null}', True)])
