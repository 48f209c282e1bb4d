"""The pages that follow from the code are the ones committed."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def make_pages():
    spec = importlib.util.spec_from_file_location("make_pages", DOCS / "make_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PAGES


@pytest.mark.parametrize(
    ("name", "page"), make_pages().items(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_page_is_up_to_date(name, page):
    committed = (DOCS / name).read_text(encoding="utf-8")
    assert committed == page(), f"run python docs/make_pages.py: {name} is out of date"
