"""Mean AUC-ROC and average precision of every detector on ADBench's tabular sets, beside PyOD's on the same rows.

Usage: python benchmarks/accuracy.py [--alone] [--seeds N] [DETECTOR ...]

Reads the sets from the folder that ADSQL_BENCH_DATA names (one Parquet file a set, columns f0.. and label). Tables
are capped at 10,000 rows as in the sets' own protocol. The SQL is what a user would write; labels are not shown to
the detector.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyod.models.abod import ABOD
from pyod.models.cblof import CBLOF
from pyod.models.copod import COPOD
from pyod.models.ecod import ECOD
from pyod.models.gmm import GMM
from pyod.models.hbos import HBOS
from pyod.models.iforest import IForest
from pyod.models.inne import INNE
from pyod.models.kde import KDE
from pyod.models.knn import KNN
from pyod.models.loda import LODA
from pyod.models.lof import LOF
from pyod.models.mcd import MCD
from pyod.models.ocsvm import OCSVM
from pyod.models.pca import PCA
from sklearn.metrics import average_precision_score, roc_auc_score

import adsql
from adsql import registry

if TYPE_CHECKING:
    from collections.abc import Callable

CAP = 10_000
RANDOM = (
    "abod", "auto", "autoencoder", "cblof", "eif", "ensemble", "gmm", "iforest", "inne", "kde", "knn", "kpca", "loda",
    "lof", "mcd", "ocsvm",
)  # fmt: skip


def peers() -> dict[str, Callable[[], Any]]:
    """PyOD's detectors with their defaults, on z-scored features as PyOD's own benchmark does."""
    # A new instance for each set: a fitted one remembers the set before.
    return {
        "abod": ABOD,
        "cblof": lambda: CBLOF(random_state=0),
        "copod": COPOD,
        "ecod": ECOD,
        "gmm": lambda: GMM(random_state=0),
        "hbos": HBOS,
        "iforest": lambda: IForest(random_state=0),
        "inne": lambda: INNE(random_state=0),
        "kde": KDE,
        "knn": KNN,
        "loda": lambda: LODA(random_state=0),
        "lof": LOF,
        "mcd": lambda: MCD(random_state=0),
        "ocsvm": OCSVM,
        "pca": PCA,
    }


def load(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return features and labels of every set, capped."""
    sets = {}
    for file in sorted(folder.glob("*.parquet")):
        table = pq.read_table(file)
        n = table.num_rows
        rows = np.arange(n) if n <= CAP else np.sort(np.random.RandomState(0).permutation(n)[:CAP])
        columns = [table.column(name).to_numpy().astype(float) for name in table.column_names if name != "label"]
        sets[file.stem] = np.column_stack(columns)[rows], table.column("label").to_numpy()[rows].astype(bool)
    return sets


def sql_scores(X: np.ndarray, algorithm: str, seed: int) -> np.ndarray:
    """Score a table through SQL, columns as they are."""
    with adsql.connect() as con:
        con.register("points", pa.table({f"f{j}": X[:, j] for j in range(X.shape[1])}))
        con.execute("CREATE TABLE t AS FROM points")
        query = "SELECT anomaly_score FROM detect_anomalies('t', algorithm => $a, columns => $c, seed => $s)"
        values = {"a": algorithm, "c": [f"f{j}" for j in range(X.shape[1])], "s": seed}
        rows = con.execute(query, values).fetchnumpy()["anomaly_score"]
    return np.asarray(rows, dtype=float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("detectors", nargs="*", help="default: all that score row by row")
    parser.add_argument("--alone", action="store_true", help="without PyOD, whose slowest take minutes a set")
    parser.add_argument("--seeds", type=int, default=3, help="for detectors that draw at random")
    arguments = parser.parse_args()
    folder = Path(os.environ.get("ADSQL_BENCH_DATA", "../shared/data")) / "adbench"
    sets = load(folder)
    if not sets:
        sys.exit(f"no sets in {folder}: set ADSQL_BENCH_DATA")
    names = arguments.detectors or list(registry.row_wise_detectors())
    compared = {} if arguments.alone else peers()
    print(f"{len(sets)} sets, mean AUC-ROC / mean AP in percent")
    print(f"{'detector':10s} {'adsql':>15s} {'PyOD':>15s} {'difference':>15s} {'seconds':>8s}")
    for name in names:
        started = time.perf_counter()
        own = mean(
            [
                evaluate(sql_scores(X, name, seed), y)
                for seed in range(arguments.seeds if name in RANDOM else 1)
                for X, y in sets.values()
            ]
        )
        seconds = time.perf_counter() - started
        if name in compared:
            other = mean([evaluate(peer_scores(compared[name](), X), y) for X, y in sets.values()])
            difference = f"{own[0] - other[0]:+7.2f} {own[1] - other[1]:+7.2f}"
            print(f"{name:10s} {own[0]:7.2f} {own[1]:7.2f} {other[0]:7.2f} {other[1]:7.2f} {difference} {seconds:8.1f}")
        else:
            print(f"{name:10s} {own[0]:7.2f} {own[1]:7.2f} {'':15s} {'':15s} {seconds:8.1f}")


def peer_scores(detector: Any, X: np.ndarray) -> np.ndarray:
    """Fit PyOD's detector on the rows and return its training scores."""
    deviation = X.std(axis=0)
    Z = (X - X.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.nan_to_num(detector.fit(Z).decision_scores_)


def evaluate(scores: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return AUC-ROC and average precision in percent."""
    if not np.isfinite(scores).all():
        raise ValueError("a score is not finite")
    return 100 * float(roc_auc_score(labels, scores)), 100 * float(average_precision_score(labels, scores))


def mean(results: list[tuple[float, float]]) -> tuple[float, float]:
    auc, ap = np.mean(np.array(results), axis=0)
    return float(auc), float(ap)


if __name__ == "__main__":
    main()
