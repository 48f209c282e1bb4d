"""Tenants' roles and connections on a real server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from adsql_server.databases.postgres_sessions import PostgresSession
from adsql_server.databases.postgres_tenants import PostgresTenants
from adsql_server.problems import Unready

TENANTS = [f"crowd{i}" for i in range(24)]


def selected(session):
    return session.select("SELECT current_user AS me").rows()[0]["me"]


@pytest.fixture
def tenants(gateway_url):
    found = PostgresTenants(gateway_url, b"secret", connections=16, statement_seconds=30)
    yield found
    found.close()
    with psycopg.connect(gateway_url, autocommit=True) as con:
        for name in TENANTS:
            if con.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [f"tenant_{name}"]).fetchone():
                con.execute(f"DROP OWNED BY tenant_{name} CASCADE")
                con.execute(f"DROP ROLE tenant_{name}")


def test_many_tenants_share_a_bounded_number_of_connections(tenants):
    for name in TENANTS * 2:
        with tenants.session(name) as session:
            assert selected(session) == f"tenant_{name}"
    assert tenants.opened() == TENANTS[-4:]


def test_tenant_that_works_keeps_its_connection(tenants):
    with tenants.session(TENANTS[0]) as working:
        for name in TENANTS[1:7]:
            with tenants.session(name) as session:
                selected(session)
        assert TENANTS[0] in tenants.opened()
        assert selected(working) == f"tenant_{TENANTS[0]}"


def test_tenants_that_come_at_once_are_opened_once(tenants):
    def ask(name):
        with tenants.session(name) as session:
            return selected(session)

    with ThreadPoolExecutor(6) as threads:
        names = [name for name in TENANTS[:6] for _ in range(4)]
        assert list(threads.map(ask, names)) == [f"tenant_{name}" for name in names]


def test_session_does_not_end_while_it_is_being_cancelled(gateway_url):
    """The cancel would stop the statement of whoever has the connection next."""
    asked, sent = threading.Event(), threading.Event()

    def cancel_slowly(**_):
        asked.set()
        assert sent.wait(10)

    with psycopg.connect(gateway_url) as con, pytest.MonkeyPatch.context() as patch:
        patch.setattr(con, "cancel_safe", cancel_slowly)
        session = PostgresSession(con)
        with ThreadPoolExecutor(2) as threads:
            threads.submit(session.cancel)
            assert asked.wait(10)
            ending = threads.submit(session.close)
            with pytest.raises(TimeoutError):
                ending.result(0.2)
            sent.set()
            ending.result(10)
        asked.clear()
        session.cancel()
        assert not asked.is_set()


def test_new_tenant_while_the_server_takes_no_connection_is_told_to_come_again():
    away = PostgresTenants("postgresql://nobody@127.0.0.1:1/nothing", b"secret", connections=2, statement_seconds=30)
    with pytest.raises(Unready, match="takes no connection"), away.session("acme"):
        pass
    away.close()
