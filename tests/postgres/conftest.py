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


OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
EMPTY = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname NOT IN ('adsql', 'information_schema') AND nspname !~ '^pg_'
    LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
END $$;
TRUNCATE adsql.models, adsql.model_shares, adsql.alerts, adsql.anomaly_events RESTART IDENTITY;
CREATE SCHEMA public;
"""
OPEN = "GRANT SELECT, INSERT ON trips TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC"


class Warm:
    """One database and one backend for many tests, cleaned after each: a fresh backend loads Python for half a second.

    Parameters
    ----------
    server
        The server.
    """

    name = "warm"

    def __init__(self, server):
        self._server = server
        server.database(self.name)
        self.con = server.connect(dbname=self.name)
        self.con.execute(f"{TRIPS}{OPEN}")

    def clean(self):
        if self.con.closed or self.con.broken:
            self.con = self._server.connect(dbname=self.name)
        self.con.prepare_threshold = None  # DISCARD ALL forgets what the client believes to be prepared
        self.con.rollback()
        for statement in ("DISCARD ALL", OTHERS, f"{EMPTY}{TRIPS}{OPEN}"):
            self.con.execute(statement)


@pytest.fixture(scope="session")
def warm(postgres):
    kept = Warm(postgres)
    yield kept
    kept.con.close()


@pytest.fixture
def database(request, postgres, warm):
    """The name of a database with the extension and the table `trips`, in which no other test has left anything.

    Tests that change the extension itself, or Python in the backend, are marked `own_database`.
    """
    if not request.node.get_closest_marker("own_database"):
        yield warm.name
        warm.clean()
        return
    name = f"test_{next(_numbers)}"
    postgres.database(name)
    with postgres.connect(dbname=name) as con:
        con.execute(f"{TRIPS}{OPEN}")
    yield name
    with postgres.connect() as con:
        con.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def con(postgres, warm, database):
    """A connection of the superuser to it."""
    if database == warm.name:
        yield warm.con
        return
    with postgres.connect(dbname=database) as connection:
        yield connection
