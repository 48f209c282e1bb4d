"""explain_anomaly and explain_anomalies: the library's reasons, of single rows and of whole sources."""

from __future__ import annotations

import pytest

from adsql.explanation import explain, explain_anomalies
from engines.tables import ANOMALY, trips
from sample_tables import mixed

EACH = "SELECT id, (e).feature, (e).value, (e).expected, (e).contribution, (e).rank, (e).reason FROM (SELECT id, unnest(x) AS e FROM (SELECT id, explain_anomaly('{}', t) AS x FROM {} AS t) AS a) AS b"
ALL = "SELECT row_number, row_key, anomaly_score, feature, value, expected, contribution, rank, reason FROM explain_anomalies({})"
MODELS = {
    "why": "'trips', algorithm => 'auto', contamination => 0.05",
    "why forest": "'trips', algorithm => 'iforest', columns => ARRAY['fare', 'km', 'kind'], contamination => 0.02",
    "why kinds": "'trips', algorithm => 'mad', columns => ARRAY['fare', 'km'], segment_by => ARRAY['kind'], contamination => 0.02",
    "why numbers": "'trips', algorithm => 'pca', columns => ARRAY['fare', 'km'], contamination => 0.02",
}


@pytest.fixture(scope="module")
def explained(shared):
    """An engine with models of the trips."""
    for name, options in MODELS.items():
        shared.value(f"SELECT (train_model('{name}', {options})).version")
    shared.keep()
    yield shared
    for name in MODELS:
        shared.value(f"SELECT drop_model('{name}')")
    shared.keep()


@pytest.mark.parametrize("name", MODELS)
def test_reasons_of_every_row_are_the_library_s(explained, name):
    expected = explain(explained.saved_model(name), trips())
    wanted = [(number, *reason) for number, reasons in enumerate(expected) for reason in reasons or ()]
    found = explained.rows(EACH.format(name, "trips"))
    assert sorted(found, key=lambda row: (row[0], row[5])) == wanted


@pytest.mark.parametrize("name", MODELS)
def test_reasons_of_a_source_are_those_of_its_anomalies(explained, name):
    expected = explain_anomalies(explained.saved_model(name), trips(), 2)
    wanted = [(one.row + 1, str(one.row), one.anomaly_score, *reason) for one in expected for reason in one.reasons]
    assert wanted
    assert explained.rows(ALL.format(f"'trips', '{name}', top_k => 2, key => 'id'")) == wanted


def test_every_kind_of_column_is_told_alike(explained):
    """Text of values and sentences depends on types, of which engines have different ones."""
    explained.value(
        "SELECT (train_model('kinds of columns', 'sample', algorithm => 'hbos', contamination => 0.1)).version"
    )
    expected = explain(explained.saved_model("kinds of columns"), mixed(300))
    found = [row for row in explained.rows(EACH.format("kinds of columns", "sample")) if row[0] < 300]
    wanted = [(number, *reason) for number, reasons in enumerate(expected[:300]) for reason in reasons or ()]
    assert sorted(found, key=lambda row: (row[0], row[5])) == wanted


def test_the_clear_anomaly_is_explained_by_its_clear_column(explained):
    [row] = [
        row for row in explained.rows(ALL.format("'trips', 'why', top_k => 1, key => 'id'")) if row[1] == str(ANOMALY)
    ]
    assert row[3:5] == ("km", "90000")
    assert row[8].startswith("km 90,000 is far above the ")


def test_three_columns_are_told_by_default_and_rows_are_numbered(explained):
    found = explained.rows(ALL.format("'trips', 'why'"))
    assert [row[7] for row in found[:4]] == [1, 2, 3, 1]
    assert {row[1] for row in found} == {None}
    assert [row[0] for row in found] == sorted(row[0] for row in found)


def test_features_may_be_given_by_position(explained):
    by_row = explained.rows(EACH.format("why numbers", f"(SELECT * FROM trips WHERE id = {ANOMALY})"))
    query = "SELECT (e).feature, (e).contribution FROM (SELECT unnest(x) AS e FROM (SELECT explain_anomaly('why numbers', 900.0, 90000) AS x) AS a) AS b"
    assert explained.rows(query) == [(row[1], row[4]) for row in by_row]


def test_a_row_without_any_value_has_no_reasons(explained):
    query = "SELECT explain_anomaly('why numbers', CAST(NULL AS double precision), CAST(NULL AS double precision))"
    assert explained.value(query) is None


def test_a_source_without_anomalies_or_rows_has_no_reasons(explained):
    assert explained.rows(ALL.format("'SELECT * FROM trips WHERE id = 3', 'why numbers'")) == []
    assert explained.rows(ALL.format("'SELECT * FROM trips WHERE km > 1000000', 'why numbers'")) == []


@pytest.mark.parametrize(
    ("call", "code", "fragment"),
    [
        ("'trips', 'nope'", "UNKNOWN_MODEL", "'nope'"),
        ("'trips', CAST(NULL AS text)", "UNKNOWN_MODEL", "NULL"),
        ("'trips', 'why', version => 9", "UNKNOWN_VERSION", "9"),
        ("'nope', 'why'", "UNKNOWN_SOURCE", "'nope'"),
        ("'DROP TABLE trips', 'why'", "INVALID_SOURCE", "DROP"),
        ("'SELECT fare FROM trips', 'why numbers'", "MISSING_COLUMN", "'km'"),
        ("'trips', 'why', top_k => 0", "INVALID_OPTION", "top_k = 0"),
        ("'trips', 'why', key => 'idd'", "UNKNOWN_COLUMN", "key: column 'idd'"),
        ("'trips', 'why', key => ''", "INVALID_OPTION", "key = ''"),
    ],
)
def test_what_is_wrong_is_told(explained, call, code, fragment):
    with explained.raises(code, fragment):
        explained.rows(ALL.format(call))


def test_what_is_wrong_with_a_row_is_told(explained):
    with explained.raises("WRONG_FEATURE_COUNT", "the model has 2"):
        explained.value("SELECT explain_anomaly('why numbers', 1.0, 2.0, 3.0)")
    with explained.raises("MISSING_COLUMN", "'km'"):
        explained.rows("SELECT explain_anomaly('why numbers', t) FROM (SELECT fare FROM trips) AS t")
    with explained.raises("UNKNOWN_MODEL", "'nope'"):
        explained.rows("SELECT explain_anomaly('nope', t) FROM trips AS t")
