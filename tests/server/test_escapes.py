"""Attempts to get out of a tenant: through every field, on both databases. Each must be refused, and change nothing."""

from __future__ import annotations

import json

import pytest

from server.trips import ROWS

SECRET = {"rows": [{"secret": float(i), "of_acme": float(i % 3)} for i in range(30)]}


@pytest.fixture(scope="module")
def rich(admin, live, other_tenant):
    """Another tenant's client, who has a model; on PostgreSQL also a table."""
    sent = {"username": "acme.owner", "password": "four wise words together", "role": "admin", "tenant": other_tenant}
    assert admin.post("/users", json=sent).status_code == 201
    with live.user("acme.owner", "four wise words together") as client:
        trained = client.post("/train", json={"model": "theirs", "algorithm": "mad", **SECRET})
        assert trained.status_code == 201, trained.text
        yield client


@pytest.fixture(scope="module")
def ours(admin):
    assert admin.post("/train", json={"model": "ours", "rows": ROWS, "algorithm": "mad"}).status_code == 201


@pytest.fixture
def unchanged(admin, rich, ours):
    """Both tenants have afterwards what they had before."""

    def seen():
        return admin.get("/models").json(), rich.get("/models").json(), admin.get("/tables").json()

    before = seen()
    count = {"query": "SELECT count(*) AS n FROM trips"}
    yield
    assert seen() == before
    assert admin.post("/sql", json=count).json()["rows"] == [{"n": len(ROWS)}]


FRAGMENTS = [
    "'; DROP TABLE trips; --", '"; DROP TABLE trips; --', "trips; DROP TABLE trips", "x) ; DELETE FROM adsql.models; --",
    "trips' OR '1'='1", "$$; DROP TABLE trips; $$", "*/ DROP TABLE trips /*", "(SELECT adsql.drop_model('ours'))",
    "%(source)s %s {} $source $1", "\\'; DROP TABLE trips; --", "E'\\x27'", "tenant_acme.secrets", "acme.main.models",
]  # fmt: skip


@pytest.mark.parametrize("text", FRAGMENTS)
def test_text_in_any_field_stays_text(admin, unchanged, text):
    bodies = [
        ("/detect", {"source": text}),
        ("/detect", {"rows": ROWS, "algorithm": text}),
        ("/detect", {"rows": ROWS, "columns": [text]}),
        ("/detect", {"rows": ROWS, "segment_by": [text]}),
        ("/detect", {"rows": ROWS, "label_column": text}),
        ("/detect", {"rows": ROWS, "params": {text: text}}),
        ("/detect", {"rows": ROWS, "model": text}),
        ("/train", {"model": "injected", "source": text}),
        ("/train", {"model": "injected", "rows": ROWS, "algorithm": text}),
        ("/models/ours/evaluate", {"rows": ROWS, "label": text}),
        ("/sql", {"query": text}),
    ]
    for address, body in bodies:
        answer = admin.post(address, json=body)
        assert 400 <= answer.status_code < 500, (address, body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    answer = admin.post("/detect", json={"rows": [{text: i % 7} for i in range(30)]})
    assert answer.status_code == 200, answer.text
    assert next(iter(answer.json()["rows"][0])) == text
    answer = admin.post("/detect", json={"rows": [{"a": text, "b": i % 7} for i in range(30)], "columns": ["b"]})
    assert answer.json()["rows"][0]["a"] == text


WRITES = [
    "SELECT adsql.drop_model('ours')", "SELECT * FROM adsql.train_model('new', 'trips')", "DELETE FROM trips",
    "WITH gone AS (DELETE FROM trips RETURNING *) SELECT * FROM gone", "DROP TABLE trips", "CREATE TABLE new AS SELECT 1",
    "UPDATE trips SET fare = 0", "INSERT INTO trips SELECT * FROM trips", "TRUNCATE trips", "ALTER TABLE trips RENAME TO x",
    "SELECT 1; DROP TABLE trips", "COMMIT", "COMMIT; DROP TABLE trips", "SELECT 1) AS a; DROP TABLE trips; --",
    "SELECT * FROM adsql.update_model('ours', 'trips')", "DELETE FROM adsql.models",
    "SELECT * FROM adsql.detect_anomalies('SELECT adsql.drop_model(''ours'')')",
    "COPY trips TO '/tmp/trips.csv'", "COPY trips TO PROGRAM 'touch /tmp/x'", "COPY trips FROM '/etc/passwd'",
    "ATTACH '/tmp/other.duckdb'", "SET search_path = x", "VACUUM", "CHECKPOINT", "LOAD httpfs", "SELECT * INTO new FROM trips",
    "DO $$ BEGIN DROP TABLE trips; END $$", "CALL x()", "PREPARE x AS DROP TABLE trips", "LISTEN x", "LOCK TABLE trips",
    "EXPLAIN ANALYZE DELETE FROM trips", "SELECT setval('s', 1)",
]  # fmt: skip


@pytest.mark.parametrize("statement", WRITES)
def test_statements_that_write_are_refused(admin, unchanged, statement):
    for address, body in (("/sql", {"query": statement}), ("/detect", {"source": statement})):
        answer = admin.post(address, json=body)
        assert 400 <= answer.status_code < 500, (address, answer.text)


OUTSIDE = [
    "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
    "FROM '/etc/hostname'", "SELECT * FROM read_blob('gateway.duckdb')", "SELECT * FROM glob('/*')",
    "SELECT * FROM read_csv('/proc/self/environ')", "SELECT * FROM parquet_metadata('/etc/passwd')",
    "SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('/')", "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM dblink('dbname=gateway', 'SELECT 1') AS t(a int)", "SELECT * FROM pg_authid", "SELECT * FROM pg_shadow",
    "SELECT * FROM adsql_gateway.users", "SELECT * FROM adsql_gateway.audit", "SELECT * FROM gateway.adsql_gateway.users",
    "SELECT * FROM tenant_acme.secrets", "SELECT getenv('PATH')", "SELECT * FROM duckdb_secrets()",
    "SELECT current_setting('secret_directory')", "SELECT * FROM query('SELECT 1')", "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM gateway", "SELECT * FROM settings", "SELECT * FROM rows", "SELECT * FROM table",
]  # fmt: skip


@pytest.mark.parametrize("statement", OUTSIDE)
def test_nothing_outside_the_tenant_is_read(admin, unchanged, statement):
    for address, body in (("/sql", {"query": statement}), ("/detect", {"source": statement})):
        answer = admin.post(address, json=body)
        assert 400 <= answer.status_code < 500, (address, answer.text)
        assert "root:" not in answer.text


def test_other_tenants_models_do_not_exist(admin, unchanged):
    unknown = "ADSQL_UNKNOWN_MODEL"
    rows = {"rows": SECRET["rows"][:1]}
    assert admin.post("/models/theirs/score", json=rows).json()["code"] == unknown
    assert admin.post("/models/theirs/score", json=SECRET).json()["code"] == unknown
    assert admin.post("/detect", json={**SECRET, "model": "theirs"}).json()["code"] == unknown
    assert admin.get("/models/theirs").json()["code"] == unknown
    assert admin.delete("/models/theirs").json()["code"] == unknown
    assert "theirs" not in admin.get("/models").text
    listed = admin.post("/sql", json={"query": "SELECT name FROM adsql.models()"}).json()["rows"]
    assert {"name": "theirs"} not in listed
    listed = admin.post("/sql", json={"query": "SELECT name FROM adsql.models"}).json()["rows"]
    assert {"name": "theirs"} not in listed


def test_settings_forged_in_sql_give_no_rights(on_postgres, unchanged):
    """Settings of a transaction can be set by anyone who may send SQL: nothing here rests on one."""
    forged = [
        "SELECT set_config('role', 'tenant_acme', true)", "SELECT set_config('session_authorization', 'gateway', true)",
        "SELECT set_config('transaction_read_only', 'off', true), adsql.drop_model('ours')",
        "SELECT set_config('adsql.tenant', 'acme', false), adsql.drop_model('theirs')",
    ]  # fmt: skip
    with on_postgres.user() as client:
        for statement in forged:
            answer = client.post("/sql", json={"query": statement})
            assert 400 <= answer.status_code < 500, answer.text
        # What can be set is gone with the transaction.
        assert (
            client.post("/sql", json={"query": "SELECT set_config('statement_timeout', '1', false)"}).status_code == 200
        )
        assert client.post("/sql", json={"query": "SELECT set_config('search_path', 'x', false)"}).status_code == 200
        for _ in range(10):
            shown = {"query": "SELECT current_setting('statement_timeout') AS t, count(*) AS n FROM trips"}
            assert client.post("/sql", json=shown).json()["rows"] == [{"t": "100s", "n": len(ROWS)}]


def test_what_a_function_writes_is_rolled_back(on_postgres):
    """Large objects, which servers before 16 let a read-only transaction make."""
    with on_postgres.user() as client:
        count = {"query": "SELECT count(*) AS n FROM pg_largeobject_metadata"}
        before = client.post("/sql", json=count).json()["rows"]
        client.post("/sql", json={"query": "SELECT lo_from_bytea(0, 'x')"})
        assert client.post("/sql", json=count).json()["rows"] == before


def test_locks_of_a_session_end_with_the_request(on_postgres):
    with on_postgres.user() as client:
        assert client.post("/sql", json={"query": "SELECT pg_advisory_lock(42)"}).status_code == 200
        held = {"query": "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = 42"}
        assert client.post("/sql", json=held).json()["rows"] == [{"n": 0}]


def test_only_declared_folders_are_read(on_duckdb):
    readable = on_duckdb.folder / "readable"
    outside = on_duckdb.folder / "data" / "secret"
    assert outside.exists()
    with on_duckdb.user() as client:
        answer = client.post("/sql", json={"query": f"SELECT a, b FROM '{readable}/few.csv'"})
        assert answer.json()["rows"] == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
        for path in (outside, readable / ".." / "data" / "secret", f"{readable}/../data/secret"):
            for query in (f"SELECT * FROM read_csv('{path}')", f"SELECT * FROM '{path}'"):
                assert client.post("/sql", json={"query": query}).status_code in {403, 404, 422}


def test_readers_name_tables_and_send_no_statements(new_user, unchanged):
    reader = new_user("read")
    assert reader.post("/detect", json={"source": "trips"}).status_code == 200
    for body in ({"source": "SELECT * FROM trips"}, {"source": "trips; SELECT 1"}, {"source": "'x.csv'"}):
        assert reader.post("/detect", json=body).status_code == 403
        assert reader.post("/models/ours/score", json=body).status_code == 403
    assert reader.post("/sql", json={"query": "SELECT 1"}).status_code == 403


def test_jobs_do_not_get_around_the_checks(admin, new_user, unchanged):
    reader = new_user("read")
    assert reader.post("/detect", json={"source": "SELECT 1", "async": True}).status_code == 403
    for statement in ("SELECT adsql.drop_model('ours')", "SELECT * FROM read_text('/etc/passwd')"):
        answer = admin.post("/detect", json={"source": statement, "async": True})
        if answer.status_code == 202:
            assert "root:" not in json.dumps(_ended(admin, answer.json()["id"]))


def _ended(client, job):
    while True:
        shown = client.get(f"/jobs/{job}").json()
        if shown["state"] not in {"queued", "running"}:
            assert shown["state"] == "failed", shown
            return shown
