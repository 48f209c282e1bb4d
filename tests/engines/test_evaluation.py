"""evaluate_model and compare_models: the library's figures of the rows that are in the database."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.evaluation import compare, evaluate, labels_of, outcomes
from adsql.segment_keys import segment_keys
from adsql.threshold_report import threshold_report

METRICS = "SELECT metric, value, lower, upper FROM evaluate_model({})"
COMPARED = "SELECT model, version, metric, value, lower, upper, rank, p_value FROM compare_models({})"


def labelled():
    """Two numbers and a segment; the label is known for most rows, and one row has no value at all."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=600), rng.normal(size=600)
    wrong = rng.random(600) < 0.1
    x[wrong] += rng.normal(2.5, 1.0, wrong.sum())
    labels = [None if i % 7 == 0 else bool(flag) for i, flag in enumerate(wrong)]
    return {
        "x": pa.array([*x, None]),
        "y": pa.array([*y, None]),
        "side": pa.array([*np.where(rng.random(600) < 0.4, "left", "right").tolist(), "left"]),
        "wrong": pa.array([*labels, True]),
        "seven": pa.array([7] * 601, pa.int32()),
        "nothing": pa.nulls(601, pa.bool_()),
    }


@pytest.fixture(scope="module")
def judged(shared):
    """An engine with a labelled table and models of it."""
    shared.create("labelled", labelled())
    for name, more in {
        "m": "algorithm => 'mad', columns => ARRAY['x', 'y'], contamination => 0.1",
        "k": "algorithm => 'knn', columns => ARRAY['x'], contamination => 0.05",
        "sides": "algorithm => 'mad', columns => ARRAY['x', 'y'], segment_by => ARRAY['side'], contamination => 0.1",
    }.items():
        shared.value(f"SELECT (train_model('{name}', 'labelled', {more})).version")
    shared.value("SELECT (train_model('m', 'labelled', columns => ARRAY['x', 'y'], algorithm => 'iqr')).version")
    shared.keep()
    yield shared
    for name in ("m", "k", "sides"):
        shared.value(f"SELECT drop_model('{name}')")
    shared.run("DROP TABLE labelled")
    shared.keep()


@pytest.mark.parametrize("name", ["m", "k", "sides"])
def test_the_figures_are_those_of_the_library(judged, name):
    table = labelled()
    expected = evaluate(outcomes(judged.saved_model(name), table), labels_of(table, "wrong"))
    assert judged.rows(METRICS.format(f"'{name}', 'labelled', 'wrong'")) == [tuple(metric) for metric in expected]


def test_a_number_of_rows_and_a_version_may_be_given(judged):
    chosen = METRICS.format("'m', 'labelled', 'wrong', k => 3, version => 1")
    found = {name: value for name, value, *_ in judged.rows(chosen)}
    assert found["k"] == 3.0
    assert (
        found["flagged"]
        != dict(judged.rows("SELECT metric, value FROM evaluate_model('m', 'labelled', 'wrong')"))["flagged"]
    )
    assert found["left_out"] == sum(value is None for value in labelled()["wrong"].to_pylist()) + 1


def test_a_source_may_be_a_select_and_columns_be_spelt_otherwise(judged):
    query = 'SELECT wrong AS "Wrong", x AS "X", y, 1 AS anomaly_score FROM labelled'
    assert judged.rows(METRICS.format(f"'m', '{query}', 'wrong'")) == judged.rows(
        METRICS.format("'m', 'labelled', 'wrong'")
    )


def test_models_are_compared_on_the_same_rows(judged):
    table = labelled()
    labels = labels_of(table, "wrong")
    names = ["m", "k"]
    expected = compare([outcomes(judged.saved_model(name), table) for name in names], labels)
    versions = {"m": 2, "k": 1}
    wanted = [(names[one.model], versions[names[one.model]], *one[1:]) for one in expected]
    assert judged.rows(COMPARED.format("ARRAY['m', 'k'], 'labelled', 'wrong'")) == wanted


def test_versions_of_a_model_are_compared(judged):
    found = judged.rows(COMPARED.format("ARRAY['m', 'm'], 'labelled', 'wrong', versions => ARRAY[1, 2]"))
    assert {(model, version) for model, version, *_ in found} == {("m", 1), ("m", 2)}
    own = {name: value for name, value, *_ in judged.rows(METRICS.format("'m', 'labelled', 'wrong', version => 1"))}
    assert all(value == own[metric] for _, version, metric, value, *_ in found if version == 1)


def test_the_figures_join_with_the_models(judged):
    query = "SELECT m.name, e.value > 0.5 FROM models() AS m JOIN compare_models(ARRAY['m', 'k'], 'labelled', 'wrong') AS e ON e.model = m.name AND e.version = m.version WHERE e.metric = 'auc_roc' ORDER BY m.name"
    assert judged.rows(query) == [("k", True), ("m", True)]


@pytest.mark.parametrize(
    ("call", "code", "fragment"),
    [
        ("'nope', 'labelled', 'wrong'", "UNKNOWN_MODEL", "'nope'"),
        ("CAST(NULL AS text), 'labelled', 'wrong'", "UNKNOWN_MODEL", "NULL"),
        ("'m', 'labelled', 'wrong', version => 9", "UNKNOWN_VERSION", "9"),
        ("'m', 'nope', 'wrong'", "UNKNOWN_SOURCE", "'nope'"),
        ("'m', 'DELETE FROM labelled', 'wrong'", "INVALID_SOURCE", "DELETE"),
        ("'m', 'labelled', 'wrng'", "UNKNOWN_COLUMN", "did you mean 'wrong'?"),
        ("'m', 'labelled', CAST(NULL AS text)", "INVALID_OPTION", "label"),
        ("'m', 'labelled', ''", "INVALID_OPTION", "label"),
        ("'m', 'labelled', 'side'", "UNUSABLE_COLUMN", "label 'side'"),
        ("'m', 'labelled', 'seven'", "UNUSABLE_COLUMN", "7.0"),
        ("'m', 'labelled', 'nothing'", "EMPTY_SOURCE", "a label and a score"),
        ("'m', 'SELECT * FROM labelled WHERE x > 1000', 'wrong'", "EMPTY_SOURCE", "no rows"),
        ("'m', 'SELECT x, wrong FROM labelled', 'wrong'", "MISSING_COLUMN", "'y'"),
        ("'m', 'SELECT side AS x, y, wrong FROM labelled', 'wrong'", "COLUMN_TYPE_CHANGED", "'x'"),
        ("'m', 'labelled', 'wrong', k => 0", "INVALID_OPTION", "k = 0"),
        ("'m', 'labelled', 'wrong', k => 602", "INVALID_OPTION", "k = 602"),
    ],
)
def test_what_is_wrong_is_told(judged, call, code, fragment):
    with judged.raises(code, fragment):
        judged.rows(METRICS.format(call))


@pytest.mark.parametrize(
    ("call", "code", "fragment"),
    [
        ("CAST(ARRAY[] AS text[]), 'labelled', 'wrong'", "INVALID_OPTION", "models"),
        ("CAST(NULL AS text[]), 'labelled', 'wrong'", "INVALID_OPTION", "models"),
        ("ARRAY['m', NULL], 'labelled', 'wrong'", "INVALID_OPTION", "models"),
        ("ARRAY['m', 'nope'], 'labelled', 'wrong'", "UNKNOWN_MODEL", "'nope'"),
        ("ARRAY['m', 'k'], 'labelled', 'wrong', versions => ARRAY[1]", "INVALID_OPTION", "versions"),
    ],
)
def test_what_is_wrong_with_a_comparison_is_told(judged, call, code, fragment):
    with judged.raises(code, fragment):
        judged.rows(COMPARED.format(call))


REPORT = "SELECT segment, threshold, flagged, share, severity, is_current FROM threshold_report({})"


@pytest.mark.parametrize("name", ["m", "sides"])
def test_the_report_is_the_library_s(judged, name):
    table, model = labelled(), judged.saved_model(name)
    scores = model.score(table)
    expected = threshold_report(
        model, segment_keys(table, model.segment_by), np.where(scores.present, scores.anomaly_score, np.nan)
    )
    assert judged.rows(REPORT.format(f"'{name}', 'labelled'")) == [tuple(line) for line in expected]


@pytest.mark.parametrize(
    ("call", "code", "fragment"),
    [
        ("'nope', 'labelled'", "UNKNOWN_MODEL", "'nope'"),
        ("'m', 'labelled', version => 9", "UNKNOWN_VERSION", "9"),
        ("'m', 'nope'", "UNKNOWN_SOURCE", "'nope'"),
        ("'m', 'SELECT x FROM labelled'", "MISSING_COLUMN", "'y'"),
        ("'m', 'SELECT * FROM labelled WHERE x > 1000'", "EMPTY_SOURCE", "no rows"),
    ],
)
def test_what_is_wrong_with_a_report_is_told(judged, call, code, fragment):
    with judged.raises(code, fragment):
        judged.rows(REPORT.format(call))
