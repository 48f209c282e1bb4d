"""Errors: one message form, one stable code a class, read back from whatever text a database makes of them."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsql import errors
from adsql.errors import AdsqlError, CorruptModel, EmptySource, UnknownModel, from_message
from adsql.wording import did_you_mean, listing, shown


def every_class(cls=AdsqlError):
    yield cls
    for child in cls.__subclasses__():
        yield from every_class(child)


# Others, such as the gateway's, are in memory if other tests have imported them.
CLASSES = [cls for cls in every_class() if cls.__module__ == errors.__name__]
LEAVES = [cls for cls in CLASSES if not cls.__subclasses__()]
GROUPS = [cls for cls in AdsqlError.__subclasses__() if cls in CLASSES]


def test_codes_are_unique():
    codes = [cls.code for cls in CLASSES]
    assert len(set(codes)) == len(codes)


def test_every_group_is_drawn_in_the_tree_with_its_exit_code():
    drawn = {name: int(code) for name, code in re.findall(r"─ (\w+) .* exit code (\d)\n", errors.__doc__)}
    assert drawn == {cls.__name__: cls.exit_code for cls in GROUPS}
    # 0 is success, 1 an error that nobody foresaw.
    assert not {0, 1} & set(drawn.values())


@pytest.mark.parametrize("cls", LEAVES)
def test_a_code_is_the_name_of_its_class(cls):
    assert cls.code == "ADSQL_" + re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_is_read_back_from_a_message(cls):
    error = cls("no 'x' here", allowed=["a", "b"], hint="use a")
    assert str(error) == f"[{cls.code}] no 'x' here. Allowed: a, b. Do: use a"
    for text in (str(error), f"Invalid Input Error: Python exception occurred: {cls.__name__}: {error}"):
        found = from_message(text)
        assert type(found) is cls
        assert str(found) == str(error)


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_of_another_process_is_the_same(cls):
    error = cls("no 'x' here", allowed=iter(["a", "b"]), hint="use a")
    found = pickle.loads(pickle.dumps(error))
    assert (type(found), str(found), found.problem) == (cls, str(error), error.problem)


@pytest.mark.parametrize(
    "text",
    ["", "Catalog Error: no such table", "[ADSQL_NO_SUCH_CODE] x", "ADSQL_EMPTY_SOURCE x", "[adsql_empty_source] x"],
)
def test_text_without_a_known_code_is_no_error_of_ours(text):
    assert from_message(text) is None


def test_of_nested_errors_the_outer_one_counts():
    inner = EmptySource("the source has no rows")
    assert type(from_message(str(CorruptModel(f"it does not decode ({inner})")))) is CorruptModel


@given(st.text().filter(str.strip))
def test_any_problem_survives_the_message(problem):
    found = from_message(f"Error: {UnknownModel(problem)}")
    assert type(found) is UnknownModel
    assert found.problem == problem.strip()


def test_parts_that_are_not_given_are_left_out():
    assert str(UnknownModel("gone")) == "[ADSQL_UNKNOWN_MODEL] gone"
    assert str(UnknownModel("gone", hint="train it")) == "[ADSQL_UNKNOWN_MODEL] gone. Do: train it"
    assert str(UnknownModel("gone", allowed=[])) == "[ADSQL_UNKNOWN_MODEL] gone. Allowed: none exist"
    assert str(UnknownModel("gone", allowed="a, b or c")) == "[ADSQL_UNKNOWN_MODEL] gone. Allowed: a, b or c"


def test_errors_are_caught_as_value_errors():
    with pytest.raises(ValueError, match="ADSQL_EMPTY_SOURCE"):
        raise EmptySource("nothing")


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("iforrest", ["knn", "iforest"], "did you mean 'iforest'?"),
        ("IFOREST_", ["knn", "iForest"], "did you mean 'iForest'?"),
        ("xyz", ["knn", "iforest"], ""),
        ("knn", [], ""),
    ],
)
def test_the_nearest_name_is_suggested_if_one_is_near(name, known, expected):
    assert did_you_mean(name, known) == expected


def test_long_lists_and_values_are_cut():
    assert listing(str(i) for i in range(12)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
    assert listing(str(i) for i in range(13)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... (13 in all)"
    assert shown("x" * 500) == "'" + "x" * 119 + "..."
    assert shown("x" * 118) == repr("x" * 118)
