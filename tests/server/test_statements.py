"""Which SQL callers may send to DuckDB."""

from __future__ import annotations

import pytest

from adsql_server.databases.statements import Checker, is_name
from adsql_server.problems import Forbidden, InvalidRequest

READS = [
    "SELECT 1",
    "select 1 -- ; drop table t",
    "FROM range(3);",
    "WITH a AS (SELECT 1) SELECT row_number() OVER () FROM a",
    "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 9) FROM a",
    "SELECT count(*), sum(x) FILTER (WHERE y) FROM t GROUP BY ALL ORDER BY 1 LIMIT 3",
    "SELECT [x + 1 FOR x IN l], l[1:2], {'a': 1}, extract(year FROM d), x::DATE, INTERVAL 1 DAY, coalesce(a, b)",
    "SELECT list_transform(l, lambda x: x + 1), trim(BOTH FROM x), current_date, 'a' || 'b', x LIKE 'y', unnest(l)",
    "SELECT lag(x) OVER (ORDER BY y), first_value(x) OVER w FROM t WINDOW w AS (ORDER BY z)",
    "SELECT random(), uuid(), md5(a), printf('%d', 1), strftime(d, '%Y'), date_trunc('day', d), a ->> 'x'",
    "DESCRIBE t", "SUMMARIZE t", "VALUES (1)", "TABLE t", "FROM (FROM t)", "FROM t POSITIONAL JOIN u",
    "PIVOT t ON x IN (1, 2) USING sum(y)", "UNPIVOT t ON a, b", "FROM t TABLESAMPLE 10%", "FROM information_schema.tables",
    "SELECT EXISTS (SELECT 1), (SELECT 2), grouping(a) FROM t GROUP BY ROLLUP (a)",
    "FROM t, LATERAL (SELECT t.a)", "FROM 'data/few.csv'", "FROM read_csv('data/few.csv')",
    "FROM detect_anomalies('t')", "FROM adsql.detect_anomalies('SELECT a FROM t', params => {'n': 1}, columns => ['a'])",
    "FROM explain_anomalies('t', 'm', top_k => 2)", "FROM compare_models(['m'], 'SELECT a, b FROM t', 'b')",
    "FROM threshold_report('m', 't')", "FROM profile_data('t')", "FROM suggest_detectors('t')",
    "FROM contrast_anomalies('t', 'flag', ['a'])", "FROM check_drift('m', 't')", "FROM preview_feedback('m', 't')",
    "FROM detect_series_anomalies('t', 'at', ['a'], series => 's', exclude => 'FROM known')",
    "FROM anomaly_incidents('FROM detect_series_anomalies(''t'', ''at'', ''a'')')", "FROM score_series('m', 't')",
    "FROM backtest_series('t', 'at', 'a', incidents => 'known')", "FROM detect_change_points('t', 'at', 'a')",
    "SELECT suggest_normal('m', t) FROM t",
    "SELECT anomaly_score('m', t), adsql.is_anomaly('m', a, b) FROM t", "FROM model_info('m')", "FROM models()",
]  # fmt: skip
NO_SINGLE_SELECT = [
    "", ";", "no statement", "SELECT 1; SELECT 2", "DROP TABLE t", "INSERT INTO t VALUES (1)", "UPDATE t SET a = 1",
    "CREATE TABLE x AS SELECT 1", "CREATE MACRO f() AS 1", "COPY t TO 'x'", "COPY (SELECT 1) TO 'x'", "ATTACH 'x'",
    "PRAGMA version", "SET threads = 1", "RESET threads", "CALL pragma_version()", "CHECKPOINT", "BEGIN", "COMMIT",
    "PREPARE a AS SELECT 1", "EXECUTE a", "EXPLAIN SELECT 1", "EXPLAIN ANALYZE SELECT drop_model('m')", "VACUUM", "USE x",
    "INSTALL httpfs", "LOAD httpfs", "EXPORT DATABASE 'x'", "IMPORT DATABASE 'x'", "SET VARIABLE x = 1", "DETACH x",
    "CREATE SECRET (TYPE s3)", "MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE", "PIVOT t ON x USING sum(y)",
]  # fmt: skip
MORE_THAN_READING = [
    "WITH a AS (INSERT INTO t VALUES (1) RETURNING *) FROM a",
    "WITH a AS (DELETE FROM t RETURNING *) FROM a",
    *(f"SELECT {call}" for call in (
        "drop_model('m')", "adsql.train_model('m', 't')", "update_model('m', 't')", "import_model('m', x)",
        "export_model('m')", "__adsql_drop(1, 2, 3, 4)", "getenv('HOME')", "current_setting('secret_directory')",
        "nextval('s')", "give_feedback('m', 'x', 'normal')", "apply_feedback('m', 't')", "train_series_model('m', 't', 'a', 'b')", "setseed(0.1)", "write_log('x')", "sleep_ms(9999)", "json_serialize_plan('SELECT 1')",
        "query('SELECT 1')", "a.b.c.drop_model('m')", "'m'.drop_model()", '"drop_model"(\'m\')', "DROP_MODEL('m')",
    )),
    *(f"FROM {relation}" for relation in (
        "train_model('m', 't')", "fit_model('m', 't')", "query('SELECT 1')", "query_table('t')", "read_text('/etc/passwd')",
        "read_blob('x')", "glob('*')", "sniff_csv('x')", "parquet_metadata('x')", "arrow_scan(1, 2, 3)",
        "python_arrow_scan(1, 2, 3)", "pandas_scan(1)", "seq_scan()", "json_execute_serialized_sql('x')",
        "duckdb_settings()", "duckdb_settings", "duckdb_secrets()", "duckdb_logs", "duckdb_databases()", "pg_settings",
        "pg_catalog.pg_settings", "system.main.t", "pragma_database_list", "pragma_table_info('t')", "sqlite_master",
        "test_all_types()", "which_secret('x', 'y')", "truncate_duckdb_logs()", "checkpoint()",
        # A source is SQL again.
        "detect_anomalies('SELECT drop_model(''m'')')", "detect_anomalies('SELECT drop' || '_model(1)')",
        "detect_anomalies(source => (SELECT x FROM t))", "detect_anomalies(query('x'))", "detect_anomalies($1)",
        "detect_anomalies('t', columns => drop_model('m'))", "evaluate_model('m', 'FROM read_text(''x'')', 'l')",
        "explain_anomalies('FROM read_text(''x'')', 'm')", "compare_models(['m'], 'FROM glob(''x'')', 'l')",
        "threshold_report('m', 'SELECT getenv(''x'')')", "profile_data('SELECT drop_model(''m'')')",
        "check_drift('m', 'SELECT drop_model(''m'')')",
        "suggest_detectors(source => 'FROM query(''x'')')", "contrast_anomalies('FROM pg_settings', 'f', ['a'])",
        "detect_series_anomalies('t', 'at', 'a', exclude => 'FROM read_text(''x'')')", "train_series_model('m', 't', 'at', 'a')",
        "detect_series_anomalies('t', 'at', 'a', exclude => (SELECT 'x'))",
        "detect_series_anomalies('t', 'at', 'a', holidays => 'FROM read_text(''x'')')",
        "detect_series_anomalies('t', 'at', 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'FROM read_text(''x'')')",
        "backtest_series('t', 'at', 'a', NULL, NULL, 'FROM glob(''x'')')", "apply_feedback('m', 't')",
        "backtest_series('t', 'at', 'a', incidents => 'SELECT drop_model(''m'')')", "score_series('m', 'FROM glob(''x'')')",
        "anomaly_incidents('FROM detect_series_anomalies(''FROM query(1)'', ''at'', ''a'')')",
        "detect_anomalies('FROM detect_anomalies(''FROM read_text(''''x'''')'')')", "read_csv('x', columns = getenv('y'))",
    )),
    # Wherever an expression may stand.
    *(f"SELECT 1 {rest}" for rest in (
        "WHERE drop_model('m') IS NULL", "ORDER BY drop_model('m')", "LIMIT (SELECT drop_model('m'))",
        "FROM t, LATERAL (SELECT drop_model(t.x))", "FROM t GROUP BY drop_model('m')", "FROM t HAVING drop_model('m')",
        "FROM t QUALIFY drop_model('m')", "FROM (VALUES (drop_model('m')))", "FROM range(drop_model('m'))",
        "FROM t JOIN u ON drop_model('m')", "UNION SELECT drop_model('m')",
    )),
    "SELECT (SELECT (SELECT drop_model('m')))", "SELECT list_transform([1], lambda x: drop_model('m'))",
    "SELECT count(*) FILTER (WHERE drop_model('m')) FROM t", "SELECT CASE WHEN drop_model('m') THEN 1 END",
    "SELECT sum(x) OVER (PARTITION BY drop_model('m')) FROM t",
    "SELECT sum(x) OVER w FROM t WINDOW w AS (ORDER BY drop_model('m'))", "SHOW TABLES", "SHOW DATABASES", "SHOW ALL TABLES",
]  # fmt: skip


@pytest.fixture(scope="module")
def checker():
    made = Checker()
    yield made
    made.close()


@pytest.mark.parametrize("statement", READS)
def test_reading_is_let_through(checker, statement):
    checker.check(statement)
    checker.check_source(statement)


@pytest.mark.parametrize("statement", NO_SINGLE_SELECT)
def test_anything_but_one_select_is_refused(checker, statement):
    with pytest.raises(InvalidRequest):
        checker.check(statement)


@pytest.mark.parametrize("statement", MORE_THAN_READING)
def test_more_than_reading_is_refused(checker, statement):
    with pytest.raises(Forbidden):
        checker.check(statement)
    with pytest.raises(Forbidden):
        checker.check_source(statement)


@pytest.mark.parametrize("name", ["trips", "sales.orders", 'a."odd; name"', '"x""y"', " trips ", "DROP", "ünï"])
def test_names_are_names(name):
    assert is_name(name)


@pytest.mark.parametrize(
    "text", ["", "a b", "a;b", "a--", "a.b.c.d", "f()", "'a'", '"a', "a.", "1a", "(a)", "a\0", "SELECT 1"]
)
def test_other_text_is_no_name(text):
    assert not is_name(text)


def test_depth_does_not_get_around_the_check(checker):
    nested = "drop_model('m')"
    for _ in range(300):
        nested = f"(SELECT {nested})"
    with pytest.raises((Forbidden, InvalidRequest)):
        checker.check(f"SELECT {nested}")


def test_system_tables_are_no_sources(checker):
    for name in ("duckdb_settings", "pg_catalog.pg_settings", '"duckdb_secrets"', "sqlite_master"):
        with pytest.raises(Forbidden):
            checker.check_source(name)
