"""What docs/gateway.md shows can be copied, and gives what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from adsql_server.identity.keys import load_keys
from server.live import PASSWORD, gateway

PAGE = (Path(__file__).parents[2] / "docs" / "gateway.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHOWN = "#> "
START, *SHELL = [text for language, text in _BLOCK.findall(PAGE) if language == "bash"]
PYTHON = [text for language, text in _BLOCK.findall(PAGE) if language == "py"]
ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def started(request, tmp_path_factory):
    """A gateway that nobody has used yet, and a folder to work in."""
    folder = tmp_path_factory.mktemp("page")
    if request.param == "duckdb":
        with gateway(folder / "gateway") as live:
            yield live, folder
        return
    postgres = request.getfixturevalue("postgres")
    postgres.database("page")
    with postgres.connect(dbname="page") as con:
        con.execute("CREATE ROLE page LOGIN CREATEROLE PASSWORD 'page'")
        con.execute("GRANT CREATE ON DATABASE page TO page")
        con.execute("GRANT adsql_user TO page WITH ADMIN OPTION")
    with gateway(folder / "gateway", DATABASE_URL=f"postgresql://page:page@127.0.0.1:{postgres.port}/page") as live:
        yield live, folder


def run(command, started):
    live, folder = started
    environment = {**os.environ, "ADSQL_ADMIN_PASSWORD": PASSWORD}
    done = subprocess.run(
        [*command[:-1], command[-1].replace(ADDRESS, live.url)],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_shell_of_the_page_gives_what_the_page_says(started):
    script = "set -euo pipefail\n" + "\n".join(SHELL)
    expected = [line.removeprefix(_SHOWN) for line in script.splitlines() if line.startswith(_SHOWN)]
    assert len(expected) > 5
    assert run(["bash", "-c", script], started).splitlines() == expected
    made = load_keys(started[1] / "adsql-data" / "keys", None)
    assert made.signing.algorithm == "ES256"


def test_python_of_the_page_runs(started):
    (block,) = PYTHON
    said = run([sys.executable, "-c", block], started)
    assert "2\n" in said
    assert "ADSQL_UNKNOWN_MODEL" in said


def test_the_first_commands_are_ones_that_there_are():
    lines = [shlex.split(line) for line in START.splitlines()]
    assert [line[:2] for line in lines] == [["pip", "install"], lines[1], ["adsql", "serve"]]
    done = subprocess.run(
        [sys.executable, "-m", "adsql", "serve", "--help"], capture_output=True, text=True, check=True
    )
    assert ADDRESS.removeprefix("http://").partition(":")[0] in done.stdout
