"""Requests that cannot be served are told what is wrong, in one shape, on both databases."""

from __future__ import annotations

import json

import pytest

from server.trips import ROWS

CSV, NDJSON = "text/csv", "application/x-ndjson"
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
LONG = "x" * 100

# Address, body as JSON, status, code.
WRONG = {
    "nothing": ("/detect", {}, 422, "ADSQL_INVALID_REQUEST"),
    "rows and source": ("/detect", {"rows": ROWS, "source": "trips"}, 422, "ADSQL_INVALID_REQUEST"),
    "no rows": ("/detect", {"rows": []}, 422, "ADSQL_INVALID_REQUEST"),
    "rows without columns": ("/detect", {"rows": [{}, {}]}, 422, "ADSQL_INVALID_REQUEST"),
    "rows no records": ("/detect", {"rows": [1, 2]}, 422, "ADSQL_INVALID_REQUEST"),
    "rows no list": ("/detect", {"rows": {"a": 1}}, 422, "ADSQL_INVALID_REQUEST"),
    "mixed types": ("/detect", {"rows": [{"a": 1}, {"a": "b"}]}, 422, "ADSQL_INVALID_REQUEST"),
    "nested values": ("/detect", {"rows": [{"a": [1]}, {"a": [2]}]}, 422, "ADSQL_INVALID_REQUEST"),
    "objects as values": ("/detect", {"rows": [{"a": {"b": 1}}]}, 422, "ADSQL_INVALID_REQUEST"),
    "number too large": ("/detect", {"rows": [{"a": 10**400}, {"a": 1}]}, 422, "ADSQL_INVALID_REQUEST"),
    "whole number too large": ("/detect", {"rows": [{"a": 10**30}, {"a": 1}]}, 422, "ADSQL_INVALID_REQUEST"),
    "unknown field": ("/detect", {"rows": ROWS, "algoritm": "mad"}, 422, "ADSQL_INVALID_REQUEST"),
    "unknown algorithm": ("/detect", {"rows": ROWS, "algorithm": "magic"}, 422, "ADSQL_UNKNOWN_ALGORITHM"),
    "unknown parameter": ("/detect", {"rows": ROWS, "algorithm": "mad", "params": {"k": 1}}, 422, "ADSQL_UNKNOWN_PARAMETER"),
    "invalid parameter": (
        "/detect", {"rows": ROWS, "algorithm": "knn", "params": {"n_neighbors": -1}}, 422, "ADSQL_INVALID_PARAMETER",
    ),
    "contamination": ("/detect", {"rows": ROWS, "contamination": 0.9}, 422, "ADSQL_INVALID_OPTION"),
    "two thresholds": ("/detect", {"rows": ROWS, "contamination": 0.1, "threshold": 1}, 422, "ADSQL_INVALID_OPTION"),
    "seed no number": ("/detect", {"rows": ROWS, "seed": "one"}, 422, "ADSQL_INVALID_REQUEST"),
    "seed too large": ("/detect", {"rows": ROWS, "seed": 2**63}, 422, "ADSQL_INVALID_REQUEST"),
    "unknown column": ("/detect", {"rows": ROWS, "columns": ["speed"]}, 422, "ADSQL_UNKNOWN_COLUMN"),
    "unknown source": ("/detect", {"source": "no_such_table"}, 404, "ADSQL_UNKNOWN_SOURCE"),
    "unknown model": ("/detect", {"rows": ROWS, "model": "none"}, 404, "ADSQL_UNKNOWN_MODEL"),
    "version without model": ("/detect", {"rows": ROWS, "version": 1}, 422, "ADSQL_INVALID_REQUEST"),
    "options of a saved model": ("/detect", {"rows": ROWS, "model": "m", "seed": 1}, 422, "ADSQL_INVALID_REQUEST"),
    "version zero": ("/detect", {"rows": ROWS, "model": "m", "version": 0}, 422, "ADSQL_INVALID_REQUEST"),
    "result column": ("/detect", {"rows": [{"severity": i, "a": i % 7} for i in range(30)]}, 422, "ADSQL_RESULT_COLUMN_EXISTS"),
    "columns of one name": ("/detect", {"rows": [{"a": i, "A": i % 7} for i in range(30)]}, None, None),
    "no usable column": ("/detect", {"rows": [{"a": None}, {"a": None}]}, 422, "ADSQL_NO_USABLE_COLUMN"),
    "no model's name": ("/train", {"rows": ROWS}, 422, "ADSQL_INVALID_REQUEST"),
    "empty model's name": ("/train", {"rows": ROWS, "model": ""}, 422, "ADSQL_INVALID_REQUEST"),
    "ranker": ("/train", {"rows": ROWS, "model": "m", "algorithm": "cof"}, 422, "ADSQL_NOT_ROW_WISE"),
    "score by unknown model": ("/models/none/score", {"rows": ROWS}, 404, "ADSQL_UNKNOWN_MODEL"),
    "single score by unknown model": ("/models/none/score", {"rows": ROWS[:1]}, 404, "ADSQL_UNKNOWN_MODEL"),
    "no label": ("/models/none/evaluate", {"rows": ROWS}, 422, "ADSQL_INVALID_REQUEST"),
    "no query": ("/sql", {}, 422, "ADSQL_INVALID_REQUEST"),
    "no statement": ("/sql", {"query": "hello"}, 422, "ADSQL_INVALID_REQUEST"),
    "unknown function": ("/sql", {"query": "SELECT no_such_function(1)"}, None, None),
    "division": ("/sql", {"query": "SELECT CAST('x' AS integer)"}, 422, "ADSQL_INVALID_REQUEST"),
    "parameter": ("/sql", {"query": "SELECT $1"}, 422, "ADSQL_INVALID_REQUEST"),
    "two columns of a name": ("/sql", {"query": "SELECT 1 AS a, 2 AS a"}, 422, "ADSQL_INVALID_REQUEST"),
    "nul": ("/sql", {"query": "SELECT 'a\0b'"}, None, None),
    "nul in a name": ("/models/none/evaluate", {"rows": ROWS, "label": "a\0"}, None, None),
    "lone surrogate": ("/detect", {"source": "\ud800"}, None, None),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def model(admin):
    assert admin.post("/train", json={"model": "m", "rows": ROWS, "algorithm": "mad"}).status_code == 201


@pytest.mark.parametrize("case", WRONG)
def test_wrong_body_is_a_problem(admin, case):
    address, body, status, code = WRONG[case]
    answer = admin.post(address, content=json.dumps(body), headers={"Content-Type": "application/json"})
    if status is None:
        # The databases differ in what they take; neither fails.
        assert answer.status_code < 500, answer.text
        return
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "request_id"} <= answer.json().keys()


FILES = {
    "empty csv": (CSV, b"", 422), "ragged csv": (CSV, b"a,b\n1\n", 422), "binary csv": (CSV, b"\xff\xfe\x00\x01", 422),
    "csv of two columns of a name": (CSV, b"a,a\n1,2\n", 422), "broken json": (NDJSON, b'{"a": 1', 422),
    "json of numbers": (NDJSON, b"[1, 2]", 422), "empty json": (NDJSON, b"", 422), "json list of lists": (NDJSON, b"[[1]]", 422),
    "no parquet": (PARQUET, b"PAR1 and no more", 422), "empty parquet": (PARQUET, b"", 422),
    "no arrow": (ARROW, b"no arrow at all", 422), "empty arrow": (ARROW, b"", 422), "cut arrow": (ARROW, b"\xff\xff\xff\xff\x10", 422),
    "unknown type": ("application/pdf", b"%PDF", 415), "no type": ("", b"a\n1\n", 415), "xml": ("text/xml", b"<a/>", 415),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_wrong_file_is_a_problem(admin, case):
    media_type, body, status = FILES[case]
    answer = admin.post("/detect", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_wrong_form_is_a_problem(admin):
    for answer in (
        admin.post("/detect", files={"other": ("a.csv", b"a\n1\n")}),
        admin.post("/detect", files={"file": ("a.exe", b"MZ")}),
        admin.post("/detect", files=[("file", ("a.csv", b"a\n1\n")), ("file", ("b.csv", b"a\n1\n"))]),
        admin.post("/detect", files={"file": ("a.csv", b"a\n1\n")}, data={"seed": "one"}),
        admin.post("/detect", content=b"x", headers={"Content-Type": "multipart/form-data"}),
        admin.post("/detect", content=b"--b\r\n", headers={"Content-Type": "multipart/form-data; boundary=b"}),
    ):
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_answer_in_no_accepted_form_is_refused(admin):
    for accept in ("text/html", "application/json;q=0", "image/*"):
        answer = admin.post("/detect", json={"rows": ROWS}, headers={"Accept": accept})
        assert (answer.status_code, answer.json()["code"]) == (406, "ADSQL_NOT_ACCEPTABLE")


def test_wrong_body_of_no_json_is_a_problem(admin):
    for body in (b"", b"{", b"null", b"[]", b"\xff", b'{"rows": NaN}', b"[" * 5000):
        answer = admin.post("/detect", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (422, "ADSQL_INVALID_REQUEST")
