"""Verdicts over HTTP: kept, previewed, learnt from."""

from __future__ import annotations

import pytest

from server.trips import ROWS


@pytest.fixture
def model(admin):
    admin.delete("/models/judged")
    assert admin.post("/train", json={"model": "judged", "rows": ROWS, "algorithm": "mad"}).status_code == 201
    return "/models/judged"


def test_a_model_learns_from_a_verdict(admin, model):
    verdict = {"row": ROWS[-1], "verdict": "normal", "key": "61", "note": "agreed by phone"}
    assert admin.post(f"{model}/score", json={"rows": ROWS[-1:]}).json()["rows"][0]["is_anomaly"] is True
    answer = admin.post(f"{model}/feedback", json=verdict)
    assert (answer.status_code, answer.json()) == (201, {"name": "judged", "verdict": "normal"}), answer.text
    previewed = admin.post(f"{model}/feedback/preview", json={"source": "trips"})
    assert previewed.status_code == 200, previewed.text
    flagged = {effect["metric"]: effect for effect in previewed.json()["effects"]}["flagged"]
    assert flagged["after"] < flagged["before"]
    applied = admin.post(f"{model}/feedback/apply", json={"source": "trips"})
    assert (applied.status_code, applied.json()["version"]) == (201, 2), applied.text
    assert admin.post(f"{model}/score", json={"rows": ROWS[-1:]}).json()["rows"][0]["is_anomaly"] is False


def test_bad_verdicts_are_refused(admin, model):
    for sent in ({"row": ROWS[0], "verdict": "maybe"}, {"row": {}, "verdict": "normal"}, {"verdict": "normal"}):
        answer = admin.post(f"{model}/feedback", json=sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "ADSQL_INVALID_REQUEST")
    answer = admin.post("/models/none/feedback", json={"row": ROWS[0], "verdict": "normal"})
    assert (answer.status_code, answer.json()["code"]) == (404, "ADSQL_UNKNOWN_MODEL")
