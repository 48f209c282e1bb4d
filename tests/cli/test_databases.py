"""Which databases a command opens, makes and leaves behind."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from cli.program import adsql


@pytest.mark.parametrize("database", ["trips.csv", "trips.parquet", ":memory:", "folder", "junk.duckdb"])
@pytest.mark.parametrize("command", [["train", "m", "-i", "trips.csv"], ["drop", "m"]])
def test_a_database_that_would_keep_nothing_is_refused(folder, database, command):
    duckdb.sql("COPY (FROM 'trips.csv') TO 'trips.parquet'")
    Path("folder").mkdir()
    Path("junk.duckdb").write_text("no database")
    before = Path("trips.csv").read_bytes()
    result = adsql(*command, "-d", database, code=5)
    assert f"[ADSQL_UNUSABLE_DATABASE] database {database!r}" in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert Path("trips.csv").read_bytes() == before


@pytest.mark.parametrize("command", [["models"], ["score", "m", "-i", "trips.csv"], ["sql", "SELECT 1"]])
def test_a_data_file_is_no_database_for_reading_either(folder, command):
    assert "[ADSQL_UNUSABLE_DATABASE]" in adsql(*command, "-d", "trips.csv", code=5).stderr


def test_a_database_that_another_program_holds_is_told_of(folder):
    held = "import duckdb, sys; con = duckdb.connect('m.duckdb'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        other.stdout.readline()
        result = adsql("train", "m", "-i", "trips.csv", "-d", "m.duckdb", code=5)
        other.stdin.close()
    assert "[ADSQL_UNUSABLE_DATABASE] database 'm.duckdb' cannot be opened" in result.stderr
    assert Path("m.duckdb").exists()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["train", "m", "-i", "no.csv"], 3),
        (["train", "m"], 2),
        (["drop", "m"], 3),
        (["sql", "FROM no_table"], 1),
        (["sql", "SELECT 1"], 3),
        (["sql", "BEGIN; CREATE TABLE t AS SELECT 1"], 3),
    ],
)
def test_a_new_database_that_nothing_was_written_to_is_not_left_behind(folder, command, code):
    adsql(*command, "-d", "new.duckdb", code=code)
    assert [path.name for path in folder.iterdir()] == ["trips.csv"]


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ("CREATE TABLE t AS SELECT 1 AS x; FROM no_table", 1),
        ("SELECT train_model('m', 'trips.csv')", 0),
        ("CREATE TYPE mood AS ENUM ('good')", 0),
        ("CREATE MACRO one() AS 1", 0),
        ("CREATE SCHEMA s", 0),
    ],
)
def test_a_new_database_with_anything_in_it_is_kept(folder, statements, code):
    adsql("sql", statements, "-d", "new.duckdb", code=code)
    assert Path("new.duckdb").exists()


def test_a_database_without_anything_that_existed_is_kept(folder):
    duckdb.connect("empty.duckdb").close()
    adsql("sql", "SELECT 1", "-d", "empty.duckdb")
    assert Path("empty.duckdb").exists()
