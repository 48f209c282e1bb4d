"""psql: prepared statements, variables, \\gdesc for the types of a result, \\gset for its values."""

from __future__ import annotations

import csv
import datetime as dt
import os
import signal
import subprocess

import pytest

from clients import calls
from clients.calls import CALLS, FAILURES, Result, each_call, each_failure, numbered
from clients.database import DATABASE, is_at_work

TYPES = {
    "integer": "int4", "bigint": "int8", "double precision": "float8", "boolean": "bool", "text": "text",
    "jsonb": "jsonb", "timestamp without time zone": "timestamp",
}  # fmt: skip
READ = {
    "int4": int, "int8": int, "float8": float, "bool": {"t": True, "f": False}.__getitem__, "text": str, "jsonb": str,
    "timestamp": dt.datetime.fromisoformat,
}  # fmt: skip
NULL = "(null)"


def start(server, script):
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PGAPPNAME": "psql of the tests"}
    process = subprocess.Popen(
        [server.programs / "psql", "-X", "-q", "--csv", "-P", f"null={NULL}", "-v", "VERBOSITY=verbose", server.dsn(dbname=DATABASE)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    process.stdin.write(script)
    process.stdin.flush()
    return process


def psql(server, script):
    """Return what psql prints, and its errors."""
    return start(server, script).communicate()


def literal(value):
    if isinstance(value, list):
        value = f"{{{','.join(value)}}}"
    if isinstance(value, str):
        value = value.replace("'", "''")
        return f"'{value}'"
    return str(value)


def execute(name, query, values):
    """Return the commands that prepare a query and give it values."""
    given = ", ".join(map(literal, values))
    return f'PREPARE "{name}" AS {numbered(query)};\n', f'EXECUTE "{name}"({given})'


@pytest.fixture(scope="module")
def results(server, tmp_path_factory):
    """What came of each of the calls, all of them in one session."""
    folder = tmp_path_factory.mktemp("psql")
    script = ""
    for place, call in enumerate(CALLS):
        prepare, run = execute(call.name, call.query, call.values)
        script += f"{prepare}\\o {folder}/{place}.columns\n{run} \\gdesc\n\\o {folder}/{place}.rows\n{run};\n\\o\n"
    out, errors = psql(server, script)
    assert (out, errors) == ("", "")
    found = {}
    for place, call in enumerate(CALLS):
        with (folder / f"{place}.columns").open() as file:
            columns = {name: TYPES[kind] for name, kind in list(csv.reader(file))[1:]}
        with (folder / f"{place}.rows").open() as file:
            names, *rows = csv.reader(file)
        assert names == list(columns)
        found[call.name] = Result(columns, [read(row, columns.values()) for row in rows])
    return found


def read(row, types):
    return tuple(None if text == NULL else READ[kind](text) for text, kind in zip(row, types, strict=True))


@each_call
def test_call(results, call):
    call.check(results[call.name])


@pytest.fixture(scope="module")
def errors(server):
    """What psql was told about each of the failures, in one session that goes on after each."""
    script = ""
    for place, failure in enumerate(FAILURES):
        prepare, run = execute(f"failure {place}", failure.query, failure.values)
        script += f"{prepare}\\warn FAILURE {place}\n{run};\n"
    _, found = psql(server, script)
    return found.split("FAILURE ")[1:]


@each_failure
def test_failure(errors, failure):
    first = errors[FAILURES.index(failure)].splitlines()[1]
    severity, sqlstate, message = first.split(": ", 2)
    assert severity == "ERROR"
    failure.check(sqlstate.strip(), message)


def test_values_from_variables_and_into_variables(server):
    script = """
    \\set source 'SELECT * FROM trips WHERE km > 100 -- it''s the caller''s'
    SELECT max((d.row ->> 'id')::integer) AS found, bool_and(is_anomaly) AS all
    FROM detect_anomalies(:'source', algorithm => 'mad') AS d WHERE is_anomaly \\gset
    \\echo :found :all
    \\if :all
    \\echo yes
    \\endif
    """
    assert psql(server, script) == ("500 t\nyes\n", "")


def test_scores_are_the_server_s_own(server):
    out, errors = psql(server, f"{calls.EVERY_SCORE};")
    assert errors == ""
    calls.assert_same_bits([(float(score), bits) for score, bits in list(csv.reader(out.splitlines()))[1:]])


def test_cursor_with_a_fetch_size(server):
    out, errors = psql(server, f"\\set FETCH_COUNT {calls.FETCH}\n{calls.MANY};")
    assert errors == ""
    calls.assert_each_once([read(row, ("int4", "bool")) for row in list(csv.reader(out.splitlines()))[1:]])


def test_prepared_statement_uses_the_newest_version(server):
    prepare, run = execute("score", calls.SCORE, ["psql"])
    versions = calls.VERSIONS.replace("?", "'psql'")
    train = [f"SELECT version FROM train_model('psql', 'trips', '{algorithm}')" for algorithm in ("mad", "knn")]
    times = f"{run};\n" * calls.TIMES
    out, errors = psql(server, f"\\t\n{prepare}{train[0]};\n{times}{train[1]};\n{times}{versions};")
    assert errors == ""
    [first, *before], [second, *after] = (
        out.split()[start : start + calls.TIMES + 1] for start in (0, calls.TIMES + 1)
    )
    assert (first, second) == ("1", "2")
    calls.assert_newest_is_used(before, after, out.split()[-1].split(","))


def test_cancel(server):
    process = start(server, f"{calls.LONG};\n")
    if is_at_work(server, "application_name", "psql of the tests", lambda: process.poll() is not None):
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert f"ERROR:  {calls.CANCELLED}: " in errors
    assert "canceling statement due to user request" in errors
