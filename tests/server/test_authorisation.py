"""The matrix: every endpoint, with every role, from another tenant, and without a credential.

It is made from the application's routes, so that an endpoint without a declared role fails here.
"""

from __future__ import annotations

import pytest
from fastapi.routing import iter_route_contexts

from adsql_server.access import PUBLIC, Open, Requirement
from adsql_server.app import application
from adsql_server.caller import Role
from adsql_server.description import declared
from adsql_server.settings import Settings

ENDPOINTS = list(declared(application(Settings())))
IDS = [f"{method} {path}" for method, path, _ in ENDPOINTS]
ROWS = [{"x": float(i % 7)} for i in range(40)] + [{"x": 99.0}]
MODEL = "ours"
# What stands for the parts of an address: things of the first tenant's.
PARTS = {"name": MODEL, "version": "1"}
NOT_OURS = {"username": "nobody-of-this-name", "key_id": "0" * 16, "job_id": "0" * 16}


@pytest.fixture(scope="module")
def clients(live, admin, other_tenant):
    """A client of each role in two tenants, by token and by key, and strangers."""
    made = {}
    for tenant in ("default", other_tenant):
        for role in Role:
            username = f"matrix.{tenant}.{role}"
            sent = {"username": username, "password": "four wise words together", "role": role, "tenant": tenant}
            assert admin.post("/users", json=sent).status_code == 201
            made[tenant, role] = live.user(username, "four wise words together")
    for role in Role:
        key = admin.post("/api-keys", json={"name": "matrix", "username": f"matrix.default.{role}", "role": role})
        made["key", role] = live.client(**{"X-API-Key": key.json()["key"]})
    made["nobody", None] = live.client()
    yield made
    for client in made.values():
        client.close()


def call(client, method, path, **parts):
    """Send a request that no endpoint would act on if it let it pass, and return the status."""
    address = path.removeprefix("/api/v1").format(**(NOT_OURS | PARTS | parts))
    if not path.startswith("/api/v1"):
        address = f"{str(client.base_url).removesuffix('/api/v1/')}{path}"
    sent = {"json": {}} if method in {"POST", "PATCH", "PUT"} else {}
    answer = client.request(method, address, **sent)
    assert answer.status_code < 500, answer.text
    return answer.status_code


@pytest.mark.parametrize(("method", "path", "declaration"), ENDPOINTS, ids=IDS)
def test_endpoint_declares_what_it_asks_of_callers(method, path, declaration):
    assert isinstance(declaration, Requirement) or declaration is PUBLIC


def test_no_route_escapes_the_matrix():
    """What is no endpoint of FastAPI's has no dependencies, and so no role: there is the document, and nothing else."""
    routes = iter_route_contexts(application(Settings()).routes)
    assert {route.path for route in routes if getattr(route, "dependant", None) is None} == {"/api/v1/openapi.json"}


def test_what_is_open_to_strangers_is_this_and_no_more():
    opened = {path for _, path, declaration in ENDPOINTS if isinstance(declaration, Open)}
    health = {f"{prefix}{path}" for prefix in ("", "/api/v1") for path in ("/health", "/health/ready", "/metrics")}
    assert opened == health | {"/api/v1/auth/token", "/api/v1/auth/refresh"}


@pytest.mark.parametrize(("method", "path", "declaration"), ENDPOINTS, ids=IDS)
def test_every_role_gets_what_is_declared(clients, method, path, declaration):
    for (tenant, role), client in clients.items():
        if (method, path) == ("POST", "/api/v1/auth/logout"):
            continue  # it would end the client's session; test_sessions has it
        status = call(client, method, path, name="no-such-model")
        if isinstance(declaration, Open):
            assert status not in {401, 403} or path.startswith("/api/v1/auth")
        elif role is None:
            assert status == 401
        elif not role.includes(declaration.role) or (declaration.operators_only and tenant not in {"default", "key"}):
            assert status == 403, (tenant, role)
        else:
            assert status not in {401, 403}, (tenant, role)


@pytest.fixture(scope="module")
def model(clients):
    """A model of the first tenant's."""
    sent = {"model": MODEL, "rows": ROWS, "algorithm": "zscore"}
    answer = clients["default", Role.WRITE].post("/train", json=sent)
    assert answer.status_code == 201, answer.text
    yield MODEL
    # Whatever other tenants have tried, it is there as it was.
    assert clients["default", Role.READ].get(f"/models/{MODEL}").status_code == 200


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in ENDPOINTS if "{name}" in path])
def test_models_of_another_tenant_do_not_exist(clients, other_tenant, model, method, path):
    theirs = clients[other_tenant, Role.ADMIN]
    address = path.removeprefix("/api/v1").format(name=model, version=1)
    label = {"label": "x"} if path.endswith("/evaluate") else {}
    body = {"row": ROWS[0], "verdict": "normal"} if path.endswith("/feedback") else {"rows": ROWS, **label}
    sent = {"json": body} if method == "POST" else {}
    answer = theirs.request(method, address, **sent)
    assert (answer.status_code, answer.json()["code"]) == (404, "ADSQL_UNKNOWN_MODEL")


def test_lists_of_another_tenant_do_not_show_ours(clients, other_tenant, model):
    theirs = clients[other_tenant, Role.ADMIN]
    assert model in [one["name"] for one in clients["default", Role.READ].get("/models").json()]
    assert model not in [one["name"] for one in theirs.get("/models").json()]
    for query in ("SELECT name FROM adsql.models()", "SELECT count(*) AS name FROM adsql.models"):
        answer = theirs.post("/sql", json={"query": query})
        assert answer.status_code >= 400 or model not in answer.text
    answer = theirs.post("/detect", json={"rows": ROWS, "model": model})
    assert (answer.status_code, answer.json()["code"]) == (404, "ADSQL_UNKNOWN_MODEL")
