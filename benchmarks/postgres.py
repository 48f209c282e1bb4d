"""adsql in PostgreSQL beside what a user does today: pull the table, fit and score with PyOD, copy the result back.

Usage: PYTHONPATH=tests python benchmarks/postgres.py [--rows 1M] [--dsn DSN]

Without --dsn it starts the server of the tests. The server must be on this machine: memory and CPU time are those of
its backend. Prints a table (Markdown). Every case has a connection of its own; wall seconds of one run after a run on a
hundredth of the rows.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLUMNS = 8
ROWWISE = 100_000
TICKS = os.sysconf("SC_CLK_TCK")
PATH = "-c search_path=public,adsql"
TABLE = """
CREATE TABLE IF NOT EXISTS {name} AS
SELECT {columns}
FROM (
    SELECT CASE WHEN random() < 0.01 THEN 3 ELSE 1 END AS spread, {normal} AS g
    FROM generate_series(1, {rows})
    OFFSET 0
) AS r
"""
# A sum of twelve uniform numbers is nearly normal, and quicker to make than one that is.
NORMAL = " + ".join(["random()"] * 12) + " - 6"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="1M", help="1M, or a number (default: %(default)s)")
    parser.add_argument("--dsn", help="a superuser's connection to a server with the extension")
    parser.add_argument("--alone", action="store_true", help="without the peer")
    arguments = parser.parse_args()
    rows = int(arguments.rows.replace("k", "000").replace("M", "000000"))
    with server(arguments.dsn) as dsn:
        prepare(dsn, rows)
        cases: dict[str, Callable[[psycopg.Connection, str], Any]] = {
            "`CREATE TABLE AS ... detect_anomalies(NULL::t, algorithm => 'iforest')`": detect_typed,
            "the same with rows as jsonb": detect_json,
            "`train_model`, then `materialize_anomalies`": train_and_materialize,
        }
        if not arguments.alone:
            cases["psycopg, pandas, PyOD's IForest, COPY back"] = today
        taken = {name: measure(dsn, call, rows) for name, call in cases.items()}
        slowest = max(wall for wall, _ in taken.values())
        print(f"\n| {rows:,} x {COLUMNS} | wall s | peak MB of the backend | times as fast as the slowest |")
        print("| --- | ---: | ---: | ---: |")
        for name, (wall, peak) in taken.items():
            print(f"| {name} | {wall:.2f} | {peak:,.0f} | {slowest / wall:.1f} |")
        print(f"\n| a fresh connection, {min(rows, ROWWISE):,} rows | backend CPU |")
        print("| --- | ---: |")
        print(f"| first `anomaly_score('iforest', t)` | {first_call(dsn):.2f} s |")
        for model in ("zscore", "iforest"):
            for form, call in (("row", "t"), ("values", ", ".join(f"f{j}" for j in range(COLUMNS)))):
                per_row = row_by_row(dsn, f"anomaly_score('{model}', {call})", min(rows, ROWWISE))
                print(f"| `{model}`, each further row by {form} | {per_row:.1f} µs |")


@contextmanager
def server(dsn: str | None) -> Iterator[str]:
    """Yield a connection string."""
    if dsn is not None:
        yield dsn
        return
    from postgres_cluster import cluster  # noqa: PLC0415 - of the tests, if nothing else is named

    with cluster() as started:
        with started.connect() as con:
            con.execute("CREATE EXTENSION adsql CASCADE")
        yield started.dsn()


def connect(dsn: str) -> psycopg.Connection:
    return psycopg.connect(dsn, autocommit=True, options=PATH)


def prepare(dsn: str, rows: int) -> None:
    features = ", ".join(f"{10 * j} + spread * (0.8 * g + 0.6 * ({NORMAL})) AS f{j}" for j in range(COLUMNS))
    with connect(dsn) as con:
        for name, count in (("t", rows), ("t_first", max(rows // 100, 1_000)), ("t_rows", min(rows, ROWWISE))):
            con.execute(f"DROP TABLE IF EXISTS {name} CASCADE")
            con.execute(TABLE.format(name=name, columns=features, normal=NORMAL, rows=count))
            con.execute(f"VACUUM ANALYZE {name}")
        for model in ("zscore", "iforest"):
            con.execute("SELECT train_model(%s, 't_rows', algorithm => %s)", [model, model])


def measure(dsn: str, call: Callable[[psycopg.Connection, str], Any], rows: int) -> tuple[float, float]:
    """Return wall seconds, and the most memory in MB that the backend has had."""
    with connect(dsn) as con:
        for table in ("t_first", "t"):
            con.execute("DROP TABLE IF EXISTS scored")
            started = time.perf_counter()
            call(con, table)
            wall = time.perf_counter() - started
        found = con.execute("SELECT count(*), count(anomaly_score) FROM scored").fetchone()
        assert found == (rows, rows), found
        status = Path(f"/proc/{con.info.backend_pid}/status").read_text(encoding="ascii")
        con.execute("DROP TABLE scored")
    return wall, int(status.partition("VmHWM:")[2].split()[0]) / 1024


def detect_typed(con: psycopg.Connection, table: str) -> None:
    con.execute(
        "CREATE TABLE scored AS SELECT (d.row).*, d.anomaly_score, d.severity, d.is_anomaly "
        f"FROM detect_anomalies(NULL::{table}, algorithm => 'iforest') AS d"
    )


def detect_json(con: psycopg.Connection, table: str) -> None:
    con.execute(f"CREATE TABLE scored AS SELECT * FROM detect_anomalies('{table}', algorithm => 'iforest')")


def train_and_materialize(con: psycopg.Connection, table: str) -> None:
    con.execute("SELECT train_model('fresh', %s, algorithm => 'iforest', seed => 1)", [table])
    con.execute("SELECT materialize_anomalies('scored', %s, 'fresh')", [table])
    con.execute("SELECT drop_model('fresh')")


def today(con: psycopg.Connection, table: str) -> None:
    from pyod.models.iforest import IForest  # noqa: PLC0415 - the peer alone needs it

    cursor = con.execute(f"SELECT * FROM {table}")
    assert cursor.description is not None
    frame = pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = IForest(random_state=0).fit(frame.to_numpy())
    frame["anomaly_score"], frame["is_anomaly"] = fitted.decision_scores_, fitted.labels_.astype(bool)
    con.execute(
        f"CREATE TABLE scored AS SELECT *, 0.0::float8 AS anomaly_score, true AS is_anomaly FROM {table} LIMIT 0"
    )
    text = io.StringIO()
    frame.to_csv(text, header=False, index=False)
    with con.cursor().copy("COPY scored FROM STDIN (FORMAT csv)") as copy:
        copy.write(text.getvalue())


def cpu(con: psycopg.Connection) -> float:
    fields = Path(f"/proc/{con.info.backend_pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def first_call(dsn: str) -> float:
    """Return the median CPU seconds of the backend up to its first score."""
    taken = []
    for _ in range(7):
        with connect(dsn) as con:
            con.execute("SELECT anomaly_score('iforest', t) FROM t_rows AS t LIMIT 1").fetchall()
            taken.append(cpu(con))
    return statistics.median(taken)


def row_by_row(dsn: str, call: str, rows: int) -> float:
    """Return the least CPU microseconds a row."""
    with connect(dsn) as con:
        con.execute(f"SELECT {call} FROM t_rows AS t LIMIT 1").fetchall()
        taken = []
        for _ in range(3):
            before = cpu(con)
            con.execute(f"SELECT max({call}) FROM t_rows AS t").fetchall()
            taken.append(cpu(con) - before)
    return 1e6 * min(taken) / rows


if __name__ == "__main__":
    main()
