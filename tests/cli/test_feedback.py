"""give-feedback, preview-feedback and apply-feedback, run as a program."""

from __future__ import annotations

import csv

from cli.program import adsql

STRANGE = "SELECT * FROM 'trips.csv' WHERE fare > 900"


def test_a_verdict_is_kept_shown_and_learned_from(folder):
    adsql("train", "fares", "trips.csv", "-d", "m.duckdb", "-a", "mad", "-c", "fare", "--contamination", "0.002")
    given = adsql("give-feedback", "fares", STRANGE, "-d", "m.duckdb", "--verdict", "normal", "--key", "distance")
    assert given.stderr == "1 verdict kept for fares\n"
    shown = adsql("preview-feedback", "fares", "trips.csv", "-d", "m.duckdb", "-f", "csv").stdout.splitlines()
    effects = {row["metric"]: row for row in csv.DictReader(shown)}
    assert (effects["false_alarms"]["before"], effects["false_alarms"]["after"]) == ("1.0", "0.0")
    assert "fares" in adsql("apply-feedback", "fares", "trips.csv", "-d", "m.duckdb").stdout
    flagged = adsql("score", "fares", "trips.csv", "-d", "m.duckdb", "--only-anomalies", "-f", "csv").stdout
    assert "950" not in flagged


def test_what_is_wrong_is_told_with_an_exit_code(folder):
    adsql("train", "fares", "trips.csv", "-d", "m.duckdb", "-a", "mad", "-c", "fare")
    give = ("give-feedback", "fares", STRANGE, "-d", "m.duckdb", "--verdict")
    assert "ADSQL_INVALID_OPTION" in adsql(*give, "maybe", code=2).stderr
    assert "no value in its column colour" in adsql(*give, "normal", "--key", "colour", code=3).stderr
    assert "ADSQL_EMPTY_SOURCE" in adsql("apply-feedback", "fares", "trips.csv", "-d", "m.duckdb", code=3).stderr
    assert "ADSQL_UNKNOWN_MODEL" in adsql("preview-feedback", "none", "trips.csv", "-d", "m.duckdb", code=4).stderr
