"""Databases and detectors for the tests of generated SQL."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from adsql.detector import ToSql
from adsql.registry import detectors
from postgres_cluster import cluster, connected
from sqlgen.databases import in_duckdb, in_postgres, in_sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg


@pytest.fixture(scope="session")
def postgres() -> Iterator[psycopg.Connection]:
    """A connection to a PostgreSQL server of the session's own."""
    with cluster() as dsn, connected(dsn) as con:
        yield con


def _database(request, name):
    if name == "postgres":
        return partial(in_postgres, con=request.getfixturevalue("postgres"))
    return {"duckdb": in_duckdb, "sqlite": in_sqlite}[name]


@pytest.fixture(params=["duckdb", "sqlite", "postgres"])
def database(request):
    """Each database that runs in the tests, as a function of a model and a table."""
    return _database(request, request.param)


@pytest.fixture(params=["duckdb", "postgres"])
def database_with_times(request):
    """Those in whose dialect times and dates are written."""
    return _database(request, request.param)


@pytest.fixture(params=[name for name, cls in detectors().items() if issubclass(cls, ToSql)])
def formula(request):
    """Each detector that has an SQL form: a new one is covered without touching a test."""
    return detectors()[request.param]
