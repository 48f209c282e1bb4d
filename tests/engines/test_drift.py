"""check_drift: what the library says of a sample of the rows that are in the database."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.drift import check_drift
from engines.tables import trips

QUERY = "SELECT segment, feature, rows, null_rate, expected_null_rate, unseen, psi, test, statistic, p_value, verdict FROM check_drift({})"
MODELS = {
    "drifts": "columns => ARRAY['fare', 'km', 'kind', 'started']",
    "drifts kinds": "columns => ARRAY['fare', 'km'], segment_by => ARRAY['kind']",
}


def later():
    """Trips of which the fares have risen and one kind is new."""
    table = trips()
    fares = np.array(table["fare"].to_pylist(), float) * 1.5
    kinds = ["dawn" if i % 6 == 0 else kind for i, kind in enumerate(table["kind"].to_pylist())]
    return {**table, "fare": pa.array(fares, from_pandas=True), "kind": pa.array(kinds)}


@pytest.fixture(scope="module")
def drifting(shared):
    """An engine with later trips and models of the first ones."""
    shared.create("later", later())
    for name, options in MODELS.items():
        shared.value(
            f"SELECT (train_model('{name}', 'trips', algorithm => 'mad', contamination => 0.05, {options})).version"
        )
    shared.keep()
    yield shared
    for name in MODELS:
        shared.value(f"SELECT drop_model('{name}')")
    shared.run("DROP TABLE later")
    shared.keep()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("table", [trips, later])
def test_drift_is_the_library_s(drifting, name, table):
    expected = {tuple(one) for one in check_drift(drifting.saved_model(name), table())}
    assert set(drifting.rows(QUERY.format(f"'{name}', '{table.__name__}'"))) == expected


def test_what_has_changed_is_told_and_nothing_else(drifting):
    found = {row[1]: row[-1] for row in drifting.rows(QUERY.format("'drifts', 'later'"))}
    assert found == {
        "fare": "large", "km": "stable", "kind": "large", "started:time_of_day": "stable", "started:day_of_week": "stable",
    }  # fmt: skip
    assert {row[-1] for row in drifting.rows(QUERY.format("'drifts', 'trips', version => 1"))} == {"stable"}


def test_a_large_source_is_looked_at_in_a_sample(drifting):
    drifting.create(
        "drifting_many",
        {"fare": pa.array(np.arange(30_000.0)), "km": pa.array(np.arange(30_000)), "kind": pa.array(["day"] * 30_000)},
    )
    assert {row[2] for row in drifting.rows(QUERY.format("'drifts kinds', 'drifting_many'"))} == {2_560}


@pytest.mark.parametrize(
    ("call", "code", "fragment"),
    [
        ("'nope', 'trips'", "UNKNOWN_MODEL", "'nope'"),
        ("CAST(NULL AS text), 'trips'", "UNKNOWN_MODEL", "NULL"),
        ("'drifts', 'trips', version => 9", "UNKNOWN_VERSION", "9"),
        ("'drifts', 'nope'", "UNKNOWN_SOURCE", "'nope'"),
        ("'drifts', 'DELETE FROM trips'", "INVALID_SOURCE", "DELETE"),
        ("'drifts', 'SELECT fare FROM trips'", "MISSING_COLUMN", "'km'"),
        ("'drifts', 'SELECT kind AS fare, km, kind, started FROM trips'", "COLUMN_TYPE_CHANGED", "'fare'"),
        ("'drifts', 'SELECT * FROM trips WHERE km > 1000000'", "EMPTY_SOURCE", "no rows"),
    ],
)
def test_what_is_wrong_is_told(drifting, call, code, fragment):
    with drifting.raises(code, fragment):
        drifting.rows(QUERY.format(call))
