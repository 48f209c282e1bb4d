"""The tables that all engines hold, and what the library itself says about them."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.registry import detectors as all_detectors
from adsql.registry import is_ranker
from sample_tables import mixed

if TYPE_CHECKING:
    from adsql.arrow import Columns
    from adsql.segment import Scores

DETECTORS = [name for name, cls in all_detectors().items() if not is_ranker(cls)]
RANKERS = [name for name, cls in all_detectors().items() if is_ranker(cls)]
ANOMALY = 400  # the id of the one strange trip


def _numbered(columns: Columns) -> Columns:
    n = len(next(iter(columns.values())))
    return {"id": pa.array(range(n), pa.int64()), **columns}


@cache
def sample() -> Columns:
    """Every kind of column, with missing values; the last row has none at all, the one before infinities."""
    table = _numbered(mixed(300))
    n = len(table["id"])
    odd = {name: [None, None] for name in table}
    odd.update(id=[n, n + 1], amount=[-np.inf, None], tips=[np.inf, None], city=["Ulm", None])
    return {name: pa.concat_arrays([column, pa.array(odd[name], column.type)]) for name, column in table.items()}


@cache
def numbers() -> Columns:
    """Numbers alone, NULL and NaN and infinities among them: what engines may write as SQL."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=300)
    x[[3, 4]] = np.inf, -np.inf
    y = [None if i % 50 == 7 else float("nan") if i % 50 == 8 else float(v) for i, v in enumerate(rng.gamma(2, 3, 300))]
    return _numbered({
        "x": pa.array(x), "y": pa.array(y), "whole": pa.array(rng.integers(0, 40, 300), pa.int32()),
        "flag": pa.array((rng.random(300) < 0.2).tolist()),
    })  # fmt: skip


@cache
def trips() -> Columns:
    """A key, numbers with a few NULLs, a category, a time, labels, and one clear anomaly."""
    n = ANOMALY
    i = np.arange(n)
    start = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a timestamp without zone
    kinds = ["day", "night", "day", "noon"]
    return {
        "id": pa.array([*range(n), ANOMALY], pa.int32()),
        "fare": pa.array([*(None if k % 83 == 0 else (k * 7919 % 1000) / 50 for k in range(n)), 900.0]),
        "km": pa.array([*(i * 104729 % 500).tolist(), 90_000], pa.int32()),
        "kind": pa.array([*(kinds[k % 4] for k in range(n)), "moon"]),
        "place": pa.array([*(None if k % 9 == 0 else k % 3 for k in range(n)), 1], pa.int32()),
        "started": pa.array([start + dt.timedelta(minutes=97 * k) for k in range(n + 1)], pa.timestamp("us")),
        "fraud": pa.array([*(None if k % 5 == 0 else False for k in range(n)), True]),
    }


TABLES = {"sample": sample, "numbers": numbers, "trips": trips}


def fitted(algorithm: str, table: Columns, **options: object) -> Model:
    """Train with the library itself, options as SQL spells them."""
    return Model.fit(table, TrainingOptions.parse(algorithm, **options))


def expected(table: Columns, scores: Scores) -> list[tuple[object, ...]]:
    """Return what an engine must return of scored rows: their ids and results, None where there are none."""
    results = zip(
        scores.present.tolist(), scores.anomaly_score.tolist(), scores.severity.tolist(), scores.is_anomaly.tolist(),
        strict=True,
    )  # fmt: skip
    return [
        (number, *(given if present else (None, None, None)))
        for number, (present, *given) in zip(table["id"].to_pylist(), results, strict=True)
    ]
