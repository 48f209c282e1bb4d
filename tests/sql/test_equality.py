"""DuckDB's answers are the library's, bit for bit: in every form, with any threads, on any size of table."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest

import adsql
from sql.support import DETECTORS, RESULTS, assert_same_bits, columns_of, rows, saved_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import duckdb

    from adsql.segment import Scores

# Every kind of feature, and every kind of value that is easily lost on the way: NULL, NaN, infinities, -0.0.
MIXED = """
CREATE TABLE mixed AS
SELECT
    i::INTEGER AS id,
    CASE
        WHEN i % 97 = 0 THEN NULL
        WHEN i % 101 = 0 THEN 'NaN'::DOUBLE
        WHEN i = 500 THEN 'inf'::DOUBLE
        WHEN i = 501 THEN '-inf'::DOUBLE
        WHEN i % 103 = 0 THEN -0.0
        ELSE ln(1 + hash(i) % 100000)
    END AS amount,
    (hash(i + 31) % 50)::SMALLINT AS small,
    (hash(i + 77) % 1000000 / 100)::DECIMAL(12, 2) AS price,
    hash(i + 5) % 9 = 0 AS flag,
    CASE WHEN i % 11 = 0 THEN NULL ELSE 'group ' || hash(i) % 4 END AS category,
    TIMESTAMP '2024-01-01' + to_minutes(i * 37) AS seen
FROM range({size}) AS r(i);
INSERT INTO mixed (id) VALUES ({size})
"""
# Large tables shall not take long.
QUICK = {
    **{name: {"reference_size": 100} for name in ("abod", "auto", "kde", "knn")},
    "autoencoder": {"max_iter": 5},
    "ensemble": {"detectors": ["mad", "eif"]},
    "iforest": {"n_estimators": 20},
}
SIZE = 150_000  # more than a row group, of 122,880 rows: the unit in which threads share a table


@pytest.fixture(scope="module")
def mixed() -> Iterator[duckdb.DuckDBPyConnection]:
    con = adsql.connect()
    con.execute(MIXED.format(size=3_000))
    for name in DETECTORS:
        rows(con, f"SELECT train_model('{name}', 'mixed', '{name}')")
    yield con
    con.close()


@pytest.fixture(scope="module")
def large() -> Iterator[duckdb.DuckDBPyConnection]:
    con = adsql.connect()
    con.execute(MIXED.format(size=SIZE))
    for name in DETECTORS:
        params = json.dumps(QUICK.get(name, {}))
        rows(con, "SELECT train_model($name, 'mixed', $name, params => $params)", {"name": name, "params": params})
    yield con
    con.close()


@pytest.fixture(scope="module")
def library(large: duckdb.DuckDBPyConnection) -> Callable[[str], Scores]:
    """What the library gives for the large table, by the model's name: the same for any number of threads."""
    table = columns_of(large, "FROM mixed")
    return cache(lambda name: saved_model(large, name).score(table))


def assert_results(con, query, expected):
    found = columns_of(con, query)
    for name in RESULTS:
        assert_same_bits(found[name], getattr(expected, name), expected.present)


@pytest.mark.parametrize("name", DETECTORS)
def test_features_of_any_type_by_position_give_what_the_library_gives(mixed, name):
    model = saved_model(mixed, name)
    expected = model.score(columns_of(mixed, "FROM mixed"))
    assert (~expected.present).sum() == 1, "the row of NULLs has no score, all others have one"
    features = ", ".join(model.positional_columns)
    by_column = f"anomaly_score('{name}', {features}) AS anomaly_score, severity('{name}', {features}) AS severity"
    queries = [
        f"SELECT {by_column}, is_anomaly('{name}', {features}) AS is_anomaly FROM mixed",
        f"SELECT d.* FROM (SELECT detect_anomalies('{name}', {features}) AS d FROM mixed)",
    ]
    for query in queries:
        assert_results(mixed, query, expected)


@pytest.mark.parametrize("name", DETECTORS)
def test_a_row_scores_the_same_alone_and_among_others(mixed, name):
    alone = f"SELECT anomaly_score FROM detect_anomalies('FROM mixed WHERE id = {{}}', model => '{name}')"
    among = (
        f"SELECT anomaly_score('{name}', m) FROM mixed AS m WHERE id = {{}} OR id < 700 ORDER BY id = {{}} DESC LIMIT 1"
    )
    for row in (0, 97, 101, 500, 501, 2_999):
        assert rows(mixed, alone.format(row)) == rows(mixed, among.format(row, row))


@pytest.mark.parametrize("name", DETECTORS)
def test_a_model_of_segments_gives_what_the_library_gives(mixed, name):
    params = json.dumps(QUICK.get(name, {}))
    train = f"SELECT train_model('by {name}', 'mixed', '{name}', segment_by => ['category', 'flag'], params => $params)"
    rows(mixed, train, {"params": params})
    model = saved_model(mixed, f"by {name}")
    assert len(model.segments) == 10
    # One segment that no row of the training had: its rows have no score.
    source = "FROM mixed UNION ALL BY NAME SELECT 9 AS amount, 'unknown' AS category, false AS flag"
    expected = model.score(columns_of(mixed, source))
    assert not expected.present[-1]
    assert expected.present[0]
    mixed.execute(f"CREATE OR REPLACE TEMP VIEW with_unknown AS {source}")
    assert_results(mixed, f"FROM detect_anomalies('with_unknown', model => 'by {name}')", expected)
    scalar = f"SELECT detect_anomalies('by {name}', w) AS d FROM with_unknown AS w"
    assert_results(mixed, f"SELECT d.* FROM ({scalar})", expected)
    rows(mixed, f"SELECT drop_model('by {name}')")


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("threads", [1, 2])
def test_large_tables_give_what_the_library_gives_in_the_table_s_order(large, library, name, threads):
    large.execute(f"SET threads = {threads}")
    expected = library(name)
    found = columns_of(large, f"FROM detect_anomalies('mixed', model => '{name}')")
    assert found["id"].equals(columns_of(large, "SELECT id FROM mixed")["id"])
    for result in RESULTS:
        assert_same_bits(found[result], getattr(expected, result), expected.present)
    scored = columns_of(large, f"SELECT anomaly_score('{name}', m) AS score FROM mixed AS m")
    assert_same_bits(scored["score"], expected.anomaly_score, expected.present)


@pytest.mark.parametrize("threads", [1, 2])
def test_large_tables_keep_their_order_when_the_model_is_trained_on_the_way(large, threads):
    large.execute(f"SET threads = {threads}")
    found = columns_of(large, "SELECT id, anomaly_score AS score FROM detect_anomalies('mixed', 'mad')")
    assert found["id"].equals(columns_of(large, "SELECT id FROM mixed")["id"])
    saved = columns_of(large, "SELECT anomaly_score AS score FROM detect_anomalies('mixed', model => 'mad')")
    assert found["score"].equals(saved["score"])


@pytest.mark.parametrize("name", DETECTORS)
def test_small_tables_split_over_threads_give_the_same(mixed, name):
    usual = rows(mixed, f"FROM detect_anomalies('mixed', model => '{name}') ORDER BY id")
    mixed.execute("SET threads = 4")
    mixed.execute("PRAGMA verify_parallelism")
    try:
        assert repr(rows(mixed, f"FROM detect_anomalies('mixed', model => '{name}') ORDER BY id")) == repr(usual)
        assert repr(rows(mixed, f"FROM detect_anomalies('mixed', '{name}') ORDER BY id")) == repr(usual)
    finally:
        mixed.execute("PRAGMA disable_verify_parallelism")
        mixed.execute("RESET threads")


@pytest.fixture(scope="module")
def written(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list, dict[str, list]]:
    """A file that was written anew with a model of each detector, and the hashes and scores there were before."""
    path = shutil.copy(made_once, tmp_path_factory.mktemp("written") / "trips.db")
    con = adsql.connect(path)
    for name in DETECTORS:
        rows(con, f"SELECT train_model('{name}', 'trips', '{name}')")
    hashes = rows(con, "SELECT name, content_hash FROM models()")
    scores = {name: rows(con, f"SELECT id, detect_anomalies('{name}', t) FROM trips AS t") for name in DETECTORS}
    con.execute("CHECKPOINT")
    con.execute("VACUUM")
    con.execute("VACUUM ANALYZE trips")
    con.close()
    return path, hashes, scores


def test_scores_survive_checkpoint_vacuum_and_reopening(written):
    path, hashes, scores = written
    con = adsql.connect(path)
    assert rows(con, "SELECT name, content_hash FROM models()") == hashes
    for name in DETECTORS:
        assert rows(con, f"SELECT id, detect_anomalies('{name}', t) FROM trips AS t") == scores[name]
    con.close()


def test_another_process_restores_the_models_and_gives_the_same(written):
    path, _, _ = written
    query = "SELECT name, hex(content_hash), anomaly_score(name, t)::VARCHAR FROM adsql.models, trips AS t ORDER BY ALL"
    con = adsql.connect(path)
    here = rows(con, query)
    con.close()
    program = (
        "import adsql, sys; con = adsql.connect(sys.argv[1], read_only=True); "
        "con.execute('SET enable_progress_bar = false'); "  # it would be drawn among the output of a slow machine
        "print(con.execute(sys.argv[2]).fetchall())"
    )
    ran = subprocess.run([sys.executable, "-c", program, path, query], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == repr(here)
    assert len(here) == 501 * (len(DETECTORS) + 1)
