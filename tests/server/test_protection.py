"""Limits, headers, and requests that no client should send."""

from __future__ import annotations

import json
import socket
import threading
from urllib.parse import urlsplit

import httpx
import pytest

from server.conftest import WISE
from server.live import ADMIN, PASSWORD, gateway

LIMITS = {
    "ADSQL_RATE_LIMIT_USER": "20/hour", "ADSQL_RATE_LIMIT_ADDRESS": "120/hour", "ADSQL_RATE_LIMIT_LOGIN": "6/hour",
    "ADSQL_MAX_REQUEST_BYTES": "100000", "ADSQL_CONCURRENT_REQUESTS": "3", "ADSQL_CONCURRENT_REQUESTS_PER_USER": "2",
    "ADSQL_REQUEST_SECONDS": "2", "ADSQL_CORS_ORIGINS": '["https://app.example.org"]',
    "ADSQL_TRUSTED_PROXIES": '["127.0.0.1"]',
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A gateway whose limits are low. A trusted proxy tells the address, so each test has one of its own."""
    with gateway(tmp_path_factory.mktemp("strict"), **LIMITS) as live:
        yield live


@pytest.fixture
def address(request):
    """An address of the test's own."""
    return f"192.0.2.{1 + hash(request.node.name) % 250}"


@pytest.fixture
def login(strict):
    """A function that logs in from an address."""

    def log_in(address, username=ADMIN, password=PASSWORD):
        with strict.client(**{"X-Forwarded-For": address}) as client:
            return client.post("/auth/token", data={"username": username, "password": password})

    return log_in


@pytest.fixture
def user(strict, login, address, request):
    """A client of a user of the test's own, from an address of its own."""
    username = f"u{abs(hash(request.node.name))}"
    token = login("198.51.100.1" if address == "192.0.2.1" else address).json()["access_token"]
    with strict.client(Authorization=f"Bearer {token}", **{"X-Forwarded-For": address}) as admin:
        assert admin.post("/users", json={"username": username, "password": WISE}).status_code == 201
    token = login(address, username, WISE).json()["access_token"]
    with strict.client(Authorization=f"Bearer {token}", **{"X-Forwarded-For": address}) as client:
        yield client


def raw(live, *pieces, until=b"\r\n\r\n"):
    """Send bytes as they are and return the start of the answer."""
    where = urlsplit(live.url)
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while until not in answer:
            received = connection.recv(65536)
            if not received:
                break
            answer += received
    return answer.decode(errors="replace")


def test_users_requests_are_counted(user):
    answers = [user.get("/auth/me") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[-1].json()["code"] == "ADSQL_TOO_MANY_REQUESTS"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 3600


def test_addresses_requests_are_counted_of_strangers_too(strict):
    with strict.client(**{"X-Forwarded-For": "203.0.113.9"}) as client:
        statuses = [client.get("/models-of-nobody").status_code for _ in range(121)]
        assert (statuses[:120], statuses[120]) == ([404] * 120, 429)
        # Machines that ask whether it lives are not counted.
        assert client.get("/health").status_code == 200
    with strict.client(**{"X-Forwarded-For": "203.0.113.10"}) as client:
        assert client.get("/models-of-nobody").status_code == 404


def test_logins_from_an_address_are_counted(login):
    statuses = [login("203.0.113.20", f"user{i}", "wrong").status_code for i in range(7)]
    assert statuses == [401] * 6 + [429]


def test_wrong_passwords_of_a_user_are_counted_wherever_they_come_from(login):
    statuses = [login(f"203.0.113.{30 + i}", "victim", "wrong").status_code for i in range(8)]
    assert statuses == [401] * 6 + [429] * 2
    assert login("203.0.113.40").status_code == 200


def test_untrusted_address_is_not_believed(on_duckdb):
    with on_duckdb.client(**{"X-Forwarded-For": "203.0.113.77", "X-Request-ID": "forwarded"}) as client:
        client.get("/nothing-here")
    with on_duckdb.user() as admin:
        entry = next(one for one in admin.get("/audit").json() if one["request_id"] == "forwarded")
    assert entry["address"] == "127.0.0.1"


def test_large_bodies_are_refused_by_their_length(user):
    answer = user.post("/auth/password", content=b"x" * 100_001, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "ADSQL_REQUEST_TOO_LARGE")


def test_large_bodies_are_refused_while_they_come(user):
    def endless():
        for _ in range(200):
            yield b"x" * 1000

    answer = user.post("/auth/password", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "ADSQL_REQUEST_TOO_LARGE")


def test_strangers_bodies_are_read_no_further_than_a_login_needs(on_duckdb):
    with on_duckdb.client() as client:
        answer = client.post("/users", content=b"{" + b" " * 20_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_slow_request_is_answered_504(strict, user):
    token = user.headers["Authorization"]
    head = (
        f"POST /api/v1/auth/password HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    )
    answer = raw(strict, head.encode())
    assert answer.startswith("HTTP/1.1 504")


def test_concurrent_requests_of_a_user_and_of_all_are_counted(strict, user, login, address):
    other = login("203.0.113.60").json()["access_token"]

    def hold(token):
        where = urlsplit(strict.url)
        connection = socket.create_connection((where.hostname, where.port), timeout=30)
        connection.sendall(
            f"POST /api/v1/auth/password HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{".encode()
        )
        return connection

    held = [hold(user.headers["Authorization"]) for _ in range(2)]
    try:
        wait_until(lambda: user.get("/auth/me").status_code == 429)
        refused = user.get("/auth/me")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        held.append(hold(f"Bearer {other}"))
        with strict.client(**{"X-Forwarded-For": "203.0.113.61"}) as stranger:
            wait_until(lambda: stranger.get("/auth/me").status_code == 503)
            refused = stranger.get("/auth/me")
            assert (refused.json()["code"], refused.headers["retry-after"]) == ("ADSQL_OVERLOADED", "1")
            assert stranger.get("/health/ready").status_code == 200
    finally:
        for connection in held:
            connection.close()
    # Places are free again.
    wait_until(lambda: user.get("/auth/me").status_code == 200)


def wait_until(happens):
    for _ in range(15):
        if happens():
            return
        threading.Event().wait(0.1)
    raise AssertionError("it did not happen")


def test_answers_carry_headers_that_protect_browsers(live):
    with live.client() as client:
        for answer in (client.get("/health"), client.get("/users"), client.get("/nowhere")):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert "server" not in answer.headers
            # Browsers must not be told so by what is no HTTPS.
            assert "strict-transport-security" not in answer.headers


def test_pages_of_other_origins_may_not_call_unless_named(on_duckdb, strict):
    def preflight(live, origin):
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET", "X-Forwarded-For": "203.0.113.70"}
        with live.client(**asked) as client:
            return client.options("/auth/me").headers.get("access-control-allow-origin")

    assert preflight(on_duckdb, "https://app.example.org") is None
    assert preflight(strict, "https://app.example.org") == "https://app.example.org"
    assert preflight(strict, "https://evil.example.org") is None


@pytest.mark.parametrize("sent", ["good-id.1", "x" * 65, "a b", "a\tb", ""])
def test_request_ids_are_kept_if_they_are_ids(live, sent):
    with live.client(**{"X-Request-ID": sent}) as client:
        given = client.get("/health").headers["x-request-id"]
    assert (given == sent) is (sent == "good-id.1")
    assert len(given) in {9, 16}


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/users/",
        "/users/%00",
        "/users/..%2f..%2fetc",
        "/api-keys/%F0%9F%94%91",
        "/auth",
        "/users/" + "x" * 5000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "TRACE", "PROPFIND"])
def test_odd_addresses_are_answered_as_problems(admin, path, method):
    answer = admin.request(method, path)
    assert answer.status_code in {404, 405, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:adsql:problem:{problem['code']}"
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"), (b"{", "application/json"), (b"[" * 5000, "application/json"),
        (b"\xff\xfe", "application/json"), (b"null", "application/json"), (b"[1]", "application/json"),
        (b'{"username": 1e999}', "application/json"), (b"a=b", "application/x-www-form-urlencoded"), (b"x", "text/plain"),
        (b"--b\r\n", "multipart/form-data; boundary=b"), (b"{}", "application/json; charset=utf-7"),
    ],
)  # fmt: skip
def test_bodies_that_are_not_what_is_described_are_refused(admin, content, kind):
    answer = admin.post("/users", content=content, headers={"Content-Type": kind})
    assert answer.status_code in {400, 415, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_no_http_does_not_stop_the_gateway(live):
    for nonsense in (
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ):
        try:
            assert "200 OK" not in raw(live, nonsense)
        except ConnectionError:
            continue
    assert httpx.get(f"{live.url}/health").json()["status"] == "ok"


def test_openapi_is_valid_json_and_names_the_role_of_each_endpoint(live):
    with live.client() as client:
        document = json.loads(client.get("/openapi.json").text)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) > 10
    assert document["paths"]["/api/v1/users"]["get"]["x-role"] == "admin"
    assert document["paths"]["/api/v1/users"]["get"]["security"] == [{"password": ["admin"]}, {"key": []}]
    assert "security" not in document["paths"]["/api/v1/auth/token"]["post"]
