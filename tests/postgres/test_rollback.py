"""A model comes and goes with the transaction that made it."""

from __future__ import annotations

import pytest

from postgres.support import raises, rows, value

SCORE = "SELECT count(anomaly_score('fares', t)) FROM trips AS t"
TRAIN = "SELECT (train_model('fares', 'trips', algorithm => 'mad')).version"


def test_a_model_is_visible_inside_its_transaction_and_gone_after_a_rollback(postgres, database, con):
    con.execute("BEGIN")
    assert value(con, TRAIN) == 1
    assert value(con, SCORE) == 501
    with postgres.connect(dbname=database) as other:
        assert rows(other, "SELECT name FROM models()") == []
    con.execute("ROLLBACK")
    assert rows(con, "SELECT name FROM models()") == []
    with raises("ADSQL_UNKNOWN_MODEL", "'fares'"):
        con.execute(SCORE)


def test_a_savepoint_takes_back_only_what_came_after_it(con):
    con.execute("BEGIN")
    assert value(con, TRAIN) == 1
    con.execute("SAVEPOINT before")
    assert value(con, TRAIN.replace("mad", "zscore")) == 2
    con.execute("ROLLBACK TO before")
    con.execute("COMMIT")
    assert rows(con, "SELECT version, algorithm FROM models()") == [(1, "mad")]


@pytest.mark.parametrize("scored_before", [True, False])
def test_a_block_that_fails_takes_its_model_with_it(con, scored_before):
    score = "PERFORM anomaly_score('fares', t) FROM trips AS t;" if scored_before else ""
    with raises("ADSQL_UNKNOWN_MODEL", "'fares'"):
        con.execute(f"""
            DO $$ BEGIN
                BEGIN
                    PERFORM train_model('fares', 'trips', algorithm => 'mad');
                    {score}
                    RAISE EXCEPTION 'on purpose';
                EXCEPTION WHEN raise_exception THEN NULL;
                END;
                PERFORM anomaly_score('fares', t) FROM trips AS t;
            END $$
        """)


def test_a_procedure_sees_the_models_of_each_of_its_transactions(con):
    con.execute(TRAIN)
    con.execute("""
        CREATE TABLE seen (score double precision);
        CREATE PROCEDURE follow() LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO seen SELECT anomaly_score('fares', t) FROM trips AS t WHERE id = 500;
            COMMIT;
            PERFORM train_model('fares', 'trips', algorithm => 'zscore');
            COMMIT;
            INSERT INTO seen SELECT anomaly_score('fares', t) FROM trips AS t WHERE id = 500;
        END $$
    """)
    con.execute("CALL follow()")
    assert value(con, "SELECT count(DISTINCT score) FROM seen") == 2


def test_a_drop_that_is_rolled_back_leaves_the_model(con):
    con.execute(TRAIN)
    con.execute("BEGIN")
    assert value(con, "SELECT drop_model('fares')") == [1]
    with raises("ADSQL_UNKNOWN_MODEL"):
        con.execute(SCORE)
    con.execute("ROLLBACK")
    assert value(con, SCORE) == 501


def test_a_failed_training_stores_nothing(con):
    with raises("ADSQL_EMPTY_SOURCE"):
        con.execute("SELECT train_model('fares', 'SELECT * FROM trips WHERE false')")
    assert rows(con, "SELECT name FROM models()") == []
