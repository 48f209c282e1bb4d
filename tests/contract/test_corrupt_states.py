"""A detector restored from altered arrays refuses them: kernels follow indices without looking."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adsql.encodings import ENCODINGS, KINDS
from adsql.errors import CorruptModel
from adsql.model import Model
from adsql.registry import row_wise_detectors
from adsql.state import State
from sample_tables import fitted, mixed

TABLE = mixed(200)


@cache
def stored(algorithm):
    return State.from_bytes(fitted(algorithm, TABLE).to_bytes())


def with_array(state, name, array):
    return State(state.scalars, {**state.arrays, name: array}, state.texts)


def without(mapping, name):
    return {key: value for key, value in mapping.items() if key != name}


def refused(state):
    with pytest.raises(CorruptModel, match=r"cannot be restored|does not decode"):
        Model.from_bytes(state.to_bytes())


def from_bytes(state):
    return Model.from_bytes(state.to_bytes())


def as_decoded(state):
    """Restore a state whose numbers alone were changed: they pass through bytes as they are, which takes as long."""
    return Model.from_state(state, "")


def assert_refused_or_harmless(state, restored=from_bytes):
    """A changed number may make another model; it must not make one that crashes, hangs or scores NaN."""
    try:
        model = restored(state)
    except CorruptModel:
        return
    scores = model.score(TABLE)
    assert np.isfinite(scores.anomaly_score).all()
    assert ((scores.severity >= 0) & (scores.severity <= 1)).all()


def test_the_unaltered_state_is_restored(algorithm):
    assert Model.from_bytes(stored(algorithm).to_bytes()).algorithm == algorithm.spec.name


def test_a_missing_array_is_refused(algorithm):
    state = stored(algorithm)
    for name in state.arrays:
        refused(State(state.scalars, without(state.arrays, name), state.texts))


def test_a_cut_array_is_refused(algorithm):
    state = stored(algorithm)
    for name, array in state.arrays.items():
        for length in (len(array) - 1, 0):
            # An array that is empty as it is cannot be cut.
            if length >= 0 and length < len(array):
                refused(with_array(state, name, array[:length]))


def test_a_longer_array_is_refused(algorithm):
    state = stored(algorithm)
    for name, array in state.arrays.items():
        if len(array):
            refused(with_array(state, name, np.concatenate([array, array[-1:]])))


def test_nan_and_infinity_are_refused(algorithm):
    state = stored(algorithm)
    for name, array in state.arrays.items():
        for value in (np.nan, np.inf, -np.inf):
            if array.dtype.kind == "f" and array.size:
                altered = array.copy()
                altered.flat[array.size // 2] = value
                refused(with_array(state, name, altered))


def test_another_type_or_number_of_dimensions_is_refused(algorithm):
    state = stored(algorithm)
    other = {"float64": np.float32, "float32": np.float64, "int32": np.int64, "int64": np.int32}
    for name, array in state.arrays.items():
        refused(with_array(state, name, array.astype(other[array.dtype.name])))
        refused(with_array(state, name, array[None]))
        refused(with_array(state, name, array.reshape(-1)[0] if array.size else np.zeros(())))


def test_an_index_out_of_range_is_refused(algorithm):
    state = stored(algorithm)
    for name, array in state.arrays.items():
        for value in (-2, 2**31 - 1):
            if array.dtype.kind == "i" and array.size:
                altered = array.copy()
                altered[array.size // 2] = value
                refused(with_array(state, name, altered))


@pytest.mark.parametrize("name", list(row_wise_detectors()))
@settings(max_examples=40)
@given(data=st.data())
def test_no_other_number_in_an_array_does_harm(name, data):
    state = stored(row_wise_detectors()[name])
    changeable = sorted(key for key, array in state.arrays.items() if array.size)
    key = data.draw(st.sampled_from(changeable))
    array = state.arrays[key].copy()
    position = data.draw(st.integers(0, array.size - 1))
    whole = array.dtype.kind == "i"
    finite = st.floats(allow_nan=False, allow_infinity=False, width=32 if array.dtype == np.float32 else 64)
    value = data.draw(st.integers(-(2**31), 2**31 - 1) if whole else finite)
    # Small indices are the dangerous ones: they point back into the tree.
    array.flat[position] = data.draw(st.sampled_from([value, 0, 1, -1])) if whole else value
    assume(array.tobytes() != state.arrays[key].tobytes())
    assert_refused_or_harmless(with_array(state, key, array))


def within(value, dtype):
    """Return the value, as far as the type reaches."""
    return float(np.clip(value, np.finfo(dtype).min, np.finfo(dtype).max))


def test_no_magnitude_in_an_array_does_harm(algorithm):
    state = stored(algorithm)
    magnitudes = (5e-324, 1e-200, 1e-101, 1e49, 1e149, 1e200, 1.7e308)
    for name, array in state.arrays.items():
        for value in (*magnitudes, *(-magnitude for magnitude in magnitudes)):
            if array.dtype.kind == "f" and array.size:
                for where in (np.s_[0], np.s_[-1], np.s_[:]):
                    altered = array.copy()
                    altered.reshape(-1)[where] = within(value, array.dtype)
                    assert_refused_or_harmless(with_array(state, name, altered), as_decoded)


def test_two_magnitudes_at_once_do_no_harm(algorithm):
    state = stored(algorithm)
    floats = {name: array for name, array in state.arrays.items() if array.dtype.kind == "f" and array.size}
    for (first, one), (second, other) in permutations(floats.items(), 2):
        enlarged = with_array(state, first, np.full_like(one, within(1e50, one.dtype)))
        altered = with_array(enlarged, second, np.full_like(other, within(1e-100, other.dtype)))
        assert_refused_or_harmless(altered, as_decoded)


def test_an_encoding_that_does_not_fit_the_kind_of_its_column_is_refused(algorithm):
    state = stored(algorithm)
    encodings = set(ENCODINGS)
    for position, (kind, own) in enumerate(
        zip(state.texts["0/features/kind"], state.texts["0/features/encoding"], strict=True)
    ):
        for encoding in encodings - {own}:
            changed = list(state.texts["0/features/encoding"])
            changed[position] = encoding
            forged = State(state.scalars, state.arrays, {**state.texts, "0/features/encoding": changed})
            if kind in KINDS[encoding]:
                assert_refused_or_harmless(forged)
            else:
                refused(forged)


def test_a_column_of_two_kinds_is_refused():
    state = stored(row_wise_detectors()["mad"])
    columns, kinds = list(state.texts["0/features/column"]), state.texts["0/features/kind"]
    columns[list(kinds).index("number")] = columns[list(kinds).index("text")]
    used = [name for name in state.texts["0/features/columns"] if name in columns]
    refused(
        State(state.scalars, state.arrays, {**state.texts, "0/features/column": columns, "0/features/columns": used})
    )


def test_a_cycle_is_refused_and_never_walked(algorithm):
    state = stored(algorithm)
    for name, array in state.arrays.items():
        for value in (0, 1):
            if array.dtype.kind == "i" and array.size:
                assert_refused_or_harmless(with_array(state, name, np.full_like(array, value)))


def test_a_missing_scalar_or_one_of_another_type_is_refused(algorithm):
    state = stored(algorithm)
    for name in state.scalars:
        # An absent value of a policy is a value: the automatic policy has none.
        if not name.endswith("policy_value"):
            refused(State(without(state.scalars, name), state.arrays, state.texts))
            other = 1 if isinstance(state.scalars[name], str) else "text"
            refused(State({**state.scalars, name: other}, state.arrays, state.texts))


def test_no_number_in_place_of_a_scalar_does_harm(algorithm):
    state = stored(algorithm)
    for name, scalar in state.scalars.items():
        for value in (0, -1, 2**31, 2**63 - 1, 2**70, 0.5, float("nan"), float("inf"), -float("inf")):
            if isinstance(scalar, int | float):
                assert_refused_or_harmless(State({**state.scalars, name: value}, state.arrays, state.texts))


def test_missing_text_is_refused(algorithm):
    state = stored(algorithm)
    for name in state.texts:
        refused(State(state.scalars, state.arrays, without(state.texts, name)))


def test_cut_or_longer_text_is_refused(algorithm):
    state = stored(algorithm)
    for name, texts in state.texts.items():
        # With a segment column the same bytes are a valid model: of the one segment whose value is the empty text.
        if name != "model/segment_by":
            refused(State(state.scalars, state.arrays, {**state.texts, name: [*texts, "more"]}))
        if texts:
            refused(State(state.scalars, state.arrays, {**state.texts, name: list(texts)[:-1]}))


def test_parameters_that_are_no_json_object_are_refused(algorithm):
    state = stored(algorithm)
    for params in ("", "{", "5", "[]", '[["a"]]', '"text"', "null", '{"no_such": 1}', "[" * 100_000):
        refused(State({**state.scalars, "model/params": params}, state.arrays, state.texts))
