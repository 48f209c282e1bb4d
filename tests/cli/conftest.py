"""The folder of a user who has one file, and files that are copied into it: making them takes longer."""

from pathlib import Path

import pytest

import adsql

ROWS = "".join(f"{12 + i % 17},{3 + i % 5},{'card' if i % 2 else 'cash'}\n" for i in range(500))
TRIPS = f"fare,distance,payment\n{ROWS}950,3,card\n"


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("trips.csv").write_text(TRIPS)
    return tmp_path


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A closed database file that adsql has opened; nothing is in it."""
    path = tmp_path_factory.mktemp("empty") / "m.duckdb"
    adsql.connect(path).close()
    return path
