"""A gateway under mixed load, killed in the middle: what it answers, how much memory it takes, and what it has kept.

Usage: PYTHONPATH=tests python benchmarks/gateway_endurance.py [--minutes 10] [--clients 50] [--database postgresql://...]

Clients score, detect, train, drop, list and query without a pause. Half way the gateway gets SIGKILL and is started
again: every model whose training was answered must be there, and whatever is there must score. Prints answers by
status, memory every ten seconds, and the time of requests.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from adsql.client import Client
from server.live import PASSWORD, gateway

if TYPE_CHECKING:
    from server.live import Live

SAMPLE_SECONDS = 10
# Of each process's time, until caches and pools are full.
WARM_UP = 0.3
TENANTS = ("default", "acme")
KEPT = 20
ROWS = [{f"x{j}": ((i * (j + 3)) % 17) / 7 + j for j in range(8)} for i in range(300)]
WORK = {"score": 70, "detect": 8, "detect with a model": 8, "models": 4, "query": 4, "train": 4, "drop": 2}


class Load:
    """The clients, and what they have been told."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.broken = 0
        # By tenant: models that were acknowledged, and those of which nothing is known, since no answer came.
        self.kept: dict[str, list[str]] = {tenant: [] for tenant in TENANTS}
        self.doubtful: dict[str, set[str]] = {tenant: set() for tenant in TENANTS}
        self.stopping = False
        self._numbers = itertools.count()

    async def client(self, keys: list[tuple[str, str]], number: int) -> None:
        """Go round until told to stop."""
        tenant, key = keys[number % len(keys)]
        chance = random.Random(number)
        async with httpx.AsyncClient(headers={"X-API-Key": key}, timeout=130) as http:
            while not self.stopping:
                if self.live is None:
                    await asyncio.sleep(0.05)
                    continue
                (kind,) = chance.choices(list(WORK), list(WORK.values()))
                try:
                    await getattr(self, kind.replace(" ", "_"))(http, tenant, chance)
                except httpx.ConnectError:
                    continue
                except httpx.TransportError:
                    self.broken += 1

    async def send(self, http: httpx.AsyncClient, kind: str, method: str, path: str, **content: Any) -> httpx.Response:
        if self.live is None:
            raise httpx.ConnectError("there is no gateway at the moment")
        start = time.perf_counter()
        answer = await http.request(method, f"{self.live.url}/api/v1{path}", **content)
        self.times[kind].append(time.perf_counter() - start)
        self.statuses[kind, answer.status_code] += 1
        if answer.status_code in {429, 503}:
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        return answer

    async def score(self, http: httpx.AsyncClient, _tenant: str, chance: random.Random) -> None:
        await self.send(http, "score", "POST", "/models/forest/score", json={"rows": [chance.choice(ROWS)]})

    async def detect(self, http: httpx.AsyncClient, _tenant: str, _chance: random.Random) -> None:
        await self.send(http, "detect", "POST", "/detect", json={"rows": ROWS, "algorithm": "mad"})

    async def detect_with_a_model(self, http: httpx.AsyncClient, _tenant: str, _chance: random.Random) -> None:
        await self.send(http, "detect with a model", "POST", "/detect", json={"rows": ROWS, "model": "forest"})

    async def models(self, http: httpx.AsyncClient, _tenant: str, _chance: random.Random) -> None:
        await self.send(http, "models", "GET", "/models")

    async def query(self, http: httpx.AsyncClient, _tenant: str, _chance: random.Random) -> None:
        await self.send(http, "query", "POST", "/sql", json={"query": "SELECT count(*) AS n FROM adsql.models()"})

    async def train(self, http: httpx.AsyncClient, tenant: str, chance: random.Random) -> None:
        name = f"m{next(self._numbers)}"
        sent = {"model": name, "rows": ROWS, "algorithm": chance.choice(["mad", "hbos", "iforest"])}
        self.doubtful[tenant].add(name)
        answer = await self.send(http, "train", "POST", "/train", json=sent)
        self.doubtful[tenant].discard(name)
        if answer.status_code == 201:
            self.kept[tenant].append(name)

    async def drop(self, http: httpx.AsyncClient, tenant: str, _chance: random.Random) -> None:
        while len(self.kept[tenant]) > KEPT:
            name = self.kept[tenant].pop(0)
            self.doubtful[tenant].add(name)
            answer = await self.send(http, "drop", "DELETE", f"/models/{name}")
            if answer.status_code == 200:
                self.doubtful[tenant].discard(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="default: %(default)s")
    parser.add_argument("--clients", type=int, default=50, help="default: %(default)s")
    parser.add_argument("--database", default="", help="of PostgreSQL; by default DuckDB")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), arguments.minutes * 30, arguments.clients, arguments.database))


async def run(folder: Path, seconds: float, clients: int, database: str) -> None:
    """Run both halves, of so many seconds each."""
    load, keys = Load(), []
    tasks: list[asyncio.Task[None]] = []
    for half in ("first", "second"):
        with ExitStack() as stack:
            live = await asyncio.to_thread(stack.enter_context, gateway(folder, DATABASE_URL=database))
            if not tasks:
                keys = await asyncio.to_thread(prepare, live)
                load.live = live
                tasks = [asyncio.create_task(load.client(keys, number)) for number in range(clients)]
            else:
                await asyncio.to_thread(verify, live, load, keys)
                load.live = live
            memory = await watch(live, seconds)
            report(half, memory)
            load.live = None
            if half == "first":
                live.process.kill()
                live.process.wait()
                # Whoever waits for an answer learns that there is none.
                await asyncio.sleep(2)
            else:
                load.stopping = True
                await asyncio.gather(*tasks)
                await asyncio.to_thread(verify, live, load, keys)
    finish(load)


def prepare(live: Live) -> list[tuple[str, str]]:
    """Make users of two tenants, with keys, and the model that all score with."""
    keys = []
    with live.user() as admin:
        for tenant in TENANTS[1:]:
            admin.post("/tenants", json={"name": tenant}).raise_for_status()
        for tenant, number in itertools.product(TENANTS, range(2)):
            user = {"username": f"{tenant}{number}", "password": PASSWORD, "role": "admin", "tenant": tenant}
            admin.post("/users", json=user).raise_for_status()
            with live.user(user["username"]) as one:
                made = one.post("/api-keys", json={"name": "load", "role": "write"}).raise_for_status().json()
            keys.append((tenant, made["key"]))
            with Client(live.url, api_key=made["key"]) as client:
                client.train("forest", ROWS, algorithm="iforest")
    return keys


async def watch(live: Live, seconds: float) -> list[float]:
    """Return the memory of a gateway, in MB, at intervals."""
    memory, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(min(SAMPLE_SECONDS, max(end - time.monotonic(), 0)))
        status = Path(f"/proc/{live.process.pid}/status").read_text()
        memory.append(int(status.partition("VmRSS:")[2].split()[0]) / 1024)
    return memory


def verify(live: Live, load: Load, keys: list[tuple[str, str]]) -> None:
    """Check that acknowledged models are there, and that whatever is there scores."""
    for tenant, key in dict(keys).items():
        with Client(live.url, api_key=key) as client:
            there = {one["name"] for one in client.models()}
            lost = set(load.kept[tenant]) - there
            strangers = there - set(load.kept[tenant]) - load.doubtful[tenant] - {"forest"}
            for name in sorted(there):
                assert client.score(name, ROWS[:2]).num_rows == 2
        print(
            f"{tenant}: {len(load.kept[tenant])} models were acknowledged, {len(lost)} of them lost; {len(there)} are "
            f"there, all of them score, {len(strangers)} of them dropped before"
        )
        assert not lost | strangers, (lost, strangers)


def report(half: str, memory: list[float]) -> None:
    """Print the memory of one process."""
    warm = memory[int(len(memory) * WARM_UP) :] or memory
    middle = statistics.median(warm)
    spread = ", ".join(f"{100 * (value / middle - 1):+.0f} %" for value in (min(warm), max(warm)))
    print(f"{half} half, MB every {SAMPLE_SECONDS} s: {' '.join(f'{value:.0f}' for value in memory)}")
    print(f"after warming up: {middle:.0f} MB, {spread}")


def finish(load: Load) -> None:
    """Print what was answered, and how fast."""
    statuses = Counter[int]()
    for (_, status), count in load.statuses.items():
        statuses[status] += count
    print(f"answers by status: {dict(sorted(statuses.items()))}; cut off by the kill: {load.broken}")
    print("| request | count | p50 ms | p99 ms | other than 2xx |\n| --- | ---: | ---: | ---: | --- |")
    for kind, times in load.times.items():
        p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        others = {status: count for (one, status), count in load.statuses.items() if one == kind and status >= 300}
        print(f"| {kind} | {len(times)} | {p50 * 1e3:.1f} | {p99 * 1e3:.1f} | {others or ''} |")


if __name__ == "__main__":
    main()
