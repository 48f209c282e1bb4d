"""Reads SQL files whose expected rows stand behind `-->`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import psycopg

from adsql.errors import from_message

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Step:
    """A statement and the rows, or the error, that it must give; None where the file says nothing."""

    sql: str
    expected: list[str] | None = field(default=None)


def steps(file: Path) -> list[Step]:
    """Return the statements of a file with their expectations."""
    found: list[Step] = []
    lines: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("--> "):
            assert found, f"{file}: an expectation without a statement"
            assert not lines, f"{file}: an expectation inside a statement"
            found[-1].expected = [*(found[-1].expected or []), line.removeprefix("--> ")]
        elif line.startswith("--") or not line.strip():
            continue
        else:
            lines.append(line)
            if line.endswith(";"):
                found.append(Step("\n".join(lines)))
                lines = []
    assert not lines, f"{file}: the last statement has no semicolon"
    return found


def outcome(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Run a statement and return its rows as an expectation would be written."""
    try:
        result = con.execute(sql)
    except duckdb.Error as error:
        text = str(error)
        return [f"error {text[text.index('[') + 1 : text.index(']')]}" if "[ADSQL" in text else f"error {text}"]
    return [" | ".join(str(value) for value in row) for row in result.fetchall()] if result.description else []


_VOID = 2278  # what a function that returns nothing returns


def postgres_outcome(con: psycopg.Connection, sql: str) -> list[str]:
    """Do the same on PostgreSQL, whose own errors are told by their SQLSTATE."""
    try:
        result = con.execute(sql)
    except psycopg.Error as error:
        told = from_message(str(error))
        return [f"error {error.sqlstate if told is None else told.code}"]
    if result.description and result.description[0].type_code == _VOID:
        return []
    return [" | ".join(str(value) for value in row) for row in result.fetchall()] if result.description else []
