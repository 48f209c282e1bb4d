"""A row's binary form, read in Python: what PostgreSQL's own functions say, for any value."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsql_udfs.postgres.records import fields, layout, number, numeric, parts

SPECIAL = {"NaN": 0xC000, "Infinity": 0xD000, "-Infinity": 0xF000}


def sent(value: Decimal) -> bytes:
    """Return a numeric as numeric_send does: digits in base 10,000 without zeros at either end."""
    if not value.is_finite():
        return struct.pack(">hhHh", 0, 0, SPECIAL[str(value)], 0)
    sign, digits, exponent = value.as_tuple()
    scale = max(-exponent, 0)
    whole = int("".join(map(str, digits))) * 10 ** max(exponent, 0) * 10 ** (-scale % 4)
    groups: list[int] = []
    while whole:
        whole, group = divmod(whole, 10_000)
        groups.insert(0, group)
    weight = len(groups) - 1 - (scale + 3) // 4
    while groups and groups[-1] == 0:
        groups.pop()
    weight = weight if groups else 0
    return struct.pack(f">hhHh{len(groups)}h", len(groups), weight, 0x4000 * sign if groups else 0, scale, *groups)


NUMERICS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=5),
    st.integers(-(10**60), 10**60).map(Decimal),
    st.builds(
        lambda digits, power: Decimal(digits).scaleb(power), st.integers(-(10**40), 10**40), st.integers(-350, 320)
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(Decimal),
)


@given(NUMERICS)
def test_a_numeric_is_read_as_the_nearest_float(value):
    assert numeric(sent(value)) == float(value)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "0", "1e400", "-1e400", "1e-400", "9007199254740993", "1e22", "0.1"]
)
def test_special_numerics(text):
    found, wanted = numeric(sent(Decimal(text))), float(text)
    assert found == wanted or (math.isnan(found) and math.isnan(wanted))


CASTS = ["0.1", "-0.1", "10000", "9999.9999", "1e300", "1.7976931348623157e308", "1e-307", "123456789012345678901234567890.123456789",
         "9007199254740993", "-9007199254740995", "0.000100000000000000000000000000001", "NaN"]  # fmt: skip


@pytest.mark.parametrize("text", CASTS)
def test_the_server_s_own_bytes_are_read_as_its_cast_reads_them(con, text):
    data, cast = con.execute("SELECT numeric_send(%s::numeric), %s::numeric::float8", [text, text]).fetchone()
    assert bytes(data) == sent(Decimal(text)), "this test's own writer is the server's"
    found = numeric(bytes(data))
    assert found == cast or (math.isnan(found) and math.isnan(cast))


FORMATS = {16: "?", 20: "q", 21: "h", 23: "i", 700: "f", 701: "d"}
SAMPLES = {
    16: st.booleans(), 20: st.integers(-(2**63), 2**63 - 1), 21: st.integers(-(2**15), 2**15 - 1),
    23: st.integers(-(2**31), 2**31 - 1), 700: st.floats(width=32, allow_nan=False), 701: st.floats(allow_nan=False),
}  # fmt: skip
FIELD = st.sampled_from(list(FORMATS)).flatmap(lambda oid: st.tuples(st.just(oid), st.none() | SAMPLES[oid]))


def record(row: list[tuple[int, object]]) -> bytes:
    """Return what record_send makes of a row."""
    data = struct.pack(">i", len(row))
    for oid, value in row:
        packed = None if value is None else struct.pack(f">{FORMATS[oid]}", value)
        data += struct.pack(">Ii", oid, -1 if packed is None else len(packed)) + (packed or b"")
    return data


@given(st.lists(FIELD, min_size=1, max_size=20))
def test_fields_are_those_of_the_row(row):
    found = fields(record(row))
    assert [oid for oid, _ in found] == [oid for oid, _ in row]
    for (oid, data), (_, value) in zip(found, row, strict=True):
        read = number(oid)
        assert read is not None
        assert (data is None) == (value is None)
        if data is not None:
            assert read(data) == float(value)


@given(st.lists(FIELD, min_size=1, max_size=20), st.data())
def test_all_at_once_is_the_same_as_one_by_one(row, data):
    wanted = sorted(data.draw(st.sets(st.sampled_from(range(len(row))), min_size=1)))
    whole = layout([oid for oid, _ in row], wanted)
    assert whole is not None
    binary = record(row)
    if any(value is None for _, value in row):
        assert len(binary) < whole.size, "a row with a NULL cannot be mistaken for one without"
        return
    assert len(binary) == whole.size
    assert whole.unpack(binary) == tuple(row[position][1] for position in wanted)


@pytest.mark.parametrize("types", [[1700], [23, 25], [20, 1043]])
def test_types_of_no_fixed_size_have_no_layout(types):
    assert layout(types, [0]) is None
    assert layout([23, 1082], [1]) is None, "a date is no number"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50))
def test_text_is_cut_by_characters_whatever_the_encoding(text):
    assert parts("text", 25, text.encode(), "utf-8") == [text.encode(), struct.pack(">i", len(text.encode()))]
    long = text * 10_000
    [cut, size] = parts("text", 25, long.encode(), "utf-8")
    assert cut.decode() == long[:10_000]
    assert struct.unpack(">i", size) == (len(cut),)


def test_a_missing_value_has_a_stand_in_and_a_mark():
    assert parts("text", 25, None, "utf-8") == [b"", struct.pack(">i", -1)]
    assert parts("whole", 23, None, "utf-8") == [bytes(8), b"\x01"]
    assert parts("date", 1082, None, "utf-8") == [bytes(4), b"\x01"]
    [nan] = parts("float", 701, None, "utf-8")
    assert math.isnan(struct.unpack(">d", nan)[0])
    assert parts("none", 600, b"anything", "utf-8") == []
