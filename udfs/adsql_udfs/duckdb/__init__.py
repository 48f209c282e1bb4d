"""adsql in DuckDB."""

from __future__ import annotations

from duckdb import Error

from adsql_udfs.duckdb.connection import connect, register
from adsql_udfs.duckdb.loaded import last_fitted

__all__ = ["Error", "connect", "last_fitted", "register"]
