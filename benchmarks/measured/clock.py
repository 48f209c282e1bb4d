"""Time and memory of what a case does, taken inside its process."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SECONDS = 20.0  # after which nothing is repeated any more
CHUNK = 2_048  # rows in which DuckDB calls a UDF
GROWTH = 8


def once(call: Callable[[], object]) -> dict[str, float]:
    """Return wall and CPU seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def per_row(call: Callable[[], object], rows: int, repeats: int) -> dict[str, float]:
    """Return the least wall and CPU seconds a row of a call that has been made once before."""
    call()
    started = time.perf_counter()
    taken: list[dict[str, float]] = []
    while len(taken) < repeats and (not taken or time.perf_counter() - started < MAX_SECONDS):
        taken.append(once(call))
    return {name: min(each[name] for each in taken) / rows for name in ("wall", "cpu")}


def per_row_of_as_many(call: Callable[[int], object], rows: int) -> dict[str, float]:
    """Return wall and CPU seconds a row of a call on as many rows as time allows, up to `rows`."""
    n = min(CHUNK, rows)
    call(n)
    taken = once(lambda: call(n))
    while n < rows and taken["wall"] * GROWTH < MAX_SECONDS:
        n = min(n * GROWTH, rows)
        taken = once(lambda n=n: call(n))  # type: ignore[misc]
    return {"wall": taken["wall"] / n, "cpu": taken["cpu"] / n, "rows": n}


def resident() -> float:
    """Return the memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def peak() -> float:
    """Return the most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
