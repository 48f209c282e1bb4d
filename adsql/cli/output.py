"""Shows and writes results: a table for people, CSV, JSON or Parquet for programs."""

from __future__ import annotations

import shutil
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from adsql.errors import InvalidOption, UnknownSource

if TYPE_CHECKING:
    from collections.abc import Sequence

STORED = ["name", "version", "algorithm", "n_rows", "n_features", "threshold"]  # of a model that was stored
MAX_SHOWN_ROWS = 20
MAX_SHOWN_COLUMNS = 12
PIPE_WIDTH = 1_000
_DRAINED_ROWS = 10_000


class _Console(Console):
    """A console that leaves a broken pipe to `reporting`, as everything else that fails; rich would exit with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Format(StrEnum):
    """How results are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


_BY_SUFFIX = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSON,
    ".ndjson": Format.JSON,
    ".parquet": Format.PARQUET,
}
# How DuckDB's own writers are told. JSON is one object a line.
_COPY = {
    Format.CSV: "FORMAT csv, HEADER",
    Format.JSON: "FORMAT json",
    Format.PARQUET: "FORMAT parquet, COMPRESSION zstd",
}


def check_output(output: Path | None, wanted: Format | None, *inputs: str) -> None:
    """Refuse an output that could not be written, or would overwrite what is read, before any work is done.

    Raises
    ------
    InvalidOption
        For an unknown suffix without a format, a folder that does not exist, or a file that is an input.
    """
    if output is None:
        return
    if wanted is None and output.suffix.lower() not in _BY_SUFFIX:
        raise InvalidOption(
            f"--output {str(output)!r} has no known suffix", allowed=_BY_SUFFIX, hint="or name the format with --format"
        )
    if wanted is Format.TABLE:
        raise InvalidOption("--format table is for the terminal", allowed="csv, json, parquet with --output")
    check_folder(output, *inputs)


def check_folder(output: Path, *inputs: str) -> None:
    """Refuse an output whose folder does not exist, or that is an input.

    Raises
    ------
    InvalidOption
        Saying which.
    """
    if not output.parent.is_dir():
        raise InvalidOption(f"folder {str(output.parent)!r} does not exist", hint="create it first")
    if any(output.resolve() == Path(name).resolve() for name in inputs):
        raise InvalidOption(f"--output {str(output)!r} is the input too", hint="write to another file")


def write_bytes(output: Path, data: bytes) -> None:
    """Write a file.

    Raises
    ------
    InvalidOption
        If it cannot be written.
    """
    try:
        output.write_bytes(data)
    except OSError as error:
        raise InvalidOption(f"--output {str(output)!r} cannot be written: {error.strerror}") from error


def read_bytes(file: Path) -> bytes:
    """Return what a file holds.

    Raises
    ------
    UnknownSource
        If it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnknownSource(f"file {str(file)!r} cannot be read: {error.strerror}") from error


def chosen_format(output: Path | None, wanted: Format | None) -> Format:
    """Return the format asked for, or that of the file's suffix, or a table on a terminal and CSV elsewhere."""
    if wanted is not None:
        return wanted
    if output is not None:
        return _BY_SUFFIX[output.suffix.lower()]
    return Format.TABLE if sys.stdout.isatty() else Format.CSV


def write(con: Any, relation: Any, output: Path | None, wanted: Format | None) -> None:  # noqa: ANN401 - engine's types
    """Write a relation's rows to a file, or to standard output: a table on a terminal, else CSV.

    Parameters
    ----------
    con
        An open connection.
    relation
        What `con.sql` returned, without parameters; it is run once, and to its end, for what it may do.
    output
        The file; None for standard output.
    wanted
        The format; None to choose by the file's suffix or by where the output goes.
    """
    chosen = chosen_format(output, wanted)
    if output is not None:
        _copy(con, relation, output, chosen)
        return
    if chosen is Format.TABLE:
        show(relation.columns, _first_rows(con, relation))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result"
        _copy(con, relation, file, chosen)
        sys.stdout.flush()
        with file.open("rb") as written:
            shutil.copyfileobj(written, sys.stdout.buffer)
        sys.stdout.flush()


def write_whole(con: Any, relation: Any, wanted: Format | None) -> None:  # noqa: ANN401 - the engine's own types
    """Write a small result whole: a table, even into a pipe, and nothing of it cut."""
    if wanted in (None, Format.TABLE):
        show(relation.columns, relation.fetchall(), most=None)
    else:
        write(con, relation, None, wanted)


def show(names: Sequence[str], rows: Sequence[Sequence[object]], most: int | None = MAX_SHOWN_ROWS) -> None:
    """Print rows as a table: the first `most`, and the first columns."""
    kept = _columns_shown(names)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index in kept:
        numeric = all(isinstance(row[index], int | float) or row[index] is None for row in rows) and rows
        table.add_column(names[index], justify="right" if numeric else "left", overflow="fold")
    for row in rows[:most]:
        table.add_row(*(_text(row[index]) for index in kept))
    # A pipe has no width: nothing is folded there. Data are no markup: [/x] and :x: are as they are.
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    console = _Console(highlight=False, markup=False, emoji=False, width=width)
    console.print(table)
    if most is not None and len(rows) > most:
        console.print("... more rows: write all of them with --output, or print them with --format csv", style="dim")
    if len(kept) < len(names):
        console.print(f"... {len(names) - len(kept)} more columns", style="dim")


def _columns_shown(names: Sequence[str]) -> list[int]:
    """Return the first columns and, where there are too many, the last three: the results."""
    if len(names) <= MAX_SHOWN_COLUMNS:
        return list(range(len(names)))
    results = 3
    return [*range(MAX_SHOWN_COLUMNS - results), *range(len(names) - results, len(names))]


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _first_rows(con: Any, relation: Any) -> list[Sequence[object]]:  # noqa: ANN401 - the engine's own types
    """Run a relation to its end and return the rows to show, and one more if there are more."""
    # A relation runs anew whenever it is fetched from, and with a limit it may do only a part.
    result = con.execute(relation.sql_query())
    rows: list[Sequence[object]] = result.fetchmany(MAX_SHOWN_ROWS + 1)
    while result.fetchmany(_DRAINED_ROWS):
        pass
    return rows


def _copy(con: Any, relation: Any, file: Path, chosen: Format) -> None:  # noqa: ANN401 - the engine's own types
    # By its text: a name for it could be that of a user's table, or be listed among them. A comment may end the text.
    con.execute(f"COPY ({relation.sql_query()}\n) TO $file ({_COPY[chosen]})", {"file": str(file)})
