"""Long work inside a backend that can be cancelled.

PostgreSQL notices a cancel or a timeout when its own code checks for one, which a library that fits a model never
does. So the work runs on a thread, and the backend's thread runs an empty statement until it is done.

The rules that keep this from crashing a server: the thread never touches the server; it takes no signals, since
PostgreSQL's handlers belong to the backend's thread; and where a cancel or the session's end leaves it behind, the
process ends by `_exit`, because the libraries' own clean-up at `exit` would pull the ground from under it.
"""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, TypeVar

from adsql_udfs.postgres import backend
from adsql_udfs.postgres.signals import blocked

if TYPE_CHECKING:
    from collections.abc import Callable

    from adsql_udfs.postgres.server import Server

T = TypeVar("T")

INTERVAL = 0.01  # seconds between checks


def interruptible(plpy: Server, work: Callable[[], T]) -> T:
    """Return what `work` returns, unless the statement is cancelled first.

    Parameters
    ----------
    plpy
        The server; checked for a cancel every 10 ms.
    work
        A function that does not use the server. After a cancel it runs on to its end, and its result is dropped.
    """
    results: list[T] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again by the backend's thread
            failures.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, daemon=True)
    with blocked():
        thread.start()
    try:
        while not done.wait(INTERVAL):
            if backend.interrupt_is_pending():
                # Before the check: the session's end would not come back from it.
                _leave_behind()
            plpy.execute("SELECT")
    except BaseException:
        _leave_behind()
        raise
    if failures:
        raise failures[0]
    return results[0]


def _leave_behind() -> None:
    """Let the process end without clean-up: a thread may still be at work then."""
    # int on_exit(void (*function)(int, void *), void *argument): glibc's, and musl lacks it; _exit takes the status.
    libc = ctypes.CDLL(None)
    if hasattr(libc, "on_exit"):
        # Each time: what is registered last comes first, and libraries loaded since have registered theirs.
        libc.on_exit(ctypes.cast(libc._exit, ctypes.c_void_p), None)  # noqa: SLF001 - a C name
