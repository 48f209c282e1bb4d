"""Records as tables, and the choice of forms: units without a server."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import ipc

from adsql_server.databases import Result
from adsql_server.formats import Format, Tally, accepted, written
from adsql_server.problems import InvalidRequest, NotAcceptable, RequestTooLarge
from adsql_server.tables import Upload, from_file, from_records, plain_row

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), min_size=3, max_size=3),
    st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.none(), min_size=3, max_size=3),
    st.lists(TEXT | st.none(), min_size=3, max_size=3),
    st.lists(st.booleans() | st.none(), min_size=3, max_size=3),
)


@given(st.dictionaries(TEXT, VALUES, min_size=1, max_size=4))
def test_records_come_back_in_every_form(columns):
    table = from_records([{name: values[i] for name, values in columns.items()} for i in range(3)])

    def body(form):
        result = Result(table.schema, iter(table.to_batches(max_chunksize=2)))
        return b"".join(written(result, form, 3, Tally()))

    expected = table.to_pylist()
    assert json.loads(body(Format.JSON)) == {"rows": json.loads(json.dumps(expected, default=_iso)), "row_count": 3}
    assert [json.loads(line) for line in body(Format.NDJSON).splitlines()] == json.loads(body(Format.JSON))["rows"]
    assert ipc.open_stream(body(Format.ARROW)).read_all().to_pylist() == expected


def _iso(value):
    return value.isoformat()


def test_dates_and_times_are_recognised_in_whole_columns():
    table = from_records(
        [
            {"day": "2024-02-29", "at": "2024-02-29T12:30:00", "utc": "2024-02-29T12:30:00Z", "text": "2024-02-29"},
            {"day": None, "at": "2024-03-01 00:00:00.25", "utc": "2024-02-29T14:30:00+02:00", "text": "soon"},
        ]
    )
    first = table.to_pylist()[0]
    assert first["day"] == date(2024, 2, 29)
    assert first["at"] == datetime(2024, 2, 29, 12, 30)  # noqa: DTZ001 - without a zone
    assert first["utc"] == datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
    assert table.column("text").to_pylist() == ["2024-02-29", "soon"]


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2024-1-1", "24-01-01", "2024-01-01T25:00", "20240101", "2024-01-01T00", ""]
)
def test_what_is_no_date_stays_text(text):
    assert from_records([{"a": text}]).to_pylist() == [{"a": text}]
    assert plain_row({"a": text}) == {"a": text}


def test_one_row_is_read_as_in_a_table():
    row = {"day": "2024-02-29", "at": "2024-02-29T12:30:00", "n": 1, "x": 0.5, "yes": True, "none": None, "text": "a"}
    assert from_records([row]).to_pylist() == [plain_row(row)]


def test_records_may_lack_columns():
    assert from_records([{"a": 1}, {"b": 2.5}, {}]).to_pylist() == [
        {"a": 1, "b": None}, {"a": None, "b": 2.5}, {"a": None, "b": None},
    ]  # fmt: skip


@pytest.mark.parametrize("values", [[1, "a"], [True, "a"], [{"a": 1}], [[1]], [10**30], [1.5, True]])
def test_values_of_several_types_are_refused(values):
    with pytest.raises(InvalidRequest):
        from_records([{"a": value} for value in values])


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, Format.JSON), ("", Format.JSON), ("*/*", Format.JSON), ("application/*", Format.JSON),
        ("text/html, */*;q=0.1", Format.JSON), ("application/x-ndjson", Format.NDJSON),
        ("application/json;q=0.5, application/vnd.apache.arrow.stream", Format.ARROW),
        ("APPLICATION/X-NDJSON;q=1.0", Format.NDJSON), ("*/*;q=0.1, application/x-ndjson;q=0.2", Format.NDJSON),
        ("application/x-ndjson;q=nonsense, application/json;q=0.1", Format.JSON),
    ],
)  # fmt: skip
def test_the_form_is_what_is_accepted(accept, form):
    assert accepted(accept) is form


@given(st.text(max_size=40))
def test_any_accept_header_is_decided(accept):
    try:
        assert accepted(accept) in Format
    except NotAcceptable:
        assert accept


def test_more_rows_than_allowed_are_refused():
    table = pa.table({"is_anomaly": [True, False, None, True]})
    tally = Tally()
    result = Result(table.schema, iter(table.to_batches(max_chunksize=2)))
    with pytest.raises(RequestTooLarge):
        list(written(result, Format.JSON, 3, tally))
    tally = Tally()
    list(written(Result(table.schema, iter(table.to_batches())), Format.JSON, 4, tally))
    assert (tally.rows, tally.anomalies) == (4, 2)


@given(st.sampled_from(Upload), st.binary(max_size=60))
def test_any_bytes_are_a_table_or_a_problem(form, data):
    with suppress(InvalidRequest, RequestTooLarge):
        assert isinstance(from_file(form, io.BytesIO(data), 10_000), pa.Table)
