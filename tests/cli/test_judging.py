"""evaluate, compare and thresholds, run as a program."""

from __future__ import annotations

import csv
import shutil

import pytest

from cli.conftest import TRIPS
from cli.program import adsql

QUERY = "SELECT *, fare > 900 AS wrong FROM 'trips.csv'"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A database file with two models of the trips, to be copied."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "trips.csv").write_text(TRIPS)
    options = ("-c", "fare", "--contamination", "0.002")
    for name, algorithm in (("one", "mad"), ("two", "knn")):
        adsql("train", name, f"{folder}/trips.csv", "-d", f"{folder}/m.duckdb", "-a", algorithm, *options)
    return folder / "m.duckdb"


@pytest.fixture
def models(folder, trained):
    """Two models of the trips in a file."""
    shutil.copy(trained, "m.duckdb")
    return folder


def table(*arguments):
    return list(csv.DictReader(adsql(*arguments, "-d", "m.duckdb", "-f", "csv").stdout.splitlines()))


def test_evaluate_compare_and_thresholds_print_the_rows_of_their_functions(models):
    found = {row["metric"]: row for row in table("evaluate", "one", QUERY, "--label", "wrong")}
    assert found["auc_roc"]["value"] == "1.0"
    assert found["rows"]["value"] == "501.0"
    chosen = table("evaluate", "one", "-i", QUERY, "-l", "wrong", "--k", "2", "--version", "1")
    assert {row["metric"]: row["value"] for row in chosen}["precision_at_k"] == "0.5"
    compared = table("compare", "one", "two", "-i", QUERY, "--label", "wrong")
    assert {row["model"] for row in compared} == {"one", "two"}
    lines = table("thresholds", "one", "trips.csv")
    assert lines[0]["flagged"] == "0"
    assert [line["is_current"] for line in lines].count("true") == 1


def test_explain_prints_the_reasons_of_the_anomalies(models):
    [found] = table("explain", "one", "trips.csv", "--top-k", "1", "--key", "distance")
    assert (found["row_number"], found["row_key"], found["feature"], found["value"]) == ("501", "3", "fare", "950")
    assert "far above" in found["reason"]
    assert (
        "ADSQL_INVALID_OPTION" in adsql("explain", "one", "trips.csv", "-d", "m.duckdb", "--top-k", "0", code=2).stderr
    )


def test_suggest_normal_prints_what_would_have_to_change(models):
    [found] = table("suggest-normal", "one", "trips.csv")
    assert (found["row_number"], found["feature"], found["value"]) == ("501", "fare", "950")
    assert float(found["suggested"]) < 100
    assert "ADSQL_UNKNOWN_MODEL" in adsql("suggest-normal", "none", "trips.csv", "-d", "m.duckdb", code=4).stderr


def test_contrast_prints_the_groups_that_anomalies_come_from(models):
    orders = (
        "SELECT ['north', 'south'][1 + i % 2] AS depot, 10 + i * 7919 % 90 AS price, i % 2 = 1 AND i % 8 = 1 AS late"
    )
    rows = table("contrast", f"{orders} FROM range(800) AS r(i)", "--flag", "late", "--dimensions", "depot,price")
    assert rows[0]["segment"] == "depot = 'south'"
    assert rows[0]["anomalies"] == "100"
    adsql("detect", f"{orders} FROM range(800) AS r(i)", "-c", "price", "-o", "judged.csv")
    assert table("contrast", "judged.csv", "--dimensions", "depot") == []
    told = adsql("contrast", "judged.csv", "--flag", "nope", "--dimensions", "depot", code=3).stderr
    assert "ADSQL_UNKNOWN_COLUMN" in told


def test_profile_prints_the_columns_and_the_detectors_that_suit_them(folder):
    found = {
        row["column_name"]: row
        for row in csv.DictReader(adsql("profile", "trips.csv", "-f", "csv").stdout.splitlines())
    }
    assert (found["fare"]["suggested_use"], found["fare"]["maximum"], found["fare"]["outliers"]) == (
        "feature",
        "950",
        "1",
    )
    suggested = csv.DictReader(adsql("profile", "-i", "trips.csv", "--detectors", "-f", "csv").stdout.splitlines())
    assert next(suggested)["algorithm"] == "auto"
    assert "ADSQL_UNKNOWN_SOURCE" in adsql("profile", "nope.csv", code=3).stderr


def test_drift_prints_how_rows_differ_from_the_training(models):
    [found] = table("drift", "one", "SELECT fare + 40 AS fare FROM 'trips.csv'")
    assert (found["feature"], found["test"], found["verdict"]) == ("fare", "ks", "large")


def test_stability_and_agreement_need_no_model(folder):
    def rows(*arguments):
        return list(csv.DictReader(adsql(*arguments, "trips.csv", "-c", "fare", "-f", "csv").stdout.splitlines()))

    assert {row["varied"] for row in rows("stability", "-a", "mad", "--seed", "3")} == {"seed", "rows"}
    [pair] = rows("agreement", "-a", "mad", "-a", "zscore")
    assert (pair["algorithm"], pair["other"]) == ("mad", "zscore")
    assert "ADSQL_INVALID_OPTION" in adsql("agreement", "trips.csv", "-a", "mad", code=2).stderr


def test_what_is_wrong_is_told_with_an_exit_code(models):
    assert "ADSQL_UNKNOWN_COLUMN" in adsql("evaluate", "one", QUERY, "-d", "m.duckdb", "--label", "wrng", code=3).stderr
    assert (
        "ADSQL_UNKNOWN_MODEL"
        in adsql("compare", "one", "too", "-i", QUERY, "-d", "m.duckdb", "-l", "wrong", code=4).stderr
    )
    assert "ADSQL_INVALID_OPTION" in adsql("evaluate", "one", "-d", "m.duckdb", "--label", "wrong", code=2).stderr
