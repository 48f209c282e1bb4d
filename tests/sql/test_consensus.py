"""consensus: what the members of an ensemble say about a row."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from sql.support import ANOMALY, raises, rows, saved_model, value

COLUMNS = "columns => ['fare', 'km', 'kind']"
TWO = "params => {'detectors': ['mad', 'zscore']}"


@pytest.fixture
def con(con):
    rows(con, f"SELECT train_model('both', 'trips', 'ensemble', {COLUMNS}, {TWO}, contamination => 0.05)")
    rows(con, f"SELECT train_model('three', 'trips', 'ensemble', {COLUMNS})")
    return con


def test_it_is_a_struct(con):
    kind = "STRUCT(consensus DOUBLE, disagreement DOUBLE, members MAP(VARCHAR, DOUBLE))"
    assert rows(con, "SELECT DISTINCT typeof(consensus('both', t)) FROM trips AS t") == [(kind,)]


def test_it_becomes_columns_of_the_query(con):
    relation = con.sql("SELECT t.*, c.* FROM trips AS t, (SELECT consensus('both', t) AS c)")
    assert relation.columns == [*con.sql("FROM trips").columns, "consensus", "disagreement", "members"]
    assert len(relation.fetchall()) == 501
    query = "SELECT * EXCLUDE (c), unnest(c) FROM (SELECT t.*, consensus('both', t) AS c FROM trips AS t)"
    assert con.sql(query).fetchall() == relation.fetchall()


def test_members_vote_when_they_are_beyond_the_position_of_the_threshold(con):
    segment = saved_model(con, "both").segments[""]
    [limit] = segment.calibration.severity(np.array([segment.threshold])).tolist()
    found = rows(con, "SELECT id, c.* FROM trips AS t, (SELECT consensus('both', t) AS c) ORDER BY id")
    for _, agreement, disagreement, members in found:
        assert list(members) == ["mad", "zscore"]
        assert agreement == statistics.mean(severity > limit for severity in members.values())
        assert disagreement == pytest.approx(statistics.pstdev(members.values()), abs=1e-12)
    assert {row[1] for row in found} == {0.0, 0.5, 1.0}, "the table has rows of which one member alone finds something"
    assert found[ANOMALY][1:3] == (1.0, 0.0)


def test_a_members_severity_is_that_of_a_model_of_its_own(con):
    rows(con, f"SELECT train_model('mad', 'trips', 'mad', {COLUMNS})")
    own = rows(con, "SELECT severity('mad', t) FROM trips AS t ORDER BY id")
    assert own == rows(con, "SELECT consensus('both', t).members['mad'] FROM trips AS t ORDER BY id")


@pytest.mark.parametrize("model", ["both", "three"])
def test_by_position_and_by_row_are_the_same(con, model):
    columns = saved_model(con, model).positional_columns
    by_row = rows(con, f"SELECT adsql.consensus('{model}', t) FROM trips AS t")
    assert by_row == rows(con, f"SELECT consensus('{model}', {', '.join(columns)}) FROM trips")
    with raises("ADSQL_WRONG_FEATURE_COUNT"):
        rows(con, "SELECT consensus('both', fare) FROM trips")


def test_a_row_alone_has_what_it_has_among_others(con):
    together = rows(con, "SELECT consensus('three', t) FROM trips AS t ORDER BY id")
    for number in (0, 83, 250, ANOMALY):
        assert rows(con, f"SELECT consensus('three', t) FROM trips AS t WHERE id = {number}") == [together[number]]


def test_a_row_without_a_score_has_none(con):
    con.execute("INSERT INTO trips (id) VALUES (900)")
    assert rows(con, "SELECT id FROM trips AS t WHERE consensus('both', t) IS NULL") == [(900,)]
    unpacked = "SELECT c.* FROM trips AS t, (SELECT consensus('both', t) AS c) WHERE id = 900"
    assert rows(con, unpacked) == [(None, None, None)]
    assert rows(con, "SELECT consensus('both', t) FROM trips AS t WHERE false") == []


def test_models_of_different_members_in_one_query(con):
    query = "SELECT id, name, consensus({}, t) FROM trips AS t, (VALUES ('both'), ('three')) AS m(name){} ORDER BY ALL"
    mixed = rows(con, query.format("name", ""))
    apart = [
        row for name in ("both", "three") for row in rows(con, query.format(f"'{name}'", f" WHERE name = '{name}'"))
    ]
    assert mixed == sorted(apart, key=lambda row: row[:2])
    assert {len(row[2]["members"]) for row in mixed} == {2, 3}


def test_an_older_version_is_no_argument_but_an_update_of_the_name_is_seen(con):
    con.execute(
        f"SELECT train_model('both', 'trips', 'ensemble', {COLUMNS}, params => {{'detectors': ['iqr', 'mad']}})"
    )
    assert list(value(con, f"SELECT consensus('both', t) FROM trips AS t WHERE id = {ANOMALY}")["members"]) == [
        "iqr",
        "mad",
    ]
