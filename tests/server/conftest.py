"""Gateways on both databases, which the tests share, and users of them."""

from __future__ import annotations

import itertools

import pytest

from server.live import gateway

_numbers = itertools.count(1)
WISE = "four wise words together"


@pytest.fixture(scope="session")
def on_duckdb(tmp_path_factory):
    """A gateway with DuckDB files."""
    with gateway(tmp_path_factory.mktemp("gateway")) as live:
        yield live


@pytest.fixture(scope="session")
def gateway_url(postgres):
    """Where a gateway finds a PostgreSQL database: its role is no superuser."""
    postgres.database("gateway")
    with postgres.connect(dbname="gateway") as con:
        con.execute("CREATE ROLE gateway LOGIN CREATEROLE PASSWORD 'gateway'")
        con.execute("GRANT CREATE ON DATABASE gateway TO gateway")
        con.execute("GRANT adsql_user TO gateway WITH ADMIN OPTION")
    return f"postgresql://gateway:gateway@127.0.0.1:{postgres.port}/gateway"


@pytest.fixture(scope="session")
def on_postgres(tmp_path_factory, gateway_url):
    """A gateway with a PostgreSQL database."""
    with gateway(tmp_path_factory.mktemp("gateway"), DATABASE_URL=gateway_url) as live:
        yield live


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def live(request):
    """Each of the two, in turn."""
    return request.getfixturevalue(f"on_{request.param}")


@pytest.fixture(scope="session")
def admin(live):
    """A client of the first administrator."""
    with live.user() as client:
        yield client


@pytest.fixture
def new_user(live, admin):
    """A function that makes a user and returns a client of it."""
    clients = []

    def make(role="read", tenant=None, username=None):
        username = username or f"user{next(_numbers)}"
        sent = {"username": username, "password": WISE, "role": role, "tenant": tenant}
        answer = admin.post("/users", json=sent)
        assert answer.status_code == 201, answer.text
        client = live.user(username, WISE)
        client.username = username
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def other_tenant(admin):
    """A tenant beside the first one."""
    answer = admin.post("/tenants", json={"name": "acme"})
    assert answer.status_code == 201, answer.text
    return "acme"
