"""Cases: what a user waits for in a fresh process."""

from __future__ import annotations

import time
from importlib import import_module


def first(database: str, query: str) -> dict[str, float]:
    """Import adsql, connect, and run a query."""
    started = time.perf_counter()
    import adsql  # noqa: PLC0415 - this import is measured

    imported = time.perf_counter()
    with adsql.connect(database, read_only=True) as con:
        connected = time.perf_counter()
        con.execute(query).fetchall()
        done = time.perf_counter()
    return {
        "import": imported - started,
        "connect": connected - imported,
        "query": done - connected,
        "wall": done - started,
    }


def libraries() -> dict[str, float]:
    """Import what every first call imports, without adsql."""
    started = time.perf_counter()
    for library in ("numpy", "pyarrow", "numba", "duckdb"):
        import_module(library)
    return {"wall": time.perf_counter() - started}
