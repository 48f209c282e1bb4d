"""One request and its answer: what the log, the metrics and the audit tell about it.

It is `request.state.exchange`; endpoints note in it what they alone know.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adsql_server.caller import Caller


@dataclass(slots=True)
class Exchange:
    """What is known of one request so far.

    Parameters
    ----------
    request_id
        In every line of the log, in the answer's `X-Request-ID`, and in the audit.
    method, path, address
        Of the request.
    caller
        Who calls, or None for a stranger.
    refusal
        Why a stranger's credential was refused.
    subject
        What the request is about, such as a model's name; for the audit.
    rows
        How many rows were read or returned.
    anomalies
        How many of them were anomalies.
    status, code
        Of the answer: HTTP's, and adsql's if it is a problem.
    """

    request_id: str
    method: str
    path: str
    address: str
    caller: Caller | None = None
    refusal: str = "no credential was sent"
    subject: str | None = None
    rows: int | None = None
    anomalies: int | None = None
    status: int = 0
    code: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.perf_counter() - self.started
