"""The forms of an answer with rows: JSON, NDJSON or an Arrow stream, as the request accepts."""

from __future__ import annotations

import base64
import io
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

import orjson
import pyarrow as pa
from pyarrow import ipc

from adsql_server.problems import InvalidRequest, NotAcceptable, RequestTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adsql_server.databases import Result


class Format(StrEnum):
    """A media type."""

    JSON = "application/json"
    NDJSON = "application/x-ndjson"
    ARROW = "application/vnd.apache.arrow.stream"


def accepted(accept: str | None) -> Format:
    """Return the form that an Accept header asks for.

    Raises
    ------
    NotAcceptable
        If it is none of them.

    Examples
    --------
    >>> accepted("text/html, application/x-ndjson;q=0.9, */*;q=0.1")
    <Format.NDJSON: 'application/x-ndjson'>
    """
    if not accept:
        return Format.JSON
    ranges = [_range(part) for part in accept.split(",")]
    weights = {form: max((weight for name, weight in ranges if _matches(name, form)), default=0.0) for form in Format}
    # Of equal ones the first, which is JSON.
    best = max(Format, key=lambda form: weights[form])
    if weights[best] <= 0:
        raise NotAcceptable("no form of the answer is accepted", allowed=list(Format))
    return best


class Tally:
    """What an answer came to, once it has been written."""

    def __init__(self) -> None:
        self.rows = 0
        self.anomalies = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Count a batch."""
        self.rows += batch.num_rows
        found = batch.schema.get_field_index("is_anomaly")
        if found >= 0 and pa.types.is_boolean(batch.schema.field(found).type):
            self.anomalies += cast("pa.BooleanArray", batch.column(found)).true_count


def written(result: Result, form: Format, most: int, tally: Tally) -> Iterator[bytes]:
    """Yield an answer piece by piece.

    Parameters
    ----------
    result
        The rows.
    form
        How they are to be written.
    most
        How many there may be. What has more is refused, or broken off if some of it has left already.
    tally
        Counts.

    Raises
    ------
    RequestTooLarge
        If there are more rows.
    """
    return _WRITERS[form](result.schema, _counted(result, most, tally))


def _counted(result: Result, most: int, tally: Tally) -> Iterator[pa.RecordBatch]:
    for batch in result.batches:
        tally.add(batch)
        if tally.rows > most:
            raise RequestTooLarge(f"the answer has more than {most} rows", hint="ask for fewer, with LIMIT or WHERE")
        yield batch


def _json(_schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    yield b'{"rows":['
    count, separator = 0, b""
    for batch in batches:
        if batch.num_rows:
            yield separator + b",".join(_rows(batch))
            count, separator = count + batch.num_rows, b","
    yield b'],"row_count":%d}' % count


def _ndjson(_schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    for batch in batches:
        if batch.num_rows:
            yield b"\n".join(_rows(batch)) + b"\n"


def _arrow(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    out = io.BytesIO()
    with ipc.new_stream(out, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


_WRITERS: dict[Format, Callable[[pa.Schema, Iterator[pa.RecordBatch]], Iterator[bytes]]] = {
    Format.JSON: _json,
    Format.NDJSON: _ndjson,
    Format.ARROW: _arrow,
}


def _rows(batch: pa.RecordBatch) -> Iterator[bytes]:
    names = batch.schema.names
    try:
        columns = [_values(column) for column in batch.columns]
        for row in zip(*columns, strict=True):
            yield orjson.dumps(dict(zip(names, row, strict=True)), default=_other)
    except (ValueError, OverflowError, TypeError) as error:
        raise InvalidRequest(f"a value has no form in JSON: {error}", hint=f"ask for {Format.ARROW}") from error


def _values(column: pa.Array[Any]) -> list[Any]:
    dtype = column.type
    if pa.types.is_timestamp(dtype) and getattr(dtype, "unit", "") == "ns":
        # Python's own times have microseconds.
        return column.cast(pa.timestamp("us", getattr(dtype, "tz", None)), safe=False).to_pylist()
    return column.to_pylist()


def _other(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key == "q":
            try:
                return name, min(max(float(value), 0.0), 1.0)
            except ValueError:
                return name, 0.0
    return name, 1.0


def _matches(name: str, form: Format) -> bool:
    return name in ("*/*", "application/*", form)
