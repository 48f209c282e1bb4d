"""Time, peak memory and AUC-ROC of one SQL call on two large tables, beside what a user does today.

Usage: python benchmarks/large_tables.py

Today: pull the table into pandas, fit and score with PyOD's isolation forest or k nearest neighbours (on 1,000 sampled
rows, since all rows take hours), write the scores back. Each run is a process of its own, so that peak memory is that
of the run; the second of two runs counts, so that kernels are compiled. Reads Parquet files from ADSQL_BENCH_DATA.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SETS = ("16_http", "10_cover")

PRELUDE = """
import json, resource, sys, time
import duckdb
file = sys.argv[1]
"""
POSTLUDE = """
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
labels, scores = con.execute("SELECT label, anomaly_score FROM scored").fetchnumpy().values()
from sklearn.metrics import roc_auc_score
print(json.dumps([seconds, peak / 1024, float(roc_auc_score(labels, scores))]))
"""
ADSQL = """
import adsql
con = adsql.connect()
con.execute("CREATE TABLE t AS SELECT * FROM read_parquet($f)", {"f": file})
names = [row[0] for row in con.execute("DESCRIBE t").fetchall() if row[0] != "label"]
started = time.perf_counter()
query = "CREATE TABLE scored AS SELECT * FROM detect_anomalies('t', algorithm => $a, columns => $c)"
con.execute(query, {"a": ALGORITHM, "c": names})
"""
PYOD = """
con = duckdb.connect()
con.execute("CREATE TABLE t AS SELECT * FROM read_parquet($f)", {"f": file})
started = time.perf_counter()
frame = con.execute("FROM t").df()
DETECTOR
frame["anomaly_score"] = scores
con.execute("CREATE TABLE scored AS FROM frame")
"""
FOREST = """
from pyod.models.iforest import IForest
scores = IForest(random_state=0).fit(frame.drop(columns="label").to_numpy()).decision_scores_
"""
NEIGHBOURS = """
from pyod.models.knn import KNN
X = frame.drop(columns="label").to_numpy()
deviation = X.std(axis=0)
X = (X - X.mean(axis=0)) / deviation
import numpy as np
fitted = KNN(n_neighbors=25, method="mean").fit(X[np.random.default_rng(0).choice(len(X), 1000, replace=False)])
scores = fitted.decision_function(X)
"""
RUNS = {
    "adsql auto": ADSQL.replace("ALGORITHM", "'auto'"),
    "PyOD KNN on a sample, pandas": PYOD.replace("DETECTOR", NEIGHBOURS),
    "adsql iforest": ADSQL.replace("ALGORITHM", "'iforest'"),
    "PyOD IForest, pandas": PYOD.replace("DETECTOR", FOREST),
}


def main() -> None:
    folder = Path(os.environ.get("ADSQL_BENCH_DATA", "../shared/data")) / "adbench"
    for name in SETS:
        file = folder / f"{name}.parquet"
        if not file.exists():
            sys.exit(f"{file} is missing: set ADSQL_BENCH_DATA")
        print(f"{name}\n{'':30s} {'seconds':>8s} {'peak MB':>8s} {'AUC-ROC':>8s} {'times as fast':>14s}")
        previous = 0.0
        for label, code in RUNS.items():
            seconds, peak, auc = measure(code, file)
            own = label.startswith("adsql")
            ratio = "" if own else f"{seconds / previous:14.1f}"
            print(f"{label:30s} {seconds:8.2f} {peak:8.0f} {100 * auc:8.2f} {ratio}", flush=True)
            previous = seconds


def measure(code: str, file: Path) -> tuple[float, float, float]:
    """Run a script twice in processes of its own; return seconds, peak memory in MB and AUC of the second."""
    script = PRELUDE + code + POSTLUDE
    for _ in range(2):
        result = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    seconds, peak, auc = json.loads(result.stdout.splitlines()[-1])
    return seconds, peak, auc


if __name__ == "__main__":
    main()
