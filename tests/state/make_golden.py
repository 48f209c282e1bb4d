"""Writes `golden/<detector>.arrow` and `.json`: a model as this version stores it, and the scores it gives.

Run from the top of the checkout, after adding a detector::

    PYTHONPATH=tests python -m state.make_golden

Files that exist are left alone: they stand for models in people's databases, which every later version must
read and score the same. Delete one only when its format was never released.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pyarrow as pa

from adsql.registry import row_wise_detectors as detectors
from sample_tables import fitted

GOLDEN = Path(__file__).parent / "golden"
# States whose size does not follow from the training data alone.
SMALL = {
    "eif": {"n_estimators": 5, "max_samples": 16},
    "ensemble": {"detectors": ["auto", "hbos", "mad"]},
    "iforest": {"n_estimators": 5, "max_samples": 16},
    "inne": {"n_estimators": 10},
    "loda": {"n_random_cuts": 10},
}


def training_rows():
    """Return columns of 40 rows, drawn by no generator: those of another library version may differ."""
    amount = [round(10 + 5 * math.sin(3 * i) + i % 7, 3) for i in range(40)]
    count = [None if i % 11 == 10 else (i * i) % 13 for i in range(40)]
    city = ["Rome" if i % 10 == 3 else "Oslo" if i % 3 else "Bern" for i in range(40)]
    return {"amount": [*amount[:-1], 400.0], "count": count, "city": city}


def scored_rows():
    """Return training rows, and rows that were not there."""
    training = training_rows()
    other = {"amount": [12.5, -30.0, 1e300, None, None], "count": [None, 4, 1000, 6, None]}
    cities = {"city": ["Lima", "Bern", None, "Rome", None]}
    return {name: training[name][-5:] + new for name, new in {**other, **cities}.items()}


def table(rows):
    """Return rows as columns of Arrow arrays."""
    types = {"amount": pa.float64(), "count": pa.int64(), "city": pa.string()}
    return {name: pa.array(values, types[name]) for name, values in rows.items()}


def make(name):
    """Train a detector on the fixed rows and write what the tests compare with."""
    model = fitted(detectors()[name], table(training_rows()), params=SMALL.get(name), contamination=0.1)
    rows = scored_rows()
    scores = model.score(table(rows))
    expected = {
        "content_hash": model.content_hash,
        "threshold": model.threshold,
        "rows": rows,
        "anomaly_score": scores.anomaly_score.tolist(),
        "severity": scores.severity.tolist(),
        "is_anomaly": scores.is_anomaly.tolist(),
        "present": scores.present.tolist(),
    }
    (GOLDEN / f"{name}.arrow").write_bytes(model.to_bytes())
    (GOLDEN / f"{name}.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for detector in detectors():
        if not (GOLDEN / f"{detector}.arrow").exists():
            make(detector)
