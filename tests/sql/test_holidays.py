"""Holidays of series from any source that DuckDB reads, for times of any kind."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

import adsql
from sql.support import raises, rows

RANGES = [(dt.datetime(2024, 1, day, 9), dt.datetime(2024, 1, day, 14, 30)) for day in (3, 4, 7, 9)]  # noqa: DTZ001 - without zone
CALL = "FROM detect_series_anomalies('sales', 'ts', 'v'"


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    """Sales by the hour, and when the shop was closed: a table, files and a DataFrame."""
    folder = tmp_path_factory.mktemp("holidays")
    with adsql.connect() as con:
        con.execute("""
            CREATE TABLE sales AS
            SELECT TIMESTAMP '2024-01-01' + to_hours(i) AS ts, i AS hour, i % 24 + hash(i) % 5 AS v FROM range(300) r(i)
        """)
        closed = pa.table({"started_at": [first for first, _ in RANGES], "ended_at": [last for _, last in RANGES]})
        con.register("frame", closed)
        con.execute("CREATE TABLE closed AS FROM frame")
        hours = "SELECT date_diff('hour', TIMESTAMP '2024-01-01', COLUMNS(*)) FROM closed"
        for name, query in (("closed", "FROM closed"), ("hours", hours), ("sales", "FROM sales")):
            con.execute(f"COPY ({query}) TO '{folder / name}.csv'")
        con.execute(f"COPY closed TO '{folder}/closed.parquet'")
        con.execute(f"SET file_search_path = '{folder}'")
        yield con


@pytest.fixture(scope="module")
def told(con):
    """What is told with the holidays of the table."""
    found = rows(con, f"{CALL}, holidays => 'closed') ORDER BY ts")
    assert found != rows(con, f"{CALL}) ORDER BY ts")
    return found


@pytest.mark.parametrize("source", [
    "closed.csv", "closed.parquet", "frame", "FROM closed UNION ALL FROM closed", "SELECT DISTINCT * FROM closed",
    "FROM closed ORDER BY 1 -- as they come", "WITH own AS (FROM closed) FROM own",
])  # fmt: skip
def test_holidays_with_times_come_from_any_source(con, told, source):
    assert rows(con, f"{CALL}, holidays => '{source}') ORDER BY ts") == told


def test_training_and_backtests_take_holidays_of_files(con):
    found = set()
    for source in ("closed", "closed.csv"):
        told = rows(con, f"FROM backtest_series('sales', 'ts', 'v', holidays => '{source}') ORDER BY period")
        rows(con, f"FROM train_series_model('{source}', 'sales', 'ts', 'v', holidays => '{source}')")
        [(content,)] = rows(con, f"SELECT content_hash FROM adsql.models WHERE name = '{source}'")
        found.add((tuple(told), content))
    assert len(found) == 1


def test_whole_numbers_take_holidays_of_files(con, told):
    for source in ("sales", "sales.csv"):
        found = rows(con, f"FROM detect_series_anomalies('{source}', 'hour', 'v', holidays => 'hours.csv') ORDER BY ts")
        assert [row[2:] for row in found] == [row[2:] for row in told]
        with raises("ADSQL_INVALID_OPTION", "whole numbers"):
            rows(
                con, f"FROM detect_series_anomalies('{source}', 'hour', 'v', holidays => 'SELECT current_date AS date')"
            )


def test_what_files_lack_is_told(con):
    with raises("ADSQL_UNKNOWN_COLUMN", "holidays: column 'date'"):
        rows(con, f"{CALL}, holidays => 'sales.csv')")
    for option in ("exclude", "holidays"):
        with raises("ADSQL_UNKNOWN_COLUMN", f"{option}: column 'ended_at'"):
            rows(con, f"{CALL}, {option} => 'SELECT started_at FROM ''closed.csv''')")


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMPTZ"])
def test_a_day_ends_before_the_next_whatever_the_unit_of_times(con, kind):
    def expected_at_midnight(options):
        source = f"SELECT ts::{kind} AS ts, v + 50 * (ts::DATE IN (FROM days))::INTEGER AS v FROM sales"
        [(expected,)] = rows(con, f"""
            SELECT expected_value FROM detect_series_anomalies('{source}', 'ts', 'v', algorithm => 'decomposition'{options})
            WHERE ts::TIMESTAMP = TIMESTAMP '2024-01-10 00:00'
        """)  # fmt: skip
        return expected

    con.execute("CREATE OR REPLACE TABLE days AS SELECT DISTINCT started_at::DATE AS date FROM closed")
    ranges = "SELECT date::TIMESTAMP AS started_at, date + INTERVAL 1 DAY - INTERVAL 1 HOUR AS ended_at FROM days"
    told = expected_at_midnight(f", holidays => '{ranges}'")
    assert expected_at_midnight(", holidays => 'days'") == told
    assert expected_at_midnight(f", holidays => '{ranges.replace('HOUR', 'MICROSECOND')}'") == told


@pytest.mark.parametrize(("time", "source", "fragment"), [
    ("ts", "SELECT 5 AS date", "'date' is of type INTEGER"),
    ("ts", "SELECT ''Christmas'' AS date", "'date' is of type VARCHAR"),
    ("ts", "SELECT [DATE ''2024-01-05''] AS date", "'date' is of type LIST"),
    ("ts", "FROM ''hours.csv''", "'started_at' is of type BIGINT"),
    ("hour", "closed.csv", "'started_at' is of type TIMESTAMP"),
    ("hour", "SELECT 5 AS started_at, ''six'' AS ended_at", "'ended_at' is of type VARCHAR"),
])  # fmt: skip
def test_columns_that_are_no_times_are_told(con, time, source, fragment):
    with raises("ADSQL_UNUSABLE_COLUMN", f"holidays: column {fragment}"):
        rows(con, f"FROM detect_series_anomalies('sales', '{time}', 'v', holidays => '{source}')")


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMP_NS", "DATE"])
@pytest.mark.parametrize("day", ["5000000-01-01", "294247-01-10", "infinity", "-infinity"])
def test_days_beyond_all_times_are_none(con, kind, day):
    call = f"FROM detect_series_anomalies('SELECT ts::{kind} AS ts, v FROM sales LIMIT 50', 'ts', 'v'"
    for source in (
        f"SELECT ''{day}''::DATE AS date",
        f"SELECT DATE ''2024-01-02'' AS started_at, ''{day}''::DATE AS ended_at",
    ):
        assert len(rows(con, f"{call}, holidays => '{source}')")) == 50


@pytest.mark.parametrize(("keys", "own"), [("['line', 'place']", "{''place'': ''x'', ''line'': 1}"), ("'line'", "1")])
def test_verdicts_and_models_take_the_holidays_of_one_series(con, keys, own):
    con.execute("""
        CREATE OR REPLACE TABLE lines AS SELECT line::DOUBLE AS line, 'x' AS place, * FROM sales, range(1, 3) r(line);
        CREATE OR REPLACE TABLE later AS SELECT started_at + to_days(4) AS started_at, ended_at + to_days(4) AS ended_at FROM closed
    """)
    judged, kept = [], []
    for series in ("NULL", own):
        days = f"SELECT *, {series} AS series FROM (FROM closed UNION ALL FROM later)"
        call = f"'lines', 'ts', 'v', series => {keys}, holidays => '{days}'"
        found = rows(con, f"FROM detect_series_anomalies({call}, algorithm => 'decomposition') ORDER BY series, ts")
        judged.append([row[1:] for row in found])
        rows(con, f"FROM train_series_model('lines', {call})")
        kept.append([value for (value,) in rows(con, "SELECT value FROM model_info('lines') WHERE name = 'holidays'")])
    assert judged[0][:300] == judged[0][300:] == judged[1][:300] != judged[1][300:]
    assert kept[0][0] == kept[0][1] == kept[1][0] != kept[1][1]
