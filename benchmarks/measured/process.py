"""A case in a fresh process: what it took is its own, and what it imported is nobody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SHOWN = ("table", "model", "detector", "algorithm", "form", "threads", "query")
BENCHMARKS = Path(__file__).parents[1]
LIBRARY_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def run(
    case: str,
    *,
    processes: int = 1,
    one_thread: bool = True,
    environment: dict[str, str] | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Run a case and return the figures of the fastest of several processes.

    Parameters
    ----------
    case
        A function of this package, 'module.function', which returns figures, 'wall' among them.
    processes
        How many to start, one after the other.
    one_thread
        Whether OpenMP and the linear algebra keep to one thread, as CPU per row on one thread asks.
    environment
        Further variables.
    arguments
        Passed on, as JSON.
    """
    limits = dict.fromkeys(LIBRARY_THREADS, "1") if one_thread else {}
    variables = {**os.environ, **limits, **(environment or {})}
    described = " ".join(str(value) for name, value in arguments.items() if name in SHOWN)
    results = []
    for _ in range(processes):
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "measured", case, json.dumps(arguments)],
            cwd=BENCHMARKS, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - started
        if done.returncode:
            sys.exit(f"{case} {described} failed:\n{done.stderr}")
        print(f"  {seconds:7.1f} s  {case} {described}", file=sys.stderr, flush=True)
        results.append({**json.loads(done.stdout.splitlines()[-1]), "process": seconds})
    return min(results, key=lambda figures: figures["wall"])
