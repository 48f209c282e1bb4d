"""Anomaly detection that runs inside the database, called from SQL.

>>> import adsql
>>> con = adsql.connect()
>>> con.execute("CREATE TABLE trips AS SELECT i % 50 AS fare FROM range(1000) AS r(i) UNION ALL SELECT 900")
<...DuckDBPyConnection object at ...>
>>> con.execute("SELECT fare FROM detect_anomalies('trips') WHERE is_anomaly").fetchall()
[(900,)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["__version__", "connect", "register"]

__version__ = "0.1.0"  # the package's is read from here: asking an installed one takes a process 30 ms


def connect(database: str | Path = ":memory:", *, read_only: bool = False, config: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - the engine's own types
    """Open a DuckDB database with adsql's SQL functions; see `adsql_udfs.duckdb.connect`.

    Parameters
    ----------
    database
        A file, or ':memory:'.
    read_only
        Open without writing; detecting and scoring work, training does not.
    config
        DuckDB's settings.

    Returns
    -------
    duckdb.DuckDBPyConnection
        A stock connection; cursors of it have the functions too; on read-only databases see there.
    """
    return _engine().connect(database, read_only=read_only, config=config)


def register(con: Any) -> Any:  # noqa: ANN401 - the engine's own types
    """Make adsql's SQL functions available on an open DuckDB connection; see `adsql_udfs.duckdb.register`."""
    return _engine().register(con)


def _engine() -> Any:  # noqa: ANN401 - a module
    from adsql.engines import engine  # noqa: PLC0415 - looking for engines costs what an import need not

    return engine()
