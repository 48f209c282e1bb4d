"""The gateway's own tables: a DuckDB file that no other connection sees, or a schema of PostgreSQL."""

from __future__ import annotations

from adsql_server.store.opening import open_store
from adsql_server.store.protocol import Execute, Row, Store, query

__all__ = ["Execute", "Row", "Store", "open_store", "query"]
