"""Saved models are rows of a real database: appended, found, dropped, and never trusted."""

from __future__ import annotations

import dataclasses
import json

import pytest

import adsql
from adsql.catalog import MAX_NAME, Catalog, ModelRecord, check_name, unknown
from adsql.errors import CorruptModel, InvalidModelName, NewerModel, UnknownModel, UnknownVersion
from adsql.registry import find
from adsql.state import FORMAT_VERSION, content_hash
from sample_tables import fitted, normal

FIRST = fitted(find("mad"), normal(60, 2, seed=1))
SECOND = fitted(find("zscore"), normal(60, 2, seed=2))


@pytest.fixture
def con():
    with adsql.connect() as connection:
        yield connection


@pytest.fixture
def catalog(con):
    return Catalog(lambda query, values: con.execute(query, list(values)).fetchall())


def record(name, model=FIRST):
    return ModelRecord.of(name, model, "trips", "duckdb")


def same(found, model):
    return found.to_bytes() == model.to_bytes()


def test_a_model_comes_back_as_it_was(catalog):
    assert catalog.put(record("fares")) == 1
    assert same(catalog.get("fares"), FIRST)


def test_a_row_says_what_the_model_is(catalog, con):
    catalog.put(record("fares"))
    row = con.sql("SELECT * FROM adsql.models").to_arrow_table().to_pylist()[0]
    expected = {"version": 1, "algorithm": "mad", "columns": ["x00", "x01"], "n_rows": 60, "n_segments": 1}
    assert {name: row[name] for name in expected} == expected
    assert row["content_hash"] == content_hash(row["state"]) == FIRST.content_hash
    assert row["threshold"] == FIRST.threshold
    assert row["source"] == "trips"
    assert json.loads(row["library_versions"])["adsql"] == adsql.__version__


def test_versions_are_appended_and_the_newest_is_the_default(catalog):
    assert [catalog.put(record("fares", model)) for model in (FIRST, SECOND, FIRST)] == [1, 2, 3]
    assert catalog.versions("fares") == [1, 2, 3]
    assert same(catalog.get("fares"), FIRST)
    assert same(catalog.get("fares", 2), SECOND)


def test_the_same_model_again_is_the_same_version(catalog):
    assert [catalog.put(record("fares", model)) for model in (FIRST, FIRST, SECOND, SECOND)] == [1, 1, 2, 2]


def test_names_are_told_apart_by_case_and_any_character(catalog):
    names = ["fares", "Fares", "it's", 'a "b"; DROP TABLE adsql.models --', "tür 🚪", "%", "_"]
    for name in names:
        catalog.put(record(name))
    assert catalog.names() == sorted(names)
    assert catalog.drop("%") == [1]
    assert catalog.names() == sorted(set(names) - {"%"})


def test_one_version_or_all_are_dropped(catalog):
    for model in (FIRST, SECOND, FIRST):
        catalog.put(record("fares", model))
    catalog.put(record("tips"))
    assert catalog.drop("fares", 2) == [2]
    assert catalog.versions("fares") == [1, 3]
    assert catalog.drop("fares") == [1, 3]
    assert catalog.names() == ["tips"]


def test_a_version_after_dropped_ones_is_still_newer_than_those_left(catalog):
    for model in (FIRST, SECOND):
        catalog.put(record("fares", model))
    catalog.drop("fares", 1)
    assert catalog.put(record("fares", FIRST)) == 3


@pytest.mark.parametrize("method", ["get", "drop"])
def test_an_unknown_model_is_named_with_the_nearest(catalog, method):
    catalog.put(record("fares"))
    with pytest.raises(UnknownModel, match=r"model 'fare' does not exist. Allowed: fares. Do: did you mean 'fares'"):
        getattr(catalog, method)("fare")
    with pytest.raises(UnknownModel, match=r"SELECT \* FROM models\(\)"):
        getattr(catalog, method)("quite different")


@pytest.mark.parametrize("method", ["get", "drop"])
@pytest.mark.parametrize("version", [0, -1, 2, 2**31 - 1])
def test_an_unknown_version_is_named_with_those_there_are(catalog, method, version):
    catalog.put(record("fares"))
    with pytest.raises(UnknownVersion, match=f"model 'fares' has no version {version}. Allowed: 1"):
        getattr(catalog, method)("fares", version)
    assert catalog.versions("fares") == [1]


def test_an_empty_catalog_says_how_to_fill_it(catalog):
    assert catalog.names() == []
    with pytest.raises(UnknownModel, match=r"none exist.*train_model"):
        catalog.get("fares")


@pytest.mark.parametrize(
    "change",
    [
        "state = state[:100]",
        "state = ''::BLOB",
        "content_hash = repeat('0', 64)",
        "state = ''::BLOB, content_hash = ''",
    ],
)
def test_a_row_altered_in_the_database_is_refused(catalog, con, change):
    catalog.put(record("fares"))
    con.execute(f"UPDATE adsql.models SET {change}")
    with pytest.raises(CorruptModel, match="content hash"):
        catalog.get("fares")


def test_a_model_of_a_newer_format_asks_for_a_newer_adsql(catalog):
    data = FIRST.to_bytes().replace(b'"version": %d' % FORMAT_VERSION, b'"version": %d' % (FORMAT_VERSION + 1))
    catalog.put(dataclasses.replace(record("fares"), state=data, content_hash=content_hash(data)))
    with pytest.raises(NewerModel, match="upgrade adsql"):
        catalog.get("fares")


def test_a_transaction_that_is_rolled_back_leaves_no_model(catalog, con):
    con.execute("BEGIN")
    catalog.put(record("fares"))
    con.execute("ROLLBACK")
    assert catalog.names() == []


@pytest.mark.parametrize("name", ["fares", "x" * MAX_NAME, "with space", "ünïcode", "a.b", "1"])
def test_printable_text_is_a_name(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", " ", "\t", "a\nb", "a\x00", "x" * (MAX_NAME + 1), None, 5, b"fares", ["fares"]])
def test_anything_else_is_no_name(name):
    with pytest.raises(InvalidModelName, match="cannot name a model"):
        check_name(name)


def test_a_record_checks_its_name():
    with pytest.raises(InvalidModelName):
        record("")


@pytest.mark.parametrize(
    ("options", "policy"),
    [({}, "automatic"), ({"contamination": 0.05}, "contamination = 0.05"), ({"alert_budget": 3}, "alert_budget = 3")],
)
def test_a_record_says_how_the_threshold_was_set(options, policy):
    model = fitted(find("mad"), normal(60, 2), **options)
    assert record("fares", model).threshold_policy == policy


def test_a_long_name_of_a_model_is_cut_in_the_message():
    name = "x" * 10_000
    for error in (unknown(name, None, ["fares"], []), unknown(name, 3, [name], [1, 2])):
        assert len(str(error)) < 500
