"""Stored models that are damaged, exchanged, hostile or of a newer adsql are refused before they are used."""

from __future__ import annotations

import hashlib
import json
import os
import pickle

import numpy as np
import pyarrow as pa
import pytest

from adsql.state import FORMAT_VERSION, State
from sql.support import DETECTORS, raises, rows, saved_model, value

RANDOM = np.random.default_rng(0)
USES = [
    "SELECT anomaly_score('bad', t) FROM trips AS t",
    "SELECT is_anomaly('bad', fare, km, kind, started) FROM trips",
    "FROM detect_anomalies('trips', model => 'bad')",
    "FROM model_info('bad')",
]


def digest(state):
    return hashlib.sha256(state).hexdigest()


def stored(con, name="fares"):
    return bytes(value(con, "SELECT state FROM adsql.models WHERE name = $1", [name]))


def put(con, state, content_hash=None):
    """Store bytes as the model `bad`, as someone who can write the table could, with a fitting hash by default."""
    con.execute("DELETE FROM adsql.models WHERE name = 'bad'")
    con.execute(
        "INSERT INTO adsql.models SELECT * REPLACE ('bad' AS name, $1::BLOB AS state, $2 AS content_hash) "
        "FROM adsql.models WHERE name = 'fares'",
        [state, content_hash or digest(state)],
    )


def edited(state, **changes):
    """Return a state with another JSON header: what a newer adsql, or an attacker, would write."""
    with pa.ipc.open_stream(state) as reader:
        batch = reader.read_next_batch()
    metadata = dict(batch.schema.metadata)
    header = {**json.loads(metadata[b"adsql.state"]), **changes}
    metadata[b"adsql.state"] = json.dumps(header, sort_keys=True).encode()
    sink = pa.BufferOutputStream()
    batch = batch.replace_schema_metadata(metadata)
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def scalars(state):
    with pa.ipc.open_stream(state) as reader:
        return json.loads(reader.schema.metadata[b"adsql.state"])["scalars"]


def assert_refused(con, code, *fragments):
    """Assert that no use of the model `bad` gives anything, and that the good model is none the worse."""
    expected = rows(con, "SELECT anomaly_score('fares', t) FROM trips AS t")
    before = rows(con, "FROM adsql.models")
    for query in USES:
        with raises(code, *fragments):
            rows(con, query)
    assert rows(con, "FROM adsql.models") == before
    assert rows(con, "SELECT anomaly_score('fares', t) FROM trips AS t") == expected


def test_the_test_s_own_editing_keeps_a_state_as_it_is(kept):
    assert edited(stored(kept)) == stored(kept)


@pytest.mark.parametrize("damage", ["one bit", "cut", "appended", "empty"])
def test_bytes_that_are_not_those_of_the_hash_are_refused(kept, damage):
    state = stored(kept)
    middle = len(state) // 2
    damaged = {
        "one bit": state[:middle] + bytes([state[middle] ^ 1]) + state[middle + 1 :],
        "cut": state[:-64],
        "appended": state + b"\0",
        "empty": b"",
    }[damage]
    # A hash that no model in memory has: as in a process that never loaded the good one.
    rows(kept, "SELECT train_model('other', 'trips', 'mad')")
    put(kept, damaged, value(kept, "SELECT content_hash FROM models() WHERE name = 'other'")[::-1])
    assert_refused(kept, "ADSQL_CORRUPT_MODEL", "do not match their content hash")


def test_the_bytes_of_another_row_are_refused(kept):
    rows(kept, "SELECT train_model('other', 'trips', 'mad', seed => 12345)")
    other = value(kept, "SELECT content_hash FROM models() WHERE name = 'other'")
    rows(kept, "SELECT drop_model('other')")
    put(kept, stored(kept), other)
    assert_refused(kept, "ADSQL_CORRUPT_MODEL", "do not match their content hash")


@pytest.mark.parametrize(
    "state",
    [b"", b"\0", b"ARROW1\0\0", RANDOM.bytes(1), RANDOM.bytes(4_096), b"\xff" * 100, b'{"version": 1}',
     pickle.dumps({"algorithm": "auto"}), "näht".encode() * 50],
    ids=["empty", "zero", "magic", "random byte", "random bytes", "ones", "json", "pickle", "text"],
)  # fmt: skip
def test_bytes_that_are_no_state_are_refused_even_with_their_own_hash(kept, state):
    put(kept, state)
    assert_refused(kept, "ADSQL_CORRUPT_MODEL", "train the model again")


def test_an_arrow_stream_of_something_else_is_refused(kept):
    sink = pa.BufferOutputStream()
    table = pa.table({"x": [1, 2, 3]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    put(kept, sink.getvalue().to_pybytes())
    assert_refused(kept, "ADSQL_CORRUPT_MODEL")


def test_a_pickle_is_never_executed(kept, tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "executed"),))

    put(kept, pickle.dumps(Evil()))
    assert_refused(kept, "ADSQL_CORRUPT_MODEL")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 1_000_000])
def test_a_newer_format_is_told_apart_from_damage(kept, version):
    put(kept, edited(stored(kept), version=version))
    assert_refused(kept, "ADSQL_NEWER_MODEL", f"format version {version}", "upgrade adsql")


@pytest.mark.parametrize("version", [float("inf"), float("nan"), None, "of tomorrow", [1]])
def test_a_version_that_is_no_number_is_damage(kept, version):
    put(kept, edited(stored(kept), version=version))
    assert_refused(kept, "ADSQL_CORRUPT_MODEL", "do not decode")


def test_a_version_beyond_all_numbers_is_a_newer_one(kept):
    put(kept, edited(stored(kept), version=10**400))
    assert_refused(kept, "ADSQL_NEWER_MODEL", "format version 1000")


def test_a_shape_beyond_all_numbers_is_damage(kept):
    header_shapes = {name: [10**400] for name in State.from_bytes(stored(kept)).arrays}
    put(kept, edited(stored(kept), shapes=header_shapes))
    assert_refused(kept, "ADSQL_CORRUPT_MODEL", "columns are inconsistent")


def test_a_detector_that_this_version_does_not_have_is_named(kept):
    state = stored(kept)
    put(kept, edited(state, scalars={**scalars(state), "model/algorithm": "of_tomorrow"}))
    assert_refused(kept, "ADSQL_UNKNOWN_ALGORITHM", "'of_tomorrow'")


@pytest.mark.parametrize(
    "changes",
    [
        {"0/segment/threshold": "high"},
        {"0/segment/threshold": None},
        {"0/segment/threshold": float("nan")},
        {"0/segment/threshold": 10**400},
        {"0/detector/n_neighbors": -1},
        {"0/detector/n_neighbors": 2.5},
        {"0/detector/method": "of tomorrow"},
        {"model/params": "{}}"},
        {"model/params": '{"nope": 1}'},
        {"model/policy": "of tomorrow"},
        {"model/policy_value": 10**400},
        {"model/seed": "0"},
    ],
    ids=lambda changes: "-".join(f"{name}={value}" for name, value in changes.items())[:60],
)
def test_a_state_with_one_impossible_value_is_refused(kept, changes):
    state = stored(kept)
    assert set(changes) <= set(scalars(state)), "the names of this test follow the state's"
    put(kept, edited(state, scalars={**scalars(state), **changes}))
    assert_refused(kept, "ADSQL_CORRUPT_MODEL")


@pytest.mark.parametrize("name", DETECTORS)
def test_a_state_that_lacks_any_part_is_refused(kept, name):
    """Take away each array, text and scalar in turn, with a fitting hash: kernels must never see what is left."""
    rows(kept, f"SELECT train_model('whole', 'trips', '{name}')")
    state = State.from_bytes(saved_model(kept, "whole").to_bytes())
    lacking = [
        State(
            {key: item for key, item in state.scalars.items() if key != part},
            {key: item for key, item in state.arrays.items() if key != part},
            {key: item for key, item in state.texts.items() if key != part},
        )
        for part in [*state.scalars, *state.arrays, *state.texts]
    ]
    assert len(lacking) > 15
    states = [less.to_bytes() for less in lacking]
    kept.execute(
        "INSERT INTO adsql.models "
        "SELECT m.* REPLACE ('lacking ' || i AS name, $1[i + 1] AS state, $2[i + 1] AS content_hash) "
        "FROM adsql.models AS m, range(len($1)) AS r(i) WHERE m.name = 'fares'",
        [states, [digest(less) for less in states]],
    )
    for i in range(len(lacking)):
        with raises("ADSQL_CORRUPT_MODEL"):
            rows(kept, f"SELECT anomaly_score('lacking {i}', t) FROM trips AS t")


def test_a_damaged_model_does_not_matter_to_others(con):
    rows(con, "SELECT train_model('good', 'trips', 'mad')")
    con.execute("CREATE VIEW each AS SELECT if(id % 2 = 0, 'good', 'fares') AS model, * FROM trips")
    queries = [
        "FROM detect_anomalies('trips', model => 'good')",
        "SELECT anomaly_score(x.model, x) FROM each AS x",
        "SELECT severity(v.name, t) FROM (VALUES ('good'), ('fares')) AS v(name), trips AS t ORDER BY t.id, v.name",
        "SELECT name, version FROM models() WHERE name <> 'bad'",
    ]
    expected = [rows(con, query) for query in queries]
    put(con, b"nothing of use")
    assert [rows(con, query) for query in queries] == expected
    with raises("ADSQL_CORRUPT_MODEL"):
        rows(con, "SELECT anomaly_score(if(id = 9, 'bad', model), x) FROM each AS x")


def test_an_older_version_of_a_damaged_model_works(con):
    rows(con, "SELECT train_model('fares', 'trips', 'mad')")
    con.execute("UPDATE adsql.models SET state = 'nothing'::BLOB, content_hash = 'none' WHERE version = 2")
    with raises("ADSQL_CORRUPT_MODEL"):
        rows(con, "FROM detect_anomalies('trips', model => 'fares')")
    assert len(rows(con, "FROM detect_anomalies('trips', model => 'fares', version => 1)")) == 501
    assert value(con, "SELECT drop_model('fares', 2)") == [2]
    assert len(rows(con, "FROM detect_anomalies('trips', model => 'fares')")) == 501


def test_training_again_repairs_a_damaged_model(con):
    con.execute("UPDATE adsql.models SET state = 'nothing'::BLOB, content_hash = 'none'")
    assert value(con, "SELECT train_model('fares', 'trips').version") == 2
    assert len(rows(con, "FROM detect_anomalies('trips', model => 'fares')")) == 501
