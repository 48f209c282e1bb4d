"""Logins: a session, its access tokens, and refresh tokens that are used once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adsql_server.caller import Role
from adsql_server.identity.opaque import hashed, new_id, new_secret
from adsql_server.identity.passwords import check_new
from adsql_server.identity.users import USERNAME
from adsql_server.problems import InvalidRequest, NotAuthenticated, StolenToken
from adsql_server.store.protocol import query, run

if TYPE_CHECKING:
    from adsql_server.identity.passwords import Passwords
    from adsql_server.identity.tokens import AccessTokens
    from adsql_server.store import Execute, Store


@dataclass(frozen=True)
class Grant:
    """What a client gets.

    Parameters
    ----------
    access_token
        To be sent with each request.
    refresh_token
        To be exchanged, once, for the next grant.
    role
        What the access token permits.
    session
        That both belong to.
    """

    access_token: str
    refresh_token: str
    role: Role
    session: str


class Sessions:
    """Issues grants and ends sessions.

    Parameters
    ----------
    store
        The gateway's tables.
    passwords, tokens
        How they are verified and issued.
    seconds
        How long a session lasts from its login or last refresh.
    """

    def __init__(self, store: Store, passwords: Passwords, tokens: AccessTokens, seconds: int) -> None:
        self._store, self._passwords, self._tokens = store, passwords, tokens
        self._lasts = timedelta(seconds=seconds)

    def login(self, username: str, password: str, wanted: Role | None) -> Grant:
        """Begin a session.

        Parameters
        ----------
        username, password
            As the user typed them.
        wanted
            The role that the client asks for; None is all that the user has.

        Raises
        ------
        NotAuthenticated
            If the two do not belong together, or the user is not active: one answer for all of it.
        """
        name = username.lower()
        # What cannot be a name, such as a NUL, is not for the database.
        rows = run(self._store, "user_by_name", name) if re.fullmatch(USERNAME, name) else []
        user_id, _, _, role, active, _, _, stored = rows[0] if rows else (None,) * 8
        verdict = self._passwords.verify(None if stored is None else str(stored), password)
        if not (verdict.right and active):
            raise NotAuthenticated("user name or password is wrong")
        granted = Role(str(role))
        if wanted is not None and granted.includes(wanted):
            granted = wanted
        now = datetime.now(UTC)
        session = new_id()
        with self._store.transaction() as execute:
            if verdict.rehashed:
                execute(query("rehash_password"), [user_id, stored, verdict.rehashed])
            execute(query("delete_ended_sessions"), [now])
            execute(query("delete_ended_tokens"), [])
            execute(query("insert_session"), [session, user_id, granted.value, now, now + self._lasts])
            return self._grant(execute, str(user_id), session, granted)

    def refresh(self, refresh_token: str) -> Grant:
        """Exchange a refresh token.

        Raises
        ------
        StolenToken
            If it was used before: whoever has the other copy loses the session too.
        NotAuthenticated
            If it is none, or its session has ended.
        """
        digest, now = hashed(refresh_token), datetime.now(UTC)
        with self._store.transaction() as execute:
            used = execute(query("use_refresh_token"), [digest, now])
            if used:
                session = str(used[0][0])
                live = execute(query("live_session"), [session, now])
                if not live:
                    raise _ended()
                user_id, _, _, role, asked, _ = live[0]
                granted = min(Role(str(role)), Role(str(asked)), key=lambda role: role.rank)
                return self._grant(execute, str(user_id), session, granted)
            known = execute(query("session_of_refresh_token"), [digest])
            if not known:
                raise _ended()
            session = str(known[0][0])
            execute(query("revoke_session"), [session, now, "a refresh token was used twice"])
        raise StolenToken(session)

    def logout(self, session: str) -> None:
        """End a session."""
        run(self._store, "revoke_session", session, datetime.now(UTC), "logout")

    def change_password(self, user_id: str, username: str, session: str, old: str, new: str) -> None:
        """Let a user change the password; all other sessions of the user end.

        Raises
        ------
        NotAuthenticated
            If the old password is wrong.
        InvalidRequest
            If the new one cannot be used.
        """
        rows = run(self._store, "user_by_name", username)
        stored = str(rows[0][-1]) if rows else None
        if not self._passwords.verify(stored, old).right:
            raise NotAuthenticated("the old password is wrong")
        if new == old:
            raise InvalidRequest("the new password is the old one")
        digest = self._passwords.hash(check_new(new, username))
        with self._store.transaction() as execute:
            execute(query("update_password"), [user_id, digest, False])
            execute(query("revoke_other_sessions"), [user_id, session, datetime.now(UTC), "the password was changed"])

    def _grant(self, execute: Execute, user_id: str, session: str, role: Role) -> Grant:
        refresh_token = new_secret()
        now = datetime.now(UTC)
        execute(query("insert_refresh_token"), [hashed(refresh_token), session, now])
        execute(query("extend_session"), [session, now + self._lasts])
        access = self._tokens.issue(user_id, session, role, new_id())
        return Grant(access, refresh_token, role, session)


def _ended() -> NotAuthenticated:
    return NotAuthenticated("the refresh token is not valid", hint="POST /api/v1/auth/token")
