"""consensus: what the members of an ensemble say about a row, on every engine the same."""

from __future__ import annotations

import json

import pytest

from adsql.consensus import consensus
from engines.tables import ANOMALY, trips

OPTIONS = (
    """algorithm => 'ensemble', columns => ARRAY['fare', 'km', 'kind'], params => '{"detectors": ["mad", "zscore"]}'"""
)
QUERY = "SELECT id, (c).consensus, (c).disagreement, (c).members FROM (SELECT id, consensus('{}', t) AS c FROM trips AS t) AS s ORDER BY id"


@pytest.fixture(scope="module")
def ensembles(shared):
    """An engine with ensembles of the trips."""
    shared.value(f"SELECT (train_model('both', 'trips', {OPTIONS}, contamination => 0.05)).version")
    shared.value(f"SELECT (train_model('kinds', 'trips', {OPTIONS}, segment_by => ARRAY['kind'])).version")
    shared.keep()
    yield shared
    for name in ("both", "kinds"):
        shared.value(f"SELECT drop_model('{name}')")
    shared.keep()


@pytest.mark.parametrize("name", ["both", "kinds"])
def test_it_is_what_the_library_says(ensembles, name):
    said = consensus(ensembles.saved_model(name), trips())
    for row, (number, agreement, disagreement, members) in enumerate(ensembles.rows(QUERY.format(name))):
        assert number == row
        if not said.present[row]:
            assert (agreement, disagreement, members) == (None, None, None)
            continue
        assert agreement == said.consensus[row]
        assert disagreement == said.disagreement[row]
        found = json.loads(members) if isinstance(members, str) else members
        assert found == {member: severities[row] for member, severities in said.members.items()}


def test_a_clear_anomaly_is_one_for_all_members(ensembles):
    [row] = [row for row in ensembles.rows(QUERY.format("both")) if row[0] == ANOMALY]
    assert row[1:3] == (1.0, 0.0)


def test_a_row_without_a_score_has_none(ensembles):
    ensembles.run(
        "CREATE TABLE lone AS SELECT id, CAST(NULL AS double precision) AS fare, CAST(NULL AS integer) AS km, CAST(NULL AS varchar) AS kind FROM trips WHERE id = 3"
    )
    ensembles.tables.append("lone")
    assert ensembles.rows("SELECT id FROM lone AS t WHERE consensus('both', t) IS NULL") == [(3,)]
