"""Our macros in a DuckDB file of their own, out of which a database gets them.

DuckDB binds a macro when it is made, with all arguments of all of its overloads: 0.3 seconds of every new database.
What is in a file it takes as it is, in a twentieth of that. The file lies beside this module, in its `__pycache__`, or
in the user's cache directory, where nobody else can write. Where it cannot be written or trusted, or DuckDB may open no
files, macros are made as ever.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from adsql_udfs.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK_SIZE = 16_384  # DuckDB's smallest: 0.6 MB instead of 1.3
_BESIDE = Path(__file__).parent / "__pycache__"
_FOR_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def copied(
    con: duckdb.DuckDBPyConnection, database: str, wanted: str, prepare: Callable[[duckdb.DuckDBPyConnection], None]
) -> bool:
    """Copy our macros into a database that has none; return False if that cannot be done, and nothing was.

    One call at a time in a process: DuckDB opens a file once.

    Parameters
    ----------
    con
        A connection in no transaction.
    database
        Which gets them.
    wanted
        The revision of the macros.
    prepare
        Makes the macros in an empty database, if there is no file of them yet.
    """
    if not con.execute("SELECT current_setting('enable_external_access')").fetchall()[0][0]:
        return False
    path = _path(wanted, prepare)
    if path is None:
        return False
    name = f"__adsql_prepared_{uuid.uuid4().hex}"  # for all connections of the database, for this moment
    try:
        con.execute(f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)")
    except (duckdb.PermissionException, duckdb.BinderException, duckdb.InterruptException):
        return False  # for another reason than what is in it
    except duckdb.Error:
        return _useless(path)
    try:
        if revision(con, f"{name}.adsql") != wanted:
            return _useless(path)
        con.execute(f"COPY FROM DATABASE {name} TO {identifier(database)} (SCHEMA)")
    except duckdb.Error:
        return False  # for a reason of the database's
    finally:
        with contextlib.suppress(duckdb.Error):  # what was copied is there all the same
            con.execute(f"DETACH {name}")
    return True


def revision(con: duckdb.DuckDBPyConnection, schema: str = "adsql") -> str | None:
    """Return what tells the macros of a schema from those of other versions; None where there are none."""
    try:
        # All rows are fetched: an unfinished result would be in the way of the caller's next statement.
        return str(con.execute(f"SELECT {schema}.macros_revision()").fetchall()[0][0])
    except duckdb.Error:
        return None


def _useless(path: Path) -> bool:
    """Delete a damaged file, so that the next database has it written anew, and return False."""
    with contextlib.suppress(OSError):
        path.unlink()
    return False


def _path(wanted: str, prepare: Callable[[duckdb.DuckDBPyConnection], None]) -> Path | None:
    """Return the file, which is written if there is none; None if it cannot be."""
    # Another version of DuckDB may write what this one cannot read.
    name = f"macros-{wanted}-{duckdb.__version__}.duckdb"
    for folder in folders():
        path = folder / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(folder):
                continue
            if not path.exists():
                _write(path, prepare)
            if _is_ours(path):
                return path
        except (OSError, duckdb.Error):
            continue
    return None


def folders() -> Iterator[Path]:
    """Yield where the file may lie, best first."""
    yield _BESIDE
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if cache.is_absolute():
        yield cache / "adsql"
    elif os.environ.get("HOME"):
        yield Path.home() / ".cache" / "adsql"


def owners() -> tuple[int, ...]:
    """Return whose files are trusted: this user's, and those of who installed this module."""
    return os.geteuid(), Path(__file__).stat().st_uid


def _is_ours(path: Path) -> bool:
    """Return whether nobody else could have written to a file or folder: what is in the macros is run."""
    if os.name != "posix":
        return True
    found = path.lstat()
    return not stat.S_ISLNK(found.st_mode) and found.st_uid in owners() and not found.st_mode & _FOR_OTHERS


def _write(path: Path, prepare: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
    # In a folder of its own until it is whole: other processes do the same at this moment.
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        part = Path(folder, path.name)
        with duckdb.connect(str(part), config={"default_block_size": _BLOCK_SIZE}) as con:
            prepare(con)
        part.chmod(0o644)
        if path.parent == _BESIDE:  # of versions of this module that it has replaced
            for old in path.parent.glob("macros-*.duckdb"):
                old.unlink(missing_ok=True)
        part.replace(path)
