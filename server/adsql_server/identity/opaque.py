"""Random secrets that clients keep and the gateway knows by their hash: refresh tokens and API keys.

They have 256 random bits, so a plain hash is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import re
import secrets

_KEY = re.compile(r"adsql_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_BYTES = 32


def new_secret() -> str:
    """Return 43 characters that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def new_id() -> str:
    """Return an identifier that is unique, and no secret."""
    return secrets.token_hex(8)


def hashed(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def write_key(key_id: str, secret: str) -> str:
    """Return an API key as its owner keeps it: recognisable to scanners for leaked secrets."""
    return f"adsql_{key_id}_{secret}"


def read_key(text: str) -> tuple[str, str] | None:
    """Return an API key's identifier and secret; None if it is no API key.

    >>> read_key("adsql_0123456789abcdef_" + "x" * 43) == ("0123456789abcdef", "x" * 43)
    True
    """
    found = _KEY.fullmatch(text)
    return (found[1], found[2]) if found else None
