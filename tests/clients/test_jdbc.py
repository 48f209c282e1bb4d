"""pgjdbc: one Java program (Jdbc.java) is asked for everything, and stays until the last test of this module."""

from __future__ import annotations

import base64
import datetime as dt
import json
import subprocess
from pathlib import Path

import pytest

from clients import calls
from clients.calls import Result, each_call, each_failure
from clients.database import DATABASE

DRIVER = Path("/usr/share/java/postgresql.jar")  # Debian's libpostgresql-jdbc-java
PROGRAM = Path(__file__).with_name("Jdbc.java")


class Program:
    """A process that answers a line with a line."""

    def __init__(self, process):
        self.process = process

    def ask(self, command, *arguments):
        self.process.stdin.write("\t".join([command, *map(argument, arguments)]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def run(self, query, values=()):
        found = self.ask("run", query, *values)
        rows = [
            tuple(read(value, kind) for value, kind in zip(row, found["columns"].values(), strict=True))
            for row in found["rows"]
        ]
        return Result(found["columns"], rows)


def argument(value):
    kind = {bool: "b", int: "i", float: "f", list: "l", str: "s"}[type(value)]
    text = ",".join(value) if isinstance(value, list) else str(value).lower() if kind == "b" else str(value)
    return kind + base64.b64encode(text.encode()).decode()


def read(value, kind):
    return dt.datetime.fromisoformat(value) if kind == "timestamp" else value


@pytest.fixture(scope="module")
def java(server):
    assert DRIVER.exists(), "pgjdbc is missing: scripts/test installs Debian's package"
    url = f"jdbc:postgresql://127.0.0.1:{server.port}/{DATABASE}?user=adsql"
    with subprocess.Popen(
        ["java", "-XX:TieredStopAtLevel=1", "-cp", DRIVER, PROGRAM, url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        yield Program(process)
        process.stdin.close()
        assert process.wait() == 0


@each_call
def test_call(java, call):
    call.check(java.run(call.query, call.values))


@each_failure
def test_failure(java, failure):
    found = java.ask("run", failure.query, *failure.values)
    failure.check(found["sqlstate"], found["message"])


def test_columns_of_the_view(java):
    assert java.ask("view", "scored_trips") == {
        "id": "int4", "fare": "float8", "km": "int4", "kind": "text", "started": "timestamp",
        "anomaly_score": "float8", "severity": "float8", "is_anomaly": "bool",
    }  # fmt: skip


def test_scores_are_the_server_s_own(java):
    calls.assert_same_bits(java.run(calls.EVERY_SCORE).rows)


def test_cursor_with_a_fetch_size(java):
    found = java.ask("fetch", calls.FETCH, calls.MANY, calls.OPEN_CURSORS)
    calls.assert_each_once(found["rows"])
    assert found["cursors"] >= 1


def test_prepared_statement_uses_the_newest_version(java, train):
    assert train("jdbc", "mad") == 1
    before = java.ask("repeat", calls.TIMES, calls.SCORE, "jdbc")
    assert train("jdbc", "knn") == 2
    after = java.ask("repeat", calls.TIMES, calls.SCORE, "jdbc")
    calls.assert_newest_is_used(before, after, java.run(calls.VERSIONS, ["jdbc"] * 2).rows[0])
    assert java.run(calls.PREPARED).rows == [(1,)]


@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_cancel(java, how):
    found = java.ask(how, calls.LONG)
    assert found["sqlstate"] == calls.CANCELLED
    assert java.run("SELECT 1 AS one").rows == [(1,)]
