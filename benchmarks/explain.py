"""Whether explanations name the columns at fault, and how long they take, beside SHAP on the same forest.

Usage: python benchmarks/explain.py [DETECTOR ...]

Reads ADBench's sets from the folder that ADSQL_BENCH_DATA names. Of each, 40 normal rows are held out, and one to three
of their columns are shifted by 6 to 12 standard deviations, up or down: the columns at fault are known. A row counts as
explained where the columns that contribute most are those, all of them (`all`), or where the first is one (`first`).
Nothing is left out: also sets count in which a detector cannot see the shift, such as a forest in a column of zeros
and ones, where values beyond the last split make no difference. Beside them stand the shares among the rows of all sets
that the detector itself ranks above 99% of the training (`seen`): those are the ones that somebody wants explained.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shap
from sklearn.ensemble import IsolationForest

from adsql.explanation import explain
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.registry import row_wise_detectors

if TYPE_CHECKING:
    from collections.abc import Iterator

CAP = 10_000
HELD_OUT = 40
SPREADS = (6.0, 12.0)


def planted(file: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows to train on, shifted rows, and which of their columns were shifted."""
    rng = np.random.default_rng(1)
    table = pq.read_table(file)
    rows = np.sort(rng.permutation(table.num_rows)[:CAP])
    label = table["label"].to_numpy()[rows]
    X = np.column_stack([table[name].to_numpy() for name in table.column_names if name != "label"])[rows].astype(float)
    normal = X[label == 0][rng.permutation(int((label == 0).sum()))]
    train, shifted = np.vstack([normal[HELD_OUT:], X[label == 1]]), normal[:HELD_OUT].copy()
    spread = train.std(axis=0)
    varying = np.flatnonzero(spread > 1e-9)
    fault = np.zeros(shifted.shape, dtype=bool)
    for row in range(HELD_OUT):
        columns = rng.choice(varying, min(int(rng.integers(1, 4)), len(varying)), replace=False)
        sign = rng.choice([-1.0, 1.0], len(columns))
        shifted[row, columns] += sign * rng.uniform(*SPREADS, len(columns)) * spread[columns]
        fault[row, columns] = True
    return train, shifted, fault


def columns(X: np.ndarray) -> dict[str, pa.Array[Any]]:
    return {f"f{j}": pa.array(X[:, j]) for j in range(X.shape[1])}


def accuracy(names: list[str], folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Each detector's shares of rows that are explained, set by set, and whether rows that it sees are."""
    sets = [planted(file) for file in sorted(folder.glob("*.parquet"))]
    for name in names:
        shares, seen = [], []
        for train, shifted, fault in sets:
            used = [f"f{j}" for j in np.flatnonzero(train.std(axis=0) > 0)]
            model = Model.fit(columns(train), TrainingOptions.parse(name, columns=used))
            found = explain(model, columns(shifted))
            tops = [[int(one.feature[1:]) for one in reasons or ()] for reasons in found]
            every = [set(top[: own.sum()]) == set(np.flatnonzero(own)) for top, own in zip(tops, fault, strict=True)]
            first = [bool(own[top[0]]) for top, own in zip(tops, fault, strict=True)]
            shares.append((np.mean(every), np.mean(first)))
            high = model.score(columns(shifted)).severity > 0.99
            seen += [(high[row], every[row], first[row]) for row in range(len(high))]
        yield name, np.array(shares), np.array(seen)


def seconds(work: Any) -> float:
    work()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def speed() -> None:
    """10,000 rows of 10 columns, whose forest SHAP's TreeExplainer gets as well."""
    X = np.random.default_rng(0).normal(size=(10_000, 10))
    model = Model.fit(columns(X), TrainingOptions.parse("iforest"))
    forest = IsolationForest(n_estimators=100, max_samples=256, random_state=0).fit(X)
    explainer = shap.TreeExplainer(forest)
    ours = seconds(lambda: explain(model, columns(X), 3))
    theirs = seconds(lambda: explainer.shap_values(X))
    print(f"10,000 rows x 10 columns, iforest: {ours:.2f} s with sentences, SHAP's TreeExplainer {theirs:.2f} s")
    print(f"ratio {theirs / ours:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("detector", nargs="*", default=list(row_wise_detectors()))
    given = parser.parse_args()
    speed()
    print(f"{'detector':12s} {'all':>6s} {'first':>6s} {'seen':>6s} {'all':>6s} {'first':>6s}  of those")
    for name, shares, seen in accuracy(
        given.detector, Path(os.environ.get("ADSQL_BENCH_DATA", "../shared/data")) / "adbench"
    ):
        every, first = seen[seen[:, 0], 1:].mean(axis=0)
        means = f"{shares[:, 0].mean():6.1%} {shares[:, 1].mean():6.1%}"
        print(f"{name:12s} {means} {seen[:, 0].mean():6.1%} {every:6.1%} {first:6.1%}", flush=True)


if __name__ == "__main__":
    main()
