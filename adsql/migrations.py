"""Numbered SQL files that bring a database's `adsql` schema up to date.

Files are named `0001_what.sql`. A file that was released never changes: `frozen.txt` lists its SHA-256, and a
database remembers the hash of each file it has applied.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from adsql.errors import MigrationChanged, NewerDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Execute: TypeAlias = "Callable[[str, Sequence[object]], Sequence[tuple[object, ...]]]"


@dataclass(frozen=True)
class Migration:
    """One file: its number, name, text and hash."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The hash that `frozen.txt` and databases remember."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def folder() -> Path:
    """Return the folder of migrations: inside an installed package, or at the top of a checkout."""
    packaged = Path(__file__).parent / "_migrations"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "migrations"


def migrations(engine: str) -> list[Migration]:
    """Return an engine's migrations in order."""
    files = sorted((folder() / engine).glob("[0-9]*.sql"))
    return [Migration(int(file.name.partition("_")[0]), file.stem, file.read_text(encoding="utf-8")) for file in files]


def pending(engine: str, applied: Sequence[tuple[object, ...]]) -> list[Migration]:
    """Return the migrations to apply.

    Parameters
    ----------
    engine
        A folder of migrations.
    applied
        (number, sha256) of those that the database has.

    Raises
    ------
    NewerDatabase
        If the database has one that this version does not know.
    MigrationChanged
        If one was edited after it had been applied.
    """
    known = {migration.number: migration for migration in migrations(engine)}
    done = {int(str(number)): str(sha256) for number, sha256 in applied}
    newer = sorted(set(done) - set(known))
    if newer:
        raise NewerDatabase(
            f"the database has migration {newer[-1]}, made by a newer adsql",
            allowed=f"up to {max(known, default=0)}",
            hint="upgrade adsql with pip",
        )
    for number, sha256 in done.items():
        if known[number].sha256 != sha256:
            raise MigrationChanged(
                f"migration {known[number].name} differs from the one this database has applied",
                hint="install a released version of adsql; released migrations never change",
            )
    return [migration for number, migration in sorted(known.items()) if number not in done]


def apply(execute: Execute, engine: str, applied: Sequence[tuple[object, ...]]) -> list[Migration]:
    """Apply what is pending, inside the caller's transaction, and record it in `adsql.migrations`."""
    todo = pending(engine, applied)
    for migration in todo:
        execute(migration.sql, [])
        execute(
            "INSERT INTO adsql.migrations (number, name, sha256) VALUES ($1, $2, $3)",
            [migration.number, migration.name, migration.sha256],
        )
    return todo
