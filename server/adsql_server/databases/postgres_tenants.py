"""Tenants on PostgreSQL: a role each, which owns a schema and has rights to nothing else; the server enforces it.

Whose rows a session sees follows from the role that has logged in. A setting of the transaction could not tell that:
whoever may send SQL can change it with set_config.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from adsql_server.caller import TENANT_NAME
from adsql_server.databases.kept import Kept
from adsql_server.databases.postgres_sessions import PostgresSession
from adsql_server.problems import InternalError, Unready

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "tenant_"
_WAIT_SECONDS = 10.0
_IDLE_SECONDS = 60.0
# Of all tenants, as far as those that are not working can give theirs back: a server takes a hundred by default.
_CONNECTIONS = 64
# Of pg_advisory_xact_lock: two gateways may meet a new tenant at once.
_LOCK = 0x6164_7371_6C74


class PostgresTenants:
    """The roles of all tenants, each with a few connections.

    Parameters
    ----------
    url
        Of the gateway's own role, which may create roles and schemas.
    secret
        What the passwords of the tenants' roles are derived from: none is stored.
    connections
        The most for each tenant.
    statement_seconds
        What a statement may take, by the server's own clock.
    """

    def __init__(self, url: str, secret: bytes, connections: int, statement_seconds: float) -> None:
        self._url, self._secret, self._connections = url, secret, connections
        # Should the gateway be gone, or a cancel be lost, the server stops by itself.
        self._options = (
            f"-c statement_timeout={round(statement_seconds * 1000)} -c client_connection_check_interval=5s "
            "-c timezone=UTC"
        )
        self._pools = Kept(max(_CONNECTIONS // connections, 1), self._open, lambda pool: pool.close(timeout=0))

    @contextmanager
    def session(self, tenant: str, *, unlimited: bool = False) -> Iterator[PostgresSession]:
        """Return a session of a tenant, whose role and schema are created if they are not there yet."""
        with self._pools.used(tenant) as pool, pool.connection() as con:
            session = PostgresSession(con)
            try:
                if unlimited:
                    con.execute("SET LOCAL statement_timeout = 0")
                yield session
            finally:
                session.close()

    def check_source(self, source: str) -> None:
        """Let every source pass: the server knows what a role may do, and runs it in a read-only transaction."""

    def opened(self) -> list[str]:
        """Return the tenants that have connections."""
        return self._pools.names()

    def check(self) -> None:
        """Ask the server for a sign of life."""
        with psycopg.connect(self._url, connect_timeout=5) as con:
            con.execute("SELECT 1")

    def close(self) -> None:
        """Close all connections."""
        self._pools.close()

    def _open(self, tenant: str) -> ConnectionPool[psycopg.Connection]:
        if not re.fullmatch(TENANT_NAME, tenant):
            raise InternalError("a tenant's name cannot be that of a role")
        role, password = _PREFIX + tenant, self._password(tenant)
        try:
            self._create(role, password)
        except psycopg.OperationalError as error:
            raise Unready("PostgreSQL takes no connection at the moment", retry_after=5) from error
        return ConnectionPool(
            make_conninfo(self._url, user=role, password=password),
            min_size=0, max_size=self._connections, timeout=_WAIT_SECONDS, max_idle=_IDLE_SECONDS, num_workers=1,
            kwargs={"application_name": "adsql gateway", "options": self._options},
            check=ConnectionPool.check_connection,
            open=True,
        )  # fmt: skip

    def _password(self, tenant: str) -> str:
        return hmac.new(self._secret, f"tenant role {tenant}".encode(), hashlib.sha256).hexdigest()

    def _create(self, role: str, password: str) -> None:
        name = sql.Identifier(role)
        with psycopg.connect(self._url) as con:
            con.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            verifier = con.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            if not con.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                con.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
            if con.execute("SELECT pg_has_role(%s, 'USAGE')", [role]).fetchone() != (True,):
                con.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
            con.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(verifier)))
            con.execute(sql.SQL("GRANT adsql_user TO {}").format(name))
            con.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(name, name))
            con.execute(sql.SQL("ALTER ROLE {} SET search_path = {}, adsql").format(name, name))
