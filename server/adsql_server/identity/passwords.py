"""Passwords as argon2id hashes."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from adsql_server.problems import InvalidRequest

MIN_LENGTH, MAX_LENGTH = 12, 256
# Each takes its memory for as long as it runs: a flood of logins must not take all there is.
_AT_ONCE = 2


@dataclass(frozen=True)
class Verdict:
    """What became of a password.

    Parameters
    ----------
    right
        Whether it is the one.
    rehashed
        Its hash under today's settings, where the stored one was made with others.
    """

    right: bool
    rehashed: str | None = None


class Passwords:
    """Hashes and verifies passwords.

    Parameters
    ----------
    memory_kib, iterations
        The effort of argon2id.
    """

    def __init__(self, memory_kib: int, iterations: int) -> None:
        self._hasher = PasswordHasher(time_cost=iterations, memory_cost=memory_kib, parallelism=1)
        self._turn = threading.BoundedSemaphore(_AT_ONCE)
        # A user that does not exist must take as long as one that does.
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """Return a password's hash, with a salt of its own."""
        with self._turn:
            return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> Verdict:
        """Compare a password with a stored hash; None stands for a user that does not exist."""
        with self._turn:
            try:
                self._hasher.verify(stored or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return Verdict(right=False)
        if stored is None:
            return Verdict(right=False)
        return Verdict(right=True, rehashed=self.hash(password) if self._hasher.check_needs_rehash(stored) else None)


def check_new(password: str, username: str) -> str:
    """Return a password that may be set.

    Raises
    ------
    InvalidRequest
        If it is too short or too long, or the user's name.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidRequest(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    if username.casefold() in password.casefold() and len(password) < MIN_LENGTH + len(username):
        raise InvalidRequest("the password is hardly more than the user's name")
    if len(set(password)) < MIN_LENGTH // 2:
        raise InvalidRequest("the password repeats the same few characters")
    return password


def one_time_password() -> str:
    """Return a password to be printed once."""
    return secrets.token_urlsafe(18)
