"""How fast the gateway is on loopback: single rows by a saved forest, and a table over HTTP beside the same in process.

    python benchmarks/gateway.py [postgresql://...]

It starts a gateway of its own. Single rows are sent by wrk, a package of Debian; the tables by this process, whose
ratios are what to trust.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pyarrow as pa
from pyarrow import parquet

import adsql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, COLUMNS, TRAINED, SECONDS = 100_000, 8, 5_000, 6
WARM_UP = 4
PRINTED = {"requests/s": r"Requests/sec:\s+(\S+)", "p50": r"50%\s+(\S+)", "p99": r"99%\s+(\S+)"}
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
PASSWORD = "benchmark of the gateway"
LIMIT = "10000000/minute"


def main() -> None:
    """Run and print."""
    rng = np.random.default_rng(0)
    table = pa.table({f"x{i}": rng.normal(size=ROWS) for i in range(COLUMNS)})
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), sys.argv[1:]) as url:
        form = {"username": "admin", "password": PASSWORD}
        token = httpx.post(f"{url}/auth/token", data=form).json()["access_token"]
        client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120)
        trained = {"model": "forest", "rows": table.slice(0, TRAINED).to_pylist(), "algorithm": "iforest"}
        client.post("/train", json=trained).raise_for_status()
        single_rows(Path(folder), url, token, table.slice(0, 1).to_pylist())
        whole_table(client, table)


def single_rows(folder: Path, url: str, token: str, rows: list[dict[str, float]]) -> None:
    """Print latency and rate of single rows, with one client and with sixteen."""
    script = folder / "row.lua"
    script.write_text(
        f"""wrk.method = "POST"
wrk.body = [[{json.dumps({"rows": rows})}]]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
""",
        encoding="utf-8",
    )
    for clients in (WARM_UP, 1, 16):
        load = ["wrk", "--latency", "-t1", f"-c{clients}", f"-d{SECONDS}s", "-s", script, f"{url}/models/forest/score"]
        printed = subprocess.run(load, check=True, capture_output=True, text=True).stdout
        if "Non-2xx" in printed:
            raise RuntimeError(printed)
        found = {name: re.search(pattern, printed) for name, pattern in PRINTED.items()}
        if clients != WARM_UP:
            told = ", ".join(f"{name} {match[1]}" for name, match in found.items() if match)
            print(f"1 row, {clients:2} clients: {told}")


def whole_table(client: httpx.Client, table: pa.Table) -> None:
    """Print how long a table takes over HTTP and in process."""
    arrow, packed = io.BytesIO(), io.BytesIO()
    with pa.ipc.new_stream(arrow, table.schema) as writer:
        writer.write_table(table)
    parquet.write_table(table, packed)
    con = adsql.connect(config={"threads": 2})
    con.register("given", table)

    def over_http(algorithm: str, media_type: str, body: bytes) -> None:
        headers = {"Content-Type": media_type, "Accept": ARROW}
        answer = client.post(f"/detect?algorithm={algorithm}", content=body, headers=headers)
        assert pa.ipc.open_stream(answer.content).read_all().num_rows == ROWS

    def in_process(algorithm: str) -> None:
        call = "SELECT * FROM detect_anomalies('given', algorithm => $algorithm)"
        assert con.sql(call, params={"algorithm": algorithm}).to_arrow_table().num_rows == ROWS

    for algorithm in ("auto", "iforest", "zscore"):
        ways = {
            "sql": lambda name=algorithm: in_process(name),
            "arrow": lambda name=algorithm: over_http(name, ARROW, arrow.getvalue()),
            "parquet": lambda name=algorithm: over_http(name, PARQUET, packed.getvalue()),
        }
        best = {way: min(timed(run) for _ in range(5)) for way, run in ways.items()}
        ratios = ", ".join(
            f"{way} {best[way]:.2f} s, {best[way] / best['sql']:.2f} times" for way in ("arrow", "parquet")
        )
        print(f"{ROWS} x {COLUMNS}, {algorithm:7}: in process {best['sql']:.2f} s; over HTTP as {ratios}")


def timed(run: Callable[[], None]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


@contextmanager
def served(folder: Path, database: list[str]) -> Iterator[str]:
    """Run a gateway, and yield the address of its endpoints."""
    environment = {
        **os.environ, "ADSQL_DATA_DIR": str(folder), "ADSQL_ADMIN_PASSWORD": PASSWORD, "ADSQL_RATE_LIMIT_USER": LIMIT,
        "ADSQL_RATE_LIMIT_ADDRESS": LIMIT, "DATABASE_URL": (database or [""])[0],
    }  # fmt: skip
    port = "18181"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "adsql", "serve", "--port", port], env=environment, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}/api/v1"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{url}/health").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    main()
