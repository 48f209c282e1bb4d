"""Training is part of the caller's transaction."""

from __future__ import annotations

import psycopg
import pytest

from postgres.support import raises, rows, value

TRAIN = "SELECT (train_model('m', 'trips', algorithm => %s)).version"


def test_a_model_comes_and_goes_with_the_transaction(con):
    with con.transaction(force_rollback=True):
        assert value(con, TRAIN, ["mad"]) == 1
        assert value(con, "SELECT count(anomaly_score('m', t)) FROM trips AS t") == 501
    with raises("ADSQL_UNKNOWN_MODEL"):
        con.execute("SELECT anomaly_score('m', t) FROM trips AS t")
    assert rows(con, "SELECT * FROM models()") == []


def test_others_see_a_model_when_it_is_committed(postgres, database, con):
    with postgres.connect(dbname=database) as other, con.transaction():
        con.execute(TRAIN, ["mad"])
        with raises("ADSQL_UNKNOWN_MODEL"):
            other.execute("SELECT * FROM model_info('m')")
    with postgres.connect(dbname=database) as other:
        assert value(other, "SELECT count(*) > 3 FROM model_info('m')")


def test_a_savepoint_takes_a_version_back(con):
    con.execute(TRAIN, ["mad"])
    with con.transaction():
        with con.transaction(force_rollback=True):
            assert value(con, TRAIN, ["iqr"]) == 2
            assert value(con, "SELECT value FROM model_info('m') WHERE name = 'algorithm'") == "iqr"
        assert value(con, "SELECT value FROM model_info('m') WHERE name = 'algorithm'") == "mad"
        assert value(con, TRAIN, ["zscore"]) == 2


def test_a_block_that_fails_takes_back_what_it_trained(con):
    con.execute(TRAIN, ["mad"])
    con.execute("""
    DO $$
    BEGIN
        PERFORM anomaly_score('m', t) FROM trips AS t;
        PERFORM train_model('m', 'trips', algorithm => 'iqr');
        RAISE EXCEPTION 'enough';
    EXCEPTION WHEN raise_exception THEN
        NULL;
    END $$
    """)
    assert rows(con, "SELECT version, algorithm FROM models()") == [(1, "mad")]
    assert value(con, "SELECT count(anomaly_score('m', t)) FROM trips AS t") == 501


def test_a_version_trained_in_a_block_is_used_in_it(con):
    con.execute(TRAIN, ["mad"])
    con.execute("""
    DO $$
    DECLARE first float8; second float8;
    BEGIN
        SELECT max(anomaly_score('m', t)) INTO first FROM trips AS t;
        PERFORM train_model('m', 'trips', algorithm => 'hbos');
        SELECT max(anomaly_score('m', t)) INTO second FROM trips AS t;
        ASSERT first <> second;
    END $$
    """)


def test_a_dropped_model_is_back_after_rollback(con):
    con.execute(TRAIN, ["mad"])
    with con.transaction(force_rollback=True):
        assert value(con, "SELECT drop_model('m')") == [1]
        with raises("ADSQL_UNKNOWN_MODEL"), con.transaction():
            con.execute("SELECT anomaly_score('m', t) FROM trips AS t")
    assert value(con, "SELECT count(anomaly_score('m', t)) FROM trips AS t") == 501


def test_a_failed_training_leaves_the_transaction_to_the_caller(con):
    with con.transaction():
        con.execute("CREATE TABLE kept (x int)")
        with raises("ADSQL_EMPTY_SOURCE"), con.transaction():
            con.execute("SELECT train_model('m', 'kept')")
    assert value(con, "SELECT count(*) FROM kept") == 0


def test_a_read_only_transaction_detects_and_does_not_train(con):
    con.execute("SELECT train_model('m', 'trips')")
    con.execute("SET default_transaction_read_only = on")
    assert value(con, "SELECT count(*) FROM detect_anomalies('trips') WHERE is_anomaly") == 1
    assert value(con, "SELECT count(*) FROM detect_anomalies('trips', model => 'm') WHERE is_anomaly") == 1
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        con.execute("SELECT train_model('n', 'trips')")


def test_a_snapshot_has_the_models_of_its_time(postgres, database, con):
    con.execute(TRAIN, ["mad"])
    with postgres.connect(dbname=database) as other, other.transaction():
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert value(other, "SELECT value FROM model_info('m') WHERE name = 'algorithm'") == "mad"
        con.execute(TRAIN, ["iqr"])
        assert value(other, "SELECT value FROM model_info('m') WHERE name = 'algorithm'") == "mad"
    with postgres.connect(dbname=database) as other:
        assert value(other, "SELECT value FROM model_info('m') WHERE name = 'algorithm'") == "iqr"


def test_training_and_scoring_see_one_state_of_the_source(postgres, database, con):
    with postgres.connect(dbname=database) as other, other.transaction():
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert value(other, "SELECT count(*) FROM trips") == 501
        con.execute("INSERT INTO trips SELECT * FROM trips")
        assert value(other, "SELECT count(*) FROM detect_anomalies('trips')") == 501
        assert value(other, "SELECT (train_model('m', 'trips')).n_rows") == 501


def test_a_procedure_sees_the_models_of_each_of_its_transactions(con):
    con.execute("SELECT train_model('fares', 'trips', algorithm => 'mad')")
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


@pytest.mark.parametrize("scored_before", [True, False])
def test_a_block_that_fails_takes_its_only_model_with_it(con, scored_before):
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
