"""What the functions return: columns, types, order, versions."""

from __future__ import annotations

import json

import pytest

from adsql import registry
from sql.support import ANOMALY, DETECTORS, RESULTS, rows, saved_model, value

STORED = ["name", "version", "algorithm", "n_rows", "n_features", "threshold"]
FUNCTIONS = [
    "SELECT count(*) FROM {}detect_anomalies('trips')",
    "SELECT count(*) FROM {}detect_anomalies('trips', model => 'fares')",
    "SELECT n_rows FROM {}fit_model('again', 'trips')",
    "SELECT n_rows FROM {}train_model('again', 'trips')",
    "SELECT {}train_model('again', 'trips').n_rows",
    "SELECT {}anomaly_score('fares', t) FROM trips AS t",
    "SELECT {}severity('fares', t) FROM trips AS t",
    "SELECT {}is_anomaly('fares', t) FROM trips AS t",
    "SELECT {}detect_anomalies('fares', t) FROM trips AS t",
    "SELECT name, version, content_hash FROM {}models()",
    "FROM {}model_info('fares')",
    "FROM {}detectors()",
    "SELECT {}drop_model('fares')",
]


def test_source_columns_come_first_and_unchanged_then_the_results(kept):
    source, result = kept.sql("FROM trips"), kept.sql("FROM detect_anomalies('trips')")
    assert result.columns == [*source.columns, *RESULTS]
    assert result.types == [*source.types, "DOUBLE", "DOUBLE", "BOOLEAN"]
    assert [row[:-3] for row in result.fetchall()] == source.fetchall()


def test_the_form_with_a_saved_model_has_the_same_columns(kept):
    fitted, saved = (
        kept.sql("FROM detect_anomalies('trips')"),
        kept.sql("FROM detect_anomalies('trips', model => 'fares')"),
    )
    assert (saved.columns, saved.types) == (fitted.columns, fitted.types)
    assert saved.fetchall() == fitted.fetchall()


def test_the_strange_row_is_found_and_no_other(kept):
    assert rows(kept, "SELECT id FROM detect_anomalies('trips') WHERE is_anomaly") == [(ANOMALY,)]


def test_scores_severities_and_verdicts_agree_with_each_other(kept):
    threshold = value(kept, "SELECT threshold FROM models()")
    found = rows(kept, "SELECT anomaly_score, severity, is_anomaly FROM detect_anomalies('trips', model => 'fares')")
    assert all(verdict == (score > threshold) for score, _, verdict in found)
    assert all(0 <= severity <= 1 for _, severity, _ in found)
    by_score = sorted(found)
    assert [severity for _, severity, _ in by_score] == sorted(severity for _, severity, _ in found)


def test_a_row_without_any_value_is_returned_without_a_score(con):
    con.execute("INSERT INTO trips (id) VALUES (900)")
    for model in ("", ", model => 'fares'"):
        found = f"SELECT anomaly_score, severity, is_anomaly FROM detect_anomalies('trips'{model}) WHERE id = 900"
        assert rows(con, found) == [(None, None, None)]


def test_equal_column_names_are_numbered_and_both_used(kept):
    query = "SELECT fare AS x, km AS x FROM trips"
    assert kept.sql(f"FROM detect_anomalies('{query}')").columns == ["x", "x_1", *RESULTS]
    rows(kept, f"SELECT train_model('twins', '{query}')")
    assert saved_model(kept, "twins").positional_columns == ("x", "x_1")


def test_the_scalar_form_is_a_struct_of_the_same_three(kept):
    kind = "STRUCT(anomaly_score DOUBLE, severity DOUBLE, is_anomaly BOOLEAN)"
    assert rows(kept, "SELECT DISTINCT typeof(detect_anomalies('fares', t)) FROM trips AS t") == [(kind,)]
    unpacked = rows(kept, "SELECT d.* FROM (SELECT detect_anomalies('fares', t) AS d FROM trips AS t)")
    results = ", ".join(RESULTS)
    assert unpacked == rows(kept, f"SELECT {results} FROM detect_anomalies('trips', model => 'fares')")


def test_train_model_as_table_and_as_scalar_tell_the_same(kept):
    table = kept.sql("FROM train_model('a', 'trips')")
    assert table.columns == STORED
    assert table.types == ["VARCHAR", "INTEGER", "VARCHAR", "BIGINT", "INTEGER", "DOUBLE"]
    described = dict(zip(STORED, table.fetchall()[0], strict=True))
    model = saved_model(kept, "a")
    assert described == {
        "name": "a", "version": 1, "algorithm": "auto", "n_rows": 501, "n_features": model.n_features,
        "threshold": model.threshold,
    }  # fmt: skip
    assert value(kept, "SELECT train_model('b', 'trips')") == {**described, "name": "b"}


def test_fit_model_returns_a_row_of_the_table_of_models(kept):
    table, fitted = kept.sql("FROM adsql.models"), kept.sql("FROM fit_model('a', 'trips')")
    assert (fitted.columns, fitted.types) == (table.columns, table.types)
    assert rows(kept, "SELECT name FROM adsql.models") == [("fares",)], "fitting alone stores nothing"


def test_models_lists_versions_in_order_and_marks_the_newest(kept):
    rows(kept, "SELECT train_model('fares', 'trips', 'mad')")
    rows(
        kept, "SELECT train_model('another', 'FROM trips LIMIT 400', 'iqr', segment_by => 'kind', contamination => 0.1)"
    )
    listed = kept.sql("FROM models()")
    assert listed.columns == [
        "name", "version", "is_newest", "algorithm", "n_rows", "n_features", "threshold", "threshold_policy",
        "segment_by", "n_segments", "source", "created_at", "content_hash",
    ]  # fmt: skip
    shown = "name, version, is_newest, algorithm, n_rows, threshold_policy, segment_by, n_segments, source"
    assert rows(kept, f"SELECT {shown} FROM models()") == [
        ("another", 1, True, "iqr", 400, "contamination = 0.1", ["kind"], 3, "FROM trips LIMIT 400"),
        ("fares", 1, False, "auto", 501, "automatic", [], 1, "trips"),
        ("fares", 2, True, "mad", 501, "automatic", [], 1, "trips"),
    ]


def test_times_are_utc_whatever_the_time_zone_of_the_session(con):
    con.execute("SET TimeZone = 'Pacific/Kiritimati'")  # 14 hours ahead
    rows(con, "SELECT train_model('trained', 'trips')")
    con.execute("INSERT INTO adsql.models FROM fit_model('inserted', 'trips')")
    hours = "abs(epoch(created_at) - epoch(now())) / 3600 < 1"
    assert rows(con, f"SELECT name FROM models() WHERE {hours} ORDER BY name") == [
        ("fares",),
        ("inserted",),
        ("trained",),
    ]


def test_model_info_tells_settings_features_and_what_was_left_out(kept):
    rows(kept, "SELECT train_model('k', 'trips', 'knn', params => '{\"n_neighbors\": 7}', seed => 3)")
    info = kept.sql("FROM model_info('k')")
    assert (info.columns, info.types) == (["section", "name", "value", "segment"], ["VARCHAR"] * 4)
    facts = {(section, name): text for section, name, text, _ in info.fetchall()}
    assert facts["model", "algorithm"] == "knn"
    assert facts["model", "seed"] == "3"
    assert facts["model", "n_rows"] == facts["model", "n_fit_rows"] == "501"
    assert facts["model", "content_hash"] == value(kept, "SELECT content_hash FROM models() WHERE name = 'k'")
    assert facts["parameter", "n_neighbors"] == "7"
    assert facts["parameter", "method"] == "largest", "parameters that were not given are shown as well"
    assert facts["feature", "fare"].startswith("its value")
    assert facts["feature", "kind"].startswith("rarity of its category")
    assert facts["left out", "id"].startswith("a key")


def test_detectors_lists_every_registered_one_with_its_parameters(kept):
    listed = kept.sql("FROM detectors()")
    assert listed.columns == [
        "algorithm", "summary", "capability", "score", "cost", "parameters", "aliases", "reference", "incremental",
        "explainable", "exportable", "max_rows",
    ]  # fmt: skip
    found = {row[0]: row for row in listed.fetchall()}
    assert list(found) == list(registry.detectors())
    assert [name for name, row in found.items() if row[2] == "rows"] == DETECTORS
    assert [name for name, row in found.items() if row[11] is None] == DETECTORS
    for name, cls in registry.detectors().items():
        abilities = [hasattr(cls, method) for method in ("updated", "contributions", "expression")]
        assert list(found[name][8:]) == [*abilities, cls.spec.max_rows]
    assert set(json.loads(found["knn"][5])) == {"n_neighbors", "method", "reference_size"}
    assert found["iforest"][6] == ["isolation_forest"]


def test_drop_model_may_name_a_model_once_for_each_of_its_versions(con):
    rows(con, "SELECT train_model('fares', 'trips', 'mad')")
    rows(con, "SELECT train_model('other', 'trips', 'mad')")
    found = rows(con, "SELECT name, drop_model(name) FROM models()")
    assert found == [("fares", [1, 2]), ("fares", [1, 2]), ("other", [1])]
    assert rows(con, "FROM models()") == []


@pytest.mark.parametrize("query", FUNCTIONS)
def test_every_function_has_the_same_result_qualified_and_unqualified(con, query):
    con.execute("BEGIN")  # the last one drops the model: the other form shall drop it again
    qualified = rows(con, query.format("adsql."))
    con.execute("ROLLBACK")
    if "drop_model" in query:
        rows(con, "SELECT train_model('fares', 'trips')")
    assert rows(con, query.format("")) == qualified
    assert qualified != []
