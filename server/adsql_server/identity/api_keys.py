"""API keys: what programs send instead of a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from adsql_server.caller import Role
from adsql_server.identity.opaque import hashed, new_id, new_secret, write_key
from adsql_server.problems import InvalidRequest, NotFound
from adsql_server.store.protocol import run

if TYPE_CHECKING:
    from adsql_server.identity.users import User
    from adsql_server.store import Store


@dataclass(frozen=True)
class ApiKey:
    """A key as administrators see it: without its secret.

    Parameters
    ----------
    id, name
        How it is told from others.
    username
        For whom it stands.
    role
        The most that it permits.
    created_at, expires_at, revoked_at
        Its life.
    """

    id: str
    name: str
    username: str
    role: Role
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class ApiKeys:
    """The keys of all tenants.

    Parameters
    ----------
    store
        The gateway's tables.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, user: User, name: str, role: Role, days: int) -> tuple[ApiKey, str]:
        """Create a key, and return it with the text that is shown this once.

        Raises
        ------
        InvalidRequest
            If it were to permit more than its user may do.
        """
        if not user.role.includes(role):
            raise InvalidRequest(f"user {user.username!r} has the role {user.role} only", hint="ask for no more")
        now, secret = datetime.now(UTC), new_secret()
        key = ApiKey(new_id(), name, user.username, role, now, now + timedelta(days=days), None)
        run(self._store, "insert_key", key.id, user.id, name, role.value, hashed(secret), now, key.expires_at)
        return key, write_key(key.id, secret)

    def of_tenant(self, tenant: str) -> list[ApiKey]:
        """Return a tenant's keys, the oldest first."""
        return [
            ApiKey(
                str(key_id), str(name), str(username), Role(str(role)), cast("datetime", created_at),
                cast("datetime", expires_at), cast("datetime | None", revoked_at),
            )
            for key_id, name, username, role, created_at, expires_at, revoked_at in run(
                self._store, "keys_of_tenant", tenant
            )
        ]  # fmt: skip

    def revoke(self, key_id: str, tenant: str) -> None:
        """Revoke a tenant's key.

        Raises
        ------
        NotFound
            If the tenant has none of this identifier that is still valid.
        """
        if not run(self._store, "revoke_key", key_id, tenant, datetime.now(UTC)):
            raise NotFound(f"API key {key_id!r} does not exist or is revoked")
