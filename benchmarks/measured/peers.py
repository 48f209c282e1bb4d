"""Cases: PyOD and scikit-learn on the same rows."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import ARROW

from measured import clock

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIT_ROWS = 25_600  # as many as adsql trains on
CLASSES = {
    "copod": "COPOD", "ecod": "ECOD", "gmm": "GMM", "hbos": "HBOS", "iforest": "IForest", "inne": "INNE", "knn": "KNN",
    "loda": "LODA", "lof": "LOF", "mcd": "MCD", "pca": "PCA",
}  # fmt: skip


def through_udf(database: str, table: str, detector: str) -> dict[str, float]:
    """Score through an Arrow UDF that gets the rows of a table, as adsql's does, on one of DuckDB's threads."""
    with duckdb.connect(database, read_only=True, config={"threads": 1}) as con:
        X = _matrix(con, table)
        fitted = _fitted(detector, X)

        def peer_score(rows: Any) -> Any:
            fields = rows.combine_chunks().flatten()
            return pa.array(fitted.decision_function(np.column_stack([field.to_numpy() for field in fields])))

        row = con.struct_type({f"f{j}": "DOUBLE" for j in range(X.shape[1])})
        con.create_function("peer_score", peer_score, [row], "DOUBLE", type=ARROW)
        query = f"SELECT max(peer_score(t)) FROM (FROM {table} LIMIT $n) AS t"
        return clock.per_row_of_as_many(lambda n: con.execute(query, {"n": n}).fetchall(), len(X))


def in_bulk(database: str, table: str, detector: str) -> dict[str, float]:
    """Score an array in one call: scikit-learn's isolation forest, PyOD's others."""
    with duckdb.connect(database, read_only=True) as con:
        X = _matrix(con, table)
    fitted = _fitted(detector, X)
    call = fitted.detector_.score_samples if detector == "iforest" else fitted.decision_function
    return clock.per_row_of_as_many(lambda n: call(X[:n]), len(X))


def today(database: str, table: str, detector: str) -> dict[str, float]:
    """Pull a table into pandas, fit and score with PyOD's defaults, write it back with scores and labels."""
    with duckdb.connect(database) as con:
        con.execute("DROP TABLE IF EXISTS scored").fetchall()
        con.execute(f"SELECT max(COLUMNS(*)) FROM {table}").fetchall()
        loaded = clock.resident()

        def work(source: str) -> None:
            frame = con.execute(source).df()
            fitted = _new(detector).fit(frame.to_numpy())
            frame["anomaly_score"], frame["is_anomaly"] = fitted.decision_scores_, fitted.labels_.astype(bool)
            con.execute("CREATE OR REPLACE TABLE scored AS FROM frame").fetchall()

        work(f"FROM {table} LIMIT {clock.CHUNK}")
        taken = clock.once(lambda: work(f"FROM {table}"))
        return {**taken, "peak": clock.peak() - loaded}


def _new(detector: str) -> Any:
    cls = getattr(import_module(f"pyod.models.{detector}"), CLASSES[detector])
    return cls(random_state=0) if detector in ("gmm", "iforest", "inne", "mcd") else cls()


def _fitted(detector: str, X: NDArray[np.float64]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _new(detector).fit(X[np.random.default_rng(0).permutation(len(X))[:FIT_ROWS]])


def _matrix(con: duckdb.DuckDBPyConnection, table: str) -> NDArray[np.float64]:
    return np.column_stack(list(con.execute(f"FROM {table}").fetchnumpy().values()))
