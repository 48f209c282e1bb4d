"""Whether the databases answer: asked at most once a second, however often anyone wants to know."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from adsql_server.logs import logger
from adsql_server.problems import Unready

if TYPE_CHECKING:
    from adsql_server.databases import Databases
    from adsql_server.metrics import Metrics
    from adsql_server.store import Store

_SECONDS = 1.0


class Readiness:
    """Asks the databases for a sign of life.

    Parameters
    ----------
    store
        The gateway's own tables.
    databases
        The tenants'.
    metrics
        Are told the answer.
    """

    def __init__(self, store: Store, databases: Databases, metrics: Metrics) -> None:
        self._store, self._databases, self._metrics = store, databases, metrics
        self._lock = threading.Lock()
        self._asked, self._ready = 0.0, False

    def check(self) -> None:
        """Return if the databases answer.

        Raises
        ------
        Unready
            If one of them does not.
        """
        with self._lock:
            if not self._asked or time.monotonic() - self._asked > _SECONDS:
                self._ready = self._ask()
                self._asked = time.monotonic()
                self._metrics.database_up.set(self._ready)
        if not self._ready:
            raise Unready("a database does not answer", retry_after=5)

    def _ask(self) -> bool:
        try:
            with self._store.transaction() as execute:
                execute("SELECT 1", [])
            self._databases.check()
        except Exception:  # noqa: BLE001 - whatever it is, the gateway cannot work
            logger().exception("not ready")
            return False
        return True
