"""The commands about series, run as a program."""

from __future__ import annotations

import csv
import shutil

import pytest

from cli.program import adsql

SOURCE = """
    SELECT s AS shop, TIMESTAMP '2024-03-01' + to_hours(i) AS ts,
        50 + 20 * sin(2 * pi() * i / 24) + hash(i * 7 + s) % 5 + if(s = 2 AND i BETWEEN 400 AND 402, 60, 0) AS v
    FROM range(1, 4) AS a(s), range(480) AS b(i)
"""
LEVELS = "SELECT i AS t, hash(i) % 5 + if(i >= 200, 9, 0) AS v FROM range(400) r(i)"
COLUMNS = ("--time", "ts", "--value", "v", "--series", "shop")


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """The series as a file."""
    file = tmp_path_factory.mktemp("shops") / "shops.csv"
    adsql("sql", f"COPY ({SOURCE}) TO '{file}'")
    return file


def table(*arguments):
    return list(csv.DictReader(adsql(*arguments, "-f", "csv").stdout.splitlines()))


@pytest.mark.parametrize("suffix", ["png", "svg", "html"])
def test_plot_draws_a_picture_and_tells_what_is_in_it(folder, suffix):
    known = (
        "SELECT 2 AS series, TIMESTAMP '2024-03-17 15:00:00' AS started_at, TIMESTAMP '2024-03-17 19:00:00' AS ended_at"
    )
    told = adsql(
        "plot",
        SOURCE,
        *COLUMNS,
        "-o",
        f"shops.{suffix}",
        "--incidents",
        known,
        "--alert-budget",
        "3",
        "--title",
        "Shops",
    )
    assert "1,440 points of 3 series" in told.stderr
    assert (folder / f"shops.{suffix}").stat().st_size > 10_000


def test_every_point_is_judged_and_incidents_are_made_of_those_that_are_strange(folder):
    rows = table("detect-series", SOURCE, *COLUMNS, "--season", "24", "--min-deviation", "20")
    assert len(rows) == 3 * 480
    strange = table("detect-series", SOURCE, *COLUMNS, "--season", "24", "--min-deviation", "20", "--only-anomalies")
    assert strange == [row for row in rows if row["is_anomaly"] == "true"]
    assert {row["series"] for row in strange} == {"2"}
    adsql("detect-series", SOURCE, *COLUMNS, "--season", "24", "--min-deviation", "20", "-o", "points.parquet")
    [incident] = table("incidents", "points.parquet")
    assert (incident["series"], incident["started_at"]) == ("2", "2024-03-17 16:00:00")
    assert len(table("incidents", "points.parquet", "--max-gap", "0")) == 1


def test_the_last_points_several_values_and_forecasts_can_be_asked_for(folder):
    both = SOURCE.replace("AS v", "AS v, i % 3 AS w")
    judged = table("detect-series", both, "--time", "ts", "--value", "v,w", "--series", "shop", "--only-last-n", "2")
    assert len(judged) == 6
    assert all("'w'" in row["contribution"] for row in judged)
    ahead = table(
        "detect-series",
        SOURCE,
        *COLUMNS,
        "--horizon",
        "4",
        "--exclude",
        "SELECT NULL::TIMESTAMP AS started_at, NULL::TIMESTAMP AS ended_at, 1 AS series",
    )
    assert sum(row["status"] == "forecast" for row in ahead) == 12


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--time", "ts", "--value", "nope"), 3, "ADSQL_UNKNOWN_COLUMN"),
        (("--time", "ts", "--value", "v", "--covariates", "nope"), 3, "ADSQL_UNKNOWN_COLUMN"),
        (("--time", "ts", "--value", "v", "--mode", "later"), 2, "ADSQL_INVALID_OPTION"),
        (("--time", "ts", "--value", "v", "--horizon", "-1"), 2, "ADSQL_INVALID_OPTION"),
    ],
)
@pytest.mark.parametrize("source", [SOURCE, "shops.csv"])
def test_wrong_options_are_told_of_by_a_code(folder, shops, source, arguments, code, told):
    shutil.copy(shops, "shops.csv")
    assert told in adsql("detect-series", source, *arguments, code=code).stderr


def test_incidents_of_a_file_that_holds_no_verdicts_are_refused(folder):
    adsql("sql", f"COPY ({LEVELS}) TO 'levels.csv'")
    assert "[ADSQL_UNKNOWN_COLUMN]" in adsql("incidents", "levels.csv", code=3).stderr


def test_plot_draws_forecasts_behind_the_last_points(folder):
    told = adsql("plot", SOURCE, *COLUMNS, "-o", "ahead.svg", "--horizon", "24").stderr
    assert "1,512 points of 3 series" in told  # 24 more of each
    assert "horizon" in adsql("plot", SOURCE, *COLUMNS, "-o", "no.svg", "--horizon", "0", code=2).stderr


def test_models_of_series_are_trained_and_asked(folder):
    adsql("train-series", "shops", SOURCE, *COLUMNS, "-d", "m.duckdb", "--season", "24", "--min-deviation", "10")
    later = "SELECT 2 AS shop, TIMESTAMP '2024-03-21 03:00:00' AS ts, 500.0 AS v"
    days = ("--holidays", "SELECT DATE '2024-03-21' AS date")
    adsql("train-series", "fairs", SOURCE, *COLUMNS, "-d", "m.duckdb", *days)
    assert "1 within reach" in adsql("info", "fairs", "-d", "m.duckdb", "-f", "csv").stdout
    [row] = table("score-series", "shops", later, "-d", "m.duckdb")
    assert (row["series"], row["is_anomaly"], row["status"]) == ("2", "true", "")
    assert "decomposition" in adsql("models", "-d", "m.duckdb", "-f", "csv").stdout
    assert "ADSQL_WRONG_KIND_OF_MODEL" in adsql("score", "shops", later, "-d", "m.duckdb", code=4).stderr


def test_changes_and_backtests_are_rows(folder):
    [change] = table("changes", LEVELS, "--time", "t", "--value", "v")
    assert (change["ts"], change["kind"]) == ("200", "level")
    periods = table("backtest", SOURCE, *COLUMNS, "--step", "week", "--min-deviation", "20")
    assert sum(int(row["points"]) for row in periods) == 3 * 480
    assert {row["series"] for row in periods if row["alerts"] != "0"} == {"2"}
    assert len(table("backtest", LEVELS, "--time", "t", "--value", "v", "--step", "100")) == 4


def test_the_days_after_holidays_are_no_alerts_once_these_are_told(folder):
    fairs = SOURCE.replace("i BETWEEN 400 AND 402", "i // 24 IN (9, 11, 14, 17)")
    days = "SELECT DATE '2024-03-01' + d::INTEGER AS date FROM (VALUES (9), (11), (14), (17)) AS r(d)"
    call = ("backtest", fairs, *COLUMNS, "--min-deviation", "20")
    untold, told = (
        {row["period"][:10] for row in table(*call, *options) if row["alerts"] != "0"}
        for options in ((), ("--holidays", days))
    )
    assert {"2024-03-11", "2024-03-13"} <= untold
    assert told <= {"2024-03-10", "2024-03-12", "2024-03-15"}
    assert "anomalous" in adsql("plot", fairs, *COLUMNS, "-o", "a.svg", "--holidays", days).stderr
    assert "'date'" in adsql(*call, "--holidays", "SELECT 1 AS day", code=3).stderr


def test_what_covariates_explain_is_no_alert(folder):
    driven = f"SELECT *, IF(hash(ts) % 40 = 0, 90, 0) AS extra, v + extra AS w FROM ({SOURCE})"
    call = ("backtest", driven, "--time", "ts", "--value", "w", "--series", "shop", "--min-deviation", "20")
    untold, told = (
        sum(int(row["anomalies"]) for row in table(*call, *options)) for options in ((), ("--covariates", "extra"))
    )
    assert untold > told
    drawn = ("plot", driven, "--time", "ts", "--value", "w", "-o", "a.svg", "--series", "shop")
    assert " 3 anomalous" in adsql(*drawn, "--covariates", "extra").stderr
    assert "'rain'" in adsql(*drawn, "--covariates", "extra,rain", code=3).stderr


@pytest.mark.parametrize(("arguments", "code", "fragment"), [
    (("plot", SOURCE, *COLUMNS, "-o", "a.pdf"), 2, ".png"), (("plot", SOURCE, *COLUMNS, "-o", "no/a.png"), 2, "no"),
    (("plot", SOURCE, "--time", "at", "--value", "v", "-o", "a.png"), 3, "'at'"),
    (("plot", "nothing.csv", *COLUMNS, "-o", "a.png"), 3, "nothing.csv"),
    (("plot", SOURCE, *COLUMNS, "-o", "a.png", "--season", "daily"), 2, "season"),
    (("plot", SOURCE, *COLUMNS, "-o", "a.png", "--incidents", "SELECT 1 AS x"), 3, "started_at"),
    (("changes", LEVELS, "--time", "t", "--value", "v", "--kind", "mean"), 2, "variance"),
    (("backtest", SOURCE, *COLUMNS, "--step", "fortnight"), 2, "week"),
    (("score-series", "nobody", SOURCE, "-d", "m.duckdb"), 4, "nobody"),
])  # fmt: skip
def test_what_is_wrong_is_told_with_an_exit_code(folder, arguments, code, fragment):
    if "m.duckdb" in arguments:
        adsql("train-series", "other", LEVELS, "--time", "t", "--value", "v", "-d", "m.duckdb")
    assert fragment in adsql(*arguments, code=code).stderr
