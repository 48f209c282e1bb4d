"""What calls work on, as the bodies of requests: a source by its name, records, Arrow data or a file."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pyarrow as pa
from pyarrow import ipc

from adsql.errors import InvalidSource

ARROW = "application/vnd.apache.arrow.stream"
_TYPES = {
    ".csv": "text/csv", ".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson",
    ".json": "application/x-ndjson", ".parquet": "application/vnd.apache.parquet", ".arrow": ARROW, ".arrows": ARROW,
}  # fmt: skip


class ArrowStream(Protocol):
    """Whatever Arrow's C interface exports: a table, a batch, a DataFrame of pandas or Polars, a DuckDB relation."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the data."""


Rows: TypeAlias = "str | Path | ArrowStream | pa.Table | pa.RecordBatch | Sequence[Mapping[str, Any]]"


def request_of(rows: Rows, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request for some rows sends, as arguments of `httpx.Client.request`.

    Parameters
    ----------
    rows
        A table's or view's name or a SELECT, a file, Arrow data or records.
    options
        Of the call; those that are None are left out.

    Raises
    ------
    InvalidSource
        If the rows cannot be sent.

    Examples
    --------
    >>> request_of("trips", {"algorithm": "iforest", "seed": None})
    {'content': b'{"source": "trips", "algorithm": "iforest"}', 'headers': {'Content-Type': 'application/json'}}
    >>> request_of(pa.table({"fare": [12.5]}), {"columns": ["fare"]})["params"]
    {'columns': '["fare"]'}
    """
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(rows, str):
        return _json({"source": rows, **given})
    if isinstance(rows, Path):
        return _file(rows.read_bytes(), _type_of(rows), given)
    if isinstance(rows, pa.RecordBatch) or hasattr(rows, "__arrow_c_stream__"):
        return _file(_arrow(rows), ARROW, given)
    records = _records(rows)
    if records is not None:
        return _json({"rows": records, **given})
    raise InvalidSource(
        f"rows of the type {type(rows).__name__} cannot be sent",
        allowed="a source's name, a pathlib.Path, a list of dicts, a pyarrow.Table, or what exports Arrow data",
    )


def table_of(body: bytes) -> pa.Table:
    """Return the table of an Arrow stream."""
    with ipc.open_stream(body) as reader:
        return reader.read_all()


def _records(rows: object) -> list[dict[str, Any]] | None:
    if isinstance(rows, Sequence) and all(isinstance(row, Mapping) for row in rows):
        return [dict(row) for row in rows]
    return None


def _json(members: Mapping[str, Any]) -> dict[str, Any]:
    try:
        content = json.dumps(members, allow_nan=False, default=_moment)
    except (TypeError, ValueError) as error:
        raise InvalidSource(f"the rows have no form in JSON: {error}", hint="send a pyarrow.Table") from error
    return {"content": content.encode(), "headers": {"Content-Type": "application/json"}}


def _file(content: bytes, media_type: str, options: Mapping[str, Any]) -> dict[str, Any]:
    # Beside a file, options stand in the address.
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in options.items()}
    return {"content": content, "headers": {"Content-Type": media_type}, "params": texts}


def _arrow(rows: Any) -> bytes:  # noqa: ANN401 - whatever exports Arrow data
    table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else pa.table(rows)
    out = io.BytesIO()
    with ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def _type_of(file: Path) -> str:
    media_type = _TYPES.get(file.suffix.lower())
    if media_type is None:
        raise InvalidSource(f"the suffix of {file.name!r} tells no format", allowed=_TYPES)
    return media_type


def _moment(value: object) -> str:
    if isinstance(value, date):  # and datetime
        return value.isoformat()
    raise TypeError(f"a value of the type {type(value).__name__}")
