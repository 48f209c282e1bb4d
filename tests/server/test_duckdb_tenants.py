"""What holds tenants' DuckDB files apart from each other and from the machine, without the checker in front."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from adsql.errors import UnknownModel, from_message
from adsql_server.databases import Call
from adsql_server.databases.duckdb_tenants import DuckDBTenants
from adsql_server.problems import InternalError
from adsql_udfs import loaded
from server.trips import ROWS

OPTIONS = dict.fromkeys(
    (
        "columns",
        "segment_by",
        "contamination",
        "params",
        "seed",
        "threshold",
        "alert_budget",
        "label_column",
        "segment_shrinkage",
        "alert_day",
    )
)


@pytest.fixture(scope="module")
def tenants(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tenants")
    made = DuckDBTenants(folder, readable=[], memory_limit="500MB", threads=1)
    train(made, "acme")
    yield made
    made.close()


def train(tenants, tenant, algorithm="iforest"):
    with tenants.session(tenant) as session:
        source = session.lend(pa.Table.from_pylist(ROWS))
        values = {**OPTIONS, "model": "trips", "source": source, "algorithm": algorithm}
        return session.call(Call.TRAIN, values).rows()


OUTSIDE = [
    "FROM read_text('/etc/passwd')", "FROM read_csv('/etc/passwd')", "FROM '/etc/passwd.csv'", "FROM glob('/*')",
    "COPY adsql.models TO '/tmp/models.csv'", "ATTACH '/tmp/other.duckdb'", "INSTALL httpfs", "LOAD httpfs",
    "EXPORT DATABASE '/tmp/exported'", "FROM duckdb_secrets()", "SET enable_external_access = true",
    "SET lock_configuration = false", "SET python_enable_replacements = true", "SET allowed_directories = ['/']",
    "PRAGMA enable_profiling", "SET memory_limit = '100GB'", "FROM rows_of_this_function",
]  # fmt: skip


@pytest.mark.parametrize("statement", OUTSIDE)
def test_locked_instance_reaches_nothing_outside(tenants, statement):
    rows_of_this_function = pa.table({"secret": [1]})
    assert rows_of_this_function.num_rows
    with tenants.session("acme") as session, pytest.raises(duckdb.Error):
        session._con.execute(statement).fetchall()


def test_reading_happens_in_a_transaction_that_cannot_write(tenants):
    with tenants.session("acme") as session:
        session.select("SELECT 1 AS a").rows()
        with pytest.raises(duckdb.Error, match="read-only"):
            session._con.execute("DELETE FROM adsql.models")


def test_tenants_see_nothing_of_each_other(tenants):
    with tenants.session("other") as session:
        databases = session._con.execute("SELECT database_name FROM duckdb_databases() ORDER BY ALL").fetchall()
        assert databases == [("other",), ("system",), ("temp",)]
        assert session.call(Call.MODELS, {"model": None}).rows() == []
        with pytest.raises(duckdb.Error) as failed:
            session.score_rows("trips", ROWS[:1])
    assert isinstance(from_message(str(failed.value)), UnknownModel)


def test_lent_rows_are_seen_by_their_session_only(tenants):
    with tenants.session("acme") as first, tenants.session("acme") as second:
        name = first.lend(pa.table({"a": [1]}))
        assert first.select(f"SELECT a FROM {name}").rows() == [{"a": 1}]
        with pytest.raises(duckdb.CatalogException):
            second.select(f"SELECT a FROM {name}")


@pytest.mark.parametrize("name", ["", "../acme", "a/b", "A", "acme.duckdb", "1a", "a" * 41, "a\0"])
def test_names_that_are_no_tenants_open_no_file(tenants, name):
    with pytest.raises(InternalError), tenants.session(name):
        pass


def test_model_that_was_pushed_out_of_memory_is_loaded_again(tenants, monkeypatch):
    with tenants.session("acme") as session:
        before = session.score_rows("trips", ROWS[:3])
    monkeypatch.setattr(loaded, "_stored", loaded.Shelf(max_bytes=1, at_least=1))
    with tenants.session("acme") as session:
        assert session.score_rows("trips", ROWS[:3]) == before
        assert session.score_rows("trips", ROWS[:1]) == before[:1]


def test_rows_scored_together_come_back_in_their_order(tenants):
    many = [ROWS[i % len(ROWS)] for i in range(256)]
    with tenants.session("acme") as session:
        singles = [session.score_rows("trips", [row])[0] for row in ROWS]
        assert session.score_rows("trips", many) == [singles[i % len(ROWS)] for i in range(256)]
