"""Databases for the tests of the SQL contract."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import adsql
from sql.support import TRIPS, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the table `trips` and the model `fares`: copying it is faster than making it."""
    path = tmp_path_factory.mktemp("made_once") / "trips.db"
    con = adsql.connect(path)
    con.execute(TRIPS)
    con.execute("SELECT train_model('fares', 'trips')")
    con.close()
    return path


@pytest.fixture
def file(made_once: Path, tmp_path: Path) -> Path:
    """A closed database file of the test's own."""
    return shutil.copy(made_once, tmp_path / "trips.db")


@pytest.fixture
def con(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to it."""
    connection = adsql.connect(file)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def kept_open(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the database of `kept`."""
    connection = adsql.connect(shutil.copy(made_once, tmp_path_factory.mktemp("kept") / "trips.db"))
    yield connection
    connection.close()


@pytest.fixture
def kept(kept_open: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to one database for all tests that leave it as it is, but for models, of which theirs are deleted.

    Opening a database takes longer than most tests.
    """
    before = _contents(kept_open)
    with kept_open.cursor() as cursor:
        yield cursor
    kept_open.execute("DELETE FROM adsql.models WHERE (name, version) <> ('fares', 1)")
    assert _contents(kept_open) == before


def _contents(con: duckdb.DuckDBPyConnection) -> list[list[tuple]]:
    """What there is to leave as it is: rows, models, relations, databases, settings."""
    return [
        rows(con, query)
        for query in (
            "SELECT count(*), bit_xor(hash(t)) FROM trips AS t",
            "SELECT name, version, content_hash, created_at FROM adsql.models",
            "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL",
            "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
            "SELECT database_name FROM duckdb_databases() ORDER BY ALL",
            "SELECT current_setting('threads')",
        )
    ]


@pytest.fixture
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A new database in memory, with the table and without a model."""
    connection = adsql.connect()
    connection.execute(TRIPS)
    yield connection
    connection.close()
