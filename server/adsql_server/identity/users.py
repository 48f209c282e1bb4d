"""Users and tenants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from adsql_server.caller import FIRST_TENANT, TENANT_NAME, Role
from adsql_server.identity.opaque import new_id
from adsql_server.identity.passwords import check_new, one_time_password
from adsql_server.problems import Conflict, InvalidRequest, NotFound
from adsql_server.store.protocol import query, run

if TYPE_CHECKING:
    from adsql_server.identity.passwords import Passwords
    from adsql_server.store import Execute, Row, Store

USERNAME = r"[a-z0-9][a-z0-9._@+-]{0,99}"


@dataclass(frozen=True)
class User:
    """A user as administrators see it.

    Parameters
    ----------
    id
        Never used again, unlike the name.
    username, tenant, role
        As in `Caller`.
    active
        Whether the user may log in and use keys.
    one_time
        Whether the password has to be changed first.
    created_at
        When.
    """

    id: str
    username: str
    tenant: str
    role: Role
    active: bool
    one_time: bool
    created_at: datetime


class Users:
    """The users of all tenants.

    Parameters
    ----------
    store
        The gateway's tables.
    passwords
        How they are hashed.
    """

    def __init__(self, store: Store, passwords: Passwords) -> None:
        self._store, self._passwords = store, passwords

    def first_start(self, username: str, password: str | None) -> str | None:
        """Create the first tenant and its administrator, unless there are users.

        Returns
        -------
        str or None
            The one-time password that was made; None if one was given, or there are users.
        """
        username = check_username(username)
        made = None if password else one_time_password()
        with self._store.transaction() as execute:
            execute(query("insert_tenant"), [FIRST_TENANT, datetime.now(UTC)])
            if execute(query("any_user"), []):
                return None
            hashed = self._passwords.hash(made or check_new(password or "", username))
            values = [new_id(), username, FIRST_TENANT, Role.ADMIN.value, hashed, made is not None, datetime.now(UTC)]
            # Another gateway on the same database may be the one whose administrator stays.
            return made if execute(query("insert_user"), values) else None

    def of_tenant(self, tenant: str) -> list[User]:
        """Return a tenant's users by name."""
        return [_user(row) for row in run(self._store, "users_of_tenant", tenant)]

    def get(self, username: str, tenant: str | None) -> User:
        """Return a user, of one tenant or of any (None).

        Raises
        ------
        NotFound
            If there is none, there.
        """
        with self._store.transaction() as execute:
            return _find(execute, username, tenant)

    def create(self, username: str, tenant: str, role: Role, password: str) -> User:
        """Create a user.

        Raises
        ------
        InvalidRequest
            If the name or the password cannot be used.
        NotFound
            If there is no such tenant.
        Conflict
            If the name is taken, in whichever tenant.
        """
        username = check_username(username)
        hashed = self._passwords.hash(check_new(password, username))
        user = User(new_id(), username, tenant, role, active=True, one_time=False, created_at=datetime.now(UTC))
        with self._store.transaction() as execute:
            if not execute(query("tenant"), [tenant]):
                raise NotFound(f"tenant {tenant!r} does not exist")
            values = [user.id, username, tenant, role.value, hashed, False, user.created_at]
            if not execute(query("insert_user"), values):
                raise Conflict(f"the user name {username!r} is taken")
        return user

    def change(
        self, username: str, tenant: str | None, *, role: Role | None, active: bool | None, password: str | None
    ) -> User:
        """Change what is not None. A new password, or the loss of rights, ends the user's sessions.

        Raises
        ------
        NotFound
            If there is no such user.
        """
        hashed = None if password is None else self._passwords.hash(check_new(password, username))
        with self._store.transaction() as execute:
            user = _find(execute, username, tenant)
            changed = (role or user.role, user.active if active is None else active)
            execute(query("update_user"), [user.id, changed[0].value, changed[1]])
            if hashed is not None:
                execute(query("update_password"), [user.id, hashed, False])
            if hashed is not None or not changed[1]:
                execute(query("revoke_sessions_of_user"), [user.id, datetime.now(UTC), "changed by an administrator"])
            return _find(execute, username, tenant)

    def delete(self, username: str, tenant: str | None) -> User:
        """Delete a user with its sessions and keys; the audit keeps what it did.

        Raises
        ------
        NotFound
            If there is no such user.
        """
        with self._store.transaction() as execute:
            user = _find(execute, username, tenant)
            for name in ("delete_sessions_of_user", "delete_keys_of_user", "delete_user"):
                execute(query(name), [user.id])
        return user

    def tenants(self) -> list[tuple[str, datetime]]:
        """Return the tenants and since when they exist."""
        return [(str(name), cast("datetime", at)) for name, at in run(self._store, "tenants")]

    def create_tenant(self, name: str) -> datetime:
        """Note a tenant.

        Raises
        ------
        Conflict
            If it exists.
        """
        now = datetime.now(UTC)
        if not run(self._store, "insert_tenant", check_tenant(name), now):
            raise Conflict(f"tenant {name!r} exists")
        return now

    def forget_tenant(self, name: str) -> None:
        """Take back a note of a tenant whose database could not be made."""
        run(self._store, "delete_tenant", name)


def check_username(username: str) -> str:
    """Return a user's name as it is stored; names that differ by case alone are the same.

    Raises
    ------
    InvalidRequest
        If it cannot be one.
    """
    lowered = username.lower()
    if not re.fullmatch(USERNAME, lowered):
        raise InvalidRequest("that is no user name", allowed="1 to 100 letters, digits and . _ @ + -")
    return lowered


def check_tenant(name: str) -> str:
    """Return a tenant's name.

    Raises
    ------
    InvalidRequest
        If it cannot be one.
    """
    if not re.fullmatch(TENANT_NAME, name):
        raise InvalidRequest(
            "that is no name of a tenant", allowed="up to 40 of a-z, 0-9 and _, beginning with a letter"
        )
    return name


def _find(execute: Execute, username: str, tenant: str | None) -> User:
    rows = execute(query("user_by_name"), [username.lower()])
    if not rows or tenant not in {None, rows[0][2]}:
        raise NotFound(f"user {username!r} does not exist")
    return _user(rows[0][:7])


def _user(row: Row) -> User:
    user_id, username, tenant, role, active, one_time, created_at = row
    return User(
        str(user_id), str(username), str(tenant), Role(str(role)), bool(active), bool(one_time),
        cast("datetime", created_at),
    )  # fmt: skip
