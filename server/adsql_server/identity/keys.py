"""The keys that access tokens are signed with: files of one folder, named by their `kid`.

A key's file decides its algorithm, once and for all: no token can have a public key used as a shared secret, and no
`kid` of a token ever becomes a path, for all files are read at the start.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk
from jose.backends.base import Key  # noqa: TC002 - part of a dataclass

from adsql_server.problems import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MIN_RSA_BITS = 2048
_MIN_SECRET_BYTES = 32


@dataclass(frozen=True)
class SigningKey:
    """One key.

    Parameters
    ----------
    kid
        Its name in the header of tokens.
    algorithm
        The only one that it signs and verifies with.
    private, public
        What signs and what verifies; the same for HS256.
    """

    kid: str
    algorithm: str
    private: Key
    public: Key


@dataclass(frozen=True)
class KeyRing:
    """All keys.

    Parameters
    ----------
    keys
        By kid.
    signing
        The one that signs.
    """

    keys: Mapping[str, SigningKey]
    signing: SigningKey


def load_keys(folder: Path, signing_kid: str | None) -> KeyRing:
    """Read the keys of a folder; make one if there is none.

    Raises
    ------
    Misconfigured
        If a file holds no usable key, or none has the kid that is to sign.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = _files(folder)
    if not files:
        _make(folder)
        files = _files(folder)
    keys = {file.stem: _read(file) for file in files}
    if len(keys) < len(files):
        raise Misconfigured(f"{folder} has two keys of the same name")
    kid = signing_kid or max(keys)
    if kid not in keys:
        raise Misconfigured(
            f"no key {kid!r} in {folder}", allowed=keys, hint="set ADSQL_JWT_SIGNING_KID to one of them"
        )
    return KeyRing(keys, keys[kid])


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in {".pem", ".secret"})


def _make(folder: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Names that sort by time: the newest signs.
    file = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.pem"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(pem)


def _read(file: Path) -> SigningKey:
    if not _KID.fullmatch(file.stem):
        raise Misconfigured(f"{file.name} is no name of a key", allowed="letters, digits, - and _")
    data = file.read_bytes()
    if file.suffix == ".secret":
        secret = data.strip()
        if len(secret) < _MIN_SECRET_BYTES:
            raise Misconfigured(f"{file.name} is too short", allowed=f"{_MIN_SECRET_BYTES} bytes or more")
        key = jwk.construct(secret, "HS256")
        return SigningKey(file.stem, "HS256", key, key)
    algorithm = _algorithm(file.name, data)
    private = jwk.construct(data, algorithm)
    return SigningKey(file.stem, algorithm, private, private.public_key())


def _algorithm(name: str, pem: bytes) -> str:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise Misconfigured(f"{name} is no private key without a password in PEM") from error
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _MIN_RSA_BITS:
        return "RS256"
    raise Misconfigured(
        f"{name} is of a kind that does not sign tokens", allowed=f"EC P-256, or RSA of {_MIN_RSA_BITS} bits"
    )
