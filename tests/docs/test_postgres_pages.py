"""What the pages and examples show of PostgreSQL works, on a server with the extension."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sql_files import postgres_outcome, steps

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "postgresql.md"]
# Of functions on both databases: what they say of PostgreSQL comes last.
FURTHER = [
    page for page in sorted((ROOT / "docs").glob("*.md")) if "```pgsql" in page.read_text() and page not in PAGES
]
EXAMPLES = sorted((ROOT / "sql_examples" / "postgresql").glob("*.sql"))
_BLOCK = re.compile(r"^```(pgsql|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What Grafana puts in the place of its macros.
_MACROS = {
    "$__timeFilter(started)": "started BETWEEN '2024-02-04T00:00:00Z' AND '2024-02-05T00:00:00Z'",
    "$__time(started)": 'started AS "time"',
}


def blocks(page, language):
    return [text for found, text in _BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


def commands(page):
    """The commands of a page's shell blocks, without sudo and whom it acts as."""
    for block in blocks(page, "bash"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["sudo"]:
                words = words[3:] if words[1] == "-u" else words[1:]
            if words:
                yield words


def test_examples_are_numbered_without_gaps():
    assert [int(file.name[:2]) for file in EXAMPLES] == list(range(1, len(EXAMPLES) + 1))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_example_gives_what_it_says(postgres_con, file):
    postgres_con.execute("CREATE EXTENSION adsql CASCADE")
    for step in steps(file):
        assert postgres_outcome(postgres_con, step.sql) == (step.expected or []), step.sql


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_sql_of_a_page_gives_what_the_page_says(postgres_con, page, tmp_path):
    run(postgres_con, page, tmp_path)


@pytest.mark.parametrize("page", FURTHER, ids=lambda page: page.stem)
def test_sql_of_a_page_of_both_databases_gives_what_the_page_says(postgres_con, page, tmp_path):
    postgres_con.execute("CREATE EXTENSION adsql CASCADE")
    run(postgres_con, page, tmp_path)


def run(con, page, folder):
    found = blocks(page, "pgsql")
    assert found, "the page shows nothing of PostgreSQL"
    for number, block in enumerate(found):
        file = folder / f"{number}.sql"
        text = block
        for macro, replacement in _MACROS.items():
            text = text.replace(macro, replacement)
        assert "$__" not in text, "a macro of Grafana's that this test does not know"
        file.write_text(text, encoding="utf-8")
        for step in steps(file):
            assert postgres_outcome(con, step.sql) == (step.expected or []), step.sql


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_shell_blocks_of_a_page_parse(page):
    for block in blocks(page, "bash"):
        done = subprocess.run(["sh", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_adsql_on_a_page_exist_with_their_options(page):
    """They are for root on a server, and so looked up instead of run."""
    found = [words for words in commands(page) if Path(words[0]).name == "adsql"]
    assert found
    for words in found:
        shown = subprocess.run(
            [sys.executable, "-m", "adsql", *words[1:3], "--help"], capture_output=True, text=True, check=False
        )
        assert shown.returncode == 0, words
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert option in shown.stdout, f"{words}: no {option}"


@pytest.mark.skipif(shutil.which("apt-cache") is None, reason="not a Debian machine")
def test_packages_that_the_page_installs_exist():
    asked = [word for words in commands(PAGES[1]) if words[0] == "apt-get" for word in words[2:] if word[0] != "-"]
    assert asked
    told = subprocess.run(["apt-cache", "policy", *asked], capture_output=True, text=True, check=True).stdout
    assert [line.rstrip(":") for line in told.splitlines() if line[0] != " "] == asked


def test_the_image_is_made_as_the_page_says():
    dockerfile = (ROOT / "server/deploy/postgres/Dockerfile").read_text(encoding="utf-8")
    page = [" ".join(words) for words in commands(PAGES[1])]
    for step in ("/usr/bin/python3 -m venv /opt/adsql", "/opt/adsql/bin/adsql pg install"):
        assert step in page
        assert step in dockerfile
    assert "ENV PATH=/opt/adsql/bin:$PATH" in dockerfile


def test_what_the_image_copies_is_enough_to_install_adsql(tmp_path):
    dockerfile = (ROOT / "server/deploy/postgres/Dockerfile").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    root = "/usr/src/adsql"
    for line in re.findall(r"^COPY (.*)$", dockerfile, re.MULTILINE):
        *sources, target = line.split()
        assert all((ROOT / source).exists() for source in sources), line
        assert all(f"!{source.split('/')[0]}" in ignored for source in sources), f"{line}: .dockerignore leaves it out"
        if not target.startswith(root):
            continue
        for source in sources:
            copied = tmp_path / target.removeprefix(root).lstrip("/")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, copied, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, copied)
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", str(tmp_path)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "dist").glob("adsql-*.whl"))


def test_the_image_creates_the_extension(postgres, postgres_con):
    for script in sorted((ROOT / "server/deploy/postgres/initdb.d").iterdir()):
        postgres.run("psql", "--set=ON_ERROR_STOP=1", f"--file={script}", dbname="documented")
    assert postgres_outcome(postgres_con, "SELECT extname FROM pg_extension WHERE extname = 'adsql'") == ["adsql"]


def test_the_image_asks_a_running_server_for_its_health(postgres):
    dockerfile = (ROOT / "server/deploy/postgres/Dockerfile").read_text(encoding="utf-8")
    options = re.findall(r"--(?:quiet|host=\S+)", dockerfile[dockerfile.index("pg_isready") :])
    assert options == ["--quiet", "--host=127.0.0.1"]
    postgres.run("pg_isready", *options)
