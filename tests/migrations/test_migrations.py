"""Migrations are frozen, are applied once, and lead to one schema whichever way they are applied."""

from __future__ import annotations

import hashlib

import duckdb
import pytest

import adsql
from adsql import migrations
from adsql.errors import MigrationChanged, NewerDatabase
from adsql_udfs.duckdb.plans import template

FOLDER = migrations.folder()
ENGINES = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())
ALL = migrations.migrations("duckdb")
# Everything that makes up a schema; comments and times of creation aside.
CATALOGS = {
    "columns": "SELECT table_name, column_name, column_index, data_type, is_nullable, column_default FROM duckdb_columns()",
    "constraints": "SELECT table_name, constraint_type, constraint_text FROM duckdb_constraints()",
    "indexes": "SELECT table_name, index_name, is_unique, sql FROM duckdb_indexes()",
    "views": "SELECT view_name, sql FROM duckdb_views()",
    "sequences": "SELECT sequence_name, start_value, increment_by FROM duckdb_sequences()",
    "functions": "SELECT function_name, macro_definition FROM duckdb_functions()",
}


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        connection.execute(template("migrations_table").substitute())
        yield connection


def applied(con):
    return con.execute("SELECT number, sha256 FROM adsql.migrations ORDER BY number").fetchall()


def apply(con):
    return migrations.apply(lambda query, values: con.execute(query, list(values)).fetchall(), "duckdb", applied(con))


def schema(con):
    return {
        name: sorted(con.execute(f"{query} WHERE schema_name = 'adsql'").fetchall(), key=str)
        for name, query in CATALOGS.items()
    }


def test_there_is_something_to_apply():
    assert [migration.number for migration in ALL] == list(range(1, len(ALL) + 1))


@pytest.mark.parametrize("engine", ENGINES)
def test_names_are_numbered_without_gaps_or_strangers(engine):
    files = sorted(file.name for file in (FOLDER / engine).iterdir())
    assert files == [f"{migration.name}.sql" for migration in migrations.migrations(engine)]
    assert all(name[:4] == f"{number:04}" and name[4] == "_" for number, name in enumerate(files, 1))


def test_every_file_is_frozen_under_its_hash_and_every_hash_has_its_file():
    frozen = dict(
        reversed(line.split("  ")) for line in (FOLDER / "frozen.txt").read_text(encoding="utf-8").splitlines()
    )
    files = {file.relative_to(FOLDER).as_posix(): file for file in FOLDER.rglob("*.sql")}
    assert frozen == {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def test_one_after_another_gives_the_same_schema_as_all_at_once(con):
    apply(con)
    with duckdb.connect() as other:
        other.execute(template("migrations_table").substitute())
        for migration in ALL:
            other.execute(migration.sql)
        assert schema(other) == schema(con)
    assert schema(con)["columns"]


@pytest.mark.parametrize("done", range(len(ALL) + 1))
def test_a_database_of_any_age_is_brought_up_to_date(con, done):
    for migration in ALL[:done]:
        con.execute(migration.sql)
        con.execute(
            "INSERT INTO adsql.migrations (number, name, sha256) VALUES ($1, $2, $3)",
            [migration.number, migration.name, migration.sha256],
        )
    assert apply(con) == ALL[done:]
    assert applied(con) == [(migration.number, migration.sha256) for migration in ALL]


def test_connecting_applies_them_all(con):
    apply(con)
    with adsql.connect() as connected:
        assert applied(connected) == applied(con)
        tables = [row for row in schema(connected)["columns"] if row[0] in {"models", "migrations", "feedback"}]
        assert tables == schema(con)["columns"]


def test_applied_twice_nothing_changes(con):
    apply(con)
    con.execute(
        "INSERT INTO adsql.models SELECT 'm', 1, '', '', [], [], 1, 1, 1, 0, '', 0, '', '', '', ''::BLOB, now()"
    )
    before, rows = schema(con), con.execute("SELECT * FROM adsql.models").fetchall()
    history = con.execute("SELECT * FROM adsql.migrations").fetchall()
    assert apply(con) == []
    assert schema(con) == before
    assert con.execute("SELECT * FROM adsql.models").fetchall() == rows
    assert con.execute("SELECT * FROM adsql.migrations").fetchall() == history


def test_reopening_a_database_changes_nothing(tmp_path):
    file = tmp_path / "kept.db"
    with adsql.connect(file) as con:
        history = con.execute("SELECT * FROM adsql.migrations").fetchall()
    with adsql.connect(file) as con:
        assert con.execute("SELECT * FROM adsql.migrations").fetchall() == history


def test_a_database_of_a_newer_adsql_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "newer.db"
    number = len(ALL) + 1
    with adsql.connect(file) as con:
        con.execute("INSERT INTO adsql.migrations VALUES ($1, 'later', 'hash', now())", [number])
    with pytest.raises(NewerDatabase, match=f"migration {number}, made by a newer adsql.*up to {len(ALL)}"):
        adsql.connect(file)
    with duckdb.connect(file) as con:
        assert len(applied(con)) == number


@pytest.mark.parametrize("migration", ALL, ids=lambda migration: migration.name)
def test_a_migration_changed_after_it_was_applied_is_refused(tmp_path, migration):
    file = tmp_path / "changed.db"
    with adsql.connect(file) as con:
        con.execute("UPDATE adsql.migrations SET sha256 = $1 WHERE number = $2", ["0" * 64, migration.number])
    with pytest.raises(MigrationChanged, match=f"migration {migration.name} differs"):
        adsql.connect(file)


def test_a_migration_that_fails_is_not_recorded(con):
    con.execute("CREATE TABLE adsql.models (x INTEGER)")
    con.execute("BEGIN")
    with pytest.raises(duckdb.CatalogException):
        apply(con)
    con.execute("ROLLBACK")
    assert applied(con) == []
