"""The gateway keeps what its OpenAPI promises, whatever is sent to it."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from adsql_server.app import application
from adsql_server.settings import Settings

DESCRIBED = schemathesis.openapi.from_dict(application(Settings()).openapi())
OPERATIONS = [found.ok() for found in DESCRIBED.get_all_operations()]


@pytest.fixture(scope="module")
def key(live, admin):
    """An administrator's key: no request can end its session."""
    return admin.post("/api-keys", json={"name": "schemathesis", "role": "admin"}).json()["key"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.label for operation in OPERATIONS])
def test_no_request_that_can_be_made_from_it_is_a_server_error(live, key, operation):
    @given(case=operation.as_strategy())
    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    def send(case):
        # The first call of a connection may wait for busy processors longer than the usual ten seconds.
        answer = case.call(base_url=live.url, headers={"X-API-Key": key}, timeout=60)
        case.validate_response(answer, checks=[not_a_server_error])

    send()
