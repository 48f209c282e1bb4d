"""The gateway keeps what its OpenAPI promises, whatever is sent to it."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from adsql_server.app import application
from adsql_server.settings import Settings
from adsql_udfs.duckdb.connection import NAMES

DOCUMENT = application(Settings()).openapi()
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]


@pytest.fixture(scope="module")
def key(live, admin):
    """An administrator's key: no request can end its session."""
    return admin.post("/api-keys", json={"name": "schemathesis", "role": "admin"}).json()["key"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.label for operation in OPERATIONS])
def test_no_request_that_can_be_made_from_it_is_a_server_error(live, key, operation):
    @given(case=operation.as_strategy())
    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    def send(case):
        answer = case.call(base_url=live.url, headers={"X-API-Key": key})
        case.validate_response(answer, checks=[not_a_server_error])

    send()


@pytest.fixture(scope="module")
def fares(admin):
    """The model that examples name."""
    rows = [{"fare": i % 7, "km": i % 5} for i in range(50)]
    assert admin.post("/train", json={"model": "fares", "rows": rows, "algorithm": "zscore"}).status_code == 201
    return "fares"


def examples():
    for operation in OPERATIONS:
        body = DOCUMENT["paths"][operation.path][operation.method].get("requestBody", {})
        shown = body.get("content", {}).get("application/json", {}).get("examples", {})
        for name, example in shown.items():
            yield pytest.param(operation.method, operation.path, example["value"], id=f"{operation.label} {name}")


@pytest.mark.parametrize(("method", "path", "body"), list(examples()))
def test_examples_of_bodies_are_accepted(admin, fares, method, path, body):
    if path.endswith("/evaluate") and "evaluate_model" not in NAMES:
        pytest.skip("evaluate_model is not there yet")
    answer = admin.request(method, path.removeprefix("/api/v1").format(name=fares), json=body)
    assert answer.status_code in {200, 201, 202}, answer.text
