"""A table that both databases have, and rows like it."""

from __future__ import annotations

import adsql

ROWS = [{"fare": 12.5 + i * 7919 % 100 / 10, "km": 3 + i % 11, "kind": ("day", "night")[i % 2]} for i in range(60)]
ROWS.append({"fare": 950.0, "km": 3, "kind": "day"})
_VALUES = ", ".join(f"({row['fare']}, {row['km']}, '{row['kind']}')" for row in ROWS)
_TABLE = "CREATE TABLE {}trips (fare double precision, km integer, kind text); INSERT INTO {}trips VALUES " + _VALUES


def in_duckdb(path):
    """Make the table in a file."""
    path.parent.mkdir(parents=True)
    with adsql.connect(path) as con:
        con.execute(_TABLE.format("", ""))


def in_postgres(con):
    """Make the table in the schema of the first tenant, as its owner would."""
    con.execute("SET ROLE tenant_default")
    con.execute(_TABLE.format("tenant_default.", "tenant_default."))
    con.execute("RESET ROLE")
