"""Training on a source: a sample is read in one query, and fitted where it can be cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from adsql.catalog import ModelRecord, check_name
from adsql.errors import InvalidOption, empty_source
from adsql.model import MAX_FIT_ROWS, MAX_FIT_ROWS_PER_SEGMENT, MAX_SEGMENTS, Model
from adsql.options import TrainingOptions
from adsql.registry import row_wise
from adsql.segment_keys import existing_column, segment_keys
from adsql.wording import listing
from adsql_udfs import loaded
from adsql_udfs.postgres import store
from adsql_udfs.postgres.columns import Column, aggregates, decoded, no_rows
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.sources import source
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from adsql_udfs.postgres.server import Server
    from adsql_udfs.postgres.sources import Source


def train(plpy: Server, name: str | None, given: object, options: Mapping[str, Any]) -> ModelRecord:
    """Train a model on a source and return it as a row to store."""
    checked = check_name(name)
    asked = TrainingOptions.parse(**options)
    row_wise(asked.algorithm)
    model = fitted(plpy, source(plpy, given), asked)
    return ModelRecord.of(checked, model, str(given).strip(), engine(plpy))


def update(plpy: Server, name: str | None, given: object, seed: object) -> ModelRecord:
    """Let a saved model learn from further rows and return the result as a row to store."""
    asked = TrainingOptions.parse(seed=seed)
    saved = store.find(plpy, name)
    model = loaded.get(store.load(plpy, saved))
    rows = source(plpy, given)
    used = [*model.positional_columns, *([model.label_column] if model.label_column else [])]
    table, n_rows = sample(plpy, rows, model.segment_by, asked.seed, used)
    updated = interruptible(plpy, lambda: model.updated(table, n_rows, asked.seed))
    return ModelRecord.of(saved.name, updated, str(given).strip(), engine(plpy))


def fitted(plpy: Server, rows: Source, options: TrainingOptions) -> Model:
    """Return a model of a source."""
    used = None
    if options.columns is not None:
        label = [options.label_column] if options.label_column else []
        days = [options.alert_cap.column] if options.alert_cap else []
        used = [*options.columns, *options.segment_by, *label, *days]
    table, n_rows = sample(plpy, rows, options.segment_by, options.seed, used)
    return interruptible(plpy, lambda: Model.fit(table, options, n_rows))


_VERSION = "SELECT pg_catalog.current_setting('server_version') AS version"


def engine(plpy: Server) -> str:
    """Return the server's name and version."""
    return f"postgresql {query(plpy, _VERSION)[0]['version']}"


def sample(
    plpy: Server, rows: Source, segment_by: Sequence[str], seed: int, used: Sequence[str] | None,
    most: int = MAX_FIT_ROWS,
) -> tuple[dict[str, pa.Array[Any]], dict[str, int]]:  # fmt: skip
    """Read a sample of a source.

    Parameters
    ----------
    plpy
        The server.
    rows
        The source.
    segment_by
        The columns of the segments, if any: each gets a sample of its own.
    seed
        For the choice of rows.
    used
        The columns to read; None for all. Of the others only the names are given.
    most
        Rows to read of a source without segments.

    Returns
    -------
    table
        The rows, columns by name.
    n_rows
        How many rows there are, by segment.
    """
    wanted = {column.name for column in (rows.columns if used is None else rows.named(used))}
    columns = [
        column if column.name in wanted else Column(column.name, column.sql_type, "none") for column in rows.columns
    ]
    segments = [existing_column(name, no_rows(columns)) for name in segment_by]
    if segments:
        return _segment_sample(plpy, rows, segments, columns, seed)
    n = count(plpy, rows)
    parts = aggregates(columns, "sampled")
    whole = n <= most
    text = sql(
        "all_rows" if whole else "sample", source=rows.text, parts=numbered(parts), seed=str(seed),
        rows=str(most), number=identifier(rows.unused("adsql_number")),
    )  # fmt: skip
    found = query(plpy, text)[0]
    table = decoded(columns, [found[f"part_{i}"] for i in range(len(parts))], found["n"])
    return table, {"": max(n, found["n"])}


def count(plpy: Server, rows: Source) -> int:
    """Return how many rows a source has.

    Raises
    ------
    EmptySource
        If it has none.
    """
    n = int(query(plpy, sql("count", source=rows.text))[0]["n"])
    if n == 0:
        raise empty_source()
    return n


def numbered(parts: Sequence[str]) -> str:
    """Return expressions as columns named part_0, part_1, ...; one NULL if there are none."""
    return ",\n".join(f"{part} AS part_{i}" for i, part in enumerate(parts)) or "NULL AS part_0"


def _segment_sample(
    plpy: Server, rows: Source, segments: Sequence[str], columns: Sequence[Column], seed: int
) -> tuple[dict[str, pa.Array[Any]], dict[str, int]]:
    quoted = ", ".join(map(identifier, segments))
    found = query(plpy, sql("count_segments", source=rows.text, segments=quoted))[0]["n"]
    if found == 0:
        raise empty_source()
    if found > MAX_SEGMENTS:
        raise InvalidOption(
            f"segment_by {listing(segments)} makes {found} segments",
            allowed=f"at most {MAX_SEGMENTS:,}",
            hint="choose a coarser column",
        )
    parts = aggregates(columns, "sampled")
    unused = {name: identifier(rows.unused(f"adsql_{name}")) for name in ("number", "place", "rank")}
    text = sql(
        "sample_segments", source=rows.text, parts=numbered(parts), seed=str(seed),
        rows=str(MAX_FIT_ROWS_PER_SEGMENT), segments=quoted, **unused,
    )  # fmt: skip
    row = query(plpy, text)[0]
    table = decoded(columns, [row[f"part_{i}"] for i in range(len(parts))], row["n"])
    totals = np.frombuffer(row["totals"], ">i8")
    keys = map(str, segment_keys(table, segments).to_pylist())
    return table, dict(zip(keys, totals.tolist(), strict=True))
