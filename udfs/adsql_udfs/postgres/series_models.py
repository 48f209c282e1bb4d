"""Models of series in PostgreSQL: trained on groups of rows, asked chunk by chunk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from adsql.arrow import unbounded_float64
from adsql.catalog import ModelRecord, check_name
from adsql.segment_keys import segment_keys
from adsql.series.model import SeriesColumns, SeriesModel
from adsql.series.training import fit_series, parsed
from adsql_udfs.postgres import chunks, holidays, store
from adsql_udfs.postgres.columns import aggregates, decoded
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.scoring import described, described_columns
from adsql_udfs.postgres.series import INT8, TS, JudgedArrays, SeriesRows, check_keys, judged_arrays, key_of, of_kind
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.sources import source
from adsql_udfs.postgres.texts import sql
from adsql_udfs.postgres.training import engine
from adsql_udfs.quoting import escaped_literal, identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql_udfs.postgres.server import Server


def train(
    plpy: Server,
    name: str | None,
    given: str,
    time_column: str | None,
    value_columns: Sequence[str] | None,
    series: Sequence[str] | None,
    options: Mapping[str, Any],
) -> ModelRecord:
    """Train a model of the series of a source and return it as a row to store.

    Parameters
    ----------
    plpy
        The server.
    name
        The model's name.
    given, time_column, value_columns, series, options
        As for `series.planned`.
    """
    checked = check_name(name)
    rows = SeriesRows.of(plpy, given, time_column, value_columns, series, options)
    check_keys(rows.keys)
    asked = parsed(rows.given, len(rows.values))
    columns = [*rows.columns, *rows.keys]
    text = sql(
        "series_kept", groups=rows.groups(columns), options=escaped_literal(json.dumps(rows.given)),
        columns=escaped_literal(described(columns)),
    )  # fmt: skip
    states = query(plpy, text)[0]["states"]
    names = SeriesColumns(
        rows.time.name, tuple(column.name for column in rows.values), tuple(column.name for column in rows.keys)
    )
    return ModelRecord.of(checked, SeriesModel.of(states or [], asked, names), given.strip(), engine(plpy))


def keep(plpy: Server, options: str, columns: str, n: int, parts: Sequence[bytes], days: str | None) -> bytes:
    """Return what is kept of one series, from its holidays and the binary parts of its rows, as `series.judge`."""
    known = described_columns(columns)
    table = decoded(known, parts[:-1], n)
    time, value, *keys = known
    first = {name: column.slice(0, 1) for name, column in table.items()}
    key = str(segment_keys(first, [column.name for column in keys])[0])
    X = unbounded_float64(table[value.name])[:, np.newaxis]
    excluded = np.frombuffer(parts[-1], np.uint8).astype(np.bool_)
    asked = parsed(json.loads(options))
    calendar = holidays.calendar(days)
    return interruptible(plpy, lambda: fit_series(key, table[time.name], X, excluded, asked, calendar))


def plan_score(plpy: Server, model: str | None, given: str, version: int | None) -> str:
    """Return the SQL that judges the points of a source by a saved model, which is looked up again when it runs.

    Raises
    ------
    ModelError, SourceError, ColumnError
        For anything that cannot be used.
    """
    used = store.series_model(plpy, model, version).columns
    rows = source(plpy, given)
    rows.required([*used.series, used.time, *used.values])
    points = SeriesRows.of(plpy, given, used.time, used.values, used.series or None, {})
    check_keys(points.keys)
    columns, time = [*points.columns, *points.keys], f"adsql_source.{identifier(points.time.name)}"
    return sql(
        "series_scored", source=rows.text, verdicts=sql("series_verdicts"), model=escaped_literal(str(model)),
        version="NULL" if version is None else str(int(version)), columns=escaped_literal(described(columns)),
        key=key_of(points.keys), number=chunks.number(columns),
        ts=of_kind(time, points.time, TS), ts_number=of_kind(time, points.time, INT8),
        chunk=identifier(rows.unused("adsql_chunk")), parts=",\n".join(aggregates(columns, "adsql_source")),
    )  # fmt: skip


def score(
    plpy: Server, model: str | None, version: int | None, columns: str, n: int, parts: Sequence[bytes]
) -> JudgedArrays:
    """Judge a chunk of points by a saved model."""
    known = described_columns(columns)
    table = decoded(known, parts, n)
    time, value, *keys = known
    scorer = store.series_model(plpy, model, version)
    scorer.check_columns([column.name for column in known])
    texts = segment_keys(table, [c.name for c in keys]).to_pylist()
    X = unbounded_float64(table[value.name])[:, np.newaxis]
    return interruptible(plpy, lambda: judged_arrays(X, scorer.judge(texts, table[time.name], X)))
