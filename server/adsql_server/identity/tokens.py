"""Access tokens: JWTs by python-jose, signed with a key of the ring, valid for minutes."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachetools import LRUCache
from jose import jwt
from jose.exceptions import ExpiredSignatureError, JWTError

from adsql_server.caller import Role
from adsql_server.problems import NotAuthenticated

if TYPE_CHECKING:
    from adsql_server.identity.keys import KeyRing, SigningKey

# RFC 9068: no other kind of JWT can be mistaken for an access token.
_TYPE = "at+jwt"
_HEADER = frozenset({"alg", "kid", "typ"})
_MAX_LENGTH = 4096
_REMEMBERED = 4096
_REQUIRED = {f"require_{claim}": True for claim in ("aud", "iss", "sub", "exp", "iat", "nbf", "jti")}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says that matters here.

    Parameters
    ----------
    session
        The session that it belongs to.
    role
        The most that it permits.
    expires_at
        In seconds since 1970.
    """

    session: str
    role: Role
    expires_at: int


class AccessTokens:
    """Issues and verifies access tokens.

    Parameters
    ----------
    ring
        The keys.
    issuer, audience
        `iss` and `aud`.
    seconds
        How long a token is valid.
    """

    def __init__(self, ring: KeyRing, issuer: str, audience: str, seconds: int) -> None:
        self._ring, self._issuer, self._audience, self.seconds = ring, issuer, audience, seconds
        # Verifying a signature takes longer than all else that happens to a small request.
        self._verified: LRUCache[str, Claims] = LRUCache(_REMEMBERED)
        self._lock = threading.Lock()

    def issue(self, user_id: str, session: str, role: Role, token_id: str) -> str:
        """Return a token."""
        now = int(time.time())
        claims = {
            "iss": self._issuer, "aud": self._audience, "sub": user_id, "sid": session, "scope": str(role),
            "iat": now, "nbf": now, "exp": now + self.seconds, "jti": token_id,
        }  # fmt: skip
        key = self._ring.signing
        return jwt.encode(claims, key.private, key.algorithm, {"kid": key.kid, "typ": _TYPE})

    def verify(self, token: str) -> Claims:
        """Return what a token says.

        Raises
        ------
        NotAuthenticated
            If it is not one that this gateway issued, or no longer valid.
        """
        with self._lock:
            known = self._verified.get(token)
        if known is None:
            known = self._read(token)
            with self._lock:
                self._verified[token] = known
        if known.expires_at <= time.time():
            raise _expired()
        return known

    def _read(self, token: str) -> Claims:
        key = self._key(token)
        try:
            claims = jwt.decode(
                token, key.public, [key.algorithm], {**_REQUIRED, "leeway": 0}, self._audience, self._issuer
            )
            return Claims(str(claims["sid"]), Role(claims["scope"]), int(claims["exp"]))
        except ExpiredSignatureError:
            raise _expired() from None
        except (JWTError, KeyError, ValueError):
            raise _refused() from None

    def _key(self, token: str) -> SigningKey:
        """Return the key that a token names, if its algorithm is the key's."""
        if len(token) > _MAX_LENGTH:
            raise _refused()
        try:
            header = jwt.get_unverified_header(token)
        except JWTError:
            raise _refused() from None
        kid = header.get("kid")
        key = self._ring.keys.get(kid) if isinstance(kid, str) else None
        if key is None or header.get("alg") != key.algorithm:
            raise _refused()
        if header.get("typ") != _TYPE or not set(header) <= _HEADER:
            raise _refused()
        return key


def _expired() -> NotAuthenticated:
    return NotAuthenticated("the access token has expired", hint="POST /api/v1/auth/refresh")


def _refused() -> NotAuthenticated:
    # Which check failed helps nobody but an attacker.
    return NotAuthenticated("the access token is not valid", hint="POST /api/v1/auth/token")
