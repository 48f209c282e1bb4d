"""What a fitted detector tells about itself in model_info."""

from __future__ import annotations

import pytest

from adsql.abilities import Describes
from adsql.model import Model
from adsql.registry import find, row_wise_detectors
from sample_tables import CONSTANT, fitted, normal

DESCRIBING = [cls for cls in row_wise_detectors().values() if issubclass(cls, Describes)]


def told(model):
    return {(fact.segment, fact.name): fact.value for fact in model.info() if fact.section == "fitted"}


@pytest.mark.parametrize("cls", DESCRIBING, ids=lambda cls: cls.spec.name)
@pytest.mark.parametrize("make", [lambda: normal(300, 3), *CONSTANT.values()], ids=["normal", *CONSTANT])
def test_it_is_told_in_words_and_survives_storing(cls, make):
    model = fitted(cls, make())
    facts = told(model)
    assert facts
    assert all(isinstance(text, str) and text for fact in facts.items() for text in (fact[0][1], fact[1]))
    assert told(Model.from_bytes(model.to_bytes())) == facts


def test_the_default_explains_its_rule():
    rule = told(fitted(find("auto"), normal(5_000, 2)))[None, "rule"]
    assert "the 25 nearest of 1,000 training rows" in rule
    assert "vouch for each other" in rule
    assert "the 8 nearest of 8 " in told(fitted(find("auto"), normal(8, 2)))[None, "rule"]


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("knn", {"reference_size": 50}, {"reference rows": "50"}),
        ("iforest", {"n_estimators": 7}, {"trees": "7"}),
        ("eif", {"n_estimators": 7}, {"trees": "7"}),
        ("hbos", {"n_bins": 9}, {"bins a column": "9"}),
        ("gmm", {"n_components": 1}, {"normal components": "1"}),
        ("pca", {"n_selected_components": 1}, {"components": "1 of 3"}),
        (
            "ensemble",
            {"detectors": ["mad", "iforest"], "combination": "rank"},
            {"members": "iforest, mad", "combination": "rank", "iforest: trees": "100"},
        ),
    ],
)
def test_what_was_chosen_is_what_is_told(name, options, expected):
    facts = told(fitted(find(name), normal(400, 3), params=options))
    assert {what: text for (_, what), text in facts.items()} == expected


def test_each_segment_tells_its_own():
    table = normal(400, 2)
    facts = told(fitted(find("hbos"), {**table, "half": table["x00"].is_valid()}, segment_by="half"))
    assert set(facts) == {("true", "bins a column")}
