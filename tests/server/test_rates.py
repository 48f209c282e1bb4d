"""Rates counted in Redis, by several gateways together, and what happens without it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time

import pytest

from server.live import gateway

LIMIT = {"ADSQL_RATE_LIMIT_ADDRESS": "20/hour"}


@pytest.fixture
def redis(tmp_path):
    """A Redis server on a free port, and its process."""
    program = shutil.which("redis-server")
    assert program, "Redis is missing: scripts/test installs Debian's package"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path), "--requirepass", "pw"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(100):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"redis://:pw@127.0.0.1:{port}/0", process
    process.kill()
    process.wait()


def statuses(live, number):
    with live.client() as client:
        return [client.get("/nowhere").status_code for _ in range(number)]


def test_gateways_count_together_and_by_themselves_without_redis(tmp_path, redis):
    url, process = redis
    settings = {**LIMIT, "ADSQL_RATE_LIMIT_STORAGE": url}
    with gateway(tmp_path / "one", **settings) as one, gateway(tmp_path / "two", **settings) as two:
        assert statuses(one, 12) == [404] * 12
        assert statuses(two, 10) == [404] * 8 + [429] * 2
        assert statuses(one, 1) == [429]
        process.kill()
        process.wait()
        assert statuses(one, 21) == [404] * 20 + [429]
        assert "rates are counted in this process alone" in one.log
        assert ":pw@" not in one.log


def test_storage_that_is_none_stops_the_start(tmp_path):
    with (
        pytest.raises(AssertionError, match="ADSQL_RATE_LIMIT_STORAGE"),
        gateway(tmp_path, ADSQL_RATE_LIMIT_STORAGE="x://"),
    ):
        pass
