"""Rows belong to one segment exactly if their values are equal, whatever characters the values have."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adsql.segment_keys import key_text, segment_keys, segment_rows

VALUE = st.none() | st.text(st.sampled_from("a\\Nu\x1f\x00")) | st.text(max_size=5)


@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=30))
@example([(None, ""), ("\\N", ""), ("a\x1f", "b"), ("a", "\x1fb"), ("\\", "\x1f"), ("\\u", "")])
def test_keys_are_equal_exactly_where_the_values_are(pairs):
    table = {"x": pa.array([x for x, _ in pairs], pa.string()), "y": pa.array([y for _, y in pairs], pa.string())}
    keys = segment_keys(table, ["x", "y"]).to_pylist()
    assert len(set(keys)) == len(set(pairs))
    rows = segment_rows(table, ["x", "y"])
    assert sorted(index for part in rows.values() for index in part.tolist()) == list(range(len(pairs)))
    for part in rows.values():
        assert len({pairs[index] for index in part}) == 1


@given(st.text())
def test_a_key_of_one_column_reads_as_its_value(value):
    (key,) = segment_keys({"x": pa.array([value])}, ["X"]).to_pylist()
    assert key_text(key) == value


def test_null_is_a_segment_of_its_own_and_reads_as_null():
    keys = segment_keys({"x": pa.array([None, "NULL", "\\N"])}, ["x"]).to_pylist()
    assert len(set(keys)) == 3
    assert key_text(keys[0]) == "NULL"


@pytest.mark.parametrize(
    "values",
    [
        ["1", "1::DOUBLE", "1::FLOAT", "1::DECIMAL(10, 2)", "1::HUGEINT", "1::UTINYINT"],
        ["1.5::DOUBLE", "1.5::DECIMAL(10, 1)", "1.5::DECIMAL(38, 10)"],
        ["100", "100::DECIMAL(5, 0)", "100::DECIMAL(10, 3)", "100::DOUBLE"],
        ["10::BIGINT ** 15", "1e15", "1e15::DECIMAL(38, 2)", "10::HUGEINT ** 15"],
        ["0", "0::DOUBLE", "'-0.0'::DOUBLE", "0::DECIMAL(10, 2)"],
        ["'2024-01-01 10:00'::TIMESTAMP", "'2024-01-01 10:00'::TIMESTAMP_S", "'2024-01-01 10:00'::TIMESTAMP_NS",
         "'2024-01-01 10:00+00'::TIMESTAMPTZ", "'2024-01-01 08:00-02'::TIMESTAMPTZ"],
        ["'10:00'::TIME", "'10:00'::TIME_NS"],
    ],
)  # fmt: skip
def test_equal_values_of_different_types_have_one_key(values):
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'Europe/Berlin'")
        columns = [con.sql(f"SELECT {value} AS x").to_arrow_table()["x"].combine_chunks() for value in values]
    assert len({segment_keys({"x": column}, ["x"])[0].as_py() for column in columns}) == 1
