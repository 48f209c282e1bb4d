"""Uploads that are much larger than they look."""

from __future__ import annotations

import io
from contextlib import suppress

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import ipc, parquet

from adsql_server.problems import InvalidRequest, RequestTooLarge
from adsql_server.tables import Upload, from_file

MOST = 1_000_000
SMALL = pa.table(
    {
        "a": [1.5, None, 2.5] * 40,
        "b": ["x", "yy", None] * 40,
        "c": pa.array(["u", "v", None] * 40).dictionary_encode(),
        "d": [[1, 2], None, []] * 40,
    }
)
CODECS = [None, "lz4", "zstd"]


def stream(table: pa.Table, codec: str | None, chunk: int | None = None) -> bytes:
    out = io.BytesIO()
    with ipc.new_stream(out, table.schema, options=ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return out.getvalue()


def written(table: pa.Table, **options: object) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out, **options)
    return out.getvalue()


@pytest.mark.parametrize("codec", CODECS)
def test_arrow_within_the_limit_is_read_as_it_was(codec):
    assert from_file(Upload.ARROW, io.BytesIO(stream(SMALL, codec, 50)), MOST) == SMALL


def test_parquet_within_the_limit_has_the_same_values():
    table = from_file(Upload.PARQUET, io.BytesIO(written(SMALL, row_group_size=50)), MOST)
    assert table.to_pylist() == SMALL.to_pylist()


@pytest.mark.parametrize("column", [[0.0] * 2_000_000, ["x" * 4_000] * 4_000], ids=["numbers", "texts"])
@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_arrow_that_would_expand_is_refused(codec, column):
    data = stream(pa.table({"a": column}), codec)
    assert len(data) < MOST
    with pytest.raises(RequestTooLarge, match="unpacked"):
        from_file(Upload.ARROW, io.BytesIO(data), MOST)


def test_a_compressed_dictionary_that_would_expand_is_refused():
    data = stream(pa.table({"a": pa.array(["x" * 3_000_000, "y"]).dictionary_encode()}), "zstd")
    with pytest.raises(RequestTooLarge, match="unpacked"):
        from_file(Upload.ARROW, io.BytesIO(data), MOST)


@pytest.mark.parametrize("codec", ["gzip", "zstd", "snappy"])
def test_parquet_that_would_expand_is_refused(codec):
    data = written(pa.table({"a": [bytes(900_000 + i) for i in range(4)]}), compression=codec, use_dictionary=False)
    with pytest.raises(RequestTooLarge, match="unpacked"):
        from_file(Upload.PARQUET, io.BytesIO(data), MOST)


def test_a_long_text_in_every_row_of_a_parquet_file_is_kept_once():
    table = pa.table({"a": pa.repeat("x" * 100_000, 500)})
    read = from_file(Upload.PARQUET, io.BytesIO(written(table)), MOST)
    assert read.num_rows == 500
    assert read.nbytes < MOST


@given(st.sampled_from(CODECS), st.data())
def test_a_damaged_stream_is_a_table_or_a_problem(codec, data):
    good = bytearray(stream(SMALL, codec, 50))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InvalidRequest, RequestTooLarge):
        assert isinstance(from_file(Upload.ARROW, io.BytesIO(bytes(good)), MOST), pa.Table)
