"""Who calls, as far as the gateway has made sure of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller may do; each role may do all that the ones before it may.

    `read` scores and looks at what is there, `write` also trains, drops and evaluates models, `admin` also manages the
    users and keys of its tenant. They are the scopes of OAuth 2 as well.
    """

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """The place in the order of rights."""
        return list(Role).index(self)

    def includes(self, other: Role) -> bool:
        """Return whether whoever has this role may do what the other one may.

        >>> Role.WRITE.includes(Role.READ), Role.WRITE.includes(Role.ADMIN)
        (True, False)
        """
        return self.rank >= other.rank


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller.

    Parameters
    ----------
    user_id
        Of the user, or of the one whose API key it is.
    username
        Unique in the gateway.
    tenant
        Whose data and models the caller works with; there is no way to name another one.
    role
        What the credential permits: never more than the user's own role.
    credential
        What the caller proved itself with, for the audit log: `session:<id>` or `key:<id>`.
    one_time
        Whether the password has to be changed before anything else.
    """

    user_id: str
    username: str
    tenant: str
    role: Role
    credential: str
    one_time: bool = False

    @property
    def session(self) -> str | None:
        """The session that the caller logged in to; None for an API key."""
        kind, _, name = self.credential.partition(":")
        return name if kind == "session" else None

    @property
    def operates(self) -> bool:
        """Whether the caller runs the gateway itself: an administrator of the first tenant."""
        return self.role is Role.ADMIN and self.tenant == FIRST_TENANT


# Made at the first start. Its administrators make the other tenants and their first users.
FIRST_TENANT = "default"
# Part of the names of a schema, a role and a file.
TENANT_NAME = r"[a-z][a-z0-9_]{0,39}"
