"""adsql in DuckDB."""

from __future__ import annotations

from adsql_udfs.duckdb.connection import connect, register

__all__ = ["connect", "register"]
