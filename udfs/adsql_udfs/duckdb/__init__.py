"""adsql in DuckDB."""

from __future__ import annotations

from duckdb import Error

from adsql_udfs.duckdb.connection import connect, register
from adsql_udfs.duckdb.macros import home
from adsql_udfs.duckdb.sources import without_semicolon
from adsql_udfs.loaded import last_fitted

__all__ = ["Error", "connect", "home", "last_fitted", "register", "without_semicolon"]
