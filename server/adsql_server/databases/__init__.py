"""Tenants' databases: each has its own, and everything that a request does there is an SQL call that a user could type.

`protocol.py` says what the rest of the gateway may ask; `duckdb_tenants.py` and `postgres_tenants.py` do it, with the
calls that are in `sql/`. What a tenant may reach is decided here and in the database, never by an endpoint.
"""

from __future__ import annotations

from adsql_server.databases.opening import open_databases
from adsql_server.databases.protocol import Call, Databases, Result, Session

__all__ = ["Call", "Databases", "Result", "Session", "open_databases"]
