"""Our macros in a DuckDB file of their own, out of which a database gets them.

DuckDB binds a macro when it is made, with all arguments of all of its overloads: 0.3 seconds of every new database.
What is in a file it takes as it is, in a twentieth of that. The file lies beside this module, in its `__pycache__`, or
in the user's cache directory: whoever can write there can change the code as well. Where neither can be written, or
DuckDB may open no files, macros are made as ever.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from adsql_udfs.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NAME = "__adsql_prepared"  # of the file as a database, while it is read
_BLOCK_SIZE = 16_384  # DuckDB's smallest: the file takes 0.3 MB, not 1.3


def copied(con: duckdb.DuckDBPyConnection, revision: str, prepare: Callable[[duckdb.DuckDBPyConnection], None]) -> bool:
    """Copy our macros into a database that has none; return False if that cannot be done, and nothing was.

    Parameters
    ----------
    con
        A connection in no transaction.
    revision
        What tells these macros from those of other versions.
    prepare
        Makes the macros in an empty database, if there is no file of them yet.
    """
    path = _path(revision, prepare)
    if path is None:
        return False
    try:
        _copy(con, path)
    except duckdb.PermissionException:
        return False
    except duckdb.Error:
        with contextlib.suppress(OSError):
            path.unlink()  # it is damaged: the next database has it written anew
        return False
    return True


def _copy(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    con.execute(f"ATTACH {literal(str(path))} AS {_NAME} (READ_ONLY)")
    try:
        database = con.execute("SELECT current_database()").fetchall()[0][0]
        con.execute(f"COPY FROM DATABASE {_NAME} TO {identifier(database)}")
    finally:
        con.execute(f"DETACH {_NAME}")


def _path(revision: str, prepare: Callable[[duckdb.DuckDBPyConnection], None]) -> Path | None:
    """Return the file, which is written if there is none; None if it cannot be."""
    # Another version of DuckDB may write what this one cannot read.
    name = f"macros-{revision}-{duckdb.__version__}.duckdb"
    for folder in folders():
        path = folder / name
        try:
            if not path.exists():
                _write(path, prepare)
            if os.name != "posix" or path.stat().st_uid in owners():
                return path
        except (OSError, duckdb.Error):
            continue
    return None


def folders() -> Iterator[Path]:
    """Yield where the file may lie, best first."""
    yield Path(__file__).parent / "__pycache__"
    cache = os.environ.get("XDG_CACHE_HOME")
    if cache or os.environ.get("HOME"):
        yield (Path(cache) if cache else Path.home() / ".cache") / "adsql"


def owners() -> tuple[int, ...]:
    """Return whose files are trusted: this user's, and those of who installed this module."""
    return os.geteuid(), Path(__file__).stat().st_uid


def _write(path: Path, prepare: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Under a name of its own until it is whole: other processes do the same at this moment.
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with duckdb.connect(str(part), config={"default_block_size": _BLOCK_SIZE}) as con:
            prepare(con)
        part.replace(path)
    finally:
        for left in (part, part.with_name(f"{part.name}.wal")):
            left.unlink(missing_ok=True)
