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


@pytest.mark.parametrize("name", ["relation", "con", "text", "statements"])
def test_a_table_may_have_the_name_of_a_variable_of_the_program(folder, name):
    text = f"CREATE TABLE {name} AS SELECT 7 AS mine; SELECT 1 AS x; FROM {name}"
    for output_format, expected in (("csv", "x\n1\n\nmine\n7\n"), ("json", '{"x":1}\n\n{"mine":7}\n')):
        assert adsql("sql", text, "-f", output_format).stdout == expected


def test_no_variable_of_the_program_is_a_table(folder):
    assert "Table with name statements does not exist" in adsql("sql", "FROM statements", code=1).stderr


@pytest.mark.parametrize("output_format", ["csv", "json", "table"])
def test_the_tables_shown_are_the_users_own(folder, output_format):
    result = adsql("sql", "CREATE TABLE mine (x INT); SELECT name FROM (SHOW TABLES)", "-f", output_format)
    assert len(result.stdout.splitlines()) == (1 if output_format == "json" else 2)
    assert "mine" in result.stdout


@pytest.mark.parametrize("output_format", ["csv", "json", "table"])
def test_a_comment_may_stand_behind_the_last_semicolon(folder, output_format):
    assert "2" in adsql("sql", "SELECT 2 AS x; -- two", "-f", output_format).stdout


def test_a_column_called_count_is_shown(folder):
    assert adsql("sql", 'SELECT 3 AS "Count"').stdout == "Count\n3\n"


@pytest.mark.parametrize("output_format", ["csv", "table"])
def test_a_statement_runs_to_its_end_and_once_however_many_rows_are_shown(folder, output_format):
    train = "; ".join(f"SELECT name FROM train_model('m{i}', 'trips.csv')" for i in range(25))
    adsql("sql", train, "-d", "m.duckdb")
    shown = adsql("sql", "SELECT drop_model(name) FROM models()", "-d", "m.duckdb", "-f", output_format).stdout
    assert ("... more rows" in shown) == (output_format == "table")
    assert adsql("sql", "SELECT count(*) AS n FROM models()", "-d", "m.duckdb").stdout == "n\n0\n"


def test_cells_and_names_of_columns_are_no_markup(folder):
    result = adsql("sql", """SELECT '[/x]' AS a, '[urgent] :cat:' AS "[bold]b" """, "-f", "table")
    assert result.stdout.split() == ["a", "[bold]b", "[/x]", "[urgent]", ":cat:"]
