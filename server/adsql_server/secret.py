"""The gateway's secret, from which it derives what it would otherwise have to store."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adsql_server.settings import Settings

_BYTES = 32


def load_secret(settings: Settings) -> bytes:
    """Return the secret of the settings, or one that is made once and kept in the data folder."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    file = settings.data_dir / "secret"
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_bytes()
    secret = secrets.token_hex(_BYTES).encode()
    with os.fdopen(handle, "wb") as out:
        out.write(secret)
    return secret
