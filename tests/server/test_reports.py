"""What the gateway tells about models and rows is what SQL tells."""

from __future__ import annotations

import pytest

from server.trips import ROWS

LABELLED = [{**row, "fraud": row["fare"] > 900, "hour": i % 3} for i, row in enumerate(ROWS)]
ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def model(admin):
    for name, columns in (("reported", ["fare", "km"]), ("reported too", ["km"])):
        answer = admin.post("/train", json={"model": name, "rows": ROWS, "algorithm": "mad", "columns": columns})
        assert answer.status_code == 201, answer.text
    return "reported"


def rows(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def test_an_anomaly_is_explained(admin, model):
    found = rows(admin.post(f"/models/{model}/explain", json={"rows": LABELLED, "top_k": 1, "key": "hour"}))
    assert [(one["row_number"], one["row_key"], one["feature"], one["rank"]) for one in found] == [
        (len(ROWS), str((len(ROWS) - 1) % 3), "fare", 1)
    ]
    assert "fare 950" in found[0]["reason"]


def test_what_would_be_normal_is_suggested(admin, model):
    given = [{"row_number": 7, **row} for row in ROWS]  # a name of the result's
    [found] = rows(admin.post(f"/models/{model}/suggest-normal", json={"rows": given}))
    assert (found["row_number"], found["feature"], found["value"], found["status"]) == (len(ROWS), "fare", "950", None)
    repaired = [{**ROWS[-1], "fare": float(found["suggested"])}]
    assert rows(admin.post(f"/models/{model}/suggest-normal", json={"rows": repaired})) == []


def test_without_labels_stability_and_agreement_are_told(admin):
    sent = {"rows": ROWS, "algorithm": "knn", "params": {"n_neighbors": 3}, "columns": ["fare"], "seed": 3}
    assert {one["varied"] for one in rows(admin.post("/stability", json=sent))} == {"seed", "rows"}
    [pair] = rows(admin.post("/agreement", json={"rows": ROWS, "algorithms": ["mad", "zscore"], "columns": ["fare"]}))
    assert (pair["algorithm"], pair["other"], pair["flagged_by_both"]) == ("mad", "zscore", 1)


def test_thresholds_are_told(admin, model):
    found = rows(admin.post(f"/models/{model}/thresholds", json={"rows": ROWS, "version": 1}))
    assert [one["flagged"] for one in found if one["is_current"]] == [1]


def test_drift_is_told(admin, model):
    assert {one["verdict"] for one in rows(admin.post(f"/models/{model}/drift", json={"rows": ROWS}))} == {"stable"}
    risen = [{**row, "fare": row["fare"] + 500} for row in ROWS]
    found = {one["feature"]: one["verdict"] for one in rows(admin.post(f"/models/{model}/drift", json={"rows": risen}))}
    assert found == {"fare": "large", "km": "stable"}


def test_models_are_compared(admin, model):
    sent = {"rows": LABELLED, "models": [model, "reported too"], "label": "fraud", "k": 1}
    found = rows(admin.post("/compare", json=sent))
    ranks = {one["model"]: one["rank"] for one in found if one["metric"] == "average_precision"}
    assert ranks == {model: 1, "reported too": 2}


def test_rows_are_profiled(admin):
    found = {one["column_name"]: one for one in rows(admin.post("/profile", json={"rows": LABELLED}))}
    assert list(found) == list(LABELLED[0])
    assert (found["fraud"]["suggested_use"], found["fare"]["outliers"]) == ("label", 1)


def test_groups_of_anomalies_are_found(admin):
    given = [{"shop": "a" if i % 4 else "b", "strange": i % 4 == 0 and i % 3 == 0} for i in range(240)]
    found = rows(admin.post("/contrast", json={"rows": given, "flag": "strange", "dimensions": ["shop"]}))
    assert "b" in found[0]["segment"]
    assert found[0]["lift"] == pytest.approx(4.0)


def test_options_of_a_file_stand_in_the_address(admin, model):
    text = "fare,km,fraud\n" + "\n".join(f"{row['fare']},{row['km']},{row['fare'] > 900}" for row in ROWS)
    answer = admin.post(
        "/compare?models=reported&models=reported%20too&label=fraud", content=text, headers={"Content-Type": "text/csv"}
    )
    assert {one["model"] for one in rows(answer)} == {model, "reported too"}


@pytest.mark.parametrize(
    ("path", "sent", "status", "code"),
    [
        ("/models/none/explain", {}, 404, "ADSQL_UNKNOWN_MODEL"),
        ("/models/none/thresholds", {}, 404, "ADSQL_UNKNOWN_MODEL"),
        ("/models/none/drift", {}, 404, "ADSQL_UNKNOWN_MODEL"),
        ("/models/reported/drift", {"rows": [{"fare": 1.0}]}, 422, "ADSQL_MISSING_COLUMN"),
        ("/models/reported/explain", {"top_k": 0}, 422, "ADSQL_INVALID_REQUEST"),
        ("/models/reported/explain", {"key": "no such column"}, 422, "ADSQL_UNKNOWN_COLUMN"),
        ("/models/reported/thresholds", {"version": 9}, 404, "ADSQL_UNKNOWN_VERSION"),
        ("/compare", {"models": [], "label": "fraud"}, 422, "ADSQL_INVALID_REQUEST"),
        ("/compare", {"models": ["none"], "label": "km"}, 404, "ADSQL_UNKNOWN_MODEL"),
        ("/contrast", {"flag": "none", "dimensions": ["km"]}, 422, "ADSQL_UNKNOWN_COLUMN"),
        ("/contrast", {"flag": "km"}, 422, "ADSQL_INVALID_REQUEST"),
        ("/models/none/suggest-normal", {}, 404, "ADSQL_UNKNOWN_MODEL"),
        ("/models/reported/suggest-normal", {"rows": [{"fare": 1.0}]}, 422, "ADSQL_MISSING_COLUMN"),
        ("/stability", {"algorithm": "nothing"}, 422, "ADSQL_UNKNOWN_ALGORITHM"),
        ("/stability", {"algorithm": "knn", "params": {"k": 3}}, 422, "ADSQL_UNKNOWN_PARAMETER"),
        ("/agreement", {"algorithms": ["mad"]}, 422, "ADSQL_INVALID_OPTION"),
        ("/profile", {"rows": []}, 422, "ADSQL_INVALID_REQUEST"),
    ],
)
def test_bad_requests_are_told_what_is_wrong(admin, model, path, sent, status, code):
    answer = admin.post(path, json={"rows": ROWS} | sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize(
    "path", ["/models/reported/explain", "/models/reported/thresholds", "/models/reported/suggest-normal", "/profile"]
)
def test_who_only_reads_names_tables_and_sends_no_statements(new_user, admin, model, path):
    reader = new_user("read")
    named = "trips"
    assert reader.post(path, json={"source": named}).status_code == 200
    answer = reader.post(path, json={"source": "SELECT * FROM trips"})
    assert (answer.status_code, answer.json()["code"]) == (403, "ADSQL_FORBIDDEN")
