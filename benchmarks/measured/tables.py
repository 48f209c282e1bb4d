"""The tables: correlated normal columns of different scales; one row of a hundred deviates three times as much."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

COMMON = 3  # hidden causes that columns share


def name(rows: int, columns: int) -> str:
    return f"t_{rows}_{columns}"


def create(con: duckdb.DuckDBPyConnection, rows: int, columns: int) -> None:
    """Create a table unless it is there; a shorter one is the beginning of a longer one."""
    # One number into the hash: of two, DuckDB combines the hashes by XOR, and columns would determine each other.
    con.execute(
        "CREATE OR REPLACE TEMP MACRO uniform(i, k) AS ((hash(10000 * i + k) >> 11)::DOUBLE + 0.5) / 9007199254740992.0"
    )
    con.execute(
        "CREATE OR REPLACE TEMP MACRO normal(i, k) AS "
        "sqrt(-2 * ln(uniform(i, 2 * k))) * cos(2 * pi() * uniform(i, 2 * k + 1))"
    )
    causes = ", ".join(f"normal(i, {2000 + c}) AS g{c}" for c in range(COMMON))
    features = ", ".join(
        f"{10.0 * j} + {1.0 + j} * spread * (0.8 * g{j % COMMON} + 0.6 * normal(i, {j})) AS f{j}"
        for j in range(columns)
    )
    con.execute(
        f"CREATE TABLE IF NOT EXISTS {name(rows, columns)} AS SELECT {features} FROM ("
        f"SELECT i, {causes}, CASE WHEN uniform(i, 9000) < 0.01 THEN 3 ELSE 1 END AS spread FROM range({rows}) AS r(i))"
    )
