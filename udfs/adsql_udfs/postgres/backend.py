"""What only the server's process knows, asked for by its C functions: a query for each row would take too long.

Their names and types are those that every extension of the server is compiled against, the same for decades.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Place(NamedTuple):
    """Where a call happens; names looked up at another place may stand for something else.

    Parameters
    ----------
    user
        The OID of the role whose rights count.
    transaction
        When the transaction began: a procedure may go through several in one statement of the client.
    subtransaction
        Its number in the transaction: one that is rolled back takes with it what was seen there.
    """

    user: int
    transaction: int
    subtransaction: int


def user() -> int:
    """Return the OID of the role whose rights count: no argument of a caller's can claim another."""
    return _functions()[0]()


def place() -> Place:
    """Return where the call happens."""
    get_user, get_transaction, get_subtransaction = _functions()
    return Place(get_user(), get_transaction(), get_subtransaction())


def interrupt_is_pending() -> bool:
    """Return whether the next check for a cancel, or for the end of the session, may find one."""
    return bool(_flag().value)


@cache
def _functions() -> tuple[Callable[[], int], Callable[[], int], Callable[[], int]]:
    process = ctypes.PyDLL(None)
    process.GetUserId.restype = ctypes.c_uint
    process.GetCurrentTransactionStartTimestamp.restype = ctypes.c_int64
    process.GetCurrentSubTransactionId.restype = ctypes.c_uint
    return process.GetUserId, process.GetCurrentTransactionStartTimestamp, process.GetCurrentSubTransactionId


@cache
def _flag() -> ctypes.c_int:
    return ctypes.c_int.in_dll(ctypes.PyDLL(None), "InterruptPending")
