"""Every example in the OpenAPI document is a request that works."""

from __future__ import annotations

import pytest

from adsql_server.app import application
from adsql_server.settings import Settings

JSON = "application/json"
PATHS = application(Settings()).openapi()["paths"]
EXAMPLES = [
    (path, name, example["value"])
    for path, operations in PATHS.items()
    for method, operation in operations.items()
    if method == "post"
    for name, example in operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("examples", {}).items()
]
# What examples rest on is made first.
EXAMPLES.sort(key=lambda example: example[0] != "/api/v1/train")


def test_all_endpoints_that_take_rows_have_examples():
    assert {path for path, _, _ in EXAMPLES} >= {
        "/api/v1/detect", "/api/v1/train", "/api/v1/models/{name}/score", "/api/v1/models/{name}/evaluate", "/api/v1/sql",
        "/api/v1/models/{name}/explain", "/api/v1/models/{name}/thresholds", "/api/v1/models/{name}/drift",
        "/api/v1/compare", "/api/v1/profile",
        "/api/v1/contrast", "/api/v1/models/{name}/suggest-normal", "/api/v1/stability", "/api/v1/agreement",
        *(f"/api/v1/models/{{name}}/feedback{what}" for what in ("", "/preview", "/apply")),
    }  # fmt: skip


@pytest.mark.parametrize(("path", "name", "body"), EXAMPLES, ids=[f"{path} {name}" for path, name, _ in EXAMPLES])
def test_example_works(admin, path, name, body):
    trained = admin.post("/train", json={"model": "fares", "rows": [{"fare": i % 7, "km": i % 5} for i in range(30)]})
    assert trained.status_code == 201
    verdict = {"row": {"fare": 950.0, "km": 3}, "verdict": "anomaly"}
    assert admin.post("/models/fares/feedback", json=verdict).status_code == 201
    answer = admin.post(path.removeprefix("/api/v1").format(name="fares"), json=body)
    assert answer.status_code in {200, 201, 202}, answer.text
