"""Gateways on both databases, which the tests share, and users of them."""

from __future__ import annotations

import itertools
import json

import pytest

from server.live import gateway
from server.trips import in_duckdb, in_postgres

_numbers = itertools.count(1)
WISE = "four wise words together"


@pytest.fixture(scope="session")
def on_duckdb(tmp_path_factory):
    """A gateway with DuckDB files, the table `trips` in that of the first tenant, and a folder that SQL may read."""
    folder = tmp_path_factory.mktemp("gateway")
    in_duckdb(folder / "data" / "tenants" / "default.duckdb")
    (folder / "readable").mkdir()
    (folder / "readable" / "few.csv").write_text("a,b\n1,2\n3,4\n")
    with gateway(folder, ADSQL_READABLE_DIRS=json.dumps([str(folder / "readable")])) as live:
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
def on_postgres(tmp_path_factory, gateway_url, postgres):
    """A gateway with a PostgreSQL database, and the same table in the schema of the first tenant."""
    with gateway(tmp_path_factory.mktemp("gateway"), DATABASE_URL=gateway_url) as live:
        with live.user() as client:
            assert client.get("/tables").json() == []
        with postgres.connect(dbname="gateway") as con:
            in_postgres(con)
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
    # pytest may make a fixture again where it takes the tests of both databases in another order.
    assert answer.status_code in {201, 409}, answer.text
    return "acme"
