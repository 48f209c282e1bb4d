"""Alerts on write: what becomes an event, and that nothing that goes wrong blocks an insert."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from postgres.support import raises, rows, value

# Rows as in `trips`, and one that is far from all of them.
USUAL = "SELECT i, (i::bigint * 7919 % 1000) / 50.0, i::bigint * 104729 % 500, 'day', TIMESTAMP '2024-01-02' FROM generate_series(1, {}) AS i"
STRANGE = "INSERT INTO trips VALUES (9999, 900.0, 90000, 'moon', '2024-01-09 12:00:00')"


@pytest.fixture
def watched(con):
    """The number of an alert on `trips`."""
    con.execute("SELECT train_model('fares', 'trips')")
    return value(con, "SELECT alert_on_insert('trips', 'fares')")


def events(con):
    return rows(con, "SELECT row ->> 'id', error FROM anomaly_events ORDER BY id")


def the_error(con):
    """Return the error of the one event there is, which is about no row."""
    [(row, score, error)] = rows(con, "SELECT row, anomaly_score, error FROM anomaly_events")
    assert (row, score) == (None, None)
    return error


def test_an_anomaly_becomes_an_event_with_its_row(con, watched):
    con.execute(STRANGE)
    [event] = rows(
        con, "SELECT alert, owner, table_name, model, model_version, row, error, left_out FROM anomaly_events"
    )
    row = {"id": 9999, "fare": 900.0, "km": 90000, "kind": "moon", "started": "2024-01-09T12:00:00"}
    assert event == (watched, "adsql", "public.trips", "fares", 1, row, None, None)
    same = "SELECT (e.anomaly_score, e.severity) = (anomaly_score('fares', t), severity('fares', t))"
    assert value(con, f"{same} FROM anomaly_events AS e, trips AS t WHERE t.id = 9999") is True


def test_usual_rows_and_no_rows_leave_no_event(con, watched):
    con.execute(f"INSERT INTO trips {USUAL.format(3)}")
    con.execute("INSERT INTO trips SELECT * FROM trips WHERE false")
    assert events(con) == []


def test_every_anomaly_of_a_bulk_insert_is_found_among_its_chunks(con, watched):
    con.execute("""
    INSERT INTO trips
    SELECT i, CASE i % 20000 WHEN 7 THEN 1e6 + i ELSE 10 END, 100, 'day', '2024-01-02'
    FROM generate_series(1, 200000) AS i
    """)
    found = "SELECT (row ->> 'id')::int, (row ->> 'fare')::float8 FROM anomaly_events ORDER BY 1"
    assert rows(con, found) == [(i, 1e6 + i) for i in range(7, 200_000, 20_000)]


def test_chunks_of_a_bulk_insert_are_gathered_one_after_the_other(con, watched):
    plans = []
    con.add_notice_handler(lambda notice: plans.append(notice.message_primary))
    con.execute("LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_level = notice")
    con.execute("SET auto_explain.log_nested_statements = on; SET work_mem = '1GB'")
    con.execute(f"INSERT INTO trips {USUAL.format(100_000)}")
    plan = next(plan for plan in plans if "WITH found AS" in plan)
    assert "GroupAggregate" in plan
    assert "HashAggregate" not in plan


def test_copy_is_scored_like_an_insert(con, watched):
    with con.cursor() as cursor, cursor.copy("COPY trips FROM STDIN") as copy:
        copy.write_row((1000, 10.0, 100, "day", "2024-01-02"))
        copy.write_row((1001, 900.0, 90000, "moon", "2024-01-09 12:00:00"))
    assert events(con) == [("1001", None)]


def test_of_many_anomalies_the_strangest_are_kept_and_the_others_counted(con):
    con.execute("SELECT train_model('fares', 'trips', algorithm => 'zscore', columns => ARRAY['fare'])")
    con.execute("SELECT alert_on_insert('trips', 'fares')")
    con.execute(
        "INSERT INTO trips (id, fare) SELECT i, 1000 + i::bigint * 7919 % 40009 FROM generate_series(1, 40000) AS i"
    )
    kept = (
        "SELECT count(*), count(row), min((row ->> 'fare')::float8), max(left_out), count(left_out) FROM anomaly_events"
    )
    limit = value(con, "SELECT fare FROM trips ORDER BY fare DESC NULLS LAST OFFSET 999 LIMIT 1")
    assert rows(con, kept) == [(1001, 1000, limit, 39_000, 1)]


def test_a_notification_tells_of_a_statement(con, postgres, database, watched):
    with postgres.connect(dbname=database) as listener:
        listener.execute("LISTEN adsql_anomalies")
        con.execute(f"INSERT INTO trips {USUAL.format(3)}")
        con.execute(f"{STRANGE}, (9998, 950.0, 95000, 'moon', '2024-01-09 12:00:00')")
        told = [json.loads(notification.payload) for notification in listener.notifies(timeout=10, stop_after=1)]
        highest = value(con, "SELECT max(anomaly_score) FROM anomaly_events")
    assert told == [
        {"alert": watched, "table": "public.trips", "model": "fares", "anomalies": 2, "highest_score": highest}
    ]


def test_a_rollback_takes_events_and_notifications_with_it(con, postgres, database, watched):
    with postgres.connect(dbname=database) as listener:
        listener.execute("LISTEN adsql_anomalies")
        con.execute("BEGIN")
        con.execute(STRANGE)
        assert len(events(con)) == 1
        con.execute("ROLLBACK")
        con.execute("NOTIFY adsql_anomalies, 'the next one'")
        told = [notification.payload for notification in listener.notifies(timeout=10, stop_after=1)]
    assert told == ["the next one"]
    assert events(con) == []


def test_a_threshold_of_the_alerts_own_replaces_the_models(con):
    con.execute("SELECT train_model('fares', 'trips', algorithm => 'zscore', columns => ARRAY['fare'])")
    con.execute("SELECT alert_on_insert('trips', 'fares', threshold => 1e300)")
    con.execute(STRANGE)
    assert events(con) == []
    con.execute("SELECT drop_alert(id) FROM alerts()")
    con.execute("SELECT alert_on_insert('trips', 'fares', threshold => -1e300)")
    con.execute(f"INSERT INTO trips {USUAL.format(3)}")
    assert len(events(con)) == 3


def test_rows_without_a_score_are_no_anomalies(con):
    con.execute("SELECT train_model('by_kind', 'trips', algorithm => 'mad', segment_by => ARRAY['kind'])")
    con.execute("SELECT alert_on_insert('trips', 'by_kind', threshold => -1e300)")
    con.execute(
        "INSERT INTO trips VALUES (1000, 5, 5, 'a kind of its own', '2024-01-02'), (1001, 5, 5, 'day', '2024-01-02')"
    )
    assert events(con) == [("1001", None)]


def test_the_newest_version_scores(con, watched):
    con.execute("SELECT train_model('fares', 'trips', seed => 7)")
    con.execute(STRANGE)
    assert rows(con, "SELECT model_version FROM anomaly_events") == [(2,)]


def test_rows_that_meet_a_conflict_are_not_inserted_and_not_scored(con, watched):
    con.execute("CREATE UNIQUE INDEX ON trips (id)")
    con.execute(STRANGE)
    con.execute(f"{STRANGE} ON CONFLICT (id) DO UPDATE SET fare = 1000")
    con.execute(f"{STRANGE} ON CONFLICT DO NOTHING")
    assert events(con) == [("9999", None)]


def test_two_alerts_on_one_table_write_events_of_their_own(con, watched):
    con.execute("SELECT train_model('other', 'trips', algorithm => 'mad')")
    second = value(con, "SELECT alert_on_insert('trips', 'other')")
    con.execute(STRANGE)
    assert rows(con, "SELECT alert, model FROM anomaly_events ORDER BY alert") == [
        (watched, "fares"),
        (second, "other"),
    ]


def test_alerts_are_listed_and_dropped(con, watched):
    [listed] = rows(con, "SELECT id, table_name, model, model_owner, threshold, is_active, owner FROM alerts()")
    assert listed == (watched, "public.trips", "fares", "adsql", None, True, "adsql")
    con.execute("ALTER TABLE trips RENAME TO journeys")
    assert rows(con, "SELECT table_name, is_active FROM alerts()") == [("public.journeys", True)]
    con.execute(f"SELECT drop_alert({watched})")
    assert rows(con, "SELECT FROM alerts()") == []
    assert rows(con, "SELECT FROM pg_trigger WHERE tgrelid = 'journeys'::regclass") == []
    con.execute(STRANGE.replace("trips", "journeys"))
    assert events(con) == []


def test_a_renamed_table_and_a_renamed_schema_stay_watched(con, watched):
    con.execute("CREATE SCHEMA moved; ALTER TABLE trips SET SCHEMA moved; ALTER TABLE moved.trips RENAME TO t")
    con.execute(STRANGE.replace("trips", "moved.t"))
    assert rows(con, "SELECT table_name, row ->> 'id' FROM anomaly_events") == [("moved.t", "9999")]


def test_a_table_that_took_anothers_name_is_watched_and_the_other_not_twice(con, watched):
    con.execute("ALTER TABLE trips RENAME TO journeys; CREATE TABLE trips (LIKE journeys)")
    with raises("ADSQL_INVALID_OPTION", f"alert {watched} already watches public.journeys"):
        con.execute("SELECT alert_on_insert('journeys', 'fares')")
    second = value(con, "SELECT alert_on_insert('trips', 'fares')")
    con.execute(STRANGE)
    con.execute(STRANGE.replace("trips", "journeys"))
    found = rows(con, "SELECT alert, table_name FROM anomaly_events ORDER BY id")
    assert found == [(second, "public.trips"), (watched, "public.journeys")]


def test_two_sessions_do_not_install_the_same_alert(con, postgres, database):
    con.execute("SELECT train_model('fares', 'trips')")
    with postgres.connect(dbname=database) as other, ThreadPoolExecutor() as pool:
        con.execute("BEGIN; SELECT alert_on_insert('trips', 'fares')")
        second = pool.submit(other.execute, "SELECT alert_on_insert('trips', 'fares')")
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s"
        while not value(con, waits, [other.info.backend_pid]):
            assert not second.done()
        con.execute("COMMIT")
        with raises("ADSQL_INVALID_OPTION", "already watches public.trips"):
            second.result()


def test_a_table_that_was_dropped_and_made_again_can_be_watched_again(con, watched):
    con.execute("CREATE TABLE copied AS TABLE trips; DROP TABLE trips; ALTER TABLE copied RENAME TO trips")
    assert rows(con, "SELECT is_active FROM alerts()") == [(False,)]
    con.execute("SELECT alert_on_insert('trips', 'fares')")
    con.execute(STRANGE)
    assert rows(con, "SELECT is_active FROM alerts()") == [(True,)]
    assert events(con) == [("9999", None)]


def test_alerts_survive_a_dump(con, postgres, database, watched):
    con.execute(STRANGE)
    dump = postgres.run("pg_dump", dbname=database)
    with postgres.connect() as admin:
        admin.execute(f"CREATE DATABASE {database}_restored TEMPLATE template0")
    try:
        postgres.run("psql", "-q", "-v", "ON_ERROR_STOP=1", dbname=f"{database}_restored", stdin=dump)
        with postgres.connect(dbname=f"{database}_restored") as restored:
            restored.execute(STRANGE)
            assert events(restored) == [("9999", None), ("9999", None)]
            restored.execute("SELECT train_model('other', 'trips', algorithm => 'mad')")
            assert value(restored, "SELECT alert_on_insert('trips', 'other')") == watched + 1
    finally:
        with postgres.connect() as admin:
            admin.execute(f"DROP DATABASE {database}_restored WITH (FORCE)")


# What goes wrong while rows are inserted.


def test_a_dropped_model_blocks_no_insert_and_is_told(con, watched):
    con.execute("SELECT drop_model('fares')")
    con.execute(STRANGE)
    assert value(con, "SELECT count(*) FROM trips WHERE id = 9999") == 1
    assert the_error(con).startswith("[ADSQL_UNKNOWN_MODEL] model 'fares' was dropped")


def test_a_damaged_model_blocks_no_insert_and_is_told(con, postgres, database, watched):
    con.execute("UPDATE models SET state = set_byte(state, 1000, 255 - get_byte(state, 1000))")
    with postgres.connect(dbname=database) as other:  # without the model in memory
        other.execute(STRANGE)
    assert the_error(con).startswith("[ADSQL_CORRUPT_MODEL]")


def test_a_dropped_column_blocks_no_insert_and_is_told(con, watched):
    con.execute("ALTER TABLE trips DROP COLUMN km")
    con.execute("INSERT INTO trips VALUES (9999, 900.0, 'moon', '2024-01-09 12:00:00')")
    assert the_error(con).startswith("[ADSQL_MISSING_COLUMN] the row has no column 'km'")


def test_a_column_of_another_type_blocks_no_insert_and_is_told(con, watched):
    con.execute("ALTER TABLE trips ALTER COLUMN km TYPE text")
    con.execute(STRANGE)
    assert the_error(con).startswith("[ADSQL_COLUMN_TYPE_CHANGED] column 'km'")


@pytest.mark.own_database
def test_a_server_without_the_package_blocks_no_insert_and_is_told(con, watched):
    con.execute("DO LANGUAGE plpython3u $$ import sys; sys.modules['adsql_udfs.postgres.calls'] = None $$")
    con.execute(STRANGE)
    assert the_error(con).startswith("[ADSQL_DATABASE] the inserted rows were not scored: ModuleNotFoundError")


@pytest.mark.own_database
def test_a_log_that_takes_no_events_blocks_no_insert_and_warns(con, watched):
    con.execute("ALTER TABLE anomaly_events ADD CHECK (false)")
    warned = []
    con.add_notice_handler(lambda notice: warned.append((notice.severity, notice.message_primary)))
    con.execute(STRANGE)
    assert value(con, "SELECT count(*) FROM trips WHERE id = 9999") == 1
    [(severity, message)] = warned
    assert severity == "WARNING"
    assert message.startswith(f"alert {watched} on public.trips failed, and its failure could not be logged")


def test_a_timeout_is_the_inserting_statements_own(con, watched):
    con.execute("SET statement_timeout = 300")
    with pytest.raises(psycopg.errors.QueryCanceled):
        con.execute(f"INSERT INTO trips {USUAL.format(400_000)}")
    con.execute("RESET statement_timeout")
    assert events(con) == []
    assert value(con, "SELECT count(*) FROM trips") == 501


# Tables of all kinds.


def test_columns_of_types_of_ones_own_are_scored_and_shown_as_text(con):
    con.execute("""
    CREATE TYPE mood AS ENUM ('calm', 'cross');
    CREATE DOMAIN amount AS numeric(10, 2) CHECK (VALUE > 0);
    CREATE DOMAIN temper AS mood;
    CREATE TYPE place AS (x integer, y integer);
    CREATE TABLE told (
        "we""ird; -- name" amount, "kept" temper, "numbered" mood, spot place, tags text[], "row" jsonb, adsql_number int,
        "found" double precision, "%s $1 {}" bytea
    );
    INSERT INTO told
    SELECT 10 + i % 7, 'calm'::mood, 'calm', ROW(i, i)::place, ARRAY['a'], '{"a": 1}'::jsonb, i, i % 5, '\\x00'::bytea
    FROM generate_series(1, 400) AS i;
    """)
    con.execute("""SELECT train_model('m', 'SELECT "we""ird; -- name", "kept", "numbered", "found" FROM told')""")
    con.execute("SELECT alert_on_insert('told', 'm', threshold => -1e300)")
    con.execute(
        """INSERT INTO told VALUES (99.5, 'cross', NULL, (3, NULL), '{a,"b c"}', '{"a": 1}', 1, 'NaN', '\\xff')"""
    )
    assert rows(con, "SELECT row, error FROM anomaly_events") == [
        (
            {
                'we"ird; -- name': 99.5, "kept": "cross", "numbered": None, "spot": "(3,)", "tags": '{a,"b c"}',
                "row": '{"a": 1}', "adsql_number": 1, "found": "NaN", "%s $1 {}": "\\xff",
            },
            None,
        )
    ]  # fmt: skip


def test_an_enumeration_scores_as_it_does_in_a_query(con):
    con.execute("""
    CREATE TYPE mood AS ENUM ('calm', 'cross');
    CREATE TABLE moods (m mood, x integer);
    INSERT INTO moods SELECT 'calm', i % 9 FROM generate_series(1, 400) AS i;
    INSERT INTO moods VALUES ('cross', 3);
    """)
    con.execute("SELECT train_model('m', 'moods')")
    con.execute("SELECT alert_on_insert('moods', 'm', threshold => -1e300)")
    con.execute("INSERT INTO moods VALUES ('calm', 100), ('cross', 100)")
    scores = "SELECT row ->> 'm', anomaly_score FROM anomaly_events ORDER BY 1"
    expected = "SELECT m::text, anomaly_score('m', t) FROM moods AS t WHERE x = 100 ORDER BY 1"
    assert rows(con, scores) == rows(con, expected)
    assert len({score for _, score in rows(con, scores)}) == 2


def test_a_long_value_is_cut_in_the_event(con, watched):
    con.execute(STRANGE.replace("'moon'", "repeat('m', 100000)"))
    assert value(con, "SELECT length(row ->> 'kind') FROM anomaly_events") == 10_000


def test_a_partitioned_table_is_watched_as_a_whole(con, watched):
    con.execute("""
    CREATE TABLE split (LIKE trips) PARTITION BY RANGE (id);
    CREATE TABLE low PARTITION OF split FOR VALUES FROM (0) TO (5000);
    CREATE TABLE high (started timestamp, kind text, km integer, fare double precision, id integer);
    ALTER TABLE split ATTACH PARTITION high FOR VALUES FROM (5000) TO (10000);
    """)
    con.execute("SELECT alert_on_insert('split', 'fares')")
    con.execute(STRANGE.replace("trips", "split") + ", (4999, 900.0, 90000, 'moon', '2024-01-09 12:00:00')")
    assert sorted(events(con)) == [("4999", None), ("9999", None)]


# What alert_on_insert refuses.


def test_a_table_with_a_foreign_partition_is_refused_as_its_inserts_would_fail(con):
    con.execute("""
    SELECT train_model('fares', 'trips', algorithm => 'mad');
    CREATE EXTENSION file_fdw;
    CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
    CREATE TABLE split (LIKE trips) PARTITION BY RANGE (id);
    CREATE TABLE upper PARTITION OF split FOR VALUES FROM (0) TO (10000) PARTITION BY RANGE (id);
    CREATE FOREIGN TABLE far PARTITION OF upper FOR VALUES FROM (0) TO (100) SERVER files OPTIONS (filename 'x');
    """)
    for table in ("split", "upper"):
        with raises("ADSQL_INVALID_SOURCE", f"public.{table} has a foreign table among its partitions"):
            con.execute("SELECT alert_on_insert(%s, 'fares')", [table])
    con.execute("DROP FOREIGN TABLE far")
    con.execute("SELECT alert_on_insert('split', 'fares')")


def test_the_same_alert_is_not_installed_twice(con, watched):
    with raises("ADSQL_INVALID_OPTION", f"alert {watched} already watches public.trips with model 'fares'"):
        con.execute("SELECT alert_on_insert('trips', 'fares', 5)")
    con.execute(STRANGE)
    assert events(con) == [("9999", None)]


@pytest.mark.parametrize(
    ("call", "code", "fragment"),
    [
        ("'trip', 'fares'", "ADSQL_UNKNOWN_SOURCE", "trips"),
        ("'TABLE trips', 'fares'", "ADSQL_UNKNOWN_SOURCE", "'TABLE trips' does not exist"),
        ("'seen', 'fares'", "ADSQL_INVALID_SOURCE", "public.seen is a view"),
        ("'snapshot', 'fares'", "ADSQL_INVALID_SOURCE", "public.snapshot is a materialized view"),
        ("'passing', 'fares'", "ADSQL_INVALID_SOURCE", "is temporary"),
        ("'adsql.anomaly_events', 'fares'", "ADSQL_INVALID_SOURCE", "is adsql's own"),
        ("'seen_id_seq', 'fares'", "ADSQL_INVALID_SOURCE", "neither a table nor a view"),
        ("'  ', 'fares'", "ADSQL_INVALID_SOURCE", "'  '"),
        ("NULL, 'fares'", "ADSQL_INVALID_SOURCE", "None"),
        ("'trips', 'fare'", "ADSQL_UNKNOWN_MODEL", "fares"),
        ("'trips', NULL", "ADSQL_UNKNOWN_MODEL", "NULL"),
        ("'narrow', 'fares'", "ADSQL_MISSING_COLUMN", "'fare'"),
        ("'other', 'fares'", "ADSQL_COLUMN_TYPE_CHANGED", "'fare'"),
        ("'trips', 'fares', 'NaN'", "ADSQL_INVALID_OPTION", "threshold = nan"),
        ("'trips', 'fares', 'Infinity'", "ADSQL_INVALID_OPTION", "threshold = inf"),
    ],
)
def test_what_cannot_be_watched_is_refused_at_once(con, call, code, fragment):
    con.execute("""
    SELECT train_model('fares', 'trips', algorithm => 'mad');
    CREATE VIEW seen AS TABLE trips;
    CREATE MATERIALIZED VIEW snapshot AS TABLE trips;
    CREATE TEMPORARY TABLE passing AS TABLE trips;
    CREATE SEQUENCE seen_id_seq;
    CREATE TABLE narrow AS SELECT id, km, kind, started FROM trips;
    CREATE TABLE other AS SELECT id, fare::text AS fare, km, kind, started FROM trips;
    """)
    with raises(code, fragment):
        con.execute(f"SELECT alert_on_insert({call})")
    assert rows(con, "SELECT FROM alerts()") == []


@pytest.mark.parametrize("given", ["7", "NULL"])
def test_an_unknown_alert_cannot_be_dropped(con, watched, given):
    with raises("ADSQL_INVALID_OPTION", "does not exist", f"Allowed: {watched}"):
        con.execute(f"SELECT drop_alert({given})")
