"""Exported models come back as they were, or are refused with a code: whatever the bytes are."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adsql import exchange
from adsql.catalog import ModelRecord
from adsql.errors import CorruptModel, InvalidModelName, NewerModel
from adsql.exchange import exported, imported
from adsql.registry import find
from adsql.state import State
from sample_tables import fitted, mixed

TABLE = mixed(120)
SOURCE = "SELECT * FROM \"trips\" WHERE kind = 'Ünïcode ✓'"
ROW = ModelRecord.of("fares", fitted(find("mad"), TABLE, segment_by=["city"]), SOURCE, "duckdb 2.0.0")


def export(row=ROW):
    return exported(row.source, row.library_versions, row.content_hash, row.state)


DATA = export()


def forged(**changes):
    """Return exported bytes with other scalars, and a digest that is right unless it is among them."""
    state = State.from_bytes(DATA)
    scalars = {**state.scalars, **changes}
    parts = [scalars[name] for name in ("source", "library_versions", "content_hash")]
    return State({**scalars, "digest": exchange._digest(*parts), **changes}, state.arrays).to_bytes()


def forged_model(**changes):
    """Return exported bytes of a model whose own description says something else, with hashes that are right."""
    model = replace(fitted(find("mad"), TABLE), **changes)
    return export(ModelRecord.of("fares", model, SOURCE, "duckdb 2.0.0"))


def test_a_row_comes_back_as_it_was(algorithm):
    row = ModelRecord.of("fares", fitted(algorithm, TABLE), SOURCE, "duckdb 2.0.0")
    assert imported("fares", export(row)) == row
    assert imported("other name", export(row)) == replace(row, name="other name")


def test_the_same_row_is_exported_in_the_same_bytes():
    assert export() == DATA


def test_a_stored_model_that_is_damaged_is_not_exported():
    with pytest.raises(CorruptModel, match="do not match their content hash"):
        export(replace(ROW, state=ROW.state[:-1] + b"\1"))


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 201, None, 3])
def test_names_that_no_model_may_have(name):
    with pytest.raises(InvalidModelName):
        imported(name, DATA)


@pytest.mark.parametrize("data", [b"", b"x", None, "text", 3, ROW.state, b"ARROW1\0\0", DATA[:-400]])
def test_bytes_of_something_else(data):
    with pytest.raises(CorruptModel):
        imported("fares", data)


def test_newer_formats():
    with pytest.raises(NewerModel, match="format version 2"):
        imported("fares", forged(exported_format=2))


def test_a_detector_that_is_not_installed():
    with pytest.raises(NewerModel, match=r"'future'.*Do: install"):
        imported("fares", forged_model(algorithm="future"))


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": "0" * 64},
        {"source": None},
        {"source": 3},
        {"source": "nul \0"},
        {"library_versions": "half of a pair \ud800"},
        {"content_hash": "0" * 64},
        {"exported_format": "1"},
        {"exported_format": True},
    ],
    ids=str,
)
def test_forged_descriptions(changes):
    with pytest.raises(CorruptModel):
        imported("fares", forged(**changes))


@pytest.mark.parametrize("changes", [{"seed": 2**63}, {"seed": -(2**70)}], ids=str)
def test_numbers_that_no_database_stores(changes):
    with pytest.raises(CorruptModel, match=r"seed = .* cannot be stored"):
        imported("fares", forged_model(**changes))


def test_a_model_of_other_bytes_than_its_hash_says():
    state = State.from_bytes(DATA)
    other = np.frombuffer(ROW.state[:-1] + b"\1", np.uint8)
    with pytest.raises(CorruptModel, match="content hash"):
        imported("fares", State(state.scalars, {"model": other}).to_bytes())


def harmless(data):
    """Return whether bytes are refused with one of two codes, or are the same model after all."""
    try:
        return imported("fares", data) == ROW
    except (CorruptModel, NewerModel):
        return True


@given(st.binary(max_size=300))
def test_random_bytes(data):
    assert harmless(data)


@given(st.integers(0, len(DATA) - 1))
def test_cut_bytes(length):
    assert harmless(DATA[:length])


@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_altered_bytes(changes):
    altered = bytearray(DATA)
    for place, value in changes:
        altered[place] = value
    assert harmless(bytes(altered))


@settings(max_examples=300)
@given(st.integers(0, 4_000), st.integers(0, 7))
def test_flipped_bits_of_the_description(place, bit):
    altered = bytearray(DATA)
    altered[place % len(DATA)] ^= 1 << bit
    assert harmless(bytes(altered))


def test_an_exported_model_is_readable_without_adsql():
    with pa.ipc.open_stream(DATA) as reader:
        header = json.loads(reader.schema.metadata[b"adsql.state"])
        [model] = reader.read_next_batch().column(0).to_pylist()
    assert header["scalars"]["source"] == SOURCE
    assert bytes(model) == ROW.state
