"""The engines, each with the same tables and models, made once."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

import adsql
from engines.engine import DuckDB, PostgreSQL
from engines.tables import DETECTORS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engines.engine import Engine


@pytest.fixture(scope="session", params=[DuckDB, PostgreSQL], ids=lambda engine: engine.name)
def shared(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine with the tables, and a model of each detector of the tables `sample` and `numbers`."""
    with ExitStack() as stack:
        if request.param is DuckDB:
            engine: Engine = DuckDB(adsql.connect())
        else:
            server = request.getfixturevalue("postgres")
            server.database("engines")
            engine = PostgreSQL(server.connect(dbname="engines"))
        stack.callback(engine.con.close)
        for name, columns in TABLES.items():
            engine.create(name, columns())
        for table in ("sample", "numbers"):
            for detector in DETECTORS:
                engine.rows(
                    f"SELECT (train_model('{detector} of {table}', '{table}', algorithm => '{detector}')).version"
                )
        engine.keep()
        yield engine


@pytest.fixture
def engine(shared: Engine) -> Iterator[Engine]:
    """An engine; the tables and models that a test makes are dropped after it."""
    yield shared
    shared.clean()
