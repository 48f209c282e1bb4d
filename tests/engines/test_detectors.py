"""Every detector gives the library's own answers, bit for bit, on every engine and in every form."""

from __future__ import annotations

import math

import pytest

from adsql.options import TrainingOptions
from adsql.ranking import rank
from engines.comparison import assert_close
from engines.tables import DETECTORS, RANKERS, expected, fitted, numbers, sample

ROW = "SELECT id, anomaly_score('{0}', t), severity('{0}', t), is_anomaly('{0}', t) FROM {1} AS t ORDER BY id"
ALL = "SELECT id, (d).anomaly_score, (d).severity, (d).is_anomaly FROM (SELECT id, detect_anomalies('{0}', t) AS d FROM {1} AS t) AS s ORDER BY id"


@pytest.mark.parametrize("name", DETECTORS)
def test_training_gives_the_library_s_model(engine, name):
    for table, columns in (("sample", sample()), ("numbers", numbers())):
        model = fitted(name, columns)
        assert engine.saved_model(f"{name} of {table}").content_hash == model.content_hash
        listed = f"SELECT content_hash, n_rows, n_features, threshold FROM models() WHERE name = '{name} of {table}'"
        assert engine.rows(listed) == [(model.content_hash, model.n_rows, model.n_features, model.threshold)]


@pytest.mark.parametrize("name", DETECTORS)
def test_every_form_gives_the_library_s_results(engine, name):
    for table, columns in (("sample", sample()), ("numbers", numbers())):
        saved = f"{name} of {table}"
        wanted = expected(columns, engine.saved_model(saved).score(columns))
        for form in engine.forms:
            tolerance = engine.tolerance if table == "numbers" else 0.0
            assert_close(engine.results(["id"], table, f"model => '{saved}'", form), wanted, tolerance)
            assert_close(engine.results(["id"], table, f"algorithm => '{name}'", form), wanted, tolerance)
        assert engine.rows(ROW.format(saved, table)) == wanted
        assert engine.rows(ALL.format(saved, table)) == wanted


@pytest.mark.parametrize("name", DETECTORS)
def test_numbers_by_position_give_the_same(engine, name):
    saved = f"{name} of numbers"
    model = engine.saved_model(saved)
    features = ", ".join(
        f"t.{column}" if column != "flag" else "CAST(t.flag AS integer)" for column in model.positional_columns
    )
    query = f"SELECT id, anomaly_score('{saved}', {features}), is_anomaly('{saved}', {features}) FROM numbers AS t ORDER BY id"
    wanted = [(number, score, verdict) for number, score, _, verdict in expected(numbers(), model.score(numbers()))]
    assert engine.rows(query) == wanted


@pytest.mark.parametrize("name", DETECTORS)
def test_a_row_alone_has_the_result_that_it_has_among_others(engine, name):
    saved = f"{name} of sample"
    together = {row[0]: row for row in engine.results(["id"], "sample", f"model => '{saved}'")}
    for number in (0, 7, 300, 301):
        assert engine.results(["id"], f"SELECT * FROM sample WHERE id = {number}", f"model => '{saved}'") == [
            together[number]
        ]


@pytest.mark.parametrize("name", DETECTORS)
def test_columns_are_matched_by_name_in_any_order_and_case(engine, name):
    saved = f"{name} of sample"
    turned = 'SELECT "day" AS "DAY", "at" AS "At", city, price AS "PRICE", "count", tips, flag AS "FLAG", amount, 1 AS unused, id FROM sample'
    found = engine.rows(ROW.format(saved, f"({turned})"))
    assert found == engine.rows(ROW.format(saved, "sample"))


@pytest.mark.parametrize("name", ["cblof", "hbos", "iqr", "mad", "mcd", "pca", "zscore"])
def test_rows_at_the_threshold_are_judged_by_the_last_digit_alike(engine, name):
    """Thresholds often are scores of training rows, where engines that calculate in SQL would differ."""
    scored = expected(numbers(), engine.saved_model(f"{name} of numbers").score(numbers()))
    for row in (10, 100):
        threshold = scored[row][1]
        options = f"algorithm => '{name}', threshold => {threshold!r}"
        engine.value(f"SELECT (train_model('m', 'numbers', {options})).version")
        wanted = [(number, score > threshold) for number, score, _, _ in scored]
        for form in engine.forms:
            for given in ("model => 'm'", options):
                assert [(row[0], row[3]) for row in engine.results(["id"], "numbers", given, form)] == wanted
        assert engine.rows("SELECT id, is_anomaly('m', t) FROM numbers AS t ORDER BY id") == wanted


@pytest.mark.parametrize("name", RANKERS)
def test_rankings_are_the_library_s(engine, name):
    for table, columns in (("sample", sample()), ("numbers", numbers())):
        wanted = expected(columns, rank(columns, TrainingOptions.parse(name)))
        for form in engine.forms:
            assert engine.results(["id"], table, f"algorithm => '{name}'", form) == wanted


@pytest.mark.parametrize("name", RANKERS)
def test_rankings_are_told_to_have_no_model(engine, name):
    with engine.raises("NOT_ROW_WISE", f"algorithm => '{name}'"):
        engine.rows(f"SELECT (train_model('m', 'trips', algorithm => '{name}')).version")


def test_scores_are_finite_also_of_infinities(engine):
    for name in DETECTORS:
        scores = [row[1] for row in engine.results(["id"], "numbers", f"model => '{name} of numbers'")]
        assert all(math.isfinite(score) for score in scores)
