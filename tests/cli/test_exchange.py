"""Models as files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import adsql
from cli.conftest import TRIPS
from cli.program import adsql as run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A database file with two versions of a model, to be copied."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "trips.csv").write_text(TRIPS)
    with adsql.connect(folder / "m.duckdb") as con:
        for algorithm in ("mad", "zscore"):
            con.execute("SELECT train_model('m', $1, $2)", [f"{folder}/trips.csv", algorithm]).fetchall()
    return folder / "m.duckdb"


@pytest.fixture
def model(folder, trained):
    """A database with two versions of a model."""
    shutil.copy(trained, "m.duckdb")
    return "m.duckdb"


def exported(database, name, version):
    with adsql.connect(database, read_only=True) as con:
        return con.execute("SELECT export_model($1, version => $2)", [name, version]).fetchone()[0]


def test_a_model_goes_to_a_file_and_into_another_database(model):
    result = run("export", "m", "-d", model, "-o", "m.adsql")
    assert result.stdout == ""
    assert "m written to m.adsql" in result.stderr
    assert Path("m.adsql").read_bytes() == exported(model, "m", 2)
    result = run("import", "copy", "m.adsql", "-d", "other.duckdb")
    assert result.stdout.splitlines()[1].split()[:4] == ["copy", "1", "zscore", "501"]
    assert exported("other.duckdb", "copy", 1) == exported(model, "m", 2)


def test_a_version_is_exported(model):
    run("export", "m", "--version", "1", "--database", model, "--output", "m.adsql")
    assert Path("m.adsql").read_bytes() == exported(model, "m", 1)


def test_the_same_model_again_is_no_further_version(model):
    run("export", "m", "-d", model, "-o", "m.adsql")
    assert run("import", "m", "m.adsql", "-d", model).stdout.splitlines()[1].split()[:2] == ["m", "2"]


def test_a_file_whose_name_is_markup_is_named_as_it_is(model):
    assert "m written to [red]m[bold].adsql" in run("export", "m", "-d", model, "-o", "[red]m[bold].adsql").stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code", "words"),
    [
        (["export", "n", "-d", "m.duckdb", "-o", "n.adsql"], 4, "ADSQL_UNKNOWN_MODEL", "'n' does not exist"),
        (["export", "m", "-d", "m.duckdb", "-o", "n", "--version", "3"], 4, "ADSQL_UNKNOWN_VERSION", "no version 3"),
        (["export", "m", "-d", "m.duckdb", "-o", "no/n"], 2, "ADSQL_INVALID_OPTION", "folder 'no' does not exist"),
        (["export", "m", "-d", "m.duckdb", "-o", "m.duckdb"], 2, "ADSQL_INVALID_OPTION", "is the input too"),
        (["export", "m", "-d", "m.duckdb", "-o", "."], 2, "ADSQL_INVALID_OPTION", "cannot be written"),
        (["export", "m", "-d", "none.duckdb", "-o", "n.adsql"], 3, "ADSQL_UNKNOWN_SOURCE", "'none.duckdb'"),
        (["import", "n", "none.adsql", "-d", "new.duckdb"], 3, "ADSQL_UNKNOWN_SOURCE", "'none.adsql' cannot be read"),
        (["import", "n", "trips.csv", "-d", "new.duckdb"], 4, "ADSQL_CORRUPT_MODEL", "do not decode"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(model, arguments, exit_code, code, words):
    before = Path(model).read_bytes()
    result = run(*arguments, code=exit_code)
    assert f"[{code}]" in result.stderr
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir()) == ["m.duckdb", "trips.csv"]
    assert Path(model).read_bytes() == before
