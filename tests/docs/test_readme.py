"""What the README shows can be copied and works, in the order in which it stands."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import adsql
from cli.program import adsql as run
from sql_files import outcome, steps

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def blocks(page, language):
    return [text for found, text in _BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


@pytest.fixture
def trips(monkeypatch, tmp_path):
    """The folder of a user who has a file of trips, a hundred and one strange one."""
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{12 + i % 17},{3 + i % 5},{'card' if i % 2 else 'cash'}" for i in range(500))
    Path("trips.csv").write_text(f"fare,distance,payment\n{rows}\n950,3,card\n")
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_sql_of_a_page_gives_what_the_page_says(page, tmp_path):
    with adsql.connect() as con:
        for number, block in enumerate(blocks(page, "sql")):
            file = tmp_path / f"{number}.sql"
            file.write_text(block, encoding="utf-8")
            for step in steps(file):
                got = outcome(con, step.sql)
                if step.expected is None:
                    assert step.sql.startswith("CREATE"), f"the page shows no rows for: {step.sql}"
                    assert not str(got).count("error"), got
                else:
                    assert got == step.expected, step.sql


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_of_a_page_runs(page, trips):
    for block in blocks(page, "python"):
        result = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_a_page_run(page, trips):
    for line in filter(None, "\n".join(blocks(page, "sh")).splitlines()):
        command = shlex.split(line)
        if command[0].startswith("scripts/"):
            assert (ROOT / command[0]).stat().st_mode & 0o111, f"{command[0]} cannot be executed"
            continue
        assert command[0] == "adsql", line
        run(*command[1:])


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem)
def test_links_inside_the_project_lead_somewhere(page):
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), f"{page.name} links to {link}"
