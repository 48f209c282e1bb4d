"""Runs SQL that a user wrote, statement by statement."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from adsql.cli.output import Format, write
from adsql.engines import engine
from adsql.errors import InvalidOption

if TYPE_CHECKING:
    from pathlib import Path

STDIN = "-"
_NO_ROWS = ["Count"]  # what an INSERT, or a CREATE TABLE AS, answers


def run_statements(con: Any, text: str, output: Path | None, wanted: Format | None) -> None:  # noqa: ANN401 - engine's
    """Run every statement of a text, and write the rows of each that has any.

    Parameters
    ----------
    con
        An open connection.
    text
        SQL; ``-`` to read it from standard input.
    output, wanted
        As for `write`. One file holds the rows of one statement.

    Raises
    ------
    InvalidOption
        If there is no statement, or several have rows and there is one file for them.
    """
    statements = con.extract_statements(sys.stdin.read() if text == STDIN else text)
    if not statements:
        raise InvalidOption("there is no SQL to run", allowed="one or more statements, or - to read standard input")
    written = 0
    for statement in statements:
        relation = con.sql(engine().without_semicolon(statement.query))
        if relation is None or (relation.columns == _NO_ROWS and statement.type.name != "SELECT"):
            continue
        if output is not None and written:
            raise InvalidOption(
                "--output takes the rows of one statement, and several have rows", hint="run them one by one"
            )
        if written:
            print()  # an empty line between two results
        write(con, relation, output, wanted)
        written += 1
