"""The client against running gateways: results, errors, renewed logins, and requests that are sent again."""

from __future__ import annotations

import doctest
import pickle
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

import adsql.client
from adsql.client import Client, GatewayError, calls
from adsql.errors import AdsqlError, InvalidOption, InvalidSource, UnknownAlgorithm, UnknownColumn, UnknownModel
from server.live import ADMIN, PASSWORD, gateway

# Other tests have models in the same gateway.
MODEL = "a client's fares"
TRIPS = [{"fare": 12.5 + i % 7, "km": 3 + i % 5} for i in range(200)] + [{"fare": 950.0, "km": 3}]
TABLE = pa.Table.from_pylist(TRIPS)


def key_of(live, role="admin"):
    with live.user() as admin:
        answer = admin.post("/api-keys", json={"name": "a client", "role": role})
    assert answer.status_code == 201, answer.text
    return answer.json()["key"]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def client(request):
    live = request.getfixturevalue(f"on_{request.param}")
    with Client(live.url, api_key=key_of(live)) as client:
        client.train(MODEL, TRIPS, algorithm="mad")
        yield client


@pytest.fixture
def session(on_duckdb):
    with Client(on_duckdb.url, username=ADMIN, password=PASSWORD) as client:
        yield client


def strangest(table):
    return max(table.to_pylist(), key=lambda row: row["anomaly_score"])["fare"]


@pytest.mark.parametrize(
    "rows", [TRIPS, TABLE, TABLE.to_batches()[0], pd.DataFrame(TRIPS)], ids=lambda rows: type(rows).__name__
)
def test_rows_of_every_kind_are_detected_alike(client, rows):
    found = client.detect(rows, algorithm="mad", columns=["fare"])
    assert found.num_rows == len(TRIPS)
    assert strangest(found) == 950.0
    assert found.equals(client.detect(TABLE, algorithm="mad", columns=["fare"]).cast(found.schema))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".ndjson", ".arrows"])
def test_files_are_sent_as_what_they_are(client, tmp_path, suffix):
    file = tmp_path / f"trips{suffix}"
    if suffix == ".csv":
        csv.write_csv(TABLE, file)
    elif suffix == ".parquet":
        parquet.write_table(TABLE, file)
    elif suffix == ".ndjson":
        pd.DataFrame(TRIPS).to_json(file, orient="records", lines=True)
    else:
        with pa.ipc.new_stream(file, TABLE.schema) as writer:
            writer.write_table(TABLE)
    assert strangest(client.detect(file, model=MODEL)) == 950.0


def test_a_query_is_a_source(client):
    assert client.detect("SELECT 12.5 AS fare, 3 AS km", model=MODEL).num_rows == 1


def test_scores_of_one_row_are_those_among_many(client):
    among = client.score(MODEL, TRIPS)
    alone = client.score(MODEL, TRIPS[-1:], version=1)
    assert among.slice(len(TRIPS) - 1).equals(alone)
    assert client.score(MODEL, TRIPS[-1:]).equals(alone)


def test_a_model_is_evaluated_at_once_and_as_a_job(client):
    labelled = [{**trip, "fraud": trip["fare"] > 900} for trip in TRIPS]
    found = client.evaluate(MODEL, labelled, "fraud", k=1)
    values = {metric["metric"]: metric["value"] for metric in found}
    assert (values["auc_roc"], values["precision_at_k"]) == (1.0, 1.0)
    assert (values["rows"], values["anomalies"]) == (len(TRIPS), 1)
    assert client.start_evaluate(MODEL, labelled, "fraud", k=1).wait() == found
    with pytest.raises(UnknownColumn, match="'theft' does not exist"):
        client.evaluate(MODEL, labelled, "theft")


def test_reports_are_tables(client):
    labelled = [{**trip, "fraud": trip["fare"] > 900, "short": trip["km"] < 4} for trip in TRIPS]
    assert client.explain(MODEL, TRIPS, top_k=1)["row_number"].to_pylist() == [len(TRIPS)]
    assert client.thresholds(MODEL, TRIPS)["is_current"].to_pylist().count(True) == 1
    assert client.drift(MODEL, TRIPS)["feature"].to_pylist()
    assert set(client.compare([MODEL], labelled, "fraud", k=1)["model"].to_pylist()) == {MODEL}
    assert client.profile(TABLE)["column_name"].to_pylist() == TABLE.column_names
    assert "lift" in client.contrast(labelled, "fraud", ["short"]).column_names
    assert set(client.suggest_normal(MODEL, TRIPS)["row_number"].to_pylist()) == {len(TRIPS)}
    assert "metric" in client.stability(TABLE, algorithm="mad", seed=1).column_names
    assert client.agreement(TABLE, algorithms=["mad", "zscore"])["other"].to_pylist() == ["zscore"]


def test_a_model_learns_from_verdicts(client):
    client.train("judged by a client", TRIPS, algorithm="mad")
    client.give_feedback("judged by a client", TRIPS[-1], "normal", key="201", note="agreed by phone")
    effects = {one["metric"]: one for one in client.preview_feedback("judged by a client", TRIPS)}
    assert effects["flagged"]["after"] < effects["flagged"]["before"]
    assert client.apply_feedback("judged by a client", TRIPS)["version"] == 2
    assert client.score("judged by a client", TRIPS[-1:])["is_anomaly"].to_pylist() == [False]
    with pytest.raises(AdsqlError, match="verdict"):
        client.give_feedback("judged by a client", TRIPS[-1], "maybe")
    client.drop_model("judged by a client")


def test_models_are_trained_described_and_dropped(client):
    trained = client.train("passing", TABLE, algorithm="mad", params={}, columns=["fare", "km"])
    assert (trained["version"], trained["n_features"]) == (1, 2)
    assert client.train("passing", TABLE, algorithm="mad", columns=["fare"])["version"] == 2
    assert {(one["name"], one["version"]) for one in client.models()} >= {("passing", 1), ("passing", 2), (MODEL, 1)}
    assert {"section", "name", "value", "segment"} <= set(client.model_info("passing", version=2)[0])
    assert client.drop_model("passing", version=1) == [1]
    assert client.drop_model("passing") == [2]
    with pytest.raises(UnknownModel):
        client.model_info("passing")


def test_the_rest_of_the_database_is_seen(client):
    assert client.me()["role"] == "admin"
    assert client.sql("SELECT 1 AS one, 'two' AS two").to_pylist() == [{"one": 1, "two": "two"}]
    assert "iforest" in {one["algorithm"] for one in client.detectors()}
    assert isinstance(client.tables(), list)


def test_jobs_are_waited_for(client):
    seen = []
    found = client.start_detect(TABLE, model=MODEL).wait(progress=seen.append)
    assert strangest(found) == 950.0
    assert seen[-1]["state"] == "succeeded"
    assert seen[-1]["progress"] == 1.0
    job = client.start_train("by_a_job", TRIPS, algorithm="mad")
    assert job.wait(60)["name"] == "by_a_job"
    assert client.job(job.id).wait().column("name").to_pylist() == ["by_a_job"]
    assert job.id in {one["id"] for one in client.jobs()}
    with pytest.raises(GatewayError) as caught:
        job.cancel()
    assert caught.value.code == "ADSQL_CONFLICT"


def test_a_job_fails_as_the_call_would(client):
    with pytest.raises(UnknownModel):
        client.start_detect(TRIPS, model="no such model").wait()


def test_a_job_can_be_left_and_cancelled(on_duckdb):
    with Client(on_duckdb.url, api_key=key_of(on_duckdb)) as client:
        job = client.start_train("endless", "SELECT avg(range) AS x, 1 AS y FROM range(1000000000000)")
        with pytest.raises(TimeoutError):
            job.wait(0.01)
        job.cancel()
        with pytest.raises(GatewayError) as caught:
            job.wait()
        assert caught.value.code == "ADSQL_CANCELLED"


def test_errors_are_those_of_the_library(client):
    with pytest.raises(UnknownAlgorithm) as caught:
        client.detect(TRIPS, algorithm="iforets")
    assert "iforest" in str(caught.value)
    with pytest.raises(UnknownModel):
        client.score("no such model?", TRIPS[:1])


def test_what_only_the_gateway_can_say_has_its_code(on_duckdb):
    with Client(on_duckdb.url, api_key=key_of(on_duckdb, "read")) as reader, pytest.raises(GatewayError) as caught:
        reader.train(MODEL, TRIPS)
    error = caught.value
    assert (error.code, error.status) == ("ADSQL_FORBIDDEN", 403)
    time.sleep(0.3)  # lines are written together
    assert error.request_id in on_duckdb.log
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.status, again.request_id, str(again)) == (error.code, 403, error.request_id, str(error))


@pytest.mark.parametrize("given", [{}, {"username": "me"}, {"username": "me", "password": "x", "api_key": "y"}])
def test_one_credential_is_needed(given):
    with pytest.raises(InvalidOption):
        Client("http://127.0.0.1:1", **given)


@pytest.mark.parametrize("rows", [42, [1, 2], [{"x": float("nan")}], [{"x": object()}], Path("trips.xlsx")])
def test_what_cannot_be_sent_is_refused_here(client, rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("trips.xlsx").write_bytes(b"")
    with pytest.raises(InvalidSource):
        client.detect(rows)


def test_dates_of_records_arrive_as_dates(client):
    rows = [{"x": float(i % 7), "day": date(2024, 1, 1 + i % 28)} for i in range(60)]
    found = client.detect(rows, algorithm="mad")
    assert pa.types.is_date(found.schema.field("day").type)


def test_a_wrong_password_is_refused_and_not_tried_again(on_duckdb):
    with Client(on_duckdb.url, username=ADMIN, password="wrong") as client, pytest.raises(GatewayError) as caught:
        client.models()
    assert caught.value.code == "ADSQL_NOT_AUTHENTICATED"


def test_an_expired_token_is_renewed_once_for_all_threads(on_duckdb, session):
    session.me()
    credential = session._connection._client.auth
    before = paths(on_duckdb)
    refreshed, credential._access = credential._refresh, "expired"
    with ThreadPoolExecutor(8) as threads:
        names = [future.result()["username"] for future in [threads.submit(session.me) for _ in range(32)]]
    assert names == [ADMIN] * 32
    assert credential._refresh != refreshed
    after = paths(on_duckdb)
    assert after.count("/api/v1/auth/refresh") - before.count("/api/v1/auth/refresh") == 1
    assert after.count("/api/v1/auth/token") == before.count("/api/v1/auth/token")


def test_a_session_that_has_ended_is_begun_again(on_duckdb, session):
    session.me()
    credential = session._connection._client.auth
    with on_duckdb.client(Authorization=f"Bearer {credential._access}") as other:
        assert other.post("/auth/logout").status_code == 204
    assert session.me()["username"] == ADMIN


def paths(live):
    time.sleep(0.3)
    return [line["path"] for line in live.lines() if line["event"] == "request"]


@contextmanager
def cutting(live, cut):
    """Stand in front of a gateway, and cut the first so many connections once they have sent something."""
    host, _, port = live.url.removeprefix("http://").partition(":")
    listener = socket.create_server(("127.0.0.1", 0))
    counts = {"connections": 0}

    def carry(source, target):
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
        except OSError:
            pass
        finally:
            target.close()

    def serve():
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            counts["connections"] += 1
            if counts["connections"] <= cut:
                near.recv(65536)
                near.close()
                continue
            far = socket.create_connection((host, int(port)))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=carry, args=pair, daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", counts
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_what_can_be_repeated_survives_broken_connections(on_duckdb):
    with cutting(on_duckdb, 2) as (url, counts), Client(url, api_key=key_of(on_duckdb)) as client:
        assert strangest(client.detect(TRIPS, algorithm="mad")) == 950.0
        assert counts["connections"] == 3


def test_training_is_not_repeated_once_it_was_sent(on_duckdb):
    with cutting(on_duckdb, 1) as (url, counts), Client(url, api_key=key_of(on_duckdb)) as client:
        with pytest.raises(GatewayError) as caught:
            client.train("once", TRIPS)
        assert caught.value.code == "ADSQL_GATEWAY_ERROR"
        assert counts["connections"] == 1
        assert client.train("once", TRIPS, algorithm="mad")["version"] == 1


def test_it_gives_up_after_so_many_attempts(on_duckdb):
    with cutting(on_duckdb, 9) as (url, counts), Client(url, api_key=key_of(on_duckdb), attempts=3) as client:
        with pytest.raises(GatewayError):
            client.models()
        assert counts["connections"] == 3


def test_a_gateway_that_is_not_there_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    with (
        Client(f"http://127.0.0.1:{free}", api_key="x", attempts=2) as client,
        pytest.raises(GatewayError, match="reached"),
    ):
        client.train(MODEL, TRIPS)


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A gateway that does one request at a time, three of a user in a second, and four logins in a year.

    Windows are those of the calendar: an hour may be over at once.
    """
    settings = {
        "ADSQL_CONCURRENT_REQUESTS": "1",
        "ADSQL_RATE_LIMIT_USER": "3/second",
        "ADSQL_RATE_LIMIT_LOGIN": "4/year",
    }
    with gateway(tmp_path_factory.mktemp("strict"), **settings) as live:
        yield live


@pytest.fixture(scope="module")
def strict_key(strict):
    """Made before anything is counted: making one is a request of the same user."""
    return key_of(strict)


def test_limits_are_waited_for(strict, strict_key):
    with Client(strict.url, api_key=strict_key) as client:
        for _ in range(5):
            client.me()
    assert 429 in {line["status"] for line in strict.lines() if line["event"] == "request"}


def test_a_busy_gateway_is_waited_for(strict, strict_key):
    host, _, port = strict.url.removeprefix("http://").partition(":")
    head = (
        f"POST /api/v1/sql HTTP/1.1\r\nHost: x\r\nX-API-Key: {strict_key}\r\nContent-Type: application/json\r\n"
        "Content-Length: 99\r\n\r\n"
    )
    with Client(strict.url, api_key=strict_key, attempts=20) as client, ThreadPoolExecutor(1) as thread:
        time.sleep(1)  # of the rate's second, so that what holds the only place is let in
        with socket.create_connection((host, int(port))) as holding:
            holding.sendall(head.encode())
            with strict.client() as stranger:
                while stranger.get("/detectors").status_code != 503:
                    time.sleep(0.05)
            waiting = thread.submit(client.me)
            while not refused(strict, "/api/v1/auth/me"):
                time.sleep(0.05)
            assert not waiting.done()
        assert waiting.result(60)["username"] == ADMIN


def refused(live, path):
    return any(f'"path": "{path}", "status": 503' in line for line in live.log.splitlines())


@pytest.mark.usefixtures("strict_key")
def test_a_long_wait_is_left_to_the_caller(strict):
    with ExitStack() as clients:
        several = [clients.enter_context(Client(strict.url, username=ADMIN, password=PASSWORD)) for _ in range(5)]
        with pytest.raises(GatewayError) as caught:
            [client.me() for client in several]
    assert caught.value.code == "ADSQL_TOO_MANY_REQUESTS"


def test_examples_of_the_client_hold(on_duckdb):
    report = []
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    found = finder.find(calls, extraglobs={"url": on_duckdb.url, "key": key_of(on_duckdb)})
    for test in found:
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)
    assert "adsql.client.calls.Client" in {test.name for test in found if test.examples}


def test_errors_of_the_client_are_errors_of_adsql():
    assert issubclass(adsql.client.GatewayError, AdsqlError)
