"""Turns what fails into one line on standard error and an exit code."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from adsql.engines import engine
from adsql.errors import AdsqlError, InvalidSource, from_message
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTED = 130
READER_LEFT = 141  # as the shell counts a program that SIGPIPE has ended
# What the engine raises for files that it cannot read. Others, such as no memory, do not speak of the source.
_UNREADABLE = frozenset(
    {
        "BinderException", "CatalogException", "ConversionException", "HTTPException", "InvalidInputException",
        "InvalidTypeException", "IOException", "OutOfRangeException", "ParserException", "TypeMismatchException",
    }
)  # fmt: skip
_IN_A_UDF = "Python exception occurred"
_FILE = re.compile(r"\.(csv|tsv|parquet|json|jsonl|ndjson)(\.(gz|zst))?$", re.IGNORECASE)

err = Console(stderr=True, highlight=False, markup=False, emoji=False)


@contextmanager
def reporting() -> Iterator[None]:
    """Report what fails in a command.

    Exit codes: 1 any other error, 2 an option, 3 the source or its columns, 4 a model, 5 the database,
    130 interrupted, 141 the reader of the output has left.
    """
    try:
        yield
    except AdsqlError as error:
        _fail(error)
    except engine().Error as error:
        _fail(from_message(str(error)) or error)
    except BrokenPipeError:
        # Python would try to write the rest when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(READER_LEFT) from None
    except KeyboardInterrupt:
        err.print("interrupted")
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def reading(source: str) -> Iterator[None]:
    """Give the engine's errors about a source a code, and for a file the remedy.

    Raises
    ------
    InvalidSource
        If the source cannot be read.
    """
    try:
        yield
    except engine().Error as error:
        message = str(error)
        if type(error).__name__ not in _UNREADABLE or _IN_A_UDF in message or from_message(message):
            raise
        raise InvalidSource(
            f"source {shown(source)} cannot be read: {message.strip().splitlines()[0].rstrip('.')}",
            hint=reader_hint(source) if is_file(source) else "run the query by itself with adsql sql",
        ) from error


def is_file(source: str) -> bool:
    """Return whether a source is a file by its suffix."""
    return _FILE.search(source) is not None


def reader_hint(file: str, options: str = "...") -> str:
    """Return how to tell DuckDB the way a file is to be read.

    >>> print(reader_hint("prices.csv", "decimal_separator=','"))
    -i "FROM read_csv('prices.csv', decimal_separator=',')"
    """
    name = file.lower()
    reader = "read_parquet" if ".parquet" in name else "read_json" if "json" in name else "read_csv"
    text = file.replace("'", "''")
    return f"""-i "FROM {reader}('{text}', {options})\""""


def _fail(error: Exception) -> None:
    err.print(f"error: {' '.join(str(error).split())}", style="red", soft_wrap=True)
    raise typer.Exit(error.exit_code if isinstance(error, AdsqlError) else 1) from error
