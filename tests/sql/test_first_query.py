"""What a process waits for at its first query."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

import adsql
from sql.support import TRIPS

MORE = "CREATE OR REPLACE TABLE trips AS SELECT *, id % 2 = 0 AS paid, nullif(km % 7, 0) AS riders FROM trips"
QUERIES = {
    "rows": "SELECT count(anomaly_score('m', t)) FROM trips AS t",
    "table": "SELECT count(anomaly_score) FROM detect_anomalies('trips', model => 'm')",
    "segments": "SELECT count(anomaly_score) FROM detect_anomalies('trips', model => 'by_kind')",
    "training": "SELECT count(anomaly_score) FROM detect_anomalies('trips', algorithm => 'knn')",
}


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("first") / "trips.duckdb")
    with adsql.connect(path) as con:
        con.execute(TRIPS)
        con.execute(MORE)
        con.execute("SELECT * FROM train_model('m', 'trips', algorithm => 'iforest')")
        con.execute("SELECT * FROM train_model('by_kind', 'trips', algorithm => 'mad', segment_by => ['kind'])")
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
    scored = 500 if query == "segments" else 501  # one row is its segment's only one, for which there is no model
    assert done.stdout.split() == [str(scored), "False"]
