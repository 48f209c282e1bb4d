"""Models over HTTP: stored, shown, versioned, dropped, and there after a crash."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from server.live import gateway
from server.trips import ROWS

OURS = 'adsql_models{tenant="default"}'


def train(client, name, **options):
    answer = client.post("/train", json={"model": name, "rows": ROWS, "algorithm": "mad", **options})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_trained_model_is_described(admin):
    trained = train(admin, "described", columns=["fare"])
    assert trained | {"threshold": None} == {
        "name": "described", "version": 1, "algorithm": "mad", "n_rows": 61, "n_features": 1, "threshold": None,
    }  # fmt: skip
    listed = [model for model in admin.get("/models").json() if model["name"] == "described"]
    assert len(listed) == 1
    assert trained.items() <= listed[0].items()
    assert listed == admin.get("/models/described/versions").json()
    described = admin.get("/models/described").json()
    assert {"section": "feature", "name": "fare"}.items() <= next(
        fact for fact in described["facts"] if fact["section"] == "feature"
    ).items()


def test_versions_come_and_go(admin):
    for seed in (1, 2):
        train(admin, "versioned", algorithm="iforest", seed=seed)
    assert [one["version"] for one in admin.get("/models/versioned/versions").json()] == [1, 2]
    assert admin.get("/models/versioned?version=1").json()["version"] == 1
    assert admin.delete("/models/versioned/versions/1").json() == {"name": "versioned", "versions": [1]}
    assert admin.delete("/models/versioned/versions/1").json()["code"] == "ADSQL_UNKNOWN_VERSION"
    assert admin.delete("/models/versioned").json() == {"name": "versioned", "versions": [2]}
    for answer in (
        admin.delete("/models/versioned"), admin.get("/models/versioned"), admin.get("/models/versioned/versions"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (404, "ADSQL_UNKNOWN_MODEL")


@pytest.mark.parametrize("name", ["it's", 'a "b"', "a;b", "名前", "50%", "a b", "$name ? %s {x}", "-- x"])
def test_any_name_is_a_name(admin, name):
    train(admin, name)
    address = f"/models/{quote(name, safe='')}"
    answer = admin.post(f"{address}/score", json={"rows": ROWS[-1:]})
    assert answer.json()["rows"][0]["is_anomaly"] is True
    assert admin.delete(address).json() == {"name": name, "versions": [1]}


def test_metrics_tell_how_many_models_there_are(live, admin):
    def models():
        with live.client(Authorization="Bearer a token for the metrics") as client:
            return next(line for line in client.get("/metrics").text.splitlines() if line.startswith(OURS))

    train(admin, "counted")
    before = models()
    train(admin, "counted too")
    assert models() != before
    for name in ("counted", "counted%20too"):
        admin.delete(f"/models/{name}")
    assert float(models().split()[-1]) == float(before.split()[-1]) - 1


def test_detectors_are_those_of_the_library(admin):
    detectors = {one["algorithm"]: one for one in admin.get("/detectors").json()}
    assert detectors["iforest"]["parameters"]["n_estimators"]
    assert detectors["cof"]["capability"] == "fit_only"


def test_tables_are_listed(admin):
    tables = [table for table in admin.get("/tables").json() if table["name"] == "trips"]
    assert [column["name"] for column in tables[0]["columns"]] == ["fare", "km", "kind"]


def test_sql_reads(admin):
    answer = admin.post("/sql", json={"query": "SELECT kind, count(*) AS n FROM trips GROUP BY kind ORDER BY kind;"})
    assert answer.json() == {"rows": [{"kind": "day", "n": 31}, {"kind": "night", "n": 30}], "row_count": 2}
    none = admin.post("/sql", json={"query": "SELECT fare FROM trips WHERE fare < 0"})
    assert none.json() == {"rows": [], "row_count": 0}


def test_acknowledged_models_survive_a_kill(tmp_path):
    with gateway(tmp_path) as live, live.user() as client:
        acknowledged = [train(client, f"kept{i}", seed=i)["name"] for i in range(6)]
        live.process.kill()
        live.process.join(10)
    with gateway(tmp_path) as live, live.user() as client:
        assert [model["name"] for model in client.get("/models").json()] == acknowledged
        for name in acknowledged:
            answer = client.post(f"/models/{name}/score", json={"rows": ROWS[-1:]})
            assert answer.json()["rows"][0]["is_anomaly"] is True
    assert "Traceback" not in json.dumps(live.lines())
