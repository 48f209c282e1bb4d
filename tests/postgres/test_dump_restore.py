"""pg_dump and pg_restore keep models, whose they are, who may use them, and views."""

from __future__ import annotations

import pytest

from postgres.conftest import OPEN, TRIPS
from postgres.support import rows, value

SCORES = "SELECT id, anomaly_score, severity, is_anomaly FROM strange ORDER BY id"
CATALOG = "SELECT owner, name, version, content_hash, created_at FROM adsql.models ORDER BY owner, name, version"


@pytest.fixture(scope="module")
def filled(postgres):
    """A database with models of two roles, a share and a view, which no test changes."""
    postgres.database("filled")
    with postgres.connect(dbname="filled") as con:
        con.execute(f"{TRIPS}{OPEN}")
        con.execute("CREATE ROLE keeper LOGIN IN ROLE adsql_user")
        with postgres.connect(user="keeper", dbname="filled") as keeper:
            keeper.execute("SELECT train_model('kept', 'trips', algorithm => 'iforest')")
            keeper.execute("SELECT share_model('kept', 'public')")
        con.execute("SELECT train_model('fares', 'trips', segment_by => ARRAY['kind'], algorithm => 'mad')")
        con.execute("SELECT train_model('fares', 'trips', algorithm => 'hbos')")
        con.execute("SELECT create_detection_view('strange', 'trips', 'fares')")
    yield "filled"
    with postgres.connect() as con:
        con.execute("DROP DATABASE filled WITH (FORCE)")
        con.execute("DROP ROLE keeper")


@pytest.mark.parametrize("form", ["plain", "custom", "data after schema"])
def test_a_restored_database_gives_the_same_answers(postgres, filled, form, tmp_path):
    restored = f"{filled}_restored"
    postgres.database(restored, "template0")
    try:
        if form == "plain":
            postgres.run("psql", "-q", "-v", "ON_ERROR_STOP=1", dbname=restored, stdin=postgres.run("pg_dump", filled))
        else:
            file = str(tmp_path / "dump")
            postgres.run("pg_dump", "-Fc", "-f", file, filled)
            parts = [[]] if form == "custom" else [["--section=pre-data"], ["--section=data"], ["--section=post-data"]]
            for part in parts:
                postgres.run("pg_restore", "--exit-on-error", "-d", restored, *part, file)
        with postgres.connect(dbname=filled) as before, postgres.connect(dbname=restored) as after:
            assert rows(after, CATALOG) == rows(before, CATALOG)
            assert rows(after, SCORES) == rows(before, SCORES)
            assert value(after, "SELECT (train_model('fares', 'trips', algorithm => 'zscore')).version") == 3
        with postgres.connect(user="keeper", dbname=restored) as keeper:
            assert value(keeper, "SELECT count(anomaly_score('kept', t)) FROM trips AS t") == 501
            assert rows(keeper, "SELECT owner, name, grantee FROM adsql.model_shares") == [("keeper", "kept", "public")]
    finally:
        with postgres.connect() as con:
            con.execute(f"DROP DATABASE {restored} WITH (FORCE)")


def test_a_dump_has_no_object_of_the_extension_itself(postgres, filled):
    text = postgres.run("pg_dump", "--schema-only", filled)
    assert "CREATE EXTENSION IF NOT EXISTS adsql" in text
    assert "CREATE FUNCTION adsql." not in text
    assert "CREATE TABLE adsql." not in text
