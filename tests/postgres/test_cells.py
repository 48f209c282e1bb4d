"""Rows with texts and times, taken apart without Arrow, have the features that whole columns have."""

from __future__ import annotations

import datetime as dt
import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsql.features import FeatureSpec
from adsql_udfs.postgres import cells as module
from adsql_udfs.postgres.cells import cells
from adsql_udfs.postgres.columns import Column, decoded
from adsql_udfs.postgres.records import parts

N = 400
START = dt.datetime.fromisoformat("2024-03-01")
COLUMNS = [
    Column("amount", "double precision", "float", 701),
    Column("city", "text", "text", 25),
    Column("code", "character(8)", "text", 1042),
    Column("at", "timestamp", "timestamp", 1114),
    Column("zoned", "timestamptz", "timestamptz", 1184),
    Column("day", "date", "date", 1082),
    Column("clock", "time", "time", 1083),
]
TRAINED = FeatureSpec.fit(
    {
        "amount": pa.array([float(i % 17) for i in range(N)]),
        "city": pa.array([("Bonn", "Köln", "Ulm")[i % 3] for i in range(N)]),
        "code": pa.array([f"A-{i % 40}" for i in range(N)]),
        "at": pa.array([START + dt.timedelta(hours=i) for i in range(N)], pa.timestamp("us")),
        "zoned": pa.array([START + dt.timedelta(hours=3 * i) for i in range(N)], pa.timestamp("us", "UTC")),
        "day": pa.array([START.date() + dt.timedelta(days=i) for i in range(N)]),
        "clock": pa.array([dt.time(i % 24, i % 60) for i in range(N)]),
    },
    None,
    N,
)
LONG, INTEGER = (struct.Struct(form).pack for form in (">q", ">i"))
FINITE = st.integers(-(2**55), 2**55).map(LONG)
INSTANTS = st.one_of(st.none(), FINITE, st.sampled_from([LONG(2**63 - 1), LONG(-(2**63))]))
FIELDS = {
    "amount": st.none() | st.floats().map(struct.Struct(">d").pack),
    "city": st.none() | st.sampled_from(["Bonn", "Ulm", "Rom", "", "x" * 300]).map(str.encode) | st.text("aß").map(str.encode),
    "code": st.none() | st.sampled_from(["A-1     ", "A-39    ", "?       "]).map(str.encode),
    "at": INSTANTS,
    "zoned": INSTANTS,
    "day": st.none() | st.integers(-(2**20), 2**20).map(INTEGER),
    "clock": st.none() | st.integers(0, 86_400_000_000).map(LONG),
}  # fmt: skip
ROWS = st.tuples(*FIELDS.values())


def record(values: tuple[bytes | None, ...]) -> bytes:
    written = [
        struct.pack(">Ii", column.base, -1 if value is None else len(value)) + (value or b"")
        for column, value in zip(COLUMNS, values, strict=True)
    ]
    return INTEGER(len(written)) + b"".join(written)


def by_columns(values: tuple[bytes | None, ...]) -> np.ndarray:
    given = [
        part
        for column, value in zip(COLUMNS, values, strict=True)
        for part in parts(column.form, column.base, value, "utf-8")
    ]
    table = decoded(COLUMNS, given, 1)
    return np.array([feature.raw(table[feature.column])[0] for feature in TRAINED.features])


@pytest.fixture
def reader():
    found = cells(TRAINED.features, [(column, place) for place, column in enumerate(COLUMNS)], "utf-8")
    assert found is not None
    return found


@given(rows=st.lists(ROWS, min_size=1, max_size=8))
def test_each_field_is_the_number_that_its_column_gives(rows):
    reader = cells(TRAINED.features, [(column, place) for place, column in enumerate(COLUMNS)], "utf-8")
    for row in [*rows, *rows]:
        np.testing.assert_array_equal(reader.values(record(row)), by_columns(row))


def test_what_is_remembered_is_bounded(reader, monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    none = (None,) * len(COLUMNS)
    place = [column.name for column in COLUMNS].index("city")
    feature = [one.column for one in TRAINED.features].index("city")
    for text in [b"Bonn", b"Ulm", b"Rom", b"Oslo", b"Bonn", b"y" * 1_000, b"Bonn"]:
        row = (*none[:place], text, *none[place + 1 :])
        assert reader.values(record(row))[feature] == by_columns(row)[feature]


def test_a_column_of_another_kind_is_left_to_the_way_that_explains_it():
    other = [Column("amount", "text", "text", 25), *COLUMNS[1:]]
    assert cells(TRAINED.features, [(column, place) for place, column in enumerate(other)], "utf-8") is None
