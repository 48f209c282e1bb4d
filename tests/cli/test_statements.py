"""adsql sql: statements from files, pipes and arguments."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cli.program import adsql

ROOT = Path(__file__).parents[2]


def test_the_command_that_the_examples_begin_with_works():
    text = (ROOT / "sql_examples" / "README.md").read_text(encoding="utf-8")
    [command] = [line.strip() for line in text.splitlines() if line.startswith("    adsql ")]
    program = f'adsql() {{ {shlex.quote(sys.executable)} -m adsql "$@"; }}; {command}'
    result = subprocess.run(["bash", "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == "pickup_time,passengers,anomaly_score,is_anomaly"


def test_the_rows_of_every_statement_are_shown(folder):
    text = "-- two tables\nCREATE TABLE a AS SELECT 1 AS x; INSERT INTO a VALUES (2); FROM a; SELECT 3 AS y, 4 AS z"
    assert adsql("sql", text).stdout == "x\n1\n2\n\ny,z\n3,4\n"
    assert adsql("sql", "-", stdin=text).stdout == "x\n1\n2\n\ny,z\n3,4\n"


def test_options_may_follow_text_that_begins_with_a_comment(folder):
    adsql("sql", "-- into a file\nSELECT 1 AS x", "--output", "o.csv")
    assert Path("o.csv").read_text() == "x\n1\n"


@pytest.mark.parametrize("text", ["", "-- nothing but a comment", "--outptu"])
def test_no_statement_is_an_error(folder, text):
    assert "[ADSQL_INVALID_OPTION] there is no SQL" in adsql("sql", text, code=2).stderr


def test_one_file_takes_the_rows_of_one_statement(folder):
    result = adsql("sql", "SELECT 1 AS x; SELECT 2 AS x", "-o", "o.csv", code=2)
    assert "[ADSQL_INVALID_OPTION] --output takes the rows of one statement" in result.stderr
    assert Path("o.csv").read_text() == "x\n1\n"
