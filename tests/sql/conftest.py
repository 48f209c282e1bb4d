"""Databases for the tests of the SQL contract."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import adsql
from sql.support import TRIPS

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


@pytest.fixture
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A new database in memory, with the table and without a model."""
    connection = adsql.connect()
    connection.execute(TRIPS)
    yield connection
    connection.close()
