"""Reasons: what is in them, in which order, and what their sentences say."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from adsql.contributions import contributions_of
from adsql.errors import InvalidOption, MissingColumn, UnknownColumn
from adsql.explanation import explain, explain_anomalies, row_keys
from adsql.model import Model
from adsql.options import TrainingOptions

RNG = np.random.default_rng(9)
N = 800
START = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a timestamp without zone
TABLE = {
    "amount": pa.array(np.round(RNG.normal(48, 18, N), 2)),
    "items": pa.array(RNG.integers(0, 9, N), pa.int32()),
    "kind": pa.array(RNG.choice(["day", "night"], N, p=[0.8, 0.2]).tolist()),
    "code": pa.array([f"A-{i}" if i % 99 else f"{i}x" for i in range(N)]),
    "paid": pa.array((RNG.random(N) < 0.95).tolist()),
    "at": pa.array([START + dt.timedelta(days=i // 8, hours=9 + i % 8) for i in range(N)]),
    "opened": pa.array([dt.time(8 + i % 3, 30) for i in range(N)]),
}
ODD = {
    "amount": pa.array([9412.0, 49.0, None]),
    "items": pa.array([4, 4, None], pa.int32()),
    "kind": pa.array(["moon", "night", None]),
    "code": pa.array(["!", "A-3", None]),
    "paid": pa.array([False, True, None]),
    "at": pa.array([START + dt.timedelta(hours=3), START + dt.timedelta(hours=12), None]),
    "opened": pa.array([dt.time(23, 15), dt.time(9, 30), None]),
}


def fitted(algorithm="mad", **options):
    options.setdefault("columns", list(TABLE))
    return Model.fit(TABLE, TrainingOptions.parse(algorithm, **options))


@pytest.fixture(scope="module")
def reasons():
    return [None if found is None else {one.feature: one for one in found} for found in explain(fitted(), ODD)]


def test_sentences_say_what_is_strange(reasons):
    first = {name: one.reason for name, one in reasons[0].items()}
    assert first["amount"].startswith("amount 9,412 is far above the 4")
    assert "expected (usual: 1" in first["amount"]
    assert first["kind"] == "kind 'moon' was never seen in training; 'day' is most frequent"
    assert first["code"] == "code '!' has a shape that was never seen in training; 'A-9' is most frequent"
    assert first["paid"] == "paid is false, and true is usual"
    assert first["at"] == "at 2024-01-01 03:00:00 is an unusual time of the day"
    assert first["opened"].startswith("opened 23:15 is far above the 09:30 expected")


def test_sentences_say_what_is_usual(reasons):
    second = {name: one.reason for name, one in reasons[1].items()}
    assert second["amount"].startswith("amount 49 is usual: 4")
    assert second["kind"].startswith("kind 'night' is usual: ")
    assert second["paid"] == "paid is true, as expected"


def test_values_and_expectations_are_text(reasons):
    first = reasons[0]
    assert {name: one.value for name, one in first.items()} == {
        "amount": "9412", "items": "4", "kind": "moon", "code": "!", "paid": "false",
        "at": "2024-01-01 03:00:00", "opened": "23:15:00",
    }  # fmt: skip
    assert first["amount"].expected == f"{np.median(TABLE['amount'].to_numpy()):.6g}"
    assert (first["kind"].expected, first["paid"].expected, first["at"].expected) == ("day", "true", None)


def test_a_row_without_any_value_has_no_reasons(reasons):
    assert reasons[2] is None


def test_missing_values_are_told():
    table = {**ODD, "amount": pa.array([9412.0] * 3)}
    [reason] = [one for one in explain(fitted(), table)[2] if one.feature == "kind"]
    assert (reason.value, reason.reason) == (None, "kind is missing, and counts as a category of usual rarity")


def test_columns_are_ranked_by_what_they_contribute_and_cut():
    model = fitted("hbos")
    for found, kept in zip(explain(model, TABLE), explain(model, TABLE, 2), strict=True):
        assert [one.rank for one in found] == list(range(1, len(TABLE) + 1))
        amounts = [one.contribution for one in found]
        assert amounts == sorted(amounts, reverse=True)
        assert kept == found[:2]


@pytest.mark.parametrize("algorithm", ["mad", "auto", "iforest", "gmm"])
def test_columns_have_all_of_their_features_contributions(algorithm):
    model = fitted(algorithm)
    segment = model.segments[""]
    X, _ = segment.features.transform(segment.features.select(TABLE))
    base = contributions_of(segment.detector, X).base
    totals = [sum(one.contribution for one in found) for found in explain(model, TABLE)]
    np.testing.assert_allclose(np.array(totals) + base, model.score(TABLE).anomaly_score, rtol=1e-9)


def test_a_value_that_does_not_go_with_the_others_is_told_so():
    x = RNG.normal(size=500)
    table = {"x": pa.array(x), "y": pa.array(x + 0.01 * RNG.normal(size=500))}
    model = Model.fit(table, TrainingOptions.parse("pca"))
    [found] = explain(model, {"x": pa.array([1.5]), "y": pa.array([-1.5])})
    assert "is usual by itself, but above the -1.4" in found[0].reason
    assert found[0].reason.endswith(" that goes with the other columns")


def test_segments_are_named_and_rows_of_unknown_ones_have_no_reasons():
    model = fitted(columns=["amount"], segment_by="kind")
    found = explain(model, ODD)
    assert found[0] is found[2] is None
    assert found[1][0].reason.endswith(", in segment night")


def test_anomalies_are_explained_by_their_place():
    model = fitted(contamination=0.02)
    scores = model.score(TABLE)
    found = explain_anomalies(model, TABLE, 2)
    assert [one.row for one in found] == np.flatnonzero(scores.is_anomaly).tolist()
    assert [one.anomaly_score for one in found] == scores.anomaly_score[scores.is_anomaly].tolist()
    every = explain(model, TABLE, 2)
    assert all(one.reasons == every[one.row] for one in found)


def test_keys_are_the_texts_of_a_column():
    assert row_keys(TABLE, "Code")[:2] == ["0x", "A-1"]
    assert row_keys({"x": pa.array([1.0, None])}, "x") == ["1", None]
    assert row_keys(ODD, None) == [None] * 3
    with pytest.raises(UnknownColumn, match="key"):
        row_keys(TABLE, "nope")
    for key in ("", 3):
        with pytest.raises(InvalidOption, match="key"):
            row_keys(TABLE, key)


@pytest.mark.parametrize("top_k", [0, -1, 1.5, True, "2"])
def test_a_top_k_that_is_no_number_of_columns_is_refused(top_k):
    with pytest.raises(InvalidOption, match="top_k"):
        explain(fitted(), ODD, top_k)


def test_columns_that_are_missing_are_told():
    with pytest.raises(MissingColumn, match="'items'"):
        explain(fitted(), {"amount": ODD["amount"]})
