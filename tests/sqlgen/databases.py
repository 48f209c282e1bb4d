"""Databases that run generated SQL. Each takes a table as Arrow columns, and returns the two result columns."""

from __future__ import annotations

import sqlite3
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa

from adsql.sqlgen import model_sql

TABLE = "scored rows"  # a name that needs quotes
_NUMBER = "ORDER BY adsql_row"


@cache
def _duckdb():
    """Return an empty database, since each takes longer to start than a statement takes; tables are a cursor's own."""
    return duckdb.connect()


def in_duckdb(model, table):
    with _duckdb().cursor() as con:
        con.register(TABLE, pa.table(numbered(table)))
        return results(con.execute(f"{model_sql(model, 'duckdb', quoted(TABLE))} {_NUMBER}"))


def in_sqlite(model, table):
    con = sqlite3.connect(":memory:")
    try:
        rows = numbered(table)
        con.execute(f"CREATE TABLE {quoted(TABLE)} ({', '.join(map(quoted, rows))})")
        values = zip(*([_plain(value) for value in column.to_pylist()] for column in rows.values()), strict=True)
        con.executemany(f"INSERT INTO {quoted(TABLE)} VALUES ({', '.join('?' * len(rows))})", values)
        scores, verdicts = results(con.execute(f"{model_sql(model, 'sqlite', quoted(TABLE))} {_NUMBER}"))
        return scores, [None if verdict is None else bool(verdict) for verdict in verdicts]
    finally:
        con.close()


def in_postgres(model, table, con):
    rows = numbered(table)
    columns = ", ".join(f"{quoted(name)} {postgres_type(column.type)}" for name, column in rows.items())
    con.execute(f"DROP TABLE IF EXISTS {quoted(TABLE)}")
    con.execute(f"CREATE TEMPORARY TABLE {quoted(TABLE)} ({columns})")
    with con.cursor().copy(f"COPY {quoted(TABLE)} FROM STDIN") as copy:
        for row in zip(*(column.to_pylist() for column in rows.values()), strict=True):
            copy.write_row(row)
    return results(con.execute(f"{model_sql(model, 'postgres', quoted(TABLE))} {_NUMBER}"))


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def numbered(table):
    """Return the columns as types that every engine takes, with the row's number behind them."""
    plain = {name: _usual(column) for name, column in table.items()}
    return {**plain, "adsql_row": pa.array(range(len(next(iter(table.values())))), pa.int64())}


def results(cursor):
    names = [description[0] for description in cursor.description]
    assert names[-2:] == ["anomaly_score", "is_anomaly"]
    rows = cursor.fetchall()
    return [row[-2] for row in rows], [row[-1] for row in rows]


def assert_equal(found, expected, threshold):
    """Assert that SQL's scores are the library's to 1e-9, and verdicts the same unless a score is that near."""
    scores, verdicts = found
    assert [score is not None for score in scores] == expected.present.tolist()
    assert [verdict is not None for verdict in verdicts] == expected.present.tolist()
    ours = np.array([score for score in scores if score is not None], dtype=np.float64)
    theirs = expected.anomaly_score[expected.present]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    decided = abs(theirs - threshold) > 1e-9 * max(1.0, abs(threshold))
    flags = np.array([verdict for verdict in verdicts if verdict is not None], dtype=bool)
    np.testing.assert_array_equal(flags[decided], expected.is_anomaly[expected.present][decided])


def postgres_type(dtype):
    types = pa.types
    if types.is_boolean(dtype):
        return "boolean"
    if types.is_floating(dtype):
        return "double precision"
    if types.is_integer(dtype) or types.is_decimal(dtype):
        return "numeric"
    if types.is_string(dtype):
        return "text"
    if types.is_timestamp(dtype):
        return "timestamptz" if dtype.tz else "timestamp"
    return {pa.date32(): "date", pa.time64("us"): "time"}[dtype]


def _usual(column):
    odd = pa.types.is_float16(column.type) or pa.types.is_decimal256(column.type)
    return column.cast(pa.float64()) if odd else column


def _plain(value):
    """Return a value as SQLite keeps it."""
    if value is None or isinstance(value, str | bool | float):
        return value
    return int(value) if isinstance(value, int) and abs(value) < 2**63 else float(value)
