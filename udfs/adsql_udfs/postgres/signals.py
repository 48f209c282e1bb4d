"""Threads that take no signals: PostgreSQL's handlers belong to the backend's own."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def blocked() -> Iterator[None]:
    """Let threads that are started inside take no signals: a thread inherits what its maker blocks.

    Examples
    --------
    >>> import signal
    >>> before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    >>> with blocked():
    ...     signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    True
    >>> signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    True
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
