"""Rows that come in a request, as Arrow tables: JSON records, and files in the body or in a part of it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import csv
from pyarrow import json as arrow_json

from adsql.wording import shown
from adsql_server.problems import InvalidRequest, RequestTooLarge, UnsupportedContent
from adsql_server.unpacking import arrow_table, parquet_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")


class Upload(StrEnum):
    """A form in which rows are uploaded."""

    CSV = "text/csv"
    NDJSON = "application/x-ndjson"
    PARQUET = "application/vnd.apache.parquet"
    ARROW = "application/vnd.apache.arrow.stream"


# What clients also call them, and the names of files in multipart bodies.
_OTHER_TYPES = {
    "application/csv": Upload.CSV,
    "application/jsonl": Upload.NDJSON,
    "application/ndjson": Upload.NDJSON,
    "application/parquet": Upload.PARQUET,
    "application/x-parquet": Upload.PARQUET,
}
_SUFFIXES = {
    "csv": Upload.CSV, "ndjson": Upload.NDJSON, "jsonl": Upload.NDJSON, "json": Upload.NDJSON,
    "parquet": Upload.PARQUET, "arrows": Upload.ARROW, "arrow": Upload.ARROW,
}  # fmt: skip


def upload_of(media_type: str, filename: str = "") -> Upload:
    """Return the form of a file by its type or, where that says nothing, by the suffix of its name.

    Raises
    ------
    UnsupportedContent
        If it is none that can be read.
    """
    if media_type in set(Upload):
        return Upload(media_type)
    form = _OTHER_TYPES.get(media_type) or _SUFFIXES.get(filename.rpartition(".")[2].lower())
    if form is None:
        raise UnsupportedContent(
            f"a body of the type {shown(media_type)} cannot be read",
            allowed=["application/json", "multipart/form-data", *Upload],
        )
    return form


def from_records(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return JSON records as a table.

    A column has all values of its name; records without it have NULL there. Text in the form of ISO 8601 dates or
    times, in a whole column, is dates or times.

    Raises
    ------
    InvalidRequest
        If a column has values of several types, or nested ones.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise InvalidRequest("the rows have no columns")
    return pa.table([_column(name, [row.get(name) for row in rows]) for name in names], names=names)


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one JSON record with dates and times in place of their texts, as `from_records` would."""
    return {name: _moments([value])[0] if isinstance(value, str) else value for name, value in row.items()}


def from_file(form: Upload, file: IO[bytes], most_bytes: int) -> pa.Table:
    """Return a file as a table.

    Parameters
    ----------
    form
        What it is.
    file
        The file.
    most_bytes
        How large it may be in memory: compressed files may be small.

    Raises
    ------
    InvalidRequest, RequestTooLarge
        If it cannot be read, or is too large.
    """
    try:
        table = _read(form, file, most_bytes)
        names = table.column_names
    except (pa.ArrowException, OSError, ValueError, UnicodeDecodeError) as error:
        if isinstance(error, InvalidRequest | RequestTooLarge):
            raise
        raise InvalidRequest(f"the file is no {form}: {str(error).splitlines()[0]}") from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidRequest(f"two columns are named {shown(twice[0])}")
    if not names:
        raise InvalidRequest("the file has no columns")
    return table


def _read(form: Upload, file: IO[bytes], most_bytes: int) -> pa.Table:
    if form is Upload.CSV:
        return csv.read_csv(file)
    if form is Upload.NDJSON:
        return _json_table(file)
    if form is Upload.PARQUET:
        return parquet_table(file, most_bytes)
    return arrow_table(file.read(), most_bytes)


def _json_table(file: IO[bytes]) -> pa.Table:
    start = file.read(1)
    while start.isspace():
        start = file.read(1)
    file.seek(0)
    if start != b"[":
        return arrow_json.read_json(file)
    rows = json.load(file)
    if not all(isinstance(row, dict) for row in rows):
        raise InvalidRequest("the file is no list of records")
    return from_records(rows)


def _column(name: str, values: list[Any]) -> pa.Array[Any]:
    column: pa.Array[Any]
    problem = InvalidRequest(f"the column {shown(name)} has values of several types, or too large ones")
    kinds = {type(value) for value in values}
    if bool in kinds and kinds - {bool, type(None)}:
        raise problem  # Arrow would take TRUE among numbers for 1
    try:
        column = pa.array(_moments(values))
    except (pa.ArrowException, OverflowError, ValueError) as error:
        raise problem from error
    if pa.types.is_nested(column.type):
        raise InvalidRequest(f"the column {shown(name)} has lists or objects", allowed="numbers, texts, booleans, null")
    return column


def _moments(values: list[Any]) -> list[Any]:
    """Return dates or times in place of their texts, if all texts are such; otherwise the values."""
    texts = [value for value in values if value is not None]
    if not texts or not all(isinstance(value, str) for value in texts):
        return values
    for form, parsed in ((_DATE, date.fromisoformat), (_MOMENT, datetime.fromisoformat)):
        if form.fullmatch(texts[0]) and all(form.fullmatch(text) for text in texts):
            try:
                moments = [None if value is None else parsed(value) for value in values]
            except ValueError:  # 2024-02-30
                return values
            # With a zone and without one are two types.
            zoned = {getattr(moment, "tzinfo", None) is not None for moment in moments if moment is not None}
            return moments if len(zoned) == 1 else values
    return values
