"""Saved models: versions, what is told of them, updates, dropping."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from adsql import registry
from engines.tables import DETECTORS, fitted, trips

LISTED = "SELECT name, version, is_newest, algorithm, n_rows, threshold_policy, segment_by, n_segments, source FROM models() WHERE name IN ('m', 'another') ORDER BY name, version"


def train(engine, options="", source="trips", name="m"):
    return engine.value(f"SELECT (train_model('{name}', '{source}'{options and ', '}{options})).version")


def test_models_lists_versions_and_marks_the_newest(engine):
    train(engine)
    train(engine, "algorithm => 'mad'")
    train(
        engine,
        "algorithm => 'iqr', segment_by => ARRAY['kind'], contamination => 0.1",
        "SELECT * FROM trips WHERE id < 300",
        "another",
    )
    assert engine.rows(LISTED) == [
        ("another", 1, True, "iqr", 300, "contamination = 0.1", ["kind"], 3, "SELECT * FROM trips WHERE id < 300"),
        ("m", 1, False, "auto", 401, "automatic", [], 1, "trips"),
        ("m", 2, True, "mad", 401, "automatic", [], 1, "trips"),
    ]


def test_the_same_data_and_options_are_the_same_version(engine):
    assert train(engine) == 1
    assert train(engine) == 1
    assert train(engine, "algorithm => 'AUTO', seed => 0", "SELECT * FROM trips ORDER BY km") == 1
    assert train(engine, "contamination => 0.1") == 2
    assert train(engine, "contamination => 0.1", "SELECT * FROM trips WHERE id <> 3") == 3
    hashes = engine.rows("SELECT DISTINCT content_hash FROM models() WHERE name = 'm'")
    assert len(hashes) == 3
    assert train(engine) == 4, "options that return to those of an older version append one"


def test_model_info_tells_what_the_library_tells(engine):
    train(engine, "algorithm => 'knn', params => '{\"n_neighbors\": 7}', seed => 3")
    model = fitted("knn", trips(), params={"n_neighbors": 7}, seed=3)
    assert engine.rows("SELECT section, name, value, segment FROM model_info('m')") == [
        tuple(fact) for fact in model.info()
    ]


def test_model_info_tells_of_each_segment(engine):
    train(engine, "algorithm => 'mad', segment_by => ARRAY['kind', 'place'], label_column => 'fraud'")
    model = fitted("mad", trips(), segment_by=["kind", "place"], label_column="fraud")
    assert engine.rows("SELECT section, name, value, segment FROM model_info('m')") == [
        tuple(fact) for fact in model.info()
    ]


def test_model_info_tells_of_the_version_that_is_asked_for(engine):
    train(engine)
    train(engine, "algorithm => 'mad'")
    algorithm = "SELECT value FROM model_info('m'{}) WHERE name = 'algorithm'"
    assert engine.value(algorithm.format("")) == "mad"
    assert engine.value(algorithm.format(", version => 1")) == "auto"
    assert engine.value(algorithm.format(", version => NULL")) == "mad"


def test_a_version_is_scored_as_that_version(engine):
    train(engine, "algorithm => 'mad'")
    before = engine.results(["id"], "trips", "model => 'm'")
    train(engine, "algorithm => 'zscore'")
    assert engine.results(["id"], "trips", "model => 'm', version => 1") == before
    newest = engine.results(["id"], "trips", "model => 'm'")
    assert newest != before
    assert engine.results(["id"], "trips", "model => 'm', version => 2") == newest
    by_row = engine.rows("SELECT anomaly_score('m', t) FROM trips AS t ORDER BY id")
    assert by_row == [(score,) for _, score, _, _ in newest]


def test_detectors_lists_every_registered_one(engine):
    query = "SELECT algorithm, summary, capability, score, cost, parameters, aliases, reference, incremental, explainable, exportable, max_rows FROM detectors()"
    found = {row[0]: row for row in engine.rows(query)}
    assert list(found) == list(registry.detectors())
    assert [name for name, row in found.items() if row[2] == "rows"] == DETECTORS
    assert [name for name, row in found.items() if row[11] is None] == DETECTORS
    for name, described in zip(registry.detectors(), registry.described(), strict=True):
        values = dict(described)
        assert found[name][1] == values["summary"]
        assert found[name][8:] == tuple(values[key] for key in ("incremental", "explainable", "exportable", "max_rows"))
    parameters = found["knn"][5]
    assert set(json.loads(parameters) if isinstance(parameters, str) else parameters) == {
        "n_neighbors",
        "method",
        "reference_size",
    }
    assert found["iforest"][6] == ["isolation_forest"]


def test_drop_model_with_a_version_leaves_the_others(engine):
    train(engine)
    train(engine, "algorithm => 'mad'")
    assert engine.value("SELECT drop_model('m', version => 1)") == [1]
    assert engine.rows("SELECT version FROM models() WHERE name = 'm'") == [(2,)]
    assert engine.value("SELECT drop_model('m', 2)") == [2]
    assert engine.rows("SELECT version FROM models() WHERE name = 'm'") == []


def test_drop_model_without_a_version_drops_all_of_that_name(engine):
    train(engine)
    train(engine, "algorithm => 'mad'")
    train(engine, "algorithm => 'mad'", name="another")
    assert engine.value("SELECT drop_model('m')") == [1, 2]
    assert [row[0] for row in engine.rows(LISTED)] == ["another"]


def test_drop_model_takes_names_from_a_query(engine):
    train(engine)
    train(engine, "algorithm => 'mad'")
    query = "SELECT drop_model(name, version) FROM models() WHERE name = 'm' AND NOT is_newest"
    assert engine.rows(query) == [([1],)]
    assert engine.rows("SELECT version FROM models() WHERE name = 'm'") == [(2,)]


def test_drop_model_of_several_names_drops_all_or_none(engine):
    train(engine)
    with engine.raises("UNKNOWN_MODEL", "'missing'"):
        engine.rows("SELECT drop_model(name) FROM (VALUES ('m'), ('missing')) AS v(name)")
    assert engine.rows("SELECT version FROM models() WHERE name = 'm'") == [(1,)]


@pytest.mark.parametrize("name", ["a b", 'quo"te', "apo''strophe", "Ünï", "-- no comment", "x" * 200, "$1", "None"])
def test_models_may_be_named_as_people_like(engine, name):
    train(engine, "algorithm => 'mad'", name=name)
    assert engine.value(f"SELECT count(anomaly_score('{name}', t)) FROM trips AS t") == 401
    assert len(engine.results(["id"], "trips", f"model => '{name}'")) == 401
    assert engine.value(f"SELECT drop_model('{name}')") == [1]


@pytest.fixture
def shops(engine):
    """Old rows, and new ones with a further segment, which are different."""
    numbers = [(i * 7919 % 997) / 997 for i in range(600)]
    engine.create("old", {"x": pa.array(numbers), "shop": pa.array([["a", "b"][i % 2] for i in range(600)])})
    engine.create(
        "new", {"x": pa.array([9 + x for x in numbers]), "shop": pa.array([["a", "c"][i % 2] for i in range(600)])}
    )
    return engine


@pytest.mark.parametrize("name", [name for name in DETECTORS if hasattr(registry.detectors()[name], "updated")])
def test_updates_give_the_library_s_model(shops, name):
    train(shops, f"algorithm => '{name}', segment_by => ARRAY['shop']", "old")
    described = shops.rows("SELECT name, version, algorithm, n_rows FROM update_model('m', 'new', seed => 3)")
    assert described == [("m", 2, name, 1200)]
    tables = [
        {
            "x": pa.array([(i * 7919 % 997) / 997 + more for i in range(600)]),
            "shop": pa.array([names[i % 2] for i in range(600)]),
        }
        for more, names in ((0, "ab"), (9, "ac"))
    ]
    model = fitted(name, tables[0], segment_by=["shop"]).updated(tables[1], seed=3)
    assert shops.saved_model("m").content_hash == model.content_hash
    told = shops.rows("SELECT segment, value FROM model_info('m') WHERE name = 'n_rows' ORDER BY segment")
    assert told == [("a", "600"), ("b", "300"), ("c", "300")]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("update_model('none', 'new')", "UNKNOWN_MODEL"),
        ("update_model('fixed', 'new')", "NOT_INCREMENTAL"),
        ("update_model('m', 'nowhere')", "UNKNOWN_SOURCE"),
        ("update_model('m', 'SELECT * FROM new WHERE false')", "EMPTY_SOURCE"),
        ("update_model('m', 'SELECT * FROM new WHERE x > 99')", "EMPTY_SOURCE"),
        ("update_model('m', 'SELECT shop FROM new')", "MISSING_COLUMN"),
        ("update_model('m', 'SELECT CAST(x AS varchar) AS x, shop FROM new')", "COLUMN_TYPE_CHANGED"),
        ("update_model('m', 'new', seed => -1)", "INVALID_OPTION"),
        ("update_model(NULL, 'new')", "UNKNOWN_MODEL"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_and_stores_nothing(shops, call, code):
    train(shops, source="old")
    train(shops, "algorithm => 'mad'", "old", "fixed")
    before = shops.rows("SELECT name, version, content_hash FROM models()")
    with shops.raises(code):
        shops.rows(f"SELECT version FROM {call}")
    assert shops.rows("SELECT name, version, content_hash FROM models()") == before


def test_labels_of_the_new_rows_are_used(shops):
    train(shops, "label_column => 'bad', columns => ARRAY['x']", "SELECT *, x > 0.99 AS bad FROM old")
    assert shops.value("SELECT (update_model('m', 'SELECT *, x > 9.99 AS bad FROM new')).version") == 2
    with shops.raises("UNKNOWN_COLUMN", "label_column"):
        shops.rows("SELECT version FROM update_model('m', 'new')")
