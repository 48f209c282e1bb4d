"""suggest_normal: what the library would change of the rows that are in the database."""

from __future__ import annotations

import pytest

from adsql.counterfactual import NOTHING, suggest_normal
from engines.tables import ANOMALY, trips

EACH = "SELECT id, (s).feature, (s).value, (s).suggested, (s).change, (s).status FROM (SELECT id, unnest(x) AS s FROM (SELECT id, suggest_normal('{}', t) AS x FROM {} AS t) AS a) AS b"
MODELS = {
    "mend": "'trips', algorithm => 'knn', columns => ARRAY['fare', 'km', 'kind'], contamination => 0.02",
    "mend kinds": "'trips', algorithm => 'mad', columns => ARRAY['fare', 'km'], segment_by => ARRAY['kind'], contamination => 0.02",
    "mend times": "'trips', algorithm => 'knn', columns => ARRAY['started', 'km'], contamination => 0.02",
    "mend numbers": "'trips', algorithm => 'mad', columns => ARRAY['fare', 'km'], threshold => 3",
    "mend nothing": "'trips', algorithm => 'mad', columns => ARRAY['fare', 'km'], threshold => -1",
}


@pytest.fixture(scope="module")
def mending(shared):
    """An engine with models of the trips."""
    for name, options in MODELS.items():
        shared.value(f"SELECT (train_model('{name}', {options})).version")
    shared.keep()
    yield shared
    for name in MODELS:
        shared.value(f"SELECT drop_model('{name}')")
    shared.keep()


@pytest.mark.parametrize("name", ["mend", "mend kinds", "mend times", "mend numbers"])
def test_suggestions_for_every_row_are_the_library_s(mending, name):
    expected = suggest_normal(mending.saved_model(name), trips())
    wanted = [(number, *change) for number, changes in enumerate(expected) for change in changes or ()]
    assert wanted
    assert sorted(mending.rows(EACH.format(name, "trips")), key=lambda row: row[0]) == wanted


def test_the_row_is_normal_with_what_is_suggested(mending):
    [fare, km] = mending.rows(EACH.format("mend numbers", f"(SELECT * FROM trips WHERE id = {ANOMALY})"))
    assert {fare[1], km[1]} == {"fare", "km"}
    given = {row[1]: row[3] for row in (fare, km)}
    assert mending.value(f"SELECT is_anomaly('mend numbers', {given['fare']}, {given['km']})") is False
    assert mending.value(f"SELECT is_anomaly('mend numbers', {given['fare']}, 90000)") is True
    assert mending.value(f"SELECT is_anomaly('mend numbers', 900, {given['km']})") is True


def test_features_may_be_given_by_position(mending):
    query = "SELECT (s).feature, (s).suggested FROM (SELECT unnest(x) AS s FROM (SELECT suggest_normal('mend numbers', 900.0, 90000) AS x) AS a) AS b"
    by_row = mending.rows(EACH.format("mend numbers", f"(SELECT * FROM trips WHERE id = {ANOMALY})"))
    assert mending.rows(query) == [(row[1], row[3]) for row in by_row]


def test_normal_rows_need_nothing_and_rows_without_values_have_nothing(mending):
    # psycopg leaves arrays of a composite type as text.
    assert mending.value("SELECT suggest_normal('mend numbers', 10.0, 250.0)") in ([], "{}")
    query = "SELECT suggest_normal('mend numbers', CAST(NULL AS double precision), CAST(NULL AS double precision))"
    assert mending.value(query) is None


def test_what_nothing_helps_is_told(mending):
    query = EACH.format("mend nothing", "(SELECT * FROM trips WHERE id = 3)")
    assert mending.rows(query) == [(3, None, None, None, None, NOTHING)]


def test_what_is_wrong_with_a_row_is_told(mending):
    with mending.raises("WRONG_FEATURE_COUNT", "the model has 2"):
        mending.value("SELECT suggest_normal('mend numbers', 1.0, 2.0, 3.0)")
    with mending.raises("MISSING_COLUMN", "'km'"):
        mending.rows("SELECT suggest_normal('mend numbers', t) FROM (SELECT fare FROM trips) AS t")
    with mending.raises("UNKNOWN_MODEL", "'nope'"):
        mending.rows("SELECT suggest_normal('nope', t) FROM trips AS t")
