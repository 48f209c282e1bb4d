"""Cases: adsql's calls, and the bare queries that they are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
from duckdb.func import ARROW

import adsql
from adsql import registry
from measured import clock, tables

if TYPE_CHECKING:
    from collections.abc import Sequence

QUERIES = {
    "row": "SELECT max(anomaly_score('{model}', t)) FROM {table} AS t",
    "table": "SELECT max(anomaly_score) FROM detect_anomalies('{table}', model => '{model}')",
}


def prepare(database: str, shapes: Sequence[tuple[int, int]], detectors: Sequence[str], table: str) -> dict[str, Any]:
    """Create the tables, train those of the detectors that exist, and return their names."""
    existing = [name for name in detectors if name in registry.row_wise_detectors()]
    with adsql.connect(database) as con:
        for rows, columns in shapes:
            tables.create(con, rows, columns)
        for name in existing:
            con.execute("SELECT * FROM train_model($m, $t, algorithm => $m)", {"m": name, "t": table}).fetchall()
    return {"wall": 0.0, "detectors": existing}


def score(database: str, table: str, model: str, form: str, threads: int, repeats: int) -> dict[str, float]:
    """Score a table with a saved model, row by row or as a table."""
    with adsql.connect(database, read_only=True, config={"threads": threads}) as con:
        return _per_row(con, table, QUERIES[form].format(model=model, table=table), repeats)


def scan(database: str, table: str, threads: int, repeats: int) -> dict[str, float]:
    """Read all columns of a table and do next to nothing with them."""
    with duckdb.connect(database, read_only=True, config={"threads": threads}) as con:
        names = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
        return _per_row(con, table, f"SELECT sum({' + '.join(names)}) FROM {table}", repeats)


def idle_udf(database: str, table: str, threads: int, repeats: int) -> dict[str, float]:
    """Hand every row to a UDF that returns it."""
    with duckdb.connect(database, read_only=True, config={"threads": threads}) as con:
        names = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
        row = con.struct_type(dict.fromkeys(names, "DOUBLE"))
        con.create_function("same", same, [row], row, type=ARROW)
        return _per_row(con, table, f"SELECT max(same(t).{names[0]}) FROM {table} AS t", repeats)


def same(rows: Any) -> Any:
    # DuckDB evaluates annotations, which pyarrow's classes do not stand.
    return rows


def detect(database: str, table: str, detector: str) -> dict[str, float]:
    """Train on a table, score it and keep the result, in one statement."""
    with adsql.connect(database) as con:
        con.execute("DROP TABLE IF EXISTS scored").fetchall()
        con.execute(f"SELECT max(COLUMNS(*)) FROM {table}").fetchall()
        loaded = clock.resident()
        con.execute(f"FROM detect_anomalies('FROM {table} LIMIT {clock.CHUNK}', algorithm => '{detector}')").fetchall()
        query = f"CREATE TABLE scored AS FROM detect_anomalies('{table}', algorithm => '{detector}')"
        taken = clock.once(lambda: con.execute(query).fetchall())
        return {**taken, "peak": clock.peak() - loaded}


def _per_row(con: duckdb.DuckDBPyConnection, table: str, query: str, repeats: int) -> dict[str, float]:
    rows = con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
    return clock.per_row(lambda: con.execute(query).fetchall(), rows, repeats)
