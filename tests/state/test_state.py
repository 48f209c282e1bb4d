"""States survive storage bit by bit, and nothing else passes for one."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adsql.errors import AdsqlError, CorruptModel, NewerModel
from adsql.model import Model
from adsql.registry import find
from adsql.state import FORMAT_VERSION, State, content_hash, require
from sample_tables import fitted, mixed

names = st.text(max_size=8)
scalars = st.dictionaries(names, st.none() | st.booleans() | st.integers() | st.floats() | st.text(), max_size=4)
arrays = st.dictionaries(
    names,
    st.sampled_from(["float64", "float32", "int64", "int32"]).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    ),
    max_size=3,
)
texts = st.dictionaries(names, st.lists(st.text(max_size=6), max_size=4), max_size=3)
states = st.builds(State, scalars, arrays, texts)

TABLE = mixed(60)


def comparable(state):
    """Return everything in a state, in a form in which NaN equals NaN and True is not 1."""
    return (
        {name: (type(value), repr(value)) for name, value in state.scalars.items()},
        {name: (array.dtype.name, array.shape, array.tobytes()) for name, array in state.arrays.items()},
        {name: list(values) for name, values in state.texts.items()},
    )


def stream(columns, header):
    """Return an Arrow stream with a header of our own making."""
    schema = pa.schema([pa.field(name, column.type) for name, column in columns.items()], {b"adsql.state": header})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(list(columns.values()), schema=schema))
    return sink.getvalue().to_pybytes()


def header(**changed):
    return json.dumps({"version": FORMAT_VERSION, "scalars": {}, "shapes": {"x": [2]}, **changed}).encode()


@pytest.fixture(scope="module")
def model():
    return fitted(find("mad"), TABLE)


@given(states)
def test_a_state_survives_storage_bit_by_bit(state):
    restored = State.from_bytes(state.to_bytes())
    assert comparable(restored) == comparable(state)
    assert restored.to_bytes() == state.to_bytes()


@given(states, st.randoms(use_true_random=False))
def test_equal_states_have_equal_bytes_whatever_the_order_of_names(state, random):
    def shuffled(mapping):
        items = list(mapping.items())
        random.shuffle(items)
        return dict(items)

    other = State(shuffled(state.scalars), shuffled(state.arrays), shuffled(state.texts))
    assert other.to_bytes() == state.to_bytes()


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), states, max_size=3))
def test_joined_states_are_taken_apart_again(children):
    joined = State.from_bytes(State.joined(children).to_bytes())
    for name, child in children.items():
        assert comparable(joined.child(name)) == comparable(child)


def test_bytes_do_not_depend_on_the_memory_layout():
    array = np.arange(12.0).reshape(3, 4)
    strided = np.repeat(array, 2, axis=1)[:, ::2]
    expected = State(arrays={"x": array}).to_bytes()
    assert (
        State(arrays={"x": strided}).to_bytes() == State(arrays={"x": np.asfortranarray(array)}).to_bytes() == expected
    )


def test_arrays_of_other_types_are_not_stored():
    with pytest.raises(TypeError, match="float16"):
        State({}, {"x": np.zeros(2, np.float16)}, {}).to_bytes()


def test_restored_arrays_cannot_be_written():
    restored = State.from_bytes(State(arrays={"x": np.zeros(3)}).to_bytes())
    with pytest.raises(ValueError, match="read-only"):
        restored.arrays["x"][0] = 1.0


def test_the_content_hash_is_the_sha_256_of_the_bytes():
    assert content_hash(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("data", [b"", b"\x00" * 64, b"not arrow", b"ARROW1\x00\x00", pickle.dumps({"x": 1})])
def test_other_bytes_are_refused(data):
    with pytest.raises(CorruptModel, match="cannot be restored"):
        State.from_bytes(data)


def test_an_arrow_stream_without_the_header_is_refused():
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema([("x", pa.int64())])) as writer:
        writer.write_batch(pa.record_batch({"x": pa.array([1])}))
    with pytest.raises(CorruptModel):
        State.from_bytes(sink.getvalue().to_pybytes())


def test_a_stream_made_by_hand_is_read():
    """So that the refusals below are known to come from what they change."""
    data = stream({"array:x": pa.array([[1.0, 2.0]])}, header())
    assert State.from_bytes(data).floats("x").tolist() == [1.0, 2.0]


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 10**6])
def test_a_newer_format_asks_for_a_newer_adsql(version):
    data = stream({"array:x": pa.array([[1.0, 2.0]])}, header(version=version))
    with pytest.raises(NewerModel, match=f"format version {version}.*up to {FORMAT_VERSION}.*upgrade"):
        State.from_bytes(data)


@pytest.mark.parametrize(
    "forged",
    [
        b"", b"{", b"null", b"[]", b"5", b"{}", b'"text"', b"\xff", b"[" * 100_000,
        header(version=None), header(version="one"), header(version=[1]),
        header(scalars=None), header(scalars=5), header(scalars=["a"]),
        header(shapes=None), header(shapes=[]), header(shapes={}), header(shapes={"x": [3]}),
        header(shapes={"x": ["a"]}), header(shapes={"x": [10**30]}), header(shapes={"x": [-1, -1]}),
    ],
    ids=lambda value: value[:40].decode(errors="replace"),
)  # fmt: skip
def test_a_forged_header_is_refused(forged):
    with pytest.raises(CorruptModel):
        State.from_bytes(stream({"array:x": pa.array([[1.0, 2.0]])}, forged))


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1.0]),
        pa.array(["text"]),
        pa.array([[1.0], [2.0, 3.0], []]),
        pa.array([{"a": 1}]),
        pa.array([None], pa.list_(pa.float64())),
        pa.array([[1.0, 2.0]], pa.list_view(pa.float64())),
        pa.array([[1.0, None]]),
        pa.array([["a", "b"]]),
        pa.array([[True, False]]),
        pa.array([[[1.0], [2.0]]]),
    ],
    ids=lambda column: str(column.type),
)
def test_a_column_of_another_shape_is_refused(column):
    with pytest.raises(CorruptModel):
        State.from_bytes(stream({"array:x": column}, header())).floats("x")


@pytest.mark.parametrize("values", [["a", None], [1, 2], [b"a"]])
def test_text_with_anything_else_in_it_is_refused(values):
    with pytest.raises(CorruptModel):
        State.from_bytes(stream({"text:t": pa.array([values])}, header(shapes={})))


def test_a_model_cut_anywhere_is_refused(model):
    data = model.to_bytes()
    # The last eight bytes say that no batch follows; without them the one batch is complete all the same.
    for length in range(0, len(data) - 8, 13):
        with pytest.raises(CorruptModel):
            Model.from_bytes(data[:length])


@settings(max_examples=400)
@given(data=st.data())
def test_a_changed_byte_is_refused_or_immaterial(model, data):
    stored = bytearray(model.to_bytes())
    position = data.draw(st.integers(0, len(stored) - 1))
    stored[position] ^= data.draw(st.integers(1, 255))
    try:
        restored = Model.from_bytes(bytes(stored))
        restored.score(TABLE)
    except AdsqlError:
        pass
    with pytest.raises(CorruptModel, match="content hash"):
        Model.from_bytes(bytes(stored), expected_hash=model.content_hash)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(int, 1.0), (int, True), (int, "1"), (int, None), (float, "1"), (float, True), (bool, 1), (str, 1), (str, None)],
)
def test_a_scalar_of_another_type_is_refused(kind, value):
    with pytest.raises(CorruptModel, match="scalar 'k'"):
        State({"k": value}).scalar("k", kind)


def test_a_whole_number_is_accepted_as_a_float():
    value = State({"k": 3}).scalar("k", float)
    assert isinstance(value, float)
    assert value == 3.0


@pytest.mark.parametrize(
    "array", [np.array([np.nan]), np.array([-np.inf]), np.array([-1e51]), np.zeros((1, 1)), np.zeros(1, np.float32)]
)
def test_floats_are_flat_double_and_of_a_magnitude_unless_said_otherwise(array):
    with pytest.raises(CorruptModel, match="array 'x'"):
        State(arrays={"x": array}).floats("x")
    assert State(arrays={"x": np.array([-1e51])}).floats("x", largest=1e300).tolist() == [-1e51]


@pytest.mark.parametrize("value", [0.0, -1.0, 5e-324, 1e-101, 1e51, np.nan])
def test_scales_are_positive_and_neither_too_small_nor_too_large(value):
    with pytest.raises(CorruptModel, match="array 'x'"):
        State(arrays={"x": np.array([1.0, value])}).scales("x")
    assert State(arrays={"x": np.array([1.0, 1e-100])}).scales("x").tolist() == [1.0, 1e-100]


def test_integers_lie_in_their_range():
    state = State(arrays={"i": np.array([0, 4], np.int32)})
    assert state.integers("i", 0, 5).tolist() == [0, 4]
    for low, high in ((1, 5), (0, 4)):
        with pytest.raises(CorruptModel, match="values outside"):
            state.integers("i", low, high)


@pytest.mark.parametrize(
    "read",
    [lambda s: s.floats("no"), lambda s: s.integers("no", 0, 1), lambda s: s.text("no"), lambda s: s.scalar("no", int)],
)
def test_what_is_missing_is_named(read):
    with pytest.raises(CorruptModel, match="'no'"):
        read(State())


def test_a_requirement_is_named_when_it_does_not_hold():
    require(True, "all is well")
    with pytest.raises(CorruptModel, match="cannot be restored: a tree has a cycle"):
        require(False, "a tree has a cycle")
