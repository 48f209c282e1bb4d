"""Rows of a source in chunks: small enough for memory, large enough that a call for each costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql_udfs.postgres.columns import aggregates, decoded
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from adsql_udfs.postgres.columns import Column
    from adsql_udfs.postgres.server import Server
    from adsql_udfs.postgres.sources import Source

CHUNK = 16_384  # rows: enough that a call costs nothing
CHUNK_BYTES = 2**26  # an array holds 2**30, and JSON is larger than the values in it
_OVERHEAD = 32  # bytes of a value, beside its name in JSON


def read(plpy: Server, rows: Source, columns: Sequence[Column]) -> Iterator[dict[str, pa.Array[Any]]]:
    """Read some columns of a source, chunk by chunk, in one pass over the source."""
    text = sql(
        "chunks", source=rows.text, chunk=identifier(rows.unused("adsql_chunk")), number=number(columns),
        parts=",\n".join(aggregates(columns, "numbered")),
    )  # fmt: skip
    cursor = plpy.cursor(text)
    try:
        while found := cursor.fetch(1):
            yield decoded(columns, found[0]["adsql_parts"], found[0]["adsql_n"])
    finally:
        cursor.close()


def number(columns: Sequence[Column]) -> str:
    """Return SQL of the number of the chunk that a row belongs to: it never falls from one row to the next.

    A chunk ends after so many rows, and where values have no fixed size, after so many bytes.
    """
    narrow = sum(len(column.name.encode()) + _OVERHEAD for column in columns)
    rows = max(1, min(CHUNK, CHUNK_BYTES // (narrow + 1)))
    place = f"(pg_catalog.row_number() OVER adsql_place OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) {rows}"
    sizes = [size for size in map(_size, columns) if size is not None]
    if not sizes:
        return place
    total = f"pg_catalog.sum({' OPERATOR(pg_catalog.+) '.join(sizes)}) OVER adsql_place"
    whole = f"pg_catalog.floor({total} OPERATOR(pg_catalog./) {CHUNK_BYTES})::pg_catalog.int8"
    return f"{place} OPERATOR(pg_catalog.+) {whole}"


def _size(column: Column) -> str | None:
    """Return SQL of a value's size in bytes; None if it has a small one."""
    if column.form not in ("none", "text"):
        return None
    name = f"adsql_source.{identifier(column.name)}"
    # Of these the server knows the size that they have uncompressed, without reading them.
    size = f"pg_catalog.octet_length({name})" if column.base in _STRINGS else f"pg_catalog.pg_column_size({name})"
    return f"COALESCE({size}, 0)::pg_catalog.float8"


_STRINGS = (17, 25, 1042, 1043)  # bytea, text, char(n), varchar
