"""Tenants' connections are kept while there is room, and never closed under those who use them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from adsql_server.databases.duckdb_tenants import DuckDBTenants
from adsql_server.databases.kept import Kept


class Opened:
    def __init__(self, name):
        self.name, self.is_open = name, True

    def close(self):
        assert self.is_open
        self.is_open = False


@pytest.fixture
def kept():
    return Kept(2, Opened, Opened.close)


def use(kept, name):
    with kept.used(name) as opened:
        assert (opened.name, opened.is_open) == (name, True)
        return opened


def test_those_used_longest_ago_go_first(kept):
    first = {name: use(kept, name) for name in "ab"}
    use(kept, "a")
    use(kept, "c")
    assert (first["a"].is_open, first["b"].is_open, kept.names()) == (True, False, ["a", "c"])
    assert use(kept, "b") is not first["b"]


def test_what_is_in_use_stays_open_where_there_is_no_room(kept):
    with kept.used("a") as a, kept.used("b") as b, kept.used("a"), kept.used("c") as c:
        assert all(one.is_open for one in (a, b, c))
    use(kept, "d")
    assert len(kept.names()) == 2


def test_a_broken_one_is_closed_once_and_opened_again(kept):
    broken = use(kept, "a")
    kept.forget("a", broken)
    kept.forget("a", broken)
    assert not broken.is_open
    assert use(kept, "a") is not broken


def test_one_that_does_not_open_leaves_room_and_no_lock():
    def refuse(name):
        raise OSError(name)

    kept = Kept(1, refuse, Opened.close)
    for _ in range(2):
        with pytest.raises(OSError, match="a"), kept.used("a"):
            pass
    assert kept.names() == []


def test_threads_that_come_at_once_share_what_one_of_them_opens():
    opened, gate = [], threading.Barrier(8)

    def open_slowly(name):
        opened.append(name)
        return Opened(name)

    kept = Kept(3, open_slowly, Opened.close)

    def work(number):
        gate.wait(10)
        for i in range(200):
            use(kept, "abc"[(number + i) % 3])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert sorted(opened) == ["a", "b", "c"]


def test_files_of_many_tenants_are_closed_and_opened_again(tmp_path, monkeypatch):
    monkeypatch.setattr("adsql_server.databases.duckdb_tenants._MOST", 2)
    tenants = DuckDBTenants(tmp_path, readable=[], memory_limit="200MB", threads=1)
    for name in ("one", "two", "three", "one", "three"):
        with tenants.session(name) as session:
            assert session.select("SELECT 42 AS x").rows() == [{"x": 42}]
    assert tenants.opened() == ["one", "three"]
    tenants.close()
