"""Turns a request's credential into a caller, with a short memory so that most requests read no database.

What changes in this process is forgotten at once; what another process changes is noticed when the memory ends.
"""

from __future__ import annotations

import hmac
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from cachetools import TTLCache

from adsql_server.caller import Caller, Role
from adsql_server.identity.opaque import hashed, read_key
from adsql_server.problems import NotAuthenticated
from adsql_server.store.protocol import run

if TYPE_CHECKING:
    from adsql_server.identity.tokens import AccessTokens
    from adsql_server.store import Store

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Session:
    caller: Caller


@dataclass(frozen=True, slots=True)
class _Key:
    caller: Caller
    secret_hash: str
    expires_at: datetime


class Recognition:
    """Knows callers by their access tokens and API keys.

    Parameters
    ----------
    store
        The gateway's tables.
    tokens
        How access tokens are verified.
    seconds
        How long an answer of the store is used.
    """

    def __init__(self, store: Store, tokens: AccessTokens, seconds: float) -> None:
        self._store, self._tokens = store, tokens
        self._lock = threading.Lock()
        self._changes = 0
        self._sessions: TTLCache[str, _Session] = TTLCache(_REMEMBERED, seconds)
        self._keys: TTLCache[str, _Key] = TTLCache(_REMEMBERED, seconds)

    def forget(self) -> None:
        """Forget what was read: something about users, sessions or keys has changed."""
        with self._lock:
            self._changes += 1
            self._sessions.clear()
            self._keys.clear()

    def remembered(self, token: str | None, key: str | None) -> Caller | None:
        """Return the caller if no database has to be read for that.

        Raises
        ------
        NotAuthenticated
            If the credential is not valid, whatever the store says.
        """
        return self._known(token, key, read=False)

    def recognised(self, token: str | None, key: str | None) -> Caller:
        """Return the caller; blocks while the store is read.

        Raises
        ------
        NotAuthenticated
            If the credential is not valid, or no longer.
        """
        caller = self._known(token, key, read=True)
        if caller is None:
            raise NotAuthenticated("the credential is not valid any more", hint="POST /api/v1/auth/token")
        return caller

    def _known(self, token: str | None, key: str | None, *, read: bool) -> Caller | None:
        if token is not None:
            claims = self._tokens.verify(token)
            with self._lock:
                session = self._sessions.get(claims.session)
            if session is None and read:
                session = self._read_session(claims.session)
            return None if session is None else _limited(session.caller, claims.role)
        parts = read_key(key or "")
        if parts is None:
            raise NotAuthenticated("that is no API key")
        with self._lock:
            known = self._keys.get(parts[0])
        if known is None and read:
            known = self._read_key(parts[0])
        if known is None:
            return None
        if not hmac.compare_digest(known.secret_hash, hashed(parts[1])) or known.expires_at <= datetime.now(UTC):
            raise NotAuthenticated("the API key is not valid")
        return known.caller

    def _read_session(self, session_id: str) -> _Session | None:
        before = self._changes
        rows = run(self._store, "live_session", session_id, datetime.now(UTC))
        if not rows:
            return None
        user_id, username, tenant, role, asked, one_time = rows[0]
        caller = Caller(
            str(user_id), str(username), str(tenant), _least(role, asked), f"session:{session_id}", bool(one_time)
        )
        session = _Session(caller)
        with self._lock:
            if before == self._changes:
                self._sessions[session_id] = session
        return session

    def _read_key(self, key_id: str) -> _Key | None:
        before = self._changes
        rows = run(self._store, "live_key", key_id, datetime.now(UTC))
        if not rows:
            return None
        user_id, username, tenant, role, asked, secret_hash, expires_at = rows[0]
        caller = Caller(str(user_id), str(username), str(tenant), _least(role, asked), f"key:{key_id}")
        key = _Key(caller, str(secret_hash), cast("datetime", expires_at))
        with self._lock:
            if before == self._changes:
                self._keys[key_id] = key
        return key


def _least(*roles: object) -> Role:
    return min((Role(str(role)) for role in roles), key=lambda role: role.rank)


def _limited(caller: Caller, role: Role) -> Caller:
    """Return a caller with no more rights than the token has."""
    if role.includes(caller.role):
        return caller
    return Caller(caller.user_id, caller.username, caller.tenant, role, caller.credential, caller.one_time)
