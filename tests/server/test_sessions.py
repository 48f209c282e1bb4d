"""Logging in, refreshing and logging out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from server.conftest import WISE
from server.live import ADMIN, PASSWORD


def refresh(live, token):
    with live.client() as client:
        return client.post("/auth/refresh", json={"refresh_token": token})


def me(live, token):
    with live.client(Authorization=f"Bearer {token}") as client:
        return client.get("/auth/me")


def test_login_gives_tokens_and_tells_who_is_logged_in(live):
    tokens = live.login()
    assert tokens["token_type"] == "bearer"
    assert (tokens["expires_in"], tokens["scope"]) == (900, "admin")
    assert me(live, tokens["access_token"]).json() == {
        "username": ADMIN, "tenant": "default", "role": "admin", "one_time_password": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (ADMIN, "wrong"), ("nobody", PASSWORD), (" ", PASSWORD), ("x" * 900, PASSWORD),
        ("admin\x00", PASSWORD), ("admin' OR '1'='1", PASSWORD), ("ädmin", PASSWORD), (ADMIN, PASSWORD + "\x00"),
    ],
)  # fmt: skip
def test_wrong_names_and_passwords_get_one_answer(live, username, password):
    with live.client() as client:
        answer = client.post("/auth/token", data={"username": username, "password": password})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "user name or password is wrong"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_form_that_is_not_oauth2s_is_refused(live):
    with live.client() as client:
        for form in ({}, {"username": ADMIN}, {"username": ADMIN, "password": PASSWORD, "grant_type": "magic"}):
            answer = client.post("/auth/token", data=form)
            assert (answer.status_code, answer.json()["code"]) == (422, "ADSQL_INVALID_REQUEST")
        answer = client.post("/auth/token", json={"username": ADMIN, "password": PASSWORD})
        assert answer.status_code == 422
        assert PASSWORD not in answer.text


def test_scope_asks_for_less_and_never_gets_more(live, new_user):
    with live.user(scope="read") as client:
        assert client.get("/auth/me").json()["role"] == "read"
        assert client.get("/users").status_code == 403
    reader = new_user("read")
    tokens = live.login(reader.username, WISE, scope="admin")
    assert tokens["scope"] == "read"
    with live.client() as client:
        answer = client.post("/auth/token", data={"username": ADMIN, "password": PASSWORD, "scope": "root"})
    assert (answer.status_code, answer.json()["allowed"]) == (422, "read, write, admin")


def test_refreshing_keeps_the_lesser_role(live):
    tokens = live.login(scope="write")
    again = refresh(live, tokens["refresh_token"]).json()
    assert again["scope"] == "write"
    assert me(live, again["access_token"]).json()["role"] == "write"


def test_refresh_token_is_used_once_and_its_theft_ends_the_session(live):
    first = live.login()
    second = refresh(live, first["refresh_token"])
    assert second.status_code == 200
    assert me(live, second.json()["access_token"]).status_code == 200
    stolen = refresh(live, first["refresh_token"])
    assert (stolen.status_code, stolen.json()["code"]) == (401, "ADSQL_STOLEN_TOKEN")
    # Neither the thief nor the owner goes on.
    assert refresh(live, second.json()["refresh_token"]).status_code == 401
    assert me(live, second.json()["access_token"]).status_code == 401
    assert me(live, first["access_token"]).status_code == 401


def test_of_two_refreshes_at_once_one_succeeds(live):
    for _ in range(5):
        token = live.login()["refresh_token"]
        with ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(lambda token: refresh(live, token).status_code, [token] * 4))
        assert sorted(statuses) == [200, 401, 401, 401]


def test_theft_ends_no_other_session(live):
    mine, stolen = live.login(), live.login()
    for _ in range(2):
        refresh(live, stolen["refresh_token"])
    assert me(live, mine["access_token"]).status_code == 200
    assert refresh(live, mine["refresh_token"]).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "x" * 200, "é", "\x00", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_refresh_token_is_refused(live, token):
    assert refresh(live, token).status_code == 401


def test_access_token_is_no_refresh_token_and_the_reverse(live):
    tokens = live.login()
    assert refresh(live, tokens["access_token"][:200]).status_code == 401
    assert me(live, tokens["refresh_token"]).status_code == 401


def test_logout_ends_the_session_at_once(live):
    tokens = live.login()
    assert me(live, tokens["access_token"]).status_code == 200
    with live.client(Authorization=f"Bearer {tokens['access_token']}") as client:
        assert client.post("/auth/logout").status_code == 204
        assert client.post("/auth/logout").status_code == 401
    assert me(live, tokens["access_token"]).status_code == 401
    assert refresh(live, tokens["refresh_token"]).status_code == 401


def test_password_change_ends_all_other_sessions(live, new_user):
    here = new_user()
    elsewhere = live.login(here.username, WISE)
    wrong = here.post("/auth/password", json={"old": "not it at all", "new": "other wise words"})
    assert wrong.status_code == 401
    assert here.post("/auth/password", json={"old": WISE, "new": WISE}).status_code == 422
    assert here.post("/auth/password", json={"old": WISE, "new": "other wise words"}).status_code == 204
    assert here.get("/auth/me").status_code == 200
    assert me(live, elsewhere["access_token"]).status_code == 401
    assert refresh(live, elsewhere["refresh_token"]).status_code == 401
    live.login(here.username, "other wise words")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Authorization", "Basic YWRtaW46cGFzc3dvcmQ="), ("Authorization", "Bearer"), ("Authorization", "Bearer x y"),
        ("Authorization", ""), ("X-API-Key", ""), ("X-API-Key", "adsql_0123456789abcdef_" + "x" * 43),
        ("X-API-Key", "' OR 1=1 --"), ("X-API-Key", "adsql_" + "x" * 5000),
    ],
)  # fmt: skip
def test_malformed_credentials_are_refused(live, header, value):
    with live.client(**{header: value}) as client:
        answer = client.get("/auth/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "ADSQL_NOT_AUTHENTICATED")


def test_two_credentials_at_once_are_refused(live, admin):
    key = admin.post("/api-keys", json={"name": "k", "role": "read"}).json()["key"]
    answer = admin.get("/auth/me", headers={"X-API-Key": key})
    assert answer.status_code == 401
    assert "two credentials" in answer.json()["detail"]
