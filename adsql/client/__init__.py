"""A client of the gateway: the same calls over HTTP, with Arrow tables as results.

It needs httpx and tenacity: `pip install 'adsql[client]'`. The rest of adsql does without both.
"""

from __future__ import annotations

from adsql.client.calls import Client
from adsql.client.failures import GatewayError
from adsql.client.jobs import Job

__all__ = ["Client", "GatewayError", "Job"]
