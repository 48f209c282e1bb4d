"""Training on more rows than a model is fitted to: the sample depends on the rows and the seed, on nothing else."""

from __future__ import annotations

import numpy as np
import pytest

import adsql
from adsql.model import MAX_FIT_ROWS, MAX_FIT_ROWS_PER_SEGMENT
from sql.support import raises, rows, saved_model, value

SIZE = 60_000
TABLE = f"""
CREATE TABLE many AS
SELECT
    i AS id,
    (hash(i) % 100003)::DOUBLE AS x,
    ln(1 + hash(i + 17) % 1000) AS y,
    CASE WHEN i % 10 < 7 THEN 'large' WHEN i % 10 < 9 THEN 'small' WHEN i % 1000 = 9 THEN 'rare' END AS part
FROM range({SIZE}) AS r(i)
"""
HASH = "SELECT content_hash FROM fit_model('m', '{}', '{}', columns => ['x', 'y'])"


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    con = adsql.connect(tmp_path_factory.mktemp("sampling") / "many.db")
    con.execute(TABLE)
    yield con
    con.close()


def facts(con, name):
    return {
        fact: text
        for section, fact, text in rows(con, f"SELECT section, name, value FROM model_info('{name}')")
        if section == "model"
    }


def test_the_size_of_the_table_is_told_and_that_of_the_sample(many):
    assert value(many, "SELECT n_rows FROM train_model('m', 'many', 'hbos', columns => ['x', 'y'])") == SIZE
    assert value(many, "SELECT n_rows FROM models() WHERE name = 'm'") == SIZE
    told = facts(many, "m")
    assert (told["n_rows"], told["n_fit_rows"]) == (str(SIZE), str(MAX_FIT_ROWS))
    assert value(many, "SELECT count(anomaly_score) FROM detect_anomalies('many', model => 'm')") == SIZE


@pytest.mark.parametrize("algorithm", ["hbos", "mad"])
def test_threads_and_repetition_do_not_change_the_sample(many, algorithm):
    found = set()
    for threads in (1, 2, 4):
        many.execute(f"SET threads = {threads}")
        found.add(value(many, HASH.format("many", algorithm)))
        found.add(value(many, HASH.format("FROM many WHERE id >= 0", algorithm)))
    assert len(found) == 1


def test_the_same_rows_in_another_database_give_the_same_model(many):
    con = adsql.connect()
    con.execute("SET threads = 3")
    con.execute(TABLE)
    assert value(con, HASH.format("many", "mad")) == value(many, HASH.format("many", "mad"))
    con.close()


def test_another_seed_draws_other_rows(many):
    for seed in (0, 1, 4_294_967_295):
        rows(many, f"SELECT train_model('seed {seed}', 'many', 'ecod', columns => ['x', 'y'], seed => {seed})")
    states = [saved_model(many, f"seed {seed}").segments[""].detector.to_state() for seed in (0, 1, 4_294_967_295)]
    samples = [np.concatenate([array.ravel() for array in state.arrays.values()]) for state in states]
    assert not np.array_equal(samples[0], samples[1])
    assert not np.array_equal(samples[1], samples[2])


def test_a_sample_is_of_all_of_the_table(many):
    """Not of its head: a model of a sorted table knows its middle and spread."""
    rows(many, "SELECT train_model('sorted', 'FROM many ORDER BY x', 'mad', columns => ['x'])")
    feature = saved_model(many, "sorted").segments[""].features.features[0]
    median, low, high = rows(many, "SELECT median(x), quantile_cont(x, 0.25), quantile_cont(x, 0.75) FROM many")[0]
    assert abs(feature.center - median) < (high - low) * 0.02
    assert abs(feature.scale * 1.349 - (high - low)) < (high - low) * 0.03


def test_a_table_that_is_small_enough_is_taken_as_a_whole(many):
    whole = f"SELECT * EXCLUDE (id) FROM many LIMIT {MAX_FIT_ROWS}"
    rows(many, f"SELECT train_model('whole', '{whole}', 'mad')")
    assert facts(many, "whole")["n_fit_rows"] == str(MAX_FIT_ROWS)
    rows(many, f"SELECT train_model('other seed', '{whole}', 'mad', seed => 5)")
    arrays = [saved_model(many, name).segments[""].detector.to_state().arrays for name in ("whole", "other seed")]
    assert arrays[0].keys() == arrays[1].keys()
    assert all(np.array_equal(arrays[0][name], arrays[1][name]) for name in arrays[0])


@pytest.mark.parametrize("threads", [1, 2])
def test_each_segment_has_a_sample_of_its_own(many, threads):
    many.execute(f"SET threads = {threads}")
    train = "SELECT train_model('parts', 'many', 'mad', columns => ['x', 'y'], segment_by => 'part')"
    stored = value(many, train)
    assert (stored["version"], stored["n_rows"]) == (1, SIZE), "the same on any number of threads"
    told = rows(
        many, "SELECT segment, name, value FROM model_info('parts') WHERE name IN ('n_rows', 'n_fit_rows') ORDER BY ALL"
    )
    sizes = dict(rows(many, "SELECT coalesce(part, 'NULL'), count(*)::VARCHAR FROM many GROUP BY ALL"))
    assert {segment: text for segment, name, text in told if name == "n_rows"} == sizes
    limit = {segment: str(min(int(size), MAX_FIT_ROWS_PER_SEGMENT)) for segment, size in sizes.items()}
    assert {segment: text for segment, name, text in told if name == "n_fit_rows"} == limit
    assert value(many, "SELECT count(anomaly_score) FROM detect_anomalies('many', model => 'parts')") == SIZE


def test_a_budget_counts_the_rows_of_the_whole_table(many):
    flagged = "SELECT count(*) FROM detect_anomalies('many', 'mad', columns => ['x', 'y'], {}) WHERE is_anomaly"
    assert 0.03 * SIZE < value(many, flagged.format("contamination => 0.05")) < 0.07 * SIZE
    assert 0 < value(many, flagged.format("alert_budget => 600")) < 1_000


def test_too_many_segments_are_refused(many):
    with raises("ADSQL_INVALID_OPTION", "segment_by id", "at most 1,000"):
        rows(many, "FROM detect_anomalies('many', 'mad', columns => 'x', segment_by => 'id')")
