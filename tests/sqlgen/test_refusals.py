"""What cannot be written as SQL is refused, with the reason and what to do."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import sqlglot

from adsql.abilities import ToSql
from adsql.detectors.iforest import IsolationForest
from adsql.detectors.zscore import ZScore
from adsql.errors import InvalidSource, NoSqlForm, UnknownDialect
from adsql.features import FeatureSpec
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.registry import row_wise_detectors as detectors
from adsql.sqlgen import detector_expression, model_sql, scaled_features, score_expression
from adsql.sqlgen.dialects import DIALECTS
from sample_tables import mixed, normal
from sqlgen.databases import in_duckdb
from sqlgen.parameters import SMALL

NAMES = [dialect.name for dialect in DIALECTS]
WITHOUT = [name for name, cls in detectors().items() if not issubclass(cls, ToSql)]


def model_of(algorithm="zscore", table=None, **options):
    return Model.fit(table or normal(200, 2), TrainingOptions.parse(algorithm, **options))


@pytest.fixture(scope="module")
def model():
    return model_of()


@pytest.mark.parametrize("name", ["oracle", "", "duck db", "mysql", None, 3])
def test_unknown_dialects(model, name):
    for call in (model_sql, score_expression):
        with pytest.raises(UnknownDialect, match="Allowed: duckdb, postgres, snowflake") as caught:
            call(model, name)
        assert repr(name) in str(caught.value)


def test_the_nearest_dialect_is_suggested(model):
    with pytest.raises(UnknownDialect, match="did you mean 'snowflake'"):
        model_sql(model, "snowflak")


@pytest.mark.parametrize(
    ("alias", "name"), [("postgresql", "postgres"), ("PostgreSQL", "postgres"), ("DuckDB", "duckdb")]
)
def test_dialects_have_aliases_and_no_case(model, alias, name):
    assert model_sql(model, alias) == model_sql(model, name)


@pytest.mark.parametrize("algorithm", WITHOUT)
def test_detectors_without_a_formula(algorithm):
    model = model_of(algorithm)
    with pytest.raises(NoSqlForm, match=f"{algorithm} has no SQL form.*Allowed: .*zscore.*Do: train one of these"):
        model_sql(model, "duckdb")
    with pytest.raises(NoSqlForm, match=algorithm):
        detector_expression(model.segments[""].detector, ["a", "b"], "duckdb")


@pytest.mark.parametrize(
    ("algorithm", "params", "words"),
    [
        ("iforest", {}, "nodes.*Allowed: up to 4000 nodes. Do: train with a lower n_estimators or max_samples"),
        ("hbos", {"n_bins": 3_000}, "6004 bins.*lower n_bins"),
        ("ecod", {}, "8000 steps.*train hbos"),
        ("copod", {}, "8000 steps.*train hbos"),
    ],
)
def test_formulas_that_are_too_large(algorithm, params, words):
    with pytest.raises(NoSqlForm, match=f"{algorithm}: the model has .*{words}"):
        model_sql(model_of(algorithm, normal(2_000, 2), params=params), "duckdb")


@pytest.mark.parametrize(
    ("algorithm", "params", "words"),
    [
        ("mcd", {}, "5050 terms.*fewer columns"),
        ("pca", {}, "5050 terms.*fewer columns"),
        ("gmm", {"n_components": 1}, "5050 terms.*fewer columns"),
        ("cblof", {"n_clusters": 80}, "squares.*lower n_clusters"),
    ],
)
def test_formulas_of_too_many_columns(algorithm, params, words):
    with pytest.raises(NoSqlForm, match=f"{algorithm}: the model has .*{words}"):
        model_sql(model_of(algorithm, normal(300, 100), params=params), "duckdb")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"detectors": ["mad", "knn"]}, "ensemble: its member 'knn' has no SQL form. Allowed: .*mad.*other detectors"),
        ({"detectors": ["mad", "iforest"]}, "iforest: the model has .* nodes"),
        ({"detectors": ["mad", "iqr"], "combination": "rank"}, "'rank' has no SQL form. Allowed: average, maximum"),
        ({"detectors": ["mad", "iqr"], "combination": "probability"}, "'probability' has no SQL form"),
    ],
)
def test_ensembles_that_are_no_formula(params, words):
    with pytest.raises(NoSqlForm, match=words):
        model_sql(model_of("ensemble", params=params), "duckdb")


def test_a_text_that_is_too_long():
    words = [f"{'long word ' * 10}{i}" for i in range(900)]
    table = {f"c{j}": pa.array(words * 6) for j in range(12)}
    with pytest.raises(NoSqlForm, match=r"characters of SQL\. Allowed: up to 1000000, which all engines accept"):
        model_sql(model_of(table=table), "duckdb")


def test_patterns_of_texts():
    table = {"code": pa.array([f"AB-{i:04}" if i % 20 else f"X{i}" for i in range(300)])}
    for name in NAMES:
        with pytest.raises(NoSqlForm, match="column 'code' is used by the pattern of its texts"):
            model_sql(model_of(table=table), name)


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
@pytest.mark.parametrize("column", ["at", "day"])
def test_times_where_they_are_not_verified(dialect, column):
    model = model_of(table={column: mixed(300)[column]})
    if dialect.name in {"duckdb", "postgres"}:
        assert "SIN(" in model_sql(model, dialect.name)
    else:
        with pytest.raises(
            NoSqlForm, match=f"column '{column}' holds .* not been verified in the dialect {dialect.name}"
        ):
            model_sql(model, dialect.name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "source",
    ["", " ", "DROP TABLE t", "SELECT 1; SELECT 2", "t; DROP TABLE t", "a, b", "t AS u", "f(1)", "((", "t -- x\n, u", "t JOIN u USING (x)", "INSERT INTO t VALUES (1)", "t WHERE x", "(" * 2_000, 3],
)  # fmt: skip
def test_sources_that_are_neither_a_table_nor_a_select(model, name, source, caplog):
    with caplog.at_level(logging.WARNING), pytest.raises(InvalidSource, match=f"in the dialect {name}"):
        model_sql(model, name, source)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("source", ["t", "s.t", "SELECT * FROM t WHERE x00 > 0", "WITH c AS (SELECT * FROM t) SELECT * FROM c;", "SELECT * FROM t -- the end"])  # fmt: skip
def test_sources_that_are_accepted_stay_what_they_are(model, name, source):
    text = model_sql(model, name, source)
    [statement] = sqlglot.parse(text, read=name)
    tables = {table.name for table in statement.find_all(sqlglot.exp.Table)}
    assert tables <= {"t", "c"}


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_one_statement_of_its_dialect_and_has_no_decimal(name):
    names = ['we"ird', "back`tick", "it's", "semi;colon -- x", "[x]"]
    table = dict(zip(names, normal(60, len(names)).values(), strict=True))
    table["kind"] = pa.array(["it's", 'a "b"', "back\\slash"] * 20)
    text = model_sql(model_of("iqr", table), name, "trips")
    [statement] = sqlglot.parse(text, read=name)
    assert {column.name for column in statement.find_all(sqlglot.exp.Column) if column.table == "source"} >= set(table)
    words = {literal.name for literal in statement.find_all(sqlglot.exp.Literal) if literal.is_string}
    assert words - {"NaN"} == {"it's", 'a "b"', "back\\slash"}
    assert all("e" in literal.name for literal in statement.find_all(sqlglot.exp.Literal) if literal.is_number)


def test_an_expression_stands_in_a_query_of_ones_own(formula):
    table = {**normal(80, 2), "kind": pa.array(["a", "b", None, "c"] * 20)}
    model = model_of(formula.spec.name, table, params=SMALL.get(formula.spec.name))
    expected, _ = in_duckdb(model, table)
    with duckdb.connect() as con:
        con.register("t", pa.table(table))
        for text in (score_expression(model, "duckdb"), score_expression(model, "duckdb", "t")):
            found = [row[0] for row in con.execute(f"SELECT {text} FROM t").fetchall()]
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_the_parts_for_a_query_that_handles_missing_values_itself():
    table = {"x": pa.array([1.0, 2.0, 4.0, None, 8.0] * 9), "kind": pa.array(["a", "b", None] * 15)}
    model = model_of("zscore", table)
    features = FeatureSpec.fit(table, None, 45)
    scaled = scaled_features(features, "duckdb", "t")
    assert scaled[1].startswith('(CAST("t"."x" AS DOUBLE) - ')
    names = ["f0", "f1"]
    with duckdb.connect() as con:
        con.register("t", pa.table(table))
        parts = ", ".join(f"coalesce({text}, 0) AS {name}" for text, name in zip(scaled, names, strict=True))
        text = detector_expression(model.segments[""].detector, names, "duckdb")
        found = [row[0] for row in con.execute(f"SELECT {text} FROM (SELECT {parts} FROM t)").fetchall()]
    np.testing.assert_allclose(found, model.score(table).anomaly_score, rtol=1e-12)


def test_a_forged_forest_of_one_path_does_not_exhaust_the_stack():
    n = 1_900
    nodes = 2 * n + 1
    inner = np.arange(nodes) % 2 == 0
    inner[-1] = False
    feature = np.where(inner, 0, -1).astype(np.int32)
    left = np.where(inner, np.arange(nodes) + 1, 0).astype(np.int32)
    right = np.where(inner, np.arange(nodes) + 2, 0).astype(np.int32)
    forest = IsolationForest(
        np.zeros(1, np.int32), feature, np.arange(nodes, dtype=float), left, right, np.ones(nodes), 1.0, 1
    )
    assert IsolationForest.from_state(forest.to_state()).n_features == 1
    with pytest.raises(NoSqlForm, match="nested too deeply"):
        detector_expression(forest, ["f0"], "duckdb")


@pytest.mark.parametrize("scale", [2.3e-308, 1e-300, 1e300, 1.7e308])
def test_forged_scales_give_numbers_that_databases_read(model, scale):
    segment = model.segments[""]
    forged = [dataclasses.replace(feature, scale=scale, center=1e308) for feature in segment.features.features]
    features = dataclasses.replace(segment.features, features=tuple(forged))
    other = dataclasses.replace(model, segments={"": dataclasses.replace(segment, features=features)})
    in_duckdb(other, normal(3, 2))


def test_a_third_partys_detector_needs_no_sql_form():
    assert isinstance(ZScore(np.zeros(1), np.ones(1)), ToSql)
    assert not issubclass(dt.date, ToSql)
