"""adsql in DuckDB."""

from __future__ import annotations

from duckdb import Error

from adsql_udfs.duckdb.connection import connect, home, register

__all__ = ["Error", "connect", "home", "register"]
