"""A database for what the documentation shows of PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

_ROLES = "SELECT rolname FROM pg_catalog.pg_roles"


@pytest.fixture
def postgres_con(postgres):
    """A superuser's connection to a database of the test's own, without the extension; roles that it makes go too."""
    with postgres.connect() as admin:
        before = set(admin.execute(_ROLES))
        admin.execute("CREATE DATABASE documented TEMPLATE template0")
        try:
            with psycopg.connect(postgres.dsn(dbname="documented"), autocommit=True) as con:
                yield con
        finally:
            admin.execute("DROP DATABASE documented WITH (FORCE)")
            for (role,) in set(admin.execute(_ROLES)) - before:
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
