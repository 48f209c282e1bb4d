"""Jobs: their course, their results, cancelling, and what a crash leaves."""

from __future__ import annotations

import json
import time

import pyarrow as pa
import pytest

from server.live import gateway
from server.trips import ROWS

LONG = {
    "duckdb": "SELECT i + random() AS x, hash(i) % 1000 AS y FROM range(100000000) AS r(i)",
    "postgres": "SELECT i + random() AS x, i % 1000 AS y FROM generate_series(1, 100000000) AS r(i)",
}
_PATIENCE = 60


def ended(client, job, *, after=("queued", "running")):
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        shown = client.get(f"/jobs/{job}").json()
        if shown["state"] not in after:
            return shown
        time.sleep(0.02)
    raise AssertionError(shown)


@pytest.fixture
def long(request):
    """A source that nobody reads to its end."""
    return LONG[request.node.callspec.params["live"]]


def test_job_does_what_the_request_would(admin):
    answer = admin.post("/detect", json={"rows": ROWS}, headers={"Prefer": "respond-async, wait=5"})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    done = ended(admin, job["id"])
    assert (done["state"], done["progress"], done["row_count"]) == ("succeeded", 1.0, len(ROWS))
    assert done["created_at"] <= done["started_at"] <= done["finished_at"]
    address = done["result"].removeprefix("/api/v1")
    expected = admin.post("/detect", json={"rows": ROWS}).json()
    assert admin.get(address).json() == expected
    lines = admin.get(address, headers={"Accept": "application/x-ndjson"}).text.splitlines()
    assert [json.loads(line) for line in lines] == expected["rows"]
    arrow = admin.get(address, headers={"Accept": "application/vnd.apache.arrow.stream"}).content
    assert pa.ipc.open_stream(arrow).read_all().to_pylist() == expected["rows"]
    assert job["id"] in {one["id"] for one in admin.get("/jobs").json()}
    assert admin.delete(f"/jobs/{job['id']}").json()["code"] == "ADSQL_CONFLICT"


def test_uploads_become_jobs(admin):
    rows = "\n".join(["x,y", *(f"{i % 7},{i % 5}" for i in range(40))]).encode()
    headers = {"Content-Type": "text/csv"}
    job = admin.post("/train?model=by_job&algorithm=mad&async=true", content=rows, headers=headers).json()
    assert (job["kind"], job["subject"]) == ("train", "by_job")
    assert ended(admin, job["id"])["state"] == "succeeded"
    assert admin.get(f"/jobs/{job['id']}/result").json()["rows"][0]["name"] == "by_job"
    files = {"file": ("rows.csv", rows, "text/csv")}
    job = admin.post("/detect", files=files, data={"async": "true"}).json()
    assert ended(admin, job["id"])["row_count"] == 40


def test_failure_is_told_as_the_request_would(admin):
    job = admin.post("/detect", json={"source": "no_such_table", "async": True}).json()
    failed = ended(admin, job["id"])
    assert (failed["state"], failed["problem"]["code"], failed["result"]) == ("failed", "ADSQL_UNKNOWN_SOURCE", None)
    answer = admin.get(f"/jobs/{job['id']}/result")
    assert (answer.status_code, answer.json()["code"]) == (409, "ADSQL_CONFLICT")


def test_running_job_is_cancelled(admin, long):
    job = admin.post("/detect", json={"source": long, "algorithm": "zscore", "async": True}).json()["id"]
    assert ended(admin, job, after=("queued",))["state"] == "running"
    answer = admin.delete(f"/jobs/{job}")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    # Its place is free again, so the statement has ended.
    places = [admin.post("/detect", json={"rows": ROWS, "async": True}).json()["id"] for _ in range(3)]
    assert {ended(admin, place)["state"] for place in places} == {"succeeded"}
    assert admin.get(f"/jobs/{job}").json()["state"] == "cancelled"
    assert admin.get(f"/jobs/{job}/result").status_code == 409


def test_waiting_job_is_cancelled_and_too_many_are_refused(admin, new_user, long):
    body = {"source": long, "algorithm": "zscore", "async": True}
    running = [admin.post("/detect", json=body).json()["id"] for _ in range(2)]
    for job in running:
        ended(admin, job, after=("queued",))
    waiting = []
    while (answer := admin.post("/detect", json=body)).status_code == 202:
        waiting.append(answer.json()["id"])
    assert (answer.status_code, answer.json()["code"], len(waiting)) == (429, "ADSQL_TOO_MANY_REQUESTS", 20)
    assert int(answer.headers["retry-after"]) >= 1
    assert admin.get(f"/jobs/{waiting[0]}").json()["progress"] == 0.0
    reader = new_user("read")
    assert reader.delete(f"/jobs/{waiting[0]}").status_code == 403
    for job in [*waiting, *running]:
        assert admin.delete(f"/jobs/{job}").json()["state"] == "cancelled"


def test_jobs_belong_to_their_tenant(admin, new_user, other_tenant):
    job = admin.post("/detect", json={"rows": ROWS, "async": True}).json()["id"]
    stranger = new_user("admin", other_tenant)
    for answer in (
        stranger.get(f"/jobs/{job}"), stranger.get(f"/jobs/{job}/result"), stranger.delete(f"/jobs/{job}"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (404, "ADSQL_NOT_FOUND")
    assert job not in {one["id"] for one in stranger.get("/jobs").json()}
    assert ended(admin, job)["state"] == "succeeded"


def test_jobs_of_a_killed_gateway_are_failed(tmp_path):
    body = {"source": LONG["duckdb"], "algorithm": "zscore", "async": True}
    with gateway(tmp_path) as live, live.user() as client:
        jobs = [client.post("/detect", json=body).json()["id"] for _ in range(3)]
        ended(client, jobs[0], after=("queued",))
        live.process.kill()
        live.process.join(10)
    with gateway(tmp_path) as live, live.user() as client:
        for job in jobs:
            shown = client.get(f"/jobs/{job}").json()
            assert (shown["state"], shown["problem"]["code"]) == ("failed", "ADSQL_OVERLOADED")


def test_jobs_of_a_stopped_gateway_are_failed(tmp_path):
    body = {"source": LONG["duckdb"], "algorithm": "zscore", "async": True}
    with gateway(tmp_path, ADSQL_SHUTDOWN_SECONDS="0.5") as live, live.user() as client:
        job = client.post("/detect", json=body).json()["id"]
        ended(client, job, after=("queued",))
    with gateway(tmp_path) as live, live.user() as client:
        assert client.get(f"/jobs/{job}").json()["state"] == "failed"
