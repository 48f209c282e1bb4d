"""Limits of rows and time, which a gateway of its own has low enough to meet."""

from __future__ import annotations

import io
import time

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet

from server.live import gateway

LIMITS = {
    "ADSQL_MAX_INLINE_ROWS": "50", "ADSQL_MAX_RESULT_ROWS": "20000", "ADSQL_STATEMENT_SECONDS": "5",
    "ADSQL_MAX_REQUEST_BYTES": "200000",
}  # fmt: skip


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def limited(request, tmp_path_factory):
    url = {"DATABASE_URL": request.getfixturevalue("gateway_url")} if request.param == "postgres" else {}
    with gateway(tmp_path_factory.mktemp("limited"), **LIMITS, **url) as live, live.user() as client:
        client.numbers = "range({})" if request.param == "duckdb" else "generate_series(1, {})"
        yield client


def test_more_inline_rows_than_allowed_are_refused(limited):
    answer = limited.post("/detect", json={"rows": [{"a": i % 7} for i in range(51)]})
    assert (answer.status_code, answer.json()["code"]) == (413, "ADSQL_REQUEST_TOO_LARGE")


def test_answer_with_too_many_rows_is_a_problem(limited):
    most = f"SELECT 1 AS a FROM {limited.numbers.format(20_000)} AS r"
    assert limited.post("/sql", json={"query": most}).json()["row_count"] == 20_000
    answer = limited.post("/sql", json={"query": f"SELECT 1 AS a FROM {limited.numbers.format(20_001)} AS r"})
    assert (answer.status_code, answer.json()["code"]) == (413, "ADSQL_REQUEST_TOO_LARGE")


def test_large_answer_with_too_many_rows_is_broken_off(limited):
    """Its beginning has left when the rows turn out to be too many: the client must not take it for the whole."""
    query = f"SELECT repeat('x', 1000) AS a FROM {limited.numbers.format(20_001)} AS r"
    with pytest.raises(httpx.RemoteProtocolError):
        limited.post("/sql", json={"query": query})


def test_file_that_is_too_large_when_unpacked_is_refused(limited):
    out = io.BytesIO()
    parquet.write_table(pa.table({"a": [0.0] * 2_000_000}), out)
    assert len(out.getvalue()) < 200_000
    headers = {"Content-Type": "application/vnd.apache.parquet"}
    answer = limited.post("/detect", content=out.getvalue(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "ADSQL_REQUEST_TOO_LARGE")


def test_statement_that_takes_too_long_is_stopped(limited):
    # It never comes to an end in the time of a test.
    slow = "SELECT count(*) FROM {0} AS a, {0} AS b WHERE sqrt(random()) < 0".format(limited.numbers.format(10_000_000))
    answer = limited.post("/sql", json={"query": slow})
    assert answer.status_code in {503, 504}, answer.text
    assert answer.json()["code"] in {"ADSQL_TIMED_OUT", "ADSQL_CANCELLED"}
    # Its thread is free again.
    end = time.monotonic() + 30
    while limited.post("/sql", json={"query": "SELECT 1 AS a"}).status_code != 200:
        assert time.monotonic() < end


def test_client_that_leaves_stops_its_statement(limited):
    endless = f"SELECT random() AS x, repeat('x', 500) AS t FROM {limited.numbers.format(20_000)} AS r"
    for _ in range(6):
        with limited.stream("POST", "/sql", json={"query": endless}) as answer:
            assert answer.status_code == 200
    assert limited.post("/sql", json={"query": "SELECT 1 AS a"}).json()["rows"] == [{"a": 1}]
