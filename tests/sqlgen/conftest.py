"""Databases and detectors for the tests of generated SQL."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from adsql.abilities import ToSql
from adsql.registry import detectors
from sqlgen.databases import in_duckdb, in_postgres, in_sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from postgres_cluster import Cluster


@pytest.fixture(scope="session")
def postgres_connection(postgres: Cluster) -> Iterator[psycopg.Connection]:
    """A connection for temporary tables."""
    with postgres.connect() as con:
        yield con


def _database(request, name):
    if name == "postgres":
        return partial(in_postgres, con=request.getfixturevalue("postgres_connection"))
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
