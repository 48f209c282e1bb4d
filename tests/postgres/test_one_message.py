"""Many statements in what a client sends as one: each uses the models that it sees."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from postgres.support import rows, value

SCORE = "SELECT anomaly_score('m', t) FROM trips AS t WHERE id = 500"
# Waits until another session has done something to the model.
WAIT = """
CREATE TABLE signs (sign text);
CREATE PROCEDURE wait() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO signs VALUES ('ready');
    COMMIT;
    WHILE NOT EXISTS (SELECT FROM signs WHERE sign = 'done') LOOP
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;
CREATE TABLE seen (n serial, score double precision);
CREATE PROCEDURE score_twice() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen (score) SELECT anomaly_score('m', t) FROM trips AS t WHERE id = 500;
    COMMIT;
    CALL wait();
    INSERT INTO seen (score) SELECT anomaly_score('m', t) FROM trips AS t WHERE id = 500;
END
$$;
"""


@pytest.fixture
def other(postgres, database, con):
    """Do something in another session as soon as the first one waits for it."""
    con.execute(WAIT)
    con.execute("SELECT train_model('m', 'trips', algorithm => 'mad')")

    def act(statement):
        with postgres.connect(dbname=database) as second:
            for _ in range(6_000):  # a minute
                if value(second, "SELECT EXISTS (SELECT FROM signs WHERE sign = 'ready')"):
                    break
                time.sleep(0.01)
            try:
                second.execute(statement)
            finally:
                second.execute("INSERT INTO signs VALUES ('done')")

    with ThreadPoolExecutor(1) as pool:
        yield lambda statement: pool.submit(act, statement)


def versions(con):
    query = "SELECT d.anomaly_score FROM detect_anomalies(NULL::trips, model => 'm', version => {}) AS d WHERE (d.row).id = 500"
    return [value(con, query.format(version)) for version in (1, 2)]


def test_a_procedure_that_commits_uses_the_newest_version(con, other):
    done = other("SELECT train_model('m', 'trips', algorithm => 'knn')")
    con.execute("CALL score_twice()")
    done.result()
    found = [score for (score,) in rows(con, "SELECT score FROM seen ORDER BY n")]
    assert found == versions(con)
    assert found[0] != found[1]


def test_a_procedure_that_commits_sees_that_a_model_is_dropped(con, other):
    done = other("SELECT drop_model('m')")
    with pytest.raises(psycopg.errors.UndefinedObject, match="ADSQL_UNKNOWN_MODEL"):
        con.execute("CALL score_twice()")
    done.result()


def test_a_model_of_a_savepoint_that_is_rolled_back_is_forgotten(con, other):
    cursor = con.execute(f"""
    BEGIN;
    SAVEPOINT before;
    SELECT train_model('m', 'trips', algorithm => 'knn');
    {SCORE};
    ROLLBACK TO SAVEPOINT before;
    {SCORE};
    COMMIT
    """)
    found = []
    while True:
        if cursor.description and cursor.description[0].name == "anomaly_score":
            found += [score for (score,) in cursor.fetchall()]
        if not cursor.nextset():
            break
    first = value(con, SCORE)
    assert found[1] == first
    assert found[0] != first
