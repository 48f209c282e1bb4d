"""Users, keys and tenants, as administrators manage them."""

from __future__ import annotations

import pytest

from server.conftest import WISE


def test_created_user_is_told_of_and_logs_in(live, admin, new_user):
    ada = new_user("write", username="Ada.Lovelace@example.org")
    shown = admin.get("/users/ada.lovelace@example.org").json()
    assert (shown["username"], shown["tenant"], shown["role"], shown["active"]) == (
        "ada.lovelace@example.org", "default", "write", True,
    )  # fmt: skip
    assert shown in admin.get("/users").json()
    assert ada.get("/auth/me").json()["role"] == "write"


def test_names_that_differ_by_case_are_the_same(admin, new_user):
    new_user(username="grace")
    answer = admin.post("/users", json={"username": "GRACE", "password": WISE})
    assert (answer.status_code, answer.json()["code"]) == (409, "ADSQL_CONFLICT")


@pytest.mark.parametrize(
    "username",
    ["", " ", "a b", "a/b", "é", "a\x00", "a\n", "'; DROP TABLE users; --", "x" * 101, None, 7, ["a"], ".a"],
)
def test_names_that_cannot_be_are_refused(admin, username):
    answer = admin.post("/users", json={"username": username, "password": WISE})
    assert (answer.status_code, answer.json()["code"]) == (422, "ADSQL_INVALID_REQUEST")


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 257, "aaaaaaaaaaaaaaaa", "weak.user.12", None, 123456789012, ["x" * 12]]
)
def test_weak_passwords_are_refused_and_not_repeated(admin, password):
    answer = admin.post("/users", json={"username": "weak.user", "password": password})
    assert (answer.status_code, answer.json()["code"]) == (422, "ADSQL_INVALID_REQUEST")
    if password:
        assert str(password) not in answer.text


@pytest.mark.parametrize(
    "password", ["pass\x00word and more", "пароль из четырёх слов", "🔑" * 3 + "keys and locks", "  spaces around  "]
)
def test_any_text_can_be_a_password(live, admin, password):
    username = f"pw{abs(hash(password))}"
    assert admin.post("/users", json={"username": username, "password": password}).status_code == 201
    live.login(username, password)
    with live.client() as client:
        answer = client.post("/auth/token", data={"username": username, "password": password.strip() + " "})
    assert answer.status_code == 401


def test_lone_surrogates_are_refused_everywhere(live, admin):
    sent = b'{"username": "sur", "password": "four wise words \\ud800 together"}'
    answer = admin.post("/users", content=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_unknown_fields_are_refused(admin):
    answer = admin.post("/users", json={"username": "x", "password": WISE, "is_admin": True})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"where": ["body", "is_admin"], "what": "Extra inputs are not permitted"}]


def test_changes_take_effect_at_once(admin, new_user):
    user = new_user("admin")
    assert user.get("/users").status_code == 200
    assert admin.patch(f"/users/{user.username}", json={"role": "read"}).json()["role"] == "read"
    assert user.get("/users").status_code == 403
    assert admin.patch(f"/users/{user.username}", json={"active": False}).json()["active"] is False
    assert user.get("/auth/me").status_code == 401


def test_inactive_user_can_neither_log_in_nor_refresh_nor_use_keys(live, admin, new_user):
    user = new_user()
    key = admin.post("/api-keys", json={"name": "k", "username": user.username}).json()["key"]
    tokens = live.login(user.username, WISE)
    with live.client(**{"X-API-Key": key}) as client:
        assert client.get("/auth/me").status_code == 200
        admin.patch(f"/users/{user.username}", json={"active": False})
        assert client.get("/auth/me").status_code == 401
    with live.client() as client:
        form = {"username": user.username, "password": WISE}
        assert client.post("/auth/token", data=form).json()["detail"] == "user name or password is wrong"
        assert client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_new_password_of_an_administrator_ends_sessions(live, admin, new_user):
    user = new_user()
    assert admin.patch(f"/users/{user.username}", json={"password": "other wise words"}).status_code == 200
    assert user.get("/auth/me").status_code == 401
    live.login(user.username, "other wise words")


def test_deleted_user_is_gone_with_its_keys(live, admin, new_user):
    user = new_user()
    key = admin.post("/api-keys", json={"name": "k", "username": user.username}).json()
    assert admin.delete(f"/users/{user.username}").status_code == 204
    assert admin.delete(f"/users/{user.username}").status_code == 404
    assert user.get("/auth/me").status_code == 401
    assert key["id"] not in [one["id"] for one in admin.get("/api-keys").json()]
    with live.client(**{"X-API-Key": key["key"]}) as client:
        assert client.get("/auth/me").status_code == 401


def test_nobody_changes_or_deletes_oneself(admin):
    for answer in (admin.patch("/users/admin", json={"role": "read"}), admin.delete("/users/ADMIN")):
        assert (answer.status_code, answer.json()["code"]) == (409, "ADSQL_CONFLICT")


def test_key_stands_for_its_user_with_no_more_rights(live, admin, new_user):
    user = new_user("write")
    created = admin.post("/api-keys", json={"name": "nightly", "username": user.username, "role": "read"})
    assert created.status_code == 201
    key = created.json()
    with live.client(**{"X-API-Key": key["key"]}) as client:
        me = client.get("/auth/me").json()
        assert (me["username"], me["role"]) == (user.username, "read")
        assert client.post("/auth/logout").status_code == 409
        assert client.post("/auth/password", json={"old": WISE, "new": "other wise words"}).status_code == 409
    listed = admin.get("/api-keys")
    assert {name: value for name, value in key.items() if name != "key"} in listed.json()
    assert key["key"].rpartition("_")[2] not in listed.text
    more = admin.post("/api-keys", json={"name": "x", "username": user.username, "role": "admin"})
    assert more.status_code == 422


def test_key_shrinks_with_its_user(live, admin, new_user):
    user = new_user("admin")
    key = admin.post("/api-keys", json={"name": "k", "username": user.username, "role": "admin"}).json()["key"]
    with live.client(**{"X-API-Key": key}) as client:
        assert client.get("/users").status_code == 200
        admin.patch(f"/users/{user.username}", json={"role": "write"})
        assert client.get("/users").status_code == 403


def test_revoked_key_is_refused_at_once(live, admin):
    key = admin.post("/api-keys", json={"name": "k"}).json()
    with live.client(**{"X-API-Key": key["key"]}) as client:
        assert client.get("/auth/me").status_code == 200
        assert admin.delete(f"/api-keys/{key['id']}").status_code == 204
        assert client.get("/auth/me").status_code == 401
    assert admin.delete(f"/api-keys/{key['id']}").status_code == 404


def test_key_with_another_secret_is_refused_also_while_the_right_one_is_remembered(live, admin):
    key = admin.post("/api-keys", json={"name": "k"}).json()
    with live.client() as client:
        assert client.get("/auth/me", headers={"X-API-Key": key["key"]}).status_code == 200
        wrong = key["key"][:-1] + ("A" if key["key"][-1] != "A" else "B")
        assert client.get("/auth/me", headers={"X-API-Key": wrong}).status_code == 401


@pytest.mark.parametrize(
    "sent",
    [
        {}, {"name": ""}, {"name": "x" * 101}, {"name": "a\x00"}, {"name": "k", "role": "root"},
        {"name": "k", "expires_in_days": 0}, {"name": "k", "expires_in_days": 1000}, {"name": "k", "username": "' OR"},
    ],
)  # fmt: skip
def test_keys_that_cannot_be_are_refused(admin, sent):
    assert admin.post("/api-keys", json=sent).status_code == 422


@pytest.mark.parametrize("name", ["", "Acme", "1st", "a-b", "a" * 41, "a.b", "a/../b", 'a"b', "a'b", "é", None])
def test_tenants_that_cannot_be_are_refused(admin, name):
    assert admin.post("/tenants", json={"name": name}).status_code == 422


def test_tenant_exists_once(admin, other_tenant):
    assert admin.post("/tenants", json={"name": other_tenant}).status_code == 409
    assert {"default", other_tenant} <= {tenant["name"] for tenant in admin.get("/tenants").json()}
    assert admin.post("/users", json={"username": "x1", "password": WISE, "tenant": "nowhere"}).status_code == 404


def test_administrators_of_another_tenant_manage_their_own_users_only(admin, new_user, other_tenant):
    theirs, ours = new_user("admin", other_tenant), new_user("read")
    assert [user["username"] for user in theirs.get("/users").json()].count(ours.username) == 0
    for answer in (
        theirs.get(f"/users/{ours.username}"),
        theirs.patch(f"/users/{ours.username}", json={"role": "admin"}),
        theirs.delete(f"/users/{ours.username}"),
        theirs.delete("/users/admin"),
        theirs.post("/api-keys", json={"name": "k", "username": ours.username}),
    ):
        assert answer.status_code == 404
    for answer in (
        theirs.get("/users", params={"tenant": "default"}),
        theirs.post("/users", json={"username": "x2", "password": WISE, "tenant": "default"}),
        theirs.get("/audit", params={"tenant": "default"}),
        theirs.post("/tenants", json={"name": "evil"}),
        theirs.get("/tenants"),
    ):
        assert answer.status_code == 403
    colleague = theirs.post("/users", json={"username": "colleague", "password": WISE}).json()
    assert colleague["tenant"] == other_tenant
    assert "colleague" in [user["username"] for user in admin.get("/users", params={"tenant": other_tenant}).json()]


def test_keys_of_other_tenants_are_out_of_reach(admin, new_user, other_tenant):
    theirs = new_user("admin", other_tenant)
    key = admin.post("/api-keys", json={"name": "ours"}).json()
    assert key["id"] not in [one["id"] for one in theirs.get("/api-keys").json()]
    assert theirs.delete(f"/api-keys/{key['id']}").status_code == 404
