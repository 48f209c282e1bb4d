"""The command line, run as a program: what it prints, writes and returns."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

import adsql as library
from cli.program import adsql

_BEGUN = 4  # seconds of a processor: until it has read its arguments and opened its database, a command takes one


def test_detect_prints_every_row_as_csv_into_a_pipe(folder):
    result = adsql("detect", "--input", "trips.csv")
    lines = result.stdout.splitlines()
    assert lines[0] == "fare,distance,payment,anomaly_score,severity,is_anomaly"
    assert len(lines) == 502
    assert [line for line in lines if line.endswith("true")] == [lines[-1]]
    assert "501 rows, 1 anomaly (0.20%)" in result.stderr


@pytest.mark.parametrize(
    ("name", "reader"), [("o.csv", "read_csv"), ("o.json", "read_json"), ("o.parquet", "read_parquet")]
)
def test_detect_writes_the_format_of_the_suffix(folder, name, reader):
    result = adsql("detect", "-i", "trips.csv", "--algorithm", "iforest", "--output", name)
    assert result.stdout == ""
    assert f"written to {name}" in result.stderr
    assert duckdb.sql(f"SELECT count(*), count(anomaly_score) FROM {reader}('{name}')").fetchall() == [(501, 501)]


def test_detect_reads_every_format_that_it_writes(folder):
    scores = {}
    for name in ("o.csv", "o.json", "o.parquet"):
        adsql("sql", "FROM 'trips.csv'", "-o", name)
        rows = adsql("detect", "-i", name, "-f", "json").stdout.splitlines()
        scores[name] = [json.loads(row)["anomaly_score"] for row in rows]
    assert scores["o.csv"] == scores["o.json"] == scores["o.parquet"]


def test_only_anomalies_and_table_format_show_the_strangest_first(folder):
    result = adsql("detect", "-i", "trips.csv", "--contamination", "0.01", "--only-anomalies", "--format", "table")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["fare", "distance", "payment", "anomaly_score", "severity", "is_anomaly"]
    assert lines[1].split()[0] == "950"
    assert all(line.split()[-1] == "True" for line in lines[1:])


def test_the_input_may_stand_without_its_option(folder):
    assert adsql("detect", "trips.csv").stdout == adsql("detect", "-i", "trips.csv").stdout
    adsql("train", "m", "trips.csv", "-d", "m.duckdb")
    assert len(adsql("score", "m", "trips.csv", "-d", "m.duckdb").stdout.splitlines()) == 502


def test_a_column_whose_name_has_a_comma_is_quoted(folder):
    Path("odd.csv").write_text('a,"b, ""c""",d\n' + "".join(f"{i % 7},{i % 11},{i % 5}\n" for i in range(200)))
    adsql("train", "m", "odd.csv", "-c", 'a, "b, ""c"""', "-d", "m.duckdb")
    told = adsql("info", "m", "-d", "m.duckdb", "-f", "json").stdout
    assert [json.loads(line)["name"] for line in told.splitlines() if '"feature"' in line] == ["a", 'b, "c"']


def test_long_tables_say_that_they_are_cut(folder):
    lines = adsql("detect", "-i", "trips.csv", "-f", "table").stdout.splitlines()
    assert len(lines) == 22
    assert lines[-1].startswith("... more rows")


def test_options_reach_the_sql(folder):
    every = adsql("detect", "-i", "trips.csv", "-f", "json").stdout
    chosen = adsql("detect", "-i", "trips.csv", "-f", "json", "-a", "knn", "-c", "fare, distance", "--params",
                   '{"n_neighbors": 2}', "--seed", "7", "--segment-by", "payment", "--alert-budget", "2").stdout  # fmt: skip
    assert every != chosen
    with library.connect() as con:
        expected = con.execute(
            "SELECT anomaly_score FROM detect_anomalies('trips.csv', algorithm => 'knn', columns => ['fare', 'distance'], "
            "params => {'n_neighbors': 2}, seed => 7, segment_by => 'payment', alert_budget => 2)"
        ).fetchall()
    assert [json.loads(row)["anomaly_score"] for row in chosen.splitlines()] == [row[0] for row in expected]


def test_a_budget_for_each_day_is_kept_with_the_model(folder):
    days = "".join(f"2024-03-0{1 + i // 100},{i % 10 + (500 + i if i % 25 == 0 else 0)}\n" for i in range(300))
    Path("days.csv").write_text("day,fare\n" + days)
    options = ("-a", "mad", "-c", "fare", "--threshold", "5", "--alert-budget", "1", "--alert-day", "day")
    found = adsql("detect", "days.csv", *options, "--only-anomalies", "-f", "csv").stdout.splitlines()
    assert [line.split(",")[:2] for line in found[1:]] == [
        ["2024-03-01", "580"], ["2024-03-02", "680"], ["2024-03-03", "780"]
    ]  # fmt: skip
    adsql("train", "fares", "days.csv", "-d", "m.duckdb", *options)
    assert (
        adsql("score", "fares", "days.csv", "-d", "m.duckdb", "--only-anomalies", "-f", "csv").stdout.splitlines()
        == found
    )
    assert "at most 1 a day of day" in adsql("info", "fares", "-d", "m.duckdb").stdout


def test_a_model_is_trained_listed_told_of_scored_with_and_dropped(folder):
    trained = adsql("train", "fares", "-i", "trips.csv", "-d", "m.duckdb", "-a", "mad")
    assert trained.stdout.splitlines()[1].split()[:4] == ["fares", "1", "mad", "501"]
    adsql("train", "fares", "-i", "trips.csv", "-d", "m.duckdb", "-a", "hbos", "--threshold", "3")
    listed = adsql("models", "-d", "m.duckdb").stdout.splitlines()
    assert [line.split(",")[:3] for line in listed[1:]] == [["fares", "1", "mad"], ["fares", "2", "hbos"]]
    told = adsql("info", "fares", "-d", "m.duckdb", "--version", "1").stdout
    assert "modified z-scores" in told
    newest = adsql("score", "fares", "-i", "trips.csv", "-d", "m.duckdb").stdout
    older = adsql("score", "fares", "-i", "trips.csv", "-d", "m.duckdb", "--version", "1").stdout
    assert newest != older
    assert len(newest.splitlines()) == len(older.splitlines()) == 502
    assert "dropped fares, version 1, 2" in adsql("drop", "fares", "-d", "m.duckdb").stderr
    assert len(adsql("models", "-d", "m.duckdb").stdout.splitlines()) == 1


def test_a_model_moves_to_another_database_by_a_file(folder):
    adsql("train", "fares", "-i", "trips.csv", "-d", "m.duckdb", "-a", "mad")
    adsql("train", "fares", "-i", "trips.csv", "-d", "m.duckdb", "-a", "hbos")
    told = adsql("export", "fares", "--database", "m.duckdb", "--output", "first.adsql", "--version", "1")
    assert (told.stdout, told.stderr) == ("", "fares written to first.adsql\n")
    adsql("export", "fares", "-d", "m.duckdb", "-o", "newest.adsql")
    imported = adsql("import", "copy", "first.adsql", "--database", "other.duckdb").stdout
    assert imported.splitlines()[1].split()[:4] == ["copy", "1", "mad", "501"]
    assert adsql("import", "copy", "newest.adsql", "-d", "other.duckdb").stdout.splitlines()[1].split()[1] == "2"
    here = adsql("score", "fares", "trips.csv", "-d", "m.duckdb").stdout
    assert adsql("score", "copy", "trips.csv", "-d", "other.duckdb").stdout == here


def test_an_import_that_fails_leaves_no_database_behind(folder):
    Path("bad.adsql").write_bytes(b"no model")
    assert "[ADSQL_CORRUPT_MODEL]" in adsql("import", "m", "bad.adsql", "-d", "new.duckdb", code=4).stderr
    assert not Path("new.duckdb").exists()


def test_labels_reach_training_and_detection(folder):
    query = "SELECT *, fare > 900 AS known FROM 'trips.csv'"
    lines = adsql("detect", "-i", query, "--label-column", "known", "--only-anomalies", "-f", "csv").stdout.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["950"]
    adsql("train", "fares", "-i", query, "-d", "m.duckdb", "--label-column", "known")
    assert ["model", "label_column", "known"] in [
        line.split(",")[:3] for line in adsql("info", "fares", "-d", "m.duckdb", "-f", "csv").stdout.splitlines()
    ]
    assert "none" in adsql("train", "f", "-i", query, "-d", "m.duckdb", "--label-column", "none", code=3).stderr


def test_a_model_learns_from_further_rows_once(folder):
    adsql("train", "fares", "-i", "trips.csv", "-d", "m.duckdb", "-a", "zscore")
    updated = adsql("update", "fares", "--input", "trips.csv", "--database", "m.duckdb").stdout
    assert updated.splitlines()[1].split()[:4] == ["fares", "2", "zscore", "1002"]
    assert len(adsql("models", "-d", "m.duckdb", "-f", "csv").stdout.splitlines()) == 3
    adsql("train", "plain", "-i", "trips.csv", "-d", "m.duckdb", "-a", "mad")
    assert "ADSQL_NOT_INCREMENTAL" in adsql("update", "plain", "-i", "trips.csv", "-d", "m.duckdb", code=2).stderr
    assert "ADSQL_UNKNOWN_MODEL" in adsql("update", "none", "-i", "trips.csv", "-d", "m.duckdb", code=4).stderr


def test_tables_of_a_database_and_queries_are_inputs(folder):
    adsql("sql", "CREATE TABLE trips AS FROM 'trips.csv'", "-d", "m.duckdb")
    from_table = adsql("detect", "-i", "trips", "-d", "m.duckdb").stdout
    from_query = adsql("detect", "-i", "SELECT * FROM trips", "-d", "m.duckdb").stdout
    assert from_table == from_query
    assert len(from_table.splitlines()) == 502


def test_detecting_leaves_the_database_as_it_was(folder):
    adsql("sql", "CREATE TABLE trips AS FROM 'trips.csv'", "-d", "m.duckdb")
    before = Path("m.duckdb").read_bytes()
    adsql("detect", "-i", "trips", "-d", "m.duckdb")
    assert Path("m.duckdb").read_bytes() == before


def test_a_database_that_adsql_never_wrote_to_is_read(folder):
    with duckdb.connect("plain.duckdb") as con:
        con.execute("CREATE TABLE trips AS FROM 'trips.csv'")
    before = Path("plain.duckdb").read_bytes()
    lines = adsql("detect", "-i", "trips", "-d", "plain.duckdb").stdout.splitlines()
    assert [line for line in lines if line.endswith("true")] == [lines[-1]]
    assert len(adsql("models", "-d", "plain.duckdb").stdout.splitlines()) == 1
    assert "[ADSQL_UNKNOWN_MODEL]" in adsql("score", "m", "-i", "trips", "-d", "plain.duckdb", code=4).stderr
    assert "[ADSQL_UNKNOWN_MODEL]" in adsql("info", "m", "-d", "plain.duckdb", code=4).stderr
    assert Path("plain.duckdb").read_bytes() == before


def test_a_database_of_another_version_is_read(folder):
    adsql("train", "fares", "-i", "trips.csv", "-d", "m.duckdb", "-a", "mad")
    with duckdb.connect("m.duckdb") as con:
        for name in ("models()", "model_info(model, version := NULL)", "detect_anomalies(source)"):
            con.execute(f"CREATE OR REPLACE MACRO adsql.{name} AS TABLE SELECT 'of another version' AS name")
        con.execute("CREATE OR REPLACE MACRO adsql.macros_revision() AS 'another'")
    assert adsql("models", "-d", "m.duckdb").stdout.splitlines()[1].startswith("fares,1,mad")
    assert "modified z-scores" in adsql("info", "fares", "-d", "m.duckdb").stdout
    assert len(adsql("score", "fares", "-i", "trips.csv", "-d", "m.duckdb").stdout.splitlines()) == 502
    assert len(adsql("detect", "-i", "trips.csv", "-d", "m.duckdb").stdout.splitlines()) == 502


def test_sql_runs_a_training_statement_once(folder):
    adsql("sql", "SELECT train_model('m', 'trips.csv')", "-d", "m.duckdb")
    rows = adsql("sql", "SELECT name, version FROM models()", "-d", "m.duckdb").stdout.splitlines()
    assert rows == ["name,version", "m,1"]


def test_detectors_are_listed_with_their_parameters():
    lines = adsql("detectors", "-f", "csv").stdout.splitlines()
    assert lines[0] == "algorithm,summary,parameters,cost"
    assert any(line.startswith("knn,") and "n_neighbors" in line for line in lines)


def test_help_names_every_command_and_every_algorithm():
    text = adsql("--help").stdout
    for command in (
        "detect",
        "train",
        "update",
        "score",
        "models",
        "info",
        "drop",
        "export",
        "import",
        "detectors",
        "sql",
        "demo",
    ):
        assert command in text
    assert "iforest" in adsql("detect", "--help").stdout
    assert adsql("--version").stdout.startswith("adsql 0.")


@pytest.mark.parametrize(
    ("arguments", "code", "fragment"),
    [
        (["detect", "-i", "no.csv"], 3, "[ADSQL_UNKNOWN_SOURCE] source 'no.csv'"),
        (["detect", "-i", "no_table"], 3, "[ADSQL_UNKNOWN_SOURCE] source 'no_table'"),
        (["detect", "-i", "trips.csv", "-c", "fares"], 3, "[ADSQL_UNKNOWN_COLUMN] column 'fares'"),
        (["detect", "-i", "trips.csv", "-a", "forest"], 2, "[ADSQL_UNKNOWN_ALGORITHM] algorithm 'forest'"),
        (["detect", "-i", "trips.csv", "-p", "{n: 1}"], 2, "[ADSQL_INVALID_OPTION] params"),
        (["detect", "-i", "trips.csv", "--contamination", "0.9"], 2, "[ADSQL_INVALID_OPTION] contamination = 0.9"),
        (["detect", "-i", "trips.csv", "-o", "o.xls"], 2, "[ADSQL_INVALID_OPTION] --output 'o.xls'"),
        (["detect", "-i", "trips.csv", "-o", "no/o.csv"], 2, "[ADSQL_INVALID_OPTION] folder 'no'"),
        (["detect", "-i", "trips.csv", "-d", "no.duckdb"], 3, "[ADSQL_UNKNOWN_SOURCE] database 'no.duckdb'"),
        (["detect"], 2, "[ADSQL_INVALID_OPTION] no input is given"),
        (["detect", "a.csv", "-i", "b.csv"], 2, "[ADSQL_INVALID_OPTION] two inputs"),
        (["detect", "late.csv"], 3, "read_csv('late.csv', ...)"),
        (["detect", "latin1.csv"], 3, "read_csv('latin1.csv', ...)"),
        (["train", "m", "bad.json", "-d", "m.duckdb"], 3, "read_json('bad.json', ...)"),
        (["detect", "SELECT 'x'::INT AS a FROM range(9)"], 3, "[ADSQL_INVALID_SOURCE] source"),
        (["detect", "trips.csv", "-o", "./trips.csv"], 2, "[ADSQL_INVALID_OPTION] --output 'trips.csv' is the input"),
        (["detect", "trips.csv", "-d", "m.duckdb", "-f", "csv", "-o", "m.duckdb"], 2, "is the input too"),
        (["detect", "odd.csv", "-c", "a, nope"], 3, 'Allowed: a, "b, ""c"""'),
        (["detect", "ragged.csv"], 3, "[ADSQL_TOO_FEW_ROWS] the source has 1 row"),
        (["score", "m", "-i", "trips.csv", "-d", "m.duckdb"], 4, "[ADSQL_UNKNOWN_MODEL] model 'm'"),
        (["info", "m", "-d", "m.duckdb"], 4, "[ADSQL_UNKNOWN_MODEL] model 'm'"),
        (["export", "m", "-d", "m.duckdb", "-o", "m.adsql"], 4, "[ADSQL_UNKNOWN_MODEL] model 'm'"),
        (["export", "m", "-d", "m.duckdb", "-o", "no/m.adsql"], 2, "[ADSQL_INVALID_OPTION] folder 'no'"),
        (["export", "m", "-d", "m.duckdb", "-o", "m.duckdb"], 2, "is the input too"),
        (["import", "m", "no.adsql", "-d", "m.duckdb"], 3, "[ADSQL_UNKNOWN_SOURCE] file 'no.adsql' cannot be read"),
        (["import", "m", "trips.csv", "-d", "m.duckdb"], 4, "[ADSQL_CORRUPT_MODEL] the bytes do not decode"),
        (["import", "m", "trips.csv", "-d", ":memory:"], 5, "[ADSQL_UNUSABLE_DATABASE]"),
        (["drop", "m", "-d", "m.duckdb"], 4, "[ADSQL_UNKNOWN_MODEL] model 'm'"),
        (["train", "", "-i", "trips.csv", "-d", "m.duckdb"], 4, "[ADSQL_INVALID_MODEL_NAME] ''"),
        (["models", "-d", "no.duckdb"], 3, "[ADSQL_UNKNOWN_SOURCE] database 'no.duckdb'"),
        (["sql", "SELEC 1"], 1, "Parser Error"),
        (["no-such-command"], 2, "no-such-command"),
    ],
)
def test_errors_are_one_line_with_a_code_and_lose_nothing(folder, empty_database, arguments, code, fragment):
    shutil.copy(empty_database, "m.duckdb")
    Path("late.csv").write_text("a,b\n" + "1,2\n" * 50_000 + "x,2\n")
    Path("latin1.csv").write_bytes(("a,b\n" + "1,ä\n" * 50_000).encode("latin-1"))
    Path("bad.json").write_text('[{"a": 1}, {"a": ')
    Path("odd.csv").write_text('a,"b, ""c"""\n' + "1,2\n2,3\n" * 50)
    Path("ragged.csv").write_text("a,b,c\n" + "1,2,3\n" * 100 + "1,2,3,4\n")
    before = sorted(path.name for path in folder.iterdir())
    result = adsql(*arguments, code=code)
    assert fragment in result.stderr
    if "ADSQL" in fragment:
        assert result.stderr.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == before


def test_an_empty_file_is_an_error_and_not_an_empty_result(folder):
    Path("empty.csv").write_text("a,b\n")
    assert "[ADSQL_EMPTY_SOURCE]" in adsql("detect", "-i", "empty.csv", code=3).stderr


def test_a_reader_that_leaves_early_is_no_error(folder):
    query = "SELECT i % 97 AS x FROM range(100000) AS r(i)"  # more than a pipe holds
    command = f"{sys.executable} -m adsql detect '{query}' | head -n 1"
    result = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert result.stdout.startswith("x,")
    assert result.stderr == ""
    assert result.returncode == 141


def test_the_demo_finds_the_known_events_and_draws_them(folder):
    result = adsql("demo", "--output", "pictures")
    assert "6 days flagged, 6 of them known; 5 of 5 known events found" in result.stderr
    assert "snow storm" in result.stdout
    assert (folder / "pictures" / "taxi_days.png").read_bytes().startswith(b"\x89PNG")


def _processor_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    "arguments",
    [
        ["sql", "SELECT sum(i * j) FROM range(1000000) AS a(i), range(1000000) AS b(j)"],
        ["detect", "-i", "SELECT i % 97 AS x, j % 89 AS y FROM range(1000000) AS a(i), range(1000000) AS b(j)"],
    ],
)
def test_ctrl_c_stops_a_long_command(folder, arguments):
    command = [sys.executable, "-m", "adsql", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and _processor_seconds(process) < _BEGUN:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == 130
    assert messages.strip() == "interrupted"


def test_messages_are_no_markup(folder):
    Path("[/x]").mkdir(parents=True)
    assert "written to [/x]/[urgent].csv" in adsql("detect", "trips.csv", "-o", "[/x]/[urgent].csv").stderr
    adsql("train", "[/x]", "trips.csv", "-d", "m.duckdb")
    assert "dropped [/x], version 1" in adsql("drop", "[/x]", "-d", "m.duckdb").stderr
