"""Opens the database of a command, and leaves no new file behind that nothing was written to."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adsql.cli.running import query
from adsql.engines import engine
from adsql.errors import UnknownSource, UnusableDatabase, from_message

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = ":memory:"
_HINT = "name a DuckDB database file that no other program has open; a CSV, JSON or Parquet file is an --input"


class Access(Enum):
    """What a command does with its database."""

    READ = auto()  # it exists, or there is none
    CHANGE = auto()  # it exists
    KEEP = auto()  # created if need be: something is kept in it
    ANY = auto()  # created if something is written


@contextmanager
def database(path: str, access: Access) -> Iterator[Any]:
    """Open a database for one command.

    Raises
    ------
    UnknownSource
        If it does not exist, and the command does not create it or wrote nothing into it.
    UnusableDatabase
        If DuckDB cannot open it, or would keep nothing in it.
    """
    exists = path == MEMORY or Path(path).exists()
    if not exists and access in (Access.READ, Access.CHANGE):
        raise _missing(path)
    con = _opened(path, access)
    before = None if exists else _contents(con)
    try:
        yield con
    finally:
        # On a cursor: the command's own transaction may have failed, or go on.
        unused = before is not None and before == _contents(con.cursor())
        con.close()
        if unused:
            for file in (path, f"{path}.wal"):
                Path(file).unlink(missing_ok=True)
    if unused:
        raise _missing(path)


def _missing(path: str) -> UnknownSource:
    return UnknownSource(f"database {path!r} does not exist", hint="train a model into it with adsql train")


def _opened(path: str, access: Access) -> Any:  # noqa: ANN401 - the engine's own type
    duckdb = engine()
    if path == MEMORY and access in (Access.CHANGE, Access.KEEP):
        raise UnusableDatabase(f"database {path!r} would keep nothing", hint=_HINT)
    try:
        con = duckdb.connect(path, read_only=access is Access.READ and path != MEMORY)
    except duckdb.Error as error:
        raise from_message(str(error)) or UnusableDatabase(
            f"database {path!r} cannot be opened: {str(error).splitlines()[0].rstrip('.!')}", hint=_HINT
        ) from error
    # DuckDB opens a data file as a view in a database in memory.
    if path != MEMORY and con.execute("SELECT path FROM duckdb_databases() WHERE path IS NOT NULL").fetchone() is None:
        con.close()
        raise UnusableDatabase(f"database {path!r} is a data file: nothing would be kept in it", hint=_HINT)
    # DuckDB would print its own bar to standard output, into the CSV that goes there.
    con.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    # Names in a user's SQL are never those of this program's variables.
    con.execute("SET python_enable_replacements = false")
    return con


def _contents(con: Any) -> int | None:  # noqa: ANN401 - the engine's own type
    """Return how many things a database has; None if it cannot tell any more."""
    with suppress(engine().Error):
        return int(con.execute(query("contents")).fetchall()[0][0])
    return None
