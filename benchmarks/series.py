"""Series: TSB-AD-U and TSB-AD-M (VUS-PR), NAB, the coverage of bounds, and the speed of one SQL call.

Usage: python benchmarks/series.py [--data FOLDER] [--scorers FOLDER] [--speed] [--statsmodels] [U M NAB coverage]

The folders hold the series and the benchmarks' own scorers; ADSQL_BENCH_DATA and ADSQL_BENCH_SCORERS name them, too.
Every algorithm has one configuration, its default, for all series of a benchmark.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import runpy
import subprocess
import sys
import time
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import adsql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNIVARIATE = (
    "auto", "window_neighbours", "sub_pca", "channel_neighbours", "matrix_profile", "k_shape", "decomposition", "ets",
    "spectral_residual", "online_robust_z", "half_space_trees", "stream_novelty",
)  # fmt: skip
MULTIVARIATE = ("auto", "half_space_trees")
CAUSAL = ("auto", "stream_novelty", "half_space_trees", "online_robust_z", "ets", "decomposition")
BIG = """
    CREATE TABLE big AS
    SELECT
        s, TIMESTAMP '2024-01-01' + to_hours(i) AS ts,
        50 + 10 * sin(2 * pi() * i / 24) + 5 * (i % 168 < 48)::INTEGER + 3 * random() AS v
    FROM range($1) AS a(s), range($2) AS b(i)
"""


def sql_scores(columns: dict[str, Any], algorithm: str, times: Any = None, mode: str | None = None) -> np.ndarray:
    """Score one series through SQL, in the order of its rows."""
    n = len(next(iter(columns.values())))
    table = pa.table({"place": np.arange(n), "t": np.arange(n) if times is None else times, **columns})
    with adsql.connect() as con:
        con.register("points", table)
        query = """
            SELECT coalesce(anomaly_score, 0) AS score
            FROM detect_series_anomalies('points', 't', $c, algorithm => $a, mode => $m)
            ORDER BY ts
        """
        found = con.execute(query, {"c": list(columns), "a": algorithm, "m": mode}).fetchnumpy()
    return np.asarray(found["score"], dtype=float)


def tsb(folder: Path, track: str) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """Yield the columns and labels of a track's series, in the order of their names."""
    for entry in sorted(json.loads((folder / "manifest.json").read_text()), key=itemgetter("file")):
        if entry["track"] == track:
            table = pq.read_table(folder / f"TSB-AD-{track}" / f"{entry['file'][:-4]}.parquet")
            names = [name for name in table.column_names if name != "label"]
            columns = {name: table.column(name).to_numpy().astype(float) for name in names}
            yield columns, table.column("label").to_numpy()


def run_tsb(folder: Path, scorer: Any, track: str, algorithms: tuple[str, ...]) -> None:
    series = list(tsb(folder, track))
    published = pd.read_csv(folder / f"TSB-AD-{track}_published_VUS-PR_subset.csv")
    detectors = published.iloc[:, 1 : list(published.columns).index("ts_len")]
    best = detectors.mean().sort_values(ascending=False)
    print(f"TSB-AD-{track}, {len(series)} series, mean VUS-PR; best published: {best.index[0]} {best.iloc[0]:.3f}")
    for algorithm in algorithms:
        started = time.perf_counter()
        values = []
        for columns, labels in series:
            scores = sql_scores(columns, algorithm)
            values.append(scorer.vus(labels, scores, scorer.find_length(columns["f0"]))[0])
        halves = f"{np.mean(values[::2]):.3f} and {np.mean(values[1::2]):.3f}"
        seconds = time.perf_counter() - started
        print(f"  {algorithm:20s} {np.mean(values):.4f}   halves {halves}   {seconds:6.1f} s with the scorer")


def run_nab(folder: Path, scorer: Any, algorithms: tuple[str, ...] = CAUSAL) -> None:
    windows = json.loads((folder / "combined_windows.json").read_text())
    table = pq.read_table(folder / "nab.parquet").to_pandas()
    print(f"NAB, {len(windows)} series, causal; standard / reward low FP / reward low FN")
    for algorithm in algorithms:
        results = {}
        for name, group in table.groupby(table.series.astype(str)):
            # The rows of a file are the stream, whatever their time stamps: two files have some twice.
            scores = sql_scores({"value": group.value.to_numpy(float)}, algorithm, mode="causal")
            results[str(name)] = group.timestamp.to_numpy(), scores
        names = sorted(results)
        told = []
        for part in (names, names[::2], names[1::2]):
            score = scorer.score_corpus({name: results[name] for name in part}, {name: windows[name] for name in part})
            told.append(" / ".join(f"{profile['score']:.1f}" for profile in score.values()))
        print(f"  {algorithm:20s} {told[0]}   halves {told[1]} and {told[2]}")


def run_coverage() -> None:
    kinds: Any = runpy.run_path(str(Path(__file__).parents[1] / "tests" / "series" / "kinds.py"))
    print("Share of new points inside a 99% band, 10 series of 3,000 points each, after the first 1,000")
    for kind in kinds["KINDS"]:
        shares = []
        for mode in ("causal", "retrospective"):
            inside = [_inside(kinds["clean"](kind, 3_000, seed), mode) for seed in range(10)]
            shares.append(float(np.mean(inside)))
        print(f"  {kind:16s} causal {100 * shares[0]:.2f}   retrospective {100 * shares[1]:.2f}")


def _inside(values: np.ndarray, mode: str) -> float:
    with adsql.connect() as con:
        con.register("points", pa.table({"t": np.arange(len(values)), "v": values}))
        query = """
            SELECT avg((value BETWEEN lower_bound AND upper_bound)::INTEGER)
            FROM detect_series_anomalies('points', 't', 'v', mode => $m, sensitivity => 0.01)
            WHERE ts >= 1000
        """
        [(share,)] = con.execute(query, {"m": mode}).fetchall()
    return float(share)


def measure(series: int, points: int) -> None:
    """Detect in so many series, in this process: prints seconds, CPU seconds, and the peak of memory."""
    folder = Path(os.environ["ADSQL_BENCH_TEMPORARY"])
    with adsql.connect(folder / f"{series}x{points}.db") as con:
        con.execute("SET threads = 2")
        con.execute("SET memory_limit = '1500MB'")
        con.execute(BIG, [series, points])
        con.execute("CHECKPOINT")
    with adsql.connect(folder / f"{series}x{points}.db") as con:
        con.execute("SET threads = 2")
        con.execute("SET memory_limit = '1500MB'")
        query = "FROM detect_series_anomalies('big', 'ts', 'v', series => 's')"
        con.execute("SELECT count(*) FROM detect_series_anomalies('FROM big WHERE s = 0', 'ts', 'v')").fetchall()
        before, cpu = time.perf_counter(), time.process_time()
        found = con.execute(f"SELECT count(*), sum(is_anomaly::INTEGER), sum(upper_bound) {query}").fetchall()
        seconds, cpu = time.perf_counter() - before, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"  {series:5d} x {points:6d}: {seconds:6.1f} s, {cpu:6.1f} s of CPU, {peak:.2f} GB, {found[0][1]} anomalies")


def run_speed(temporary: str, peer: bool) -> None:
    print("One SQL call, season found, DuckDB on 2 threads")
    environment = {**os.environ, "ADSQL_BENCH_TEMPORARY": temporary}
    for series, points in ((1_000, 2_500), (250, 10_000), (1_000, 10_000), (500, 20_000)):
        subprocess.run([sys.executable, __file__, "--measure", str(series), str(points)], check=True, env=environment)
    if peer:
        _peer_speed()


def _peer_speed() -> None:
    """Time a loop of statsmodels over a few such series beside one SQL call over more of them, by CPU seconds each."""
    seasonal: Any = importlib.import_module("statsmodels.tsa.seasonal")
    smoothing: Any = importlib.import_module("statsmodels.tsa.holtwinters")
    i, rng = np.arange(10_000), np.random.default_rng(0)
    every = [50 + 10 * np.sin(2 * np.pi * i / 24) + 5 * (i % 168 < 48) + 3 * rng.random(10_000) for _ in range(30)]
    ours = _cpu_seconds(lambda: _judge_all(every)) / len(every)
    print(f"  CPU seconds a series of 10,000 points; adsql, one SQL call, seasons found: {ours:.3f}")
    loops: dict[str, Callable[[np.ndarray], Any]] = {
        "MSTL, robust, two seasons given": lambda values: seasonal.MSTL(
            values, periods=(24, 168), stl_kwargs={"robust": True}
        ).fit(),
        "ExponentialSmoothing, additive, one season given": lambda values: smoothing.ExponentialSmoothing(
            values, trend="add", seasonal="add", seasonal_periods=24
        ).fit(),
    }
    for name, run in loops.items():
        theirs = _cpu_seconds(lambda run=run: [run(values) for values in every[:3]]) / 3
        print(f"  statsmodels {name}, mean of 3 series: {theirs:.2f}, {theirs / ours:.0f} times as long")


def _judge_all(every: list[np.ndarray]) -> None:
    table = pa.table(
        {
            "s": np.repeat(np.arange(len(every)), len(every[0])),
            "t": np.tile(np.arange(len(every[0])), len(every)),
            "v": np.concatenate(every),
        }
    )
    with adsql.connect() as con:
        con.register("every", table)
        con.execute("SELECT count(*) FROM detect_series_anomalies('FROM every WHERE s = 0', 't', 'v')").fetchall()
        con.execute("SELECT sum(upper_bound) FROM detect_series_anomalies('every', 't', 'v', series => 's')").fetchall()


def _cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=[], help="U, M, NAB, coverage; all by default")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("ADSQL_BENCH_DATA", "../shared/data")))
    parser.add_argument(
        "--scorers", type=Path, default=Path(os.environ.get("ADSQL_BENCH_SCORERS", "../shared/scorers"))
    )
    parser.add_argument("--speed", metavar="FOLDER", help="measure speed with databases in this folder")
    parser.add_argument("--statsmodels", action="store_true", help="with --speed: time statsmodels' loop, too")
    parser.add_argument("--measure", nargs=2, type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(*arguments.measure)
        return
    if arguments.speed:
        run_speed(arguments.speed, arguments.statsmodels)
        return
    sys.path.insert(0, str(arguments.scorers))
    parts = arguments.parts or ["U", "M", "NAB", "coverage"]
    if "U" in parts:
        run_tsb(arguments.data / "tsb", importlib.import_module("vus_pr"), "U", UNIVARIATE)
    if "M" in parts:
        run_tsb(arguments.data / "tsb", importlib.import_module("vus_pr"), "M", MULTIVARIATE)
    if "NAB" in parts:
        run_nab(arguments.data / "nab", importlib.import_module("nab_score"))
    if "coverage" in parts:
        run_coverage()


if __name__ == "__main__":
    main()
