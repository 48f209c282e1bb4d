"""One database for all clients: tables, models, a view and a table of results."""

from __future__ import annotations

import pytest

from clients.calls import N_MANY
from clients.database import DATABASE
from postgres.conftest import TRIPS

# The path is set as a database's owner would do it, so that no client needs an option to find the functions.
SETUP = f"""
{TRIPS}
CREATE TABLE many AS
SELECT
    i AS id,
    (i * 7919::bigint % 1000) / 50.0::double precision + CASE WHEN i % 20000 = 0 THEN 1000 ELSE 0 END AS fare,
    i * 104729::bigint % 500 AS km
FROM generate_series(1, {N_MANY}) AS i;
ALTER DATABASE {DATABASE} SET search_path = "$user", public, adsql;
SELECT train_model('fares', 'trips');
SELECT train_model('numbers', 'SELECT fare, km FROM trips', algorithm => 'mad');
SELECT train_model('many', 'many', algorithm => 'mad', threshold => 20);
SELECT create_detection_view('scored_trips', 'trips', 'fares');
SELECT create_detection_view('scored_many', 'many', 'many');
SELECT materialize_anomalies('flagged_trips', 'trips', 'fares');
"""


@pytest.fixture(scope="session")
def server(postgres):
    """The server, with all that in one database."""
    postgres.database(DATABASE)
    with postgres.connect(dbname=DATABASE) as con:
        con.execute(SETUP)
    return postgres


@pytest.fixture(scope="session")
def train(server):
    """Train a model in a session of its own, which the clients' sessions are not told about."""
    with server.connect(dbname=DATABASE) as con:

        def trained(name, algorithm):
            query = "SELECT version FROM train_model(%s, 'trips', algorithm => %s)"
            return con.execute(query, [name, algorithm]).fetchone()[0]

        yield trained
