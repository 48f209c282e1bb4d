"""What pip installs is what the checkout has: wheel and sdist carry code, SQL, migrations and data."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from adsql import migrations

ROOT = Path(__file__).parents[2]

SCRIPT = """
import adsql
from adsql import migrations

assert "_migrations" in str(migrations.folder()), migrations.folder()
with adsql.connect() as con:
    con.execute("CREATE TABLE t AS SELECT i % 50 AS x FROM range(1000) AS r(i) UNION ALL SELECT 900")
    assert con.execute("SELECT x FROM detect_anomalies('t') WHERE is_anomaly").fetchall() == [(900,)]
    assert con.execute("SELECT train_model('m', 't').version").fetchall() == [(1,)]
print(adsql.__file__)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    # Without isolation: the build backend of the development environment, nothing is downloaded.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_wheel_has_three_packages_and_their_data(built):
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for expected in (
        "adsql/__init__.py",
        "adsql/py.typed",
        "adsql/_migrations/duckdb/0001_models.sql",
        "adsql/_migrations/frozen.txt",
        "adsql/sql/insert_model.sql",
        "adsql/cli/sql/detect.sql",
        "adsql/datasets/nyc_taxi.csv",
        "adsql_udfs/duckdb/sql/macros.sql",
        "adsql_udfs/py.typed",
        "adsql_server/__init__.py",
    ):
        assert expected in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"adsql", "adsql_udfs", "adsql_server"}


def test_sdist_has_tests_examples_and_documentation(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {"/".join(name.split("/")[1:]) for name in opened.getnames()}
    for expected in ("README.md", "migrations/duckdb/0001_models.sql", "sql_examples/01_first_look.sql", "docs/sql.md"):
        assert expected in names
    assert "tests/dist/test_packages.py" in names


def test_installed_wheel_works_without_the_checkout(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path), str(wheel)]
    subprocess.run(install, check=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert result.returncode == 0, result.stderr
    assert str(tmp_path) in result.stdout


def test_checkout_finds_its_own_migrations():

    assert migrations.folder() == ROOT / "migrations"
