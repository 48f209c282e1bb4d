"""What has to be asked of the databases to know how the gateway does."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from adsql.errors import AdsqlError
from adsql_server.databases import Call
from adsql_server.databases.failures import FAILURES
from adsql_server.logs import logger
from adsql_server.problems import Unready

if TYPE_CHECKING:
    from adsql_server.databases import Databases
    from adsql_server.metrics import Metrics
    from adsql_server.store import Store

_SECONDS = 1.0


class Readiness:
    """Asks the databases for a sign of life, at most once a second, however often anyone wants to know.

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

    def count_models(self) -> None:
        """Tell the metrics how many models tenants have, of those that have been there since the start."""
        for tenant in self._databases.opened():
            try:
                with self._databases.session(tenant) as session:
                    rows = session.call(Call.MODELS, {"model": None}).rows()
            except (AdsqlError, *FAILURES) as error:
                logger().warning("models cannot be counted", tenant=tenant, reason=str(error))
                continue
            self._metrics.models.labels(tenant).set(len({row["name"] for row in rows}))

    def _ask(self) -> bool:
        try:
            with self._store.transaction() as execute:
                execute("SELECT 1", [])
            self._databases.check()
        except Exception:  # noqa: BLE001 - whatever it is, the gateway cannot work
            logger().exception("not ready")
            return False
        return True
