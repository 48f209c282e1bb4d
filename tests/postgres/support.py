"""What the tests of PostgreSQL share."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from adsql.errors import from_message

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def raises(code: str, *fragments: str, sqlstate: str | None = None) -> Iterator[pytest.ExceptionInfo[psycopg.Error]]:
    """Expect the server to raise an error that carries adsql's code, and names what is wrong."""
    with pytest.raises(psycopg.Error) as caught:
        yield caught
    error = from_message(str(caught.value))
    assert error is not None, f"the message carries no code: {caught.value}"
    assert error.code == code, str(caught.value)
    for fragment in fragments:
        assert fragment in str(error)
    assert sqlstate is None or caught.value.sqlstate == sqlstate


def rows(con: psycopg.Connection, query: str, values: object = None) -> list[tuple]:
    return con.execute(query, values).fetchall()


def value(con: psycopg.Connection, query: str, values: object = None) -> object:
    [(only,)] = rows(con, query, values)
    return only


def role(con: psycopg.Connection, name: str, *groups: str) -> str:
    """Make a role that may log in, a member of exactly these groups; roles outlive a test's database."""
    if not rows(con, "SELECT FROM pg_roles WHERE rolname = %s", [name]):
        con.execute(f'CREATE ROLE "{name}" LOGIN')
    held = rows(con, "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole", [f'"{name}"'])
    for (group,) in held:
        con.execute(f'REVOKE {group} FROM "{name}"')
    for group in groups:
        con.execute(f'GRANT "{group}" TO "{name}"')
    return name
