"""The folder of a user who has one file."""

from pathlib import Path

import pytest

CSV = "fare,distance,payment\n" + "".join(
    f"{12 + i % 17},{3 + i % 5},{'card' if i % 2 else 'cash'}\n" for i in range(500)
)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("trips.csv").write_text(CSV + "950,3,card\n")
    return tmp_path
