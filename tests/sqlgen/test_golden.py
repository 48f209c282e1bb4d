"""The text of every dialect, of which three run in these tests, changes only on purpose."""

import pytest

from adsql.sqlgen.dialects import DIALECTS
from sqlgen.make_golden import GOLDEN, written

NAMES = [dialect.name for dialect in DIALECTS]


@pytest.mark.parametrize("name", NAMES)
def test_the_text_is_the_one_committed(name):
    committed = (GOLDEN / f"{name}.sql").read_text(encoding="utf-8")
    assert written(name) == committed, "run PYTHONPATH=tests python -m sqlgen.make_golden and look at the difference"


def test_no_file_is_forgotten():
    assert sorted(file.stem for file in GOLDEN.iterdir()) == sorted(NAMES)
