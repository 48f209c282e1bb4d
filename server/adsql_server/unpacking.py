"""Uploads that are compressed, measured before they are unpacked: a small body may be many gigabytes of rows."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import pyarrow as pa
from flatbuffers import encode, packer
from flatbuffers.table import Table
from pyarrow import ipc, parquet

from adsql_server.problems import RequestTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of Arrow's Message.fbs: places in a table's list of fields, the kinds of messages, and a buffer's two integers.
_FIRST, _SECOND, _THIRD, _FOURTH = 4, 6, 8, 10
_KIND, _HEADER, _INNER, _BUFFERS, _COMPRESSION = _SECOND, _THIRD, _SECOND, _THIRD, _FOURTH
_DICTIONARY = 2
_BUFFER_BYTES, _LENGTH_BYTES = 16, 8
_BATCH = 65_536


def arrow_table(data: bytes, most_bytes: int) -> pa.Table:
    """Return an IPC stream as a table.

    A compressed buffer begins with the length that it has when it is unpacked, and Arrow unpacks no more than that.

    Raises
    ------
    RequestTooLarge
        If its rows are larger than `most_bytes`.
    """
    size = 0
    for message in ipc.MessageReader.open_stream(data):
        size += 0 if message.body is None else _unpacked(message.metadata.to_pybytes(), message.body)
        _check(size, most_bytes)
    return ipc.open_stream(data).read_all()


def parquet_table(file: IO[bytes], most_bytes: int) -> pa.Table:
    """Return a Parquet file as a table.

    Texts stay in the dictionaries that they are stored in: a long one that is in every row is there once.

    Raises
    ------
    RequestTooLarge
        If its rows are larger than `most_bytes`.
    """
    metadata = parquet.ParquetFile(file).metadata
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    chunks = [group.column(i) for group in groups for i in range(group.num_columns)]
    _check(sum(chunk.total_uncompressed_size for chunk in chunks), most_bytes)
    texts = {chunk.path_in_schema for chunk in chunks if chunk.physical_type == "BYTE_ARRAY"}
    file.seek(0)
    reader = parquet.ParquetFile(file, read_dictionary=sorted(texts))
    kept, size = [], 0
    for batch in reader.iter_batches(_BATCH, use_threads=False):
        size += batch.nbytes
        _check(size, most_bytes)
        kept.append(batch)
    return pa.Table.from_batches(kept, reader.schema_arrow)


def _check(size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise RequestTooLarge(f"the file has more than {most_bytes} bytes when it is unpacked")


def _unpacked(metadata: bytes, body: pa.Buffer) -> int:
    """Return how large the body of a message is once it is unpacked."""
    return sum(_lengths(metadata, body)) or body.size


def _lengths(metadata: bytes, body: pa.Buffer) -> Iterator[int]:
    message = Table(metadata, encode.Get(packer.uoffset, metadata, 0))
    header = _inside(message, _HEADER)
    if encode.Get(packer.uint8, metadata, message.Pos + message.Offset(_KIND)) == _DICTIONARY:
        header = _inside(header, _INNER)
    if not header.Offset(_COMPRESSION):
        return
    field = header.Offset(_BUFFERS)
    first = header.Vector(field)
    for at in range(first, first + _BUFFER_BYTES * header.VectorLen(field), _BUFFER_BYTES):
        start, length = encode.Get(packer.int64, metadata, at), encode.Get(packer.int64, metadata, at + _LENGTH_BYTES)
        if length >= _LENGTH_BYTES:
            told = int.from_bytes(body.slice(start, _LENGTH_BYTES).to_pybytes(), "little", signed=True)
            # -1: not smaller when compressed, and therefore as it was.
            yield length if told < 0 else told


def _inside(table: Table, field: int) -> Table:
    return Table(table.Bytes, table.Indirect(table.Pos + table.Offset(field)))
