"""A gateway as a process of its own, and those who call it."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from forked import start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess

ADMIN, PASSWORD = "admin", "correct horse battery staple"
# Passwords cost next to nothing, and only tests of limits meet one.
FAST = {
    "ADSQL_PASSWORD_MEMORY_KIB": "1024", "ADSQL_PASSWORD_ITERATIONS": "1",
    "ADSQL_RATE_LIMIT_USER": "1000000/minute", "ADSQL_RATE_LIMIT_ADDRESS": "1000000/minute",
    "ADSQL_RATE_LIMIT_LOGIN": "1000000/minute", "ADSQL_METRICS_TOKEN": "a token for the metrics",
}  # fmt: skip
# No request is encrypted, but each client would read all certificates of the machine: more than a request takes.
_TLS = httpx.create_ssl_context()
_STARTED = "Uvicorn running on "
_PATIENCE = 60


@dataclass
class Live:
    """A running gateway.

    Parameters
    ----------
    process
        It.
    url
        Where it answers.
    folder
        Its data; `log` in it is what it wrote.
    """

    process: BaseProcess
    url: str
    folder: Path

    @property
    def log(self) -> str:
        """All that it has written so far, to both of its streams."""
        return (self.folder / "log").read_text()

    def client(self, **headers: str) -> httpx.Client:
        """Return a client that sends some headers."""
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60, verify=_TLS)

    def login(self, username: str = ADMIN, password: str = PASSWORD, **form: str) -> dict:
        """Log in, and return the tokens."""
        with self.client() as client:
            answer = client.post("/auth/token", data={"username": username, "password": password, **form})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def user(self, username: str = ADMIN, password: str = PASSWORD, **form: str) -> httpx.Client:
        """Return a client that is logged in."""
        return self.client(Authorization=f"Bearer {self.login(username, password, **form)['access_token']}")

    def lines(self) -> list[dict]:
        """Return what is in the log as JSON."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]


@contextmanager
def gateway(folder: Path, **settings: str) -> Iterator[Live]:
    """Run `adsql serve` on a free port."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **FAST, "ADSQL_DATA_DIR": str(folder / "data"), "ADSQL_ADMIN_PASSWORD": PASSWORD}
    environment = {name: value for name, value in (environment | settings).items() if value}
    log = folder / "log"
    log.write_bytes(b"")
    process = start(["serve", "--port", "0"], (Path(os.devnull), log, log), environment)
    try:
        yield Live(process, _address(process, folder), folder)
    finally:
        process.terminate()
        process.join(_PATIENCE)
        assert process.exitcode is not None, "the gateway did not stop"


def _address(process: BaseProcess, folder: Path) -> str:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.is_alive():
        for line in reversed((folder / "log").read_text().splitlines()):
            if _STARTED in line:
                return json.loads(line)["event"].removeprefix(_STARTED).partition(" ")[0]
        time.sleep(0.05)
    raise AssertionError(f"the gateway did not start: {(folder / 'log').read_text()}")
