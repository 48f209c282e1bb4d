"""Databases for the tests of what PostgreSQL promises."""

from __future__ import annotations

import itertools

import pytest

from sql.support import ANOMALY

_numbers = itertools.count(1)
# The table `trips` of the tests on DuckDB, row by row.
TRIPS = f"""
CREATE TABLE trips (id integer, fare double precision, km integer, kind text, started timestamp);
INSERT INTO trips
SELECT
    i,
    CASE WHEN i % 83 = 0 THEN NULL ELSE (i * 7919 % 1000) / 50.0 END,
    i * 104729 % 500,
    (ARRAY['day', 'night', 'day', 'noon'])[1 + i % 4],
    TIMESTAMP '2024-01-01' + i * 97 * INTERVAL '1 minute'
FROM generate_series(0, 499) AS i
UNION ALL
SELECT {ANOMALY}, 900.0, 90000, 'moon', TIMESTAMP '2024-01-09 12:00:00';
"""


@pytest.fixture
def database(postgres):
    """The name of a database of the test's own, with the extension and the table `trips`."""
    name = f"test_{next(_numbers)}"
    postgres.database(name)
    with postgres.connect(dbname=name) as con:
        con.execute(TRIPS)
        con.execute("GRANT SELECT, INSERT ON trips TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC")
    yield name
    with postgres.connect() as con:
        con.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def con(postgres, database):
    """A connection of the superuser to it."""
    with postgres.connect(dbname=database) as connection:
        yield connection
