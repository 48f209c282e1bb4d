"""Every file of sql_examples runs, and every statement gives what the file says."""

from pathlib import Path

import pytest

import adsql
from sql_files import outcome, steps

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "sql_examples").glob("*.sql"))


@pytest.fixture
def con(monkeypatch, tmp_path):
    # Examples read the data that ship with the project by their path in a checkout, and write where they stand.
    (tmp_path / "adsql").symlink_to(ROOT / "adsql")
    monkeypatch.chdir(tmp_path)
    with adsql.connect() as con:
        yield con


def test_examples_are_numbered_without_gaps():
    assert [int(file.name[:2]) for file in FILES] == list(range(1, len(FILES) + 1))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_example_gives_what_it_says(con, file):
    for step in steps(file):
        got = outcome(con, step.sql)
        if step.expected is None:
            assert got in ([], ["1"]), f"{step.sql}\nhas rows that the file does not show: {got}"
        else:
            assert got == step.expected, step.sql


def test_a_wrong_expectation_is_noticed(con):
    assert outcome(con, "SELECT 1") == ["1"]
    assert outcome(con, "SELECT 1") != ["2"]
    assert outcome(con, "FROM detect_anomalies('no_such_table')") == ["error ADSQL_UNKNOWN_SOURCE"]
