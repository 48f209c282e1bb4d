"""Whether 50 verdicts raise the average precision of rows that nobody judged, set by set.

Usage: python benchmarks/feedback.py [--seeds N] [--verdicts N] [DETECTOR ...]

Reads ADBench's sets from the folder that ADSQL_BENCH_DATA names, capped at 10,000 rows as there. Half of a set's
rows and half of its anomalies, drawn anew for each seed, are the source: the model is trained on them without labels,
and verdicts are given on some. The other half is held out, and only scored. Verdicts are what a user would give: three
fifths of them on the highest scores, of the other rows a fifth on those nearest to the threshold, and a fifth on rows
drawn at random. A verdict is the row's label.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.metrics import average_precision_score

from adsql.feedback import Verdict, learned
from adsql.model import Model
from adsql.options import TrainingOptions

CAP = 10_000


def load(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features that vary and labels, capped."""
    table = pq.read_table(file)
    rows = np.sort(np.random.default_rng(0).permutation(table.num_rows)[:CAP])
    names = [name for name in table.column_names if name != "label"]
    X = np.column_stack([table[name].to_numpy().astype(float) for name in names])[rows]
    return X[:, X.std(axis=0) > 0], table["label"].to_numpy()[rows].astype(bool)


def columns(X: np.ndarray) -> dict[str, pa.Array[Any]]:
    return {f"f{j}": pa.array(X[:, j]) for j in range(X.shape[1])}


def judged(scores: np.ndarray, threshold: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Rows that a user looks at: see above."""
    top = np.argsort(-scores, kind="stable")[: count * 3 // 5]
    rest = np.setdiff1d(np.arange(len(scores)), top)
    near = rest[np.argsort(np.abs(scores[rest] - threshold), kind="stable")[: count // 5]]
    rest = np.setdiff1d(rest, near)
    return np.concatenate([top, near, rng.choice(rest, min(count - len(top) - len(near), len(rest)), replace=False)])


def precision(X: np.ndarray, y: np.ndarray, algorithm: str, count: int, seed: int) -> tuple[float, float, float]:
    """The held-out rows' average precision before and after, and the share of anomalies among the verdicts."""
    rng = np.random.default_rng(seed)
    kinds = [rng.permutation(np.flatnonzero(y == kind)) for kind in (False, True)]
    source = np.concatenate([rows[: len(rows) // 2] for rows in kinds])
    held_out = np.concatenate([rows[len(rows) // 2 :] for rows in kinds])
    table, other = columns(X[source]), columns(X[held_out])
    model = Model.fit(table, TrainingOptions.parse(algorithm, seed=seed))
    chosen = judged(model.score(table).anomaly_score, float(model.threshold or 0.0), count, rng)
    rows = [dict(zip(table, X[source[place]].tolist(), strict=True)) for place in chosen]
    said = y[source[chosen]]
    verdicts = [Verdict(json.dumps(row), bool(one)) for row, one in zip(rows, said, strict=True)]
    after = learned(model, table, verdicts)
    figures = [float(average_precision_score(y[held_out], one.score(other).anomaly_score)) for one in (model, after)]
    return figures[0], figures[1], float(said.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("detectors", nargs="*", default=["auto"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--verdicts", type=int, default=50)
    given = parser.parse_args()
    folder = Path(os.environ.get("ADSQL_BENCH_DATA", "../shared/data")) / "adbench"
    sets = {file.stem: load(file) for file in sorted(folder.glob("*.parquet"))}
    for name in given.detectors:
        print(f"{name}, {given.verdicts} verdicts: average precision of held-out rows, percent, mean of the seeds")
        print(f"{'set':16s} {'before':>7s} {'after':>7s} {'change':>7s} {'anomalies among verdicts':>26s}")
        found = {}
        for title, (X, y) in sets.items():
            rows = [precision(X, y, name, given.verdicts, seed) for seed in range(given.seeds)]
            before, after, share = found[title] = np.mean(rows, axis=0)
            change = 100 * (after - before)
            print(f"{title:16s} {100 * before:7.1f} {100 * after:7.1f} {change:+7.1f} {share:26.0%}", flush=True)
        before, after, _ = np.mean(list(found.values()), axis=0)
        raised = sum(own[1] > own[0] for own in found.values())
        print(f"{'mean':16s} {100 * before:7.1f} {100 * after:7.1f} {100 * (after - before):+7.1f}")
        print(f"raised on {raised} of {len(found)} sets")


if __name__ == "__main__":
    main()
