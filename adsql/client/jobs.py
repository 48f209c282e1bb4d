"""Work that outlives its request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from adsql.client.bodies import ARROW, table_of
from adsql.client.failures import GatewayError, from_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from adsql.client.connection import Connection

T = TypeVar("T")
_SHORTEST, _LONGEST = 0.05, 2.0
_OVER = {"succeeded", "failed", "cancelled"}


class Job(Generic[T]):
    """A job of the gateway, which goes on whether anyone waits for it or not.

    Parameters
    ----------
    connection
        To the gateway.
    job_id
        Which job.
    convert
        What is made of its rows.

    Attributes
    ----------
    id : str
        To find it again: `Client.job`.
    """

    def __init__(self, connection: Connection, job_id: str, convert: Callable[[pa.Table], T]) -> None:
        self._connection, self.id, self._convert = connection, job_id, convert

    def status(self) -> dict[str, Any]:
        """Return how far it is: `state`, `progress` from 0 to 1 where that is known, `row_count`, and times."""
        found: dict[str, Any] = self._connection.send("GET", f"/jobs/{self.id}", repeatable=True).json()
        return found

    def wait(self, seconds: float | None = None, progress: Callable[[dict[str, Any]], None] | None = None) -> T:
        """Wait until it is over, and return its result.

        Parameters
        ----------
        seconds
            How long at most; by default until it is over. The job itself goes on.
        progress
            Called with the status whenever that was looked at.

        Returns
        -------
        pyarrow.Table, dict or list
            What the call without a job returns.

        Raises
        ------
        TimeoutError
            If it takes longer.
        AdsqlError
            What it failed for; a `GatewayError` with the code `ADSQL_CANCELLED` if it was cancelled.
        """
        end = None if seconds is None else time.monotonic() + seconds
        pause = _SHORTEST
        while True:
            status = self.status()
            if progress is not None:
                progress(status)
            if status["state"] in _OVER:
                return self._result(status)
            if end is not None and time.monotonic() + pause > end:
                raise TimeoutError(f"job {self.id} is {status['state']} after {seconds:g} s")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    def cancel(self) -> None:
        """Stop it.

        Raises
        ------
        GatewayError
            With the code `ADSQL_CONFLICT` if it is over already.
        """
        self._connection.send("DELETE", f"/jobs/{self.id}", repeatable=False)

    def _result(self, status: dict[str, Any]) -> T:
        if status["state"] == "cancelled":
            raise GatewayError(f"job {self.id} was cancelled", code="ADSQL_CANCELLED")
        if status["state"] == "failed":
            raise from_problem(status["problem"] or {})
        path = f"/jobs/{self.id}/result"
        answer = self._connection.send("GET", path, repeatable=True, headers={"Accept": ARROW})
        return self._convert(table_of(answer.content))
