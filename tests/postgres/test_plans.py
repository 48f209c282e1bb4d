"""How the server runs what adsql writes: memory bounded, no Python in workers."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from postgres.support import rows, value

MEGABYTE = 1024


def nodes(plan):
    """Yield every node of a plan."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def explained(con, query):
    return list(nodes(value(con, f"EXPLAIN (VERBOSE, FORMAT JSON) {query}")[0]["Plan"]))


@pytest.fixture
def view(con):
    con.execute("SELECT train_model('fares', 'trips', algorithm => 'zscore', columns => ARRAY['fare', 'km'])")
    con.execute("SELECT create_detection_view('strange', 'trips', 'fares')")
    return con


@pytest.mark.parametrize("columns", ["*", "max(anomaly_score)", "count(*)"])
def test_chunks_are_gathered_one_after_the_other(view, columns):
    aggregates = [
        node for node in explained(view, f"SELECT {columns} FROM strange") if node["Node Type"] == "Aggregate"
    ]
    assert [node for node in aggregates if "adsql_chunk" in json.dumps(node.get("Group Key", []))]
    assert all(node["Strategy"] in ("Sorted", "Plain") for node in aggregates)


def test_python_is_never_run_by_a_worker(view):
    view.execute("ALTER TABLE trips SET (parallel_workers = 4)")
    view.execute(
        "SET force_parallel_mode = on; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; "
        "SET min_parallel_table_scan_size = 0"
    )
    assert any(node["Node Type"] == "Gather" for node in explained(view, "SELECT count(*) FROM trips"))
    for query in (
        "SELECT * FROM strange", "SELECT max(anomaly_score('fares', t)) FROM trips AS t",
        "SELECT id FROM trips AS t WHERE is_anomaly('fares', t)", "SELECT (detect_anomalies('fares', t)).* FROM trips AS t",
        "SELECT max(anomaly_score('fares', fare, km)) FROM trips",
    ):  # fmt: skip
        for node in explained(view, query):
            if node["Node Type"] in ("Gather", "Gather Merge"):
                below = [json.dumps(child) for child in nodes(node)][1:]
                assert not any("adsql.__" in text for text in below), query
    found = rows(view, "SELECT count(*), count(anomaly_score) FROM strange")
    assert found == [(501, 501)]
    assert value(view, "SELECT count(anomaly_score('fares', t)) FROM trips AS t") == 501


class Watch(threading.Thread):
    """The most memory of its own, in kB, that a backend has while the block runs; shared buffers are not its own."""

    def __init__(self, con):
        super().__init__()
        self.status = Path(f"/proc/{con.info.backend_pid}/status")
        self.most = 0
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(0.005):
            self.most = max(self.most, int(self.status.read_text(encoding="ascii").partition("RssAnon:")[2].split()[0]))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.join()


def test_memory_does_not_grow_with_the_rows(con):
    columns = ", ".join(f"random() AS x{i}" for i in range(8))
    con.execute(f"CREATE TABLE many AS SELECT {columns} FROM generate_series(1, 200000)")
    con.execute("SELECT train_model('m', 'many', algorithm => 'zscore')")
    with Watch(con) as first:
        con.execute("SELECT materialize_anomalies('first', 'many', 'm')")
    con.execute("INSERT INTO many SELECT m.* FROM many AS m, generate_series(1, 4)")
    with Watch(con) as second:
        con.execute("SELECT materialize_anomalies('second', 'many', 'm')")
    assert value(con, "SELECT count(anomaly_score) FROM second") == 1_000_000
    # 64 MB of numbers are read, and 24 MB of scores written.
    assert second.most - first.most < 20 * MEGABYTE, (first.most, second.most)


def test_rows_of_wide_text_are_gathered_in_chunks_that_an_array_holds(con):
    con.execute(
        "CREATE TABLE wide AS SELECT i % 7 AS x, repeat(md5(i::text), 300) AS document FROM generate_series(1, 20000) AS i"
    )
    con.execute("SELECT train_model('m', 'wide', algorithm => 'zscore', columns => ARRAY['x'])")
    assert value(con, "SELECT materialize_anomalies('scored', 'wide', 'm')") == 20_000
    assert value(con, "SELECT bool_and(s.document = w.document) FROM scored AS s JOIN wide AS w USING (document)")
