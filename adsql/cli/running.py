"""Runs SQL for the command line, with progress while it takes long."""

from __future__ import annotations

import sys
import threading
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from adsql.cli.failures import err
from adsql.engines import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_QUICK = 0.5  # seconds: no progress bar for what is done by then
_POLL = 0.1


def query(name: str, con: Any = None) -> str:  # noqa: ANN401 - the engine's own type
    """Return the text of `adsql/cli/sql/<name>.sql`, which calls adsql's functions where a connection has them."""
    text = (files("adsql.cli") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return text if con is None else text.replace("adsql.", f"{engine().home(con)}.")


def run(con: Any, sql: str, values: Mapping[str, object], what: str) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """Run one statement and return its rows; see `in_background`."""
    rows: list[tuple[Any, ...]] = in_background(con, lambda: con.execute(sql, dict(values)).fetchall(), what)
    return rows


def found(con: Any, statement: str, values: Mapping[str, object], source: str) -> Any:  # noqa: ANN401 - engine's types
    """Return the rows of one of our statements about a source, read into memory; see `in_background`."""
    text = query(statement, con)
    return in_background(con, lambda: con.sql(text, params=dict(values)).materialize(), f"reading {source}")


def in_background(con: Any, work: Callable[[], T], what: str) -> T:  # noqa: ANN401 - the engine's own type
    """Do what takes long on a connection, with a progress bar on a terminal, and return its result.

    It is done in a thread of its own, so that the bar moves, and so that Ctrl-C reaches Python and stops DuckDB.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []
    done = threading.Event()  # not Thread.join: interrupted, it takes the thread for ended

    def worker() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, which raises it
            failure.append(error)
        finally:
            done.set()

    threading.Thread(target=worker, daemon=True).start()
    try:
        if not done.wait(_QUICK) and sys.stderr.isatty():
            _show_progress(con, done, what)
        done.wait()
    except KeyboardInterrupt:
        while not done.wait(_POLL):
            con.interrupt()  # again, in case that the statement had not begun
        raise
    if failure:
        raise failure[0]
    return outcome[0]


def _show_progress(con: Any, done: threading.Event, what: str) -> None:  # noqa: ANN401 - the engine's own type
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(what, total=100.0)
        while not done.wait(_POLL):
            percent = con.query_progress()
            # DuckDB answers -1 until it knows.
            bar.update(task, completed=max(percent, 0.0), total=100.0 if percent >= 0 else None)
