"""detect_anomalies with detectors that can only rank the rows they are given."""

from __future__ import annotations

import pyarrow as pa
import pytest

import adsql
from adsql.options import TrainingOptions
from adsql.ranking import rank
from adsql.registry import detectors, is_ranker
from sql.support import ANOMALY, RESULTS, assert_same_bits, columns_of, raises, rows, value

RANKERS = [name for name, cls in detectors().items() if is_ranker(cls)]


@pytest.mark.parametrize("name", RANKERS)
def test_results_are_those_of_the_library_in_the_source_s_order(kept, name):
    found = columns_of(kept, f"FROM detect_anomalies('FROM trips ORDER BY hash(id)', algorithm => '{name}')")
    source = columns_of(kept, "FROM trips ORDER BY hash(id)")
    assert list(found) == [*source, *RESULTS]
    assert all(found[column].equals(source[column]) for column in source)
    expected = rank(source, TrainingOptions.parse(name))
    for column in RESULTS:
        assert_same_bits(found[column], getattr(expected, column), expected.present)


@pytest.mark.parametrize("name", ["cd", "cof", "lmdd", "loci", "sod", "sos"])
def test_the_strange_trip_is_found(kept, name):
    query = "SELECT id FROM detect_anomalies('trips', algorithm => $1) ORDER BY anomaly_score DESC LIMIT 1"
    assert value(kept, query, [name]) == ANOMALY


@pytest.mark.parametrize("name", RANKERS)
def test_training_is_refused_with_what_to_do_instead(kept, name):
    instead = detectors()[name].spec.instead
    for call in (
        "FROM train_model('m', 'trips', '{}')",
        "FROM fit_model('m', 'trips', '{}')",
        "SELECT train_model('m', 'trips', '{}')",
    ):
        with raises("ADSQL_NOT_ROW_WISE", f"algorithm => '{name}'", f"'{instead}'"):
            kept.execute(call.format(name))
    assert rows(kept, "SELECT name FROM models()") == [("fares",)]


@pytest.mark.parametrize("name", RANKERS)
def test_a_source_with_more_rows_than_it_takes_is_refused(kept, name):
    limit = detectors()[name].spec.max_rows
    with raises("ADSQL_TOO_MANY_ROWS", f"{name} ", "3000000 rows", f"at most {limit} rows", f"SAMPLE {limit} ROWS"):
        kept.execute(f"FROM detect_anomalies('SELECT i % 7 AS x FROM range(3000000) AS r(i)', algorithm => '{name}')")


def test_the_sample_that_the_refusal_advises_works(con):
    con.execute("CREATE TABLE many AS SELECT sin(i) AS x FROM range(5000) AS r(i)")
    with raises("ADSQL_TOO_MANY_ROWS", "USING SAMPLE 1000 ROWS (reservoir, 1)"):
        con.execute("FROM detect_anomalies('many', algorithm => 'loci')")
    sample = "FROM many USING SAMPLE 300 ROWS (reservoir, 1)"
    assert value(con, f"SELECT count(anomaly_score) FROM detect_anomalies('{sample}', algorithm => 'loci')") == 300


def test_segments_may_have_more_rows_together_than_one_may_have_alone(con):
    con.execute("CREATE TABLE many AS SELECT i % 20 AS k, sin(i) AS x FROM range(2000) AS r(i)")
    query = "SELECT count(anomaly_score) FROM detect_anomalies('many', algorithm => 'loci', segment_by => 'k')"
    assert value(con, query) == 2_000
    with raises("ADSQL_TOO_MANY_ROWS", "200000 rows in "):
        con.execute(
            "FROM detect_anomalies('SELECT i % 9 AS k, sin(i) AS x FROM range(200000) AS r(i)', 'cd', segment_by => 'k')"
        )


def test_columns_parameters_and_thresholds_are_those_of_other_detectors(kept):
    query = "SELECT count(*) FILTER (is_anomaly) FROM detect_anomalies('trips', 'cof', ['fare', 'km'], {})"
    assert value(kept, query.format("alert_budget => 5")) == 5
    assert value(kept, query.format("contamination => 0.1, params => {'n_neighbors': 7}")) == 50
    assert value(kept, query.format("threshold => 1e9")) == 0
    with raises("ADSQL_INVALID_PARAMETER", "cof: n_neighbors = 0"):
        kept.execute("FROM detect_anomalies('trips', 'cof', params => {'n_neighbors': 0})")
    with raises("ADSQL_UNKNOWN_COLUMN", "'no'"):
        kept.execute("FROM detect_anomalies('trips', 'cof', columns => 'no')")


def test_the_result_is_a_table_like_any_other(con, tmp_path):
    call = "detect_anomalies('trips', algorithm => 'cof')"
    expected = rows(con, f"FROM {call}")
    con.execute(f"CREATE TABLE made AS FROM {call}")
    con.execute(f"CREATE VIEW seen AS FROM {call}")
    con.execute(f"COPY (FROM {call}) TO '{tmp_path}/r.parquet'")
    assert rows(con, "FROM made ORDER BY id") == expected
    assert rows(con, "FROM seen") == expected
    assert rows(con, f"FROM '{tmp_path}/r.parquet'") == expected
    assert rows(con, "FROM detect_anomalies(?, algorithm => 'cof')", ["trips"]) == expected
    filtered = rows(con, f"SELECT id FROM {call} WHERE is_anomaly AND anomaly_score > 1 AND km > 0")
    assert filtered == [(row[0],) for row in expected if row[-1] and row[-3] > 1 and row[2] > 0]


def test_a_source_that_differs_each_time_is_ranked_as_it_is_returned(kept):
    source = "SELECT random() AS x, random() AS y FROM range(300)"
    found = columns_of(kept, f"FROM detect_anomalies('{source}', algorithm => 'cof')")
    expected = rank({name: found[name] for name in ("x", "y")}, TrainingOptions.parse("cof"))
    assert_same_bits(found["anomaly_score"], expected.anomaly_score, expected.present)


def test_a_database_opened_read_only_can_rank(file):
    with adsql.connect(file, read_only=True) as con:
        assert value(con, "SELECT count(*) FROM detect_anomalies('trips', algorithm => 'sos')") == 501


def test_types_come_back_as_they_were(con):
    con.execute(
        "CREATE TABLE typed AS SELECT id, {'a': id} AS s, [id] AS l, id::DECIMAL(9, 2) AS d, kind::ENUM('day', 'night', 'noon', 'moon') AS e, NULL AS n FROM trips"
    )
    described = rows(con, "DESCRIBE FROM typed")
    found = rows(con, "DESCRIBE FROM detect_anomalies('typed', algorithm => 'cof')")
    assert [row[:2] for row in found[:-3]] == [row[:2] for row in described]
    assert rows(
        con,
        "SELECT COLUMNS(* EXCLUDE (anomaly_score, severity, is_anomaly)) FROM detect_anomalies('typed', algorithm => 'cof')",
    ) == rows(con, "FROM typed")


def test_a_dataframe_is_ranked(kept):
    points = pa.table({"x": [float(i % 10) for i in range(50)] + [99.0], "y": [float(i % 7) for i in range(51)]})
    query = "SELECT x FROM detect_anomalies('points', algorithm => 'cof') ORDER BY anomaly_score DESC LIMIT 1"
    # DuckDB looks for the variable where its execute is called.
    assert kept.execute(query).fetchall() == [(99.0,)]
    assert len(points) == 51
