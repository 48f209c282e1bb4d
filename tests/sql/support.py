"""What the tests of the SQL contract share: a table with one clear anomaly, and how errors are checked."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest

from adsql import registry
from adsql.catalog import Catalog
from adsql.errors import from_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from adsql.model import Model

DETECTORS = list(registry.row_wise_detectors())
RESULTS = ["anomaly_score", "severity", "is_anomaly"]
ANOMALY = 500  # the id of the one strange trip

# A key, numbers with a few NULLs, a category, a time: every kind of column that a model uses or leaves out.
TRIPS = """
CREATE OR REPLACE TABLE trips AS
SELECT
    i::INTEGER AS id,
    CASE WHEN i % 83 = 0 THEN NULL ELSE (hash(i) % 1000) / 50.0 END AS fare,
    (hash(i + 7919) % 500)::INTEGER AS km,
    ['day', 'night', 'day', 'noon'][1 + i % 4] AS kind,
    TIMESTAMP '2024-01-01' + to_minutes(i * 97) AS started
FROM range(500) AS r(i)
UNION ALL
SELECT 500, 900.0, 90000, 'moon', TIMESTAMP '2024-01-09 12:00:00'
"""


@contextmanager
def raises(code: str, *fragments: str) -> Iterator[pytest.ExceptionInfo[duckdb.Error]]:
    """Expect DuckDB to raise an error that carries adsql's code, and names what is wrong."""
    with pytest.raises(duckdb.Error) as caught:
        yield caught
    error = from_message(str(caught.value))
    assert error is not None, f"the message carries no code: {caught.value}"
    assert error.code == code, str(caught.value)
    for fragment in fragments:
        assert fragment in str(error)


def rows(con: duckdb.DuckDBPyConnection, query: str, values: object = None) -> list[tuple]:
    return con.execute(query, values).fetchall()


def value(con: duckdb.DuckDBPyConnection, query: str, values: object = None) -> object:
    [(only,)] = rows(con, query, values)
    return only


def saved_model(con: duckdb.DuckDBPyConnection, name: str, version: int | None = None) -> Model:
    """Load a model as a Python program would: from the table, through the library."""
    return Catalog(lambda query, values: con.execute(query, list(values)).fetchall()).get(name, version)


def columns_of(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, pa.Array]:
    table = con.sql(query).to_arrow_table()
    return {name: table[name].combine_chunks() for name in table.column_names}


def assert_same_bits(found: pa.Array, expected: np.ndarray, present: np.ndarray) -> None:
    """Assert that a column is NULL where rows have no score, and the library's value elsewhere, bit for bit."""
    nulls = found.is_null().to_numpy(zero_copy_only=False)
    np.testing.assert_array_equal(nulls, ~present)
    kept = found.drop_null().to_numpy(zero_copy_only=False)
    assert kept.dtype == expected.dtype
    assert kept.tobytes() == expected[present].tobytes()
