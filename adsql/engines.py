"""Finds the packages that bring adsql into a database: entry points of the group `adsql.engines`.

The algorithms know no database; whoever installs an engine makes `adsql.connect` work for it.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from adsql.errors import UnknownEngine


@cache
def engine(name: str = "duckdb") -> Any:  # noqa: ANN401 - a module with connect and register
    """Return an engine's module; all installed packages are searched for it, once.

    Raises
    ------
    UnknownEngine
        If no installed package offers it.
    """
    offered = {entry.name: entry for entry in entry_points(group="adsql.engines")}
    if name not in offered:
        raise UnknownEngine(f"engine {name!r} is not installed", allowed=offered, hint="pip install adsql")
    return offered[name].load()
