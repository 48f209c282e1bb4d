"""First start, health, metrics, log, audit and stopping."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time

import httpx
import pytest

from adsql_server.problems import Misconfigured
from adsql_server.settings import settings_from
from server.conftest import WISE
from server.live import ADMIN, FAST, PASSWORD, gateway


def test_first_start_prints_a_password_that_opens_nothing_but_its_change(tmp_path):
    with gateway(tmp_path, ADSQL_ADMIN_PASSWORD="", ADSQL_ADMIN_USERNAME="Root") as live:
        printed = re.search(r"Log in once as Root with the password (\S+)", live.log)
        assert printed, live.log
        with live.user("root", printed[1]) as client:
            assert client.get("/auth/me").json()["one_time_password"] is True
            assert client.get("/users").status_code == 403
            key = client.post("/api-keys", json={"name": "k"})
            assert (key.status_code, key.json()["code"]) == (403, "ADSQL_FORBIDDEN")
            assert client.post("/auth/password", json={"old": printed[1], "new": WISE}).status_code == 204
            assert client.get("/users").status_code == 200
        # It is in none of the lines that are the log.
        assert not any(printed[1] in json.dumps(line) for line in live.lines())
    with gateway(tmp_path, ADSQL_ADMIN_PASSWORD="", ADSQL_ADMIN_USERNAME="somebody.else") as again:
        assert "Log in once" not in again.log
        assert again.login("root", WISE)["scope"] == "admin"
        with again.user("root", WISE) as client:
            assert [user["username"] for user in client.get("/users").json()] == ["root"]
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert {file.name for file in (tmp_path / "data").iterdir()} >= {"gateway.duckdb", "keys", "secret"}
    for secret in [tmp_path / "data" / "secret", *(tmp_path / "data" / "keys").iterdir()]:
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def refused(folder, code=2, **settings):
    environment = {**os.environ, **FAST, "ADSQL_DATA_DIR": str(folder), **settings}
    done = subprocess.run(
        [sys.executable, "-m", "adsql", "serve", "--port", "0"],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT_USER", "often-5"), ("SECRET_KEY", "too-short-5"), ("PORT", "-5"), ("METRICS_TOKEN", "short-5"),
        ("DATABASE_URL", "mysql://me:secret-5@host/db"), ("LOG_LEVEL", "loud-5"), ("READABLE_DIRS", "not-json-5"),
        ("ACCESS_TOKEN_SECONDS", "99999995"), ("IDENTITY_CACHE_SECONDS", "nan"), ("REQUEST_SECONDS", "0"),
        ("CONCURRENT_REQUESTS", "many-5"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_named_without_their_values(monkeypatch, name, value):
    monkeypatch.setenv(f"ADSQL_{name}", value)
    with pytest.raises(Misconfigured) as error:
        settings_from({})
    assert name in str(error.value).upper()
    assert len(value) < 5 or value not in str(error.value)


def test_key_that_cannot_sign_stops_the_start(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a.pem").write_text("nonsense")
    assert refused(tmp_path).startswith("error: [ADSQL_MISCONFIGURED] a.pem is no private key")


def test_folder_of_another_gateway_is_left_to_it(on_duckdb):
    message = refused(on_duckdb.folder, code=5, ADSQL_DATA_DIR=str(on_duckdb.folder / "data"))
    assert message.startswith("error: [ADSQL_UNUSABLE_DATABASE] the gateway's tables cannot be opened")
    assert "one gateway at a time" in message


def test_role_that_may_not_make_the_tables_is_told_so(tmp_path, postgres):
    with postgres.connect() as con:
        con.execute("CREATE ROLE powerless LOGIN PASSWORD 'hidden-5'")
    url = f"postgresql://powerless:hidden-5@127.0.0.1:{postgres.port}/postgres"
    message = refused(tmp_path, code=5, DATABASE_URL=url)
    assert "permission denied for database postgres" in message
    assert "hidden-5" not in message


def test_health_needs_no_credential_and_stands_at_the_root_too(live):
    for prefix in ("", "/api/v1"):
        assert httpx.get(f"{live.url}{prefix}/health").json()["status"] == "ok"
        ready = httpx.get(f"{live.url}{prefix}/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")


def ready(live, status):
    """Wait for an answer that is not of a second ago."""
    for _ in range(30):
        answer = httpx.get(f"{live.url}/health/ready", timeout=60)
        if answer.status_code == status:
            return answer
        time.sleep(0.1)
    raise AssertionError(answer.text)


def test_gateway_is_unready_and_lives_while_its_database_is_away(tmp_path, postgres, gateway_url):
    """And comes back by itself."""
    postgres.database("away")
    with postgres.connect(dbname="away") as con:
        con.execute("GRANT CREATE ON DATABASE away TO gateway")
    url = gateway_url.rpartition("/")[0] + "/away"
    with gateway(tmp_path, DATABASE_URL=url) as live, live.user() as client:
        assert httpx.get(f"{live.url}/health/ready").status_code == 200
        with postgres.connect() as con:
            con.execute("ALTER DATABASE away ALLOW_CONNECTIONS false")
            con.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'")
            answer = ready(live, 503)
            assert answer.json()["code"] == "ADSQL_UNREADY"
            assert answer.headers["retry-after"] == "5"
            assert "adsql_database_up 0.0" in httpx.get(f"{live.url}/metrics").text
            assert httpx.get(f"{live.url}/health").status_code == 200
            answer = client.get("/users")
            assert (answer.status_code, answer.json()["code"]) == (503, "ADSQL_UNREADY")
            con.execute("ALTER DATABASE away ALLOW_CONNECTIONS true")
        ready(live, 200)
        assert client.get("/users").status_code == 200
        assert "adsql_database_up 1.0" in httpx.get(f"{live.url}/metrics").text


def test_metrics_count_requests_by_route_and_not_by_what_strangers_send(live, admin):
    admin.get("/users/admin")
    for path in ("/nowhere-1", "/nowhere-2"):
        admin.request("PROPFIND", path)
    text = httpx.get(f"{live.url}/metrics").text
    assert 'adsql_requests_total{method="GET",route="/api/v1/users/{username}",status="200"}' in text
    assert 'adsql_requests_total{method="none",route="none",status="404"}' in text
    assert 'adsql_request_duration_seconds_bucket{le="0.005",method="GET",route="/api/v1/users/{username}"}' in text
    assert "nowhere" not in text
    assert "PROPFIND" not in text
    assert "adsql_anomalies_detected_total" in text


def test_metrics_name_tenants_to_those_with_the_token_only(live, admin):
    def text(**headers):
        return httpx.get(f"{live.url}/api/v1/metrics", headers=headers).text

    assert "adsql_models" not in text()
    assert "adsql_models" not in text(Authorization="Bearer a token for something else")
    assert admin.post("/train", json={"model": "counted", "rows": [{"x": i % 9} for i in range(30)]}).status_code == 201
    names = {model["name"] for model in admin.get("/models").json()}
    counted = text(Authorization=f"Bearer {FAST['ADSQL_METRICS_TOKEN']}")
    assert f'adsql_models{{tenant="default"}} {len(names)}.0' in counted


def test_every_request_is_one_json_line_with_its_id(live, admin):
    answer = admin.get("/users", headers={"X-Request-ID": "one-line"}, params={"tenant": "default"})
    assert answer.status_code == 200
    # An error is written at once, and with it all that was logged before.
    lines = wait_for(live, "one-line")
    [line] = [line for line in lines if line.get("request_id") == "one-line"]
    assert line | {
        "event": "request", "level": "info", "method": "GET", "path": "/api/v1/users", "status": 200, "user": ADMIN,
        "tenant": "default",
    } == line  # fmt: skip


def wait_for(live, text):
    with live.client() as client:
        for _ in range(50):
            if text in live.log:
                break
            client.get("/health")
    return live.lines()


def test_no_secret_is_in_the_log_or_in_the_audit(live, admin, new_user):
    user = new_user()
    tokens = live.login(user.username, WISE)
    key = admin.post("/api-keys", json={"name": "k", "username": user.username}).json()["key"]
    secrets = {PASSWORD, WISE, "wrong-password-9", "another wise password", tokens["access_token"], key}
    secrets |= {tokens["refresh_token"], FAST["ADSQL_METRICS_TOKEN"]}
    with live.client() as client:
        client.post("/auth/token", data={"username": user.username, "password": "wrong-password-9"})
        client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"], "x": "\ufffd"})
        client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        client.get("/auth/me", headers={"X-API-Key": key})
        client.get("/auth/me", params={"access_token": tokens["access_token"], "password": WISE})
        client.post("/users", json={"username": "a b", "password": WISE})
        client.get("/metrics", headers={"Authorization": f"Bearer {FAST['ADSQL_METRICS_TOKEN']}"})
    admin.patch(f"/users/{user.username}", json={"password": "another wise password"})
    admin.get("/users", headers={"X-Request-ID": "the-last"})
    wait_for(live, "the-last")
    audit = admin.get("/audit", params={"limit": 1000}).text
    for secret in secrets:
        assert secret not in live.log
        assert secret not in audit


def test_audit_tells_who_did_what_and_how_it_ended(admin, new_user, live):
    user = new_user(username="watched")
    user.get("/users", headers={"X-Request-ID": "forbidden-one"})
    with live.client(**{"X-Request-ID": "stranger-one"}) as client:
        client.post("/auth/token", data={"username": "watched\x00", "password": "wrong"})
    entries = {entry["request_id"]: entry for entry in admin.get("/audit").json()}
    entry = entries["forbidden-one"]
    assert (entry["username"], entry["tenant"], entry["method"], entry["path"], entry["status"], entry["code"]) == (
        "watched", "default", "GET", "/api/v1/users", 403, "ADSQL_FORBIDDEN",
    )  # fmt: skip
    assert entry["credential"].startswith("session:")
    assert entry["duration_ms"] > 0
    entry = entries["stranger-one"]
    assert (entry["username"], entry["subject"], entry["status"]) == (None, "watched\N{REPLACEMENT CHARACTER}", 401)
    [only] = admin.get("/audit", params={"username": "watched", "limit": 1}).json()
    assert only["username"] == "watched"
    older = admin.get("/audit", params={"username": "watched", "before": only["at"]}).json()
    assert all(one["at"] < only["at"] for one in older)


def test_audit_of_another_tenant_is_its_own(admin, new_user, other_tenant):
    theirs = new_user("admin", other_tenant)
    theirs.get("/auth/me")
    entries = theirs.get("/audit").json()
    assert {entry["tenant"] for entry in entries} == {other_tenant}
    assert {"default", other_tenant} <= {
        entry["tenant"] for entry in admin.get("/audit", params={"limit": 1000}).json()
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_audit_cannot_be_changed(admin, method):
    assert admin.request(method, "/audit").status_code == 405


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 1001}, {"before": "yesterday"}, {"before": "2024-01-01T00:00:00"}, {"username": "\x00"}],
)
def test_audit_refuses_what_it_cannot_list(admin, query):
    assert admin.get("/audit", params=query).status_code == 422


def test_stopping_writes_the_audit_and_sessions_outlive_it(tmp_path):
    with gateway(tmp_path) as live:
        tokens = live.login()
        with live.client(Authorization=f"Bearer {tokens['access_token']}") as client:
            client.get("/users", headers={"X-Request-ID": "before-the-end"})
        live.process.terminate()
        live.process.join(30)
        # uvicorn ends by the signal that it was sent, after it has finished.
        assert live.process.exitcode == -signal.SIGTERM
        assert "Finished server process" in live.log
    with gateway(tmp_path) as again, again.client(Authorization=f"Bearer {tokens['access_token']}") as client:
        assert "before-the-end" in [entry["request_id"] for entry in client.get("/audit").json()]
        assert client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 200
