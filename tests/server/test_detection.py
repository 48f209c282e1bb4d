"""What comes out of HTTP is what SQL gives, whatever the rows came in and go out as."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

import adsql
from server.trips import ROWS

ARROW, NDJSON, PARQUET = (
    "application/vnd.apache.arrow.stream",
    "application/x-ndjson",
    "application/vnd.apache.parquet",
)
TABLE = pa.Table.from_pylist(ROWS)


def in_process(call, **values):
    """Run a call on DuckDB in this process, on the same rows."""
    with adsql.connect() as con:
        con.register("trips", TABLE)
        return con.sql(call, params=values).to_arrow_table().to_pylist()


def arrow_bytes(table):
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def csv_bytes(table):
    out = io.BytesIO()
    csv.write_csv(table, out)
    return out.getvalue()


def parquet_bytes(table):
    out = io.BytesIO()
    parquet.write_table(table, out)
    return out.getvalue()


def lines(rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


UPLOADS = {
    "text/csv": csv_bytes(TABLE),
    NDJSON: lines(ROWS),
    PARQUET: parquet_bytes(TABLE),
    ARROW: arrow_bytes(TABLE),
}


@pytest.fixture(scope="module")
def model(admin):
    answer = admin.post("/train", json={"model": "trips", "rows": ROWS, "algorithm": "iforest", "seed": 3})
    assert answer.status_code == 201, answer.text
    return "trips"


OPTIONS = [
    {},
    {"algorithm": "zscore", "columns": ["fare"]},
    {"algorithm": "iforest", "seed": 5, "params": {"n_estimators": 20}, "contamination": 0.05},
    {"algorithm": "mad", "segment_by": ["kind"], "alert_budget": 2},
    {"algorithm": "knn", "columns": ["fare", "km"], "threshold": 3.5},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: options.get("algorithm", "default"))
def test_detection_is_that_of_sql(admin, options):
    answer = admin.post("/detect", json={"rows": ROWS, **options})
    assert answer.status_code == 200, answer.text
    values = {name: json.dumps(value) if name == "params" else value for name, value in options.items()}
    arguments = "".join(f", {name} => ${name}" for name in options)
    expected = in_process(f"SELECT * FROM detect_anomalies('trips'{arguments})", **values)
    assert answer.json() == {"rows": expected, "row_count": len(ROWS)}


def test_labels_are_those_of_sql(admin):
    rows = [{**row, "fraud": row["fare"] > 900} for row in ROWS]
    answer = admin.post("/detect", json={"rows": rows, "label_column": "fraud"})
    assert [row["fare"] for row in answer.json()["rows"] if row["is_anomaly"]] == [950.0]


def test_a_budget_for_each_day_is_kept_with_the_model(admin):
    rows = [{"day": f"2024-03-0{1 + i // 20}", "fare": i % 5 + (100.0 + i if i % 6 == 0 else 0.0)} for i in range(60)]
    options = {"algorithm": "mad", "columns": ["fare"], "threshold": 5, "alert_budget": 1, "alert_day": "day"}
    found = admin.post("/detect", json={"rows": rows, **options}).json()["rows"]
    assert [row["fare"] for row in found if row["is_anomaly"]] == [121.0, 137.0, 158.0]
    assert admin.post("/train", json={"model": "a day", "rows": rows, **options}).status_code == 201
    kept = admin.post("/detect", json={"rows": rows, "model": "a day"}).json()["rows"]
    assert kept == found


@pytest.mark.parametrize("media_type", UPLOADS)
def test_uploads_give_what_inline_rows_give(admin, media_type):
    inline = admin.post("/detect", json={"rows": ROWS, "algorithm": "mad", "columns": ["fare", "km"]}).json()
    headers = {"Content-Type": media_type}
    body = UPLOADS[media_type]
    sent = admin.post("/detect?algorithm=mad&columns=fare&columns=km", content=body, headers=headers)
    assert sent.json() == inline
    form = {"algorithm": "mad", "columns": '["fare", "km"]'}
    sent = admin.post("/detect", files={"file": ("rows", body, media_type)}, data=form)
    assert sent.json() == inline


def test_file_is_known_by_its_suffix(admin):
    inline = admin.post("/detect", json={"rows": ROWS}).json()
    for name, body in {"rows.csv": UPLOADS["text/csv"], "rows.json": json.dumps(ROWS).encode()}.items():
        sent = admin.post("/detect", files={"file": (name, body, "application/octet-stream")})
        assert sent.json() == inline


def test_all_forms_of_an_answer_have_the_same_rows(admin):
    def answered(accept):
        answer = admin.post("/detect", json={"rows": ROWS}, headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(accept)
        return answer

    rows = answered("application/json").json()["rows"]
    assert [json.loads(line) for line in answered(NDJSON).text.splitlines()] == rows
    assert pa.ipc.open_stream(answered(ARROW).content).read_all().to_pylist() == rows


def test_large_answer_streams_and_is_whole(admin):
    many = pa.table({"x": [float(i % 97) for i in range(60_000)], "text": ["some text to fill a chunk"] * 60_000})
    headers = {"Content-Type": ARROW, "Accept": ARROW}
    with admin.stream(
        "POST", "/detect?algorithm=zscore&columns=x", content=arrow_bytes(many), headers=headers
    ) as answer:
        assert "content-length" not in answer.headers
        found = pa.ipc.open_stream(answer.read()).read_all()
    assert found.select(["x", "text"]).equals(many)
    headers = {"Content-Type": ARROW}
    rows = admin.post("/detect?algorithm=zscore&columns=x", content=arrow_bytes(many), headers=headers).json()
    assert rows["rows"] == found.to_pylist()


def test_table_and_statement_are_sources(admin):
    by_rows = admin.post("/detect", json={"rows": ROWS}).json()
    assert admin.post("/detect", json={"source": "trips"}).json() == by_rows
    statement = {"source": "SELECT fare, km, kind FROM trips"}
    assert admin.post("/detect", json=statement).json() == by_rows


def test_values_of_all_kinds_survive(admin):
    rows = [
        {"n": i, "x": i / 3, "text": "a\"b\\c'd, \u540d \u00fc" if i else "", "yes": i % 2 == 0, "none": None,
         "day": f"2024-02-{1 + i % 28:02d}", "at": f"2024-02-01T{i % 24:02d}:30:00", "zone": f"2024-02-01T{i % 24:02d}:30:00Z"}
        for i in range(40)
    ]  # fmt: skip
    answer = admin.post("/detect", json={"rows": rows, "columns": ["n", "x"]})
    assert answer.status_code == 200, answer.text
    for sent, got in zip(rows, answer.json()["rows"], strict=True):
        assert {**sent, "zone": sent["zone"].replace("Z", "+00:00")} == {name: got[name] for name in sent}


def test_every_way_of_scoring_gives_the_same(admin, model):
    expected = in_process(
        "SELECT anomaly_score, severity, is_anomaly FROM detect_anomalies('trips', algorithm => 'iforest', seed => 3)"
    )
    address = f"/models/{model}/score"
    assert admin.post(address, json={"rows": ROWS}).json()["rows"] == expected
    assert admin.post(address, json={"rows": ROWS, "version": 1}).json()["rows"] == expected
    assert admin.post(address, json={"source": "trips"}).json()["rows"] == expected
    for row, one in list(zip(ROWS, expected, strict=True))[::7]:
        assert admin.post(address, json={"rows": [row]}).json() == {"rows": [one], "row_count": 1}
    by_model = admin.post("/detect", json={"rows": ROWS, "model": model}).json()["rows"]
    assert by_model == [{**row, **one} for row, one in zip(ROWS, expected, strict=True)]


def test_single_row_has_all_forms(admin, model):
    def scored(accept):
        return admin.post(f"/models/{model}/score", json={"rows": ROWS[-1:]}, headers={"Accept": accept})

    row = scored("application/json").json()["rows"][0]
    assert row["is_anomaly"] is True
    assert json.loads(scored(NDJSON).text) == row
    assert pa.ipc.open_stream(scored(ARROW).content).read_all().to_pylist() == [row]


@pytest.mark.parametrize("missing", [["fare"], ["kind"], ["fare", "km", "kind"]])
def test_missing_values_score_alike_in_one_row_and_in_several(admin, model, missing):
    row = {**ROWS[0], **dict.fromkeys(missing)}
    address = f"/models/{model}/score"
    single = admin.post(address, json={"rows": [row]})
    assert single.status_code == 200, single.text
    assert admin.post(address, json={"rows": [row, row]}).json()["rows"] == single.json()["rows"] * 2
    assert (single.json()["rows"][0]["anomaly_score"] is None) == (len(missing) == len(row))


def test_rows_scored_together_keep_their_own_results(live, admin, model):
    address = f"/models/{model}/score"
    expected = admin.post(address, json={"rows": ROWS}).json()["rows"]
    wrong = {"fare": "a lot", "km": 3, "kind": "day"}
    token = admin.headers["Authorization"]

    def score(i):
        with live.client(Authorization=token) as client:
            if i % 5 == 0:
                return client.post(address, json={"rows": [wrong]}).json()["code"]
            return client.post(address, json={"rows": [ROWS[i % len(ROWS)]]}).json()["rows"][0]

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(score, range(120)))
    for i, answer in enumerate(answers):
        assert answer == ("ADSQL_COLUMN_TYPE_CHANGED" if i % 5 == 0 else expected[i % len(ROWS)])


def test_newest_version_scores_from_the_moment_it_is_acknowledged(admin):
    for seed in range(3):
        answer = admin.post("/train", json={"model": "renewed", "rows": ROWS, "algorithm": "iforest", "seed": seed})
        assert answer.json()["version"] == seed + 1
        single = admin.post("/models/renewed/score", json={"rows": ROWS[:1]}).json()
        versioned = admin.post("/models/renewed/score", json={"rows": ROWS[:1], "version": seed + 1}).json()
        assert single == versioned
    assert admin.delete("/models/renewed").json() == {"name": "renewed", "versions": [1, 2, 3]}
    assert admin.post("/models/renewed/score", json={"rows": ROWS[:1]}).json()["code"] == "ADSQL_UNKNOWN_MODEL"


def test_an_answer_without_rows_has_its_columns(admin):
    query = "SELECT fare AS a, kind AS b FROM trips WHERE fare < 0 AND kind LIKE '%'"
    answer = admin.post("/sql", json={"query": query}, headers={"Accept": ARROW})
    table = pa.ipc.open_stream(answer.content).read_all()
    assert (table.num_rows, table.schema.names) == (0, ["a", "b"])
    assert pa.types.is_floating(table.schema.field("a").type)
