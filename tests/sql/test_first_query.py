"""What a process waits for at its first query."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

import adsql

ROWS = """
    CREATE TABLE trips AS
    SELECT 5 + i % 17 + 0.5 * (i % 3) AS fare, CASE WHEN i % 10 > 0 THEN i % 7 END AS riders, i % 2 = 0 AS paid,
           ['card', 'cash', 'app'][1 + i % 3] AS payment, TIMESTAMP '2024-01-01' + to_minutes(i * 37) AS at
    FROM range(400) AS rows(i)
"""
QUERIES = {
    "rows": "SELECT count(anomaly_score('m', t)) FROM trips AS t",
    "table": "SELECT count(anomaly_score) FROM detect_anomalies('trips', model => 'm')",
    "segments": "SELECT count(anomaly_score) FROM detect_anomalies('trips', model => 'by_payment')",
    "training": "SELECT count(anomaly_score) FROM detect_anomalies('trips', algorithm => 'knn')",
}


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("first") / "trips.duckdb")
    with adsql.connect(path) as con:
        con.execute(ROWS)
        con.execute("SELECT * FROM train_model('m', 'trips', algorithm => 'iforest')")
        con.execute("SELECT * FROM train_model('by_payment', 'trips', algorithm => 'mad', segment_by => ['payment'])")
    return path


@pytest.mark.parametrize("query", QUERIES)
def test_a_first_query_imports_no_pandas(query, database):
    """pyarrow imports it with `pa.array`, `pa.scalar` and `to_numpy`, a third of a second: see adsql/arrow_memory.py."""
    assert find_spec("pandas") is not None
    program = (
        "import sys, adsql; con = adsql.connect(sys.argv[1], read_only=True);"
        "print(con.execute(sys.argv[2]).fetchone()[0], 'pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, database, QUERIES[query]], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["400", "False"]
