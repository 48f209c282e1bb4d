"""The audit: who did what, when, to how many rows, how long it took and how it ended. Rows are only ever added.

Requests do not wait for it: entries are written together, a few times a second, and all of them before the gateway
stops. If the database does not take them, they wait; if too many wait, requests are refused.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from adsql_server.logs import logger
from adsql_server.store.protocol import run

if TYPE_CHECKING:
    from datetime import datetime

    from adsql_server.exchange import Exchange
    from adsql_server.store import Row, Store

_SECONDS = 0.25
_BATCH = 1_000
_MOST_WAITING = 20_000
_LENGTH = 300


@dataclass(frozen=True)
class Entry:
    """One request, as administrators read it.

    Parameters
    ----------
    at, request_id, tenant, username, credential, address, method, path, subject
        Who, what, when; all of the caller is None for a stranger.
    status, code, row_count, duration_ms
        How it ended.
    """

    at: datetime
    request_id: str
    tenant: str | None
    username: str | None
    credential: str | None
    address: str
    method: str
    path: str
    subject: str | None
    status: int
    code: str | None
    row_count: int | None
    duration_ms: float


class AuditLog:
    """Writes and reads the audit.

    Parameters
    ----------
    store
        The gateway's tables.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[Row] = deque()
        self._stop = threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    @property
    def overdue(self) -> bool:
        """Whether so many entries wait that no more may be made."""
        return len(self._waiting) >= _MOST_WAITING

    def record(self, exchange: Exchange) -> None:
        """Have an exchange that is over written."""
        caller = exchange.caller
        who = (caller.user_id, caller.username, caller.tenant, caller.credential) if caller else (None,) * 4
        texts = (exchange.address, exchange.method, exchange.path, exchange.subject)
        address, method, path, subject = (text and _clean(text) for text in texts)
        milliseconds = round(exchange.seconds * 1000, 3)
        self._waiting.append(
            (
                exchange.at, exchange.request_id, *who, address, method, path, subject, exchange.status,
                exchange.code, exchange.rows, milliseconds,
            )
        )  # fmt: skip

    def read(self, tenant: str | None, username: str | None, before: datetime, limit: int) -> list[Entry]:
        """Return the last entries of a tenant, or of all with strangers (None), the newest first."""
        self.write()
        return [
            Entry(*cast("Any", row))  # the query's columns are its fields
            for row in run(self._store, "audit", tenant, before, username, limit)
        ]

    def write(self) -> None:
        """Write what waits."""
        with self._writing:
            while self._waiting:
                batch = [self._waiting[i] for i in range(min(_BATCH, len(self._waiting)))]
                run(self._store, "insert_audit", *(list(column) for column in zip(*batch, strict=True)))
                # Not before they are stored: an entry that the database refused comes again.
                for _ in batch:
                    self._waiting.popleft()

    def close(self) -> None:
        """Write what waits, and stop."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stop.wait(_SECONDS)
            try:
                self.write()
            except Exception:  # noqa: BLE001 - whatever it is, the thread has to go on
                logger().exception("the audit cannot be written", waiting=len(self._waiting))


def _clean(text: str) -> str:
    """Return what any database takes as text: strangers choose addresses, and may put anything in them."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:_LENGTH])
