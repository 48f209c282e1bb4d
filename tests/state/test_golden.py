"""Models that an earlier version stored are read, and score as they did."""

from __future__ import annotations

import json

import numpy as np
import pytest

from adsql.errors import CorruptModel
from adsql.model import Model
from adsql.registry import row_wise_detectors
from state.make_golden import GOLDEN, table

NAMES = sorted(file.stem for file in GOLDEN.glob("*.arrow"))


def stored(name):
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return (GOLDEN / f"{name}.arrow").read_bytes(), expected


def test_every_detector_has_a_golden_model_and_none_is_forgotten():
    assert sorted(row_wise_detectors()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_model_scores_as_it_did(name):
    data, expected = stored(name)
    model = Model.from_bytes(data, expected_hash=expected["content_hash"])
    scores = model.score(table(expected["rows"]))
    np.testing.assert_allclose(scores.anomaly_score, expected["anomaly_score"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(scores.severity, expected["severity"], rtol=1e-12, atol=1e-12)
    assert scores.is_anomaly.tolist() == expected["is_anomaly"]
    assert scores.present.tolist() == expected["present"]
    assert model.threshold == expected["threshold"]


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_model_is_stored_again_as_the_same_bytes(name):
    data, _ = stored(name)
    assert Model.from_bytes(data).to_bytes() == data


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_model_is_refused_under_another_hash(name):
    data, expected = stored(name)
    other = expected["content_hash"][::-1]
    with pytest.raises(CorruptModel, match="do not match their content hash"):
        Model.from_bytes(data, expected_hash=other)
