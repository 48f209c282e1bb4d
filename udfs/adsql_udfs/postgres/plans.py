"""The SQL of detect_anomalies and its relatives: written from the source's own columns, then run by PL/pgSQL."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from adsql import ranking
from adsql.alert_cap import missing_days, no_days
from adsql.errors import InvalidOption, InvalidSource
from adsql.options import TrainingOptions
from adsql.registry import is_ranker
from adsql.segment_keys import existing_column
from adsql_udfs.postgres import chunks, store
from adsql_udfs.postgres.columns import aggregates, no_rows
from adsql_udfs.postgres.scoring import described, keep
from adsql_udfs.postgres.sources import RESULT_COLUMNS, check_free, source
from adsql_udfs.postgres.texts import sql
from adsql_udfs.postgres.training import count, fitted
from adsql_udfs.quoting import escaped_literal, identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql.alert_cap import AlertCap
    from adsql.model import Model
    from adsql_udfs.postgres.columns import Column
    from adsql_udfs.postgres.server import Server
    from adsql_udfs.postgres.sources import Source


class Shape(StrEnum):
    """How the source's own columns appear in the result."""

    JSON = "json"  # one column `row`, as jsonb
    TYPED = "typed"  # one column `row`, of the source's row type
    COLUMNS = "columns"  # as they are


def detect(plpy: Server, given: str, shape: Shape, options: Mapping[str, Any]) -> str:
    """Return the SQL that scores a source with a saved model, or with one trained on the way.

    Parameters
    ----------
    plpy
        The server.
    given
        The source as the caller wrote it.
    shape
        How its columns appear in the result.
    options
        The other arguments by name.

    Raises
    ------
    OptionError, SourceError, ColumnError, ModelError
        For anything that cannot be used.
    """
    asked = {name: value for name, value in options.items() if value is not None}
    model, version = asked.pop("model", None), asked.pop("version", None)
    if model is not None:
        if asked:
            raise InvalidOption(
                f"{min(asked)} cannot be given with model: a saved model has its own",
                allowed="source, model, version",
                hint="train another model, or leave model out",
            )
        return saved(plpy, given, shape, model, version)
    if version is not None:
        raise InvalidOption("version goes with model", hint="detect_anomalies(source, model => 'name', version => 1)")
    training = TrainingOptions.parse(**asked)
    rows = _free(plpy, given)
    if is_ranker(training.algorithm):
        return _ranked(plpy, rows, shape, training, asked)
    trained = fitted(plpy, rows, training)
    return _scored(rows, shape, trained, f"NULL, NULL, {keep(trained)}")


def saved(plpy: Server, given: str, shape: Shape, model: str, version: int | None) -> str:
    """Return the SQL that scores a source with a saved model, which is looked up again when it runs."""
    found = store.model(plpy, model, version)
    number = "NULL" if version is None else str(int(version))
    return _scored(_free(plpy, given), shape, found, f"{escaped_literal(model)}, {number}, NULL")


def _free(plpy: Server, given: str) -> Source:
    # Also where the results would have a place of their own: what is a source on one engine is one on all.
    rows = source(plpy, given)
    check_free(rows.columns)
    return rows


def _scored(rows: Source, shape: Shape, model: Model, arguments: str) -> str:
    columns = rows.required(model.positional_columns)
    cap = model.alert_cap
    planned = "NULL" if cap is None else escaped_literal(cap.plan(model.segment_by))
    function = (
        f"adsql.__score_chunk({arguments}, {escaped_literal(described(columns))}, chunk.adsql_n, chunk.adsql_parts, "
        f"{planned})"
    )
    return _written(rows, shape, columns, function, chunks.number(rows.columns), (cap, model.segment_by))


def _ranked(plpy: Server, rows: Source, shape: Shape, training: TrainingOptions, asked: Mapping[str, Any]) -> str:
    if training.alert_cap is not None:
        table = no_rows(rows.columns)
        training.alert_cap.within(table)
        for name in training.segment_by:
            existing_column(name, table)
    n = count(plpy, rows)
    most = ranking.MAX_ROWS if training.segment_by else training.algorithm.spec.max_rows or n
    text = rows if n <= most else type(rows)(sql("first_rows", source=rows.text, rows=str(most + 1)), rows.columns)
    function = (
        f"adsql.__rank_all({escaped_literal(json.dumps(asked))}, {escaped_literal(described(rows.columns))}, "
        f"{n}, chunk.adsql_n, chunk.adsql_parts)"
    )
    return _written(text, shape, rows.columns, function, "0", (training.alert_cap, training.segment_by))


def _written(
    rows: Source, shape: Shape, columns: Sequence[Column], function: str, number: str,
    capped: tuple[AlertCap | None, Sequence[str]],
) -> str:  # fmt: skip
    chunk = identifier(rows.unused("adsql_chunk"))
    every = ", ".join(f"numbered.{identifier(column.name)}" for column in rows.columns)
    row, definition, names = f"ROW({every})", "", [column.name for column in rows.columns]
    if shape is Shape.JSON:
        # With all of its qualified name: `-` may be another operator on the caller's path. With the star: a column may
        # be called `numbered` too.
        name = escaped_literal(rows.unused("adsql_chunk"))
        row = f"pg_catalog.to_jsonb(numbered.*) OPERATOR(pg_catalog.-) {name}::pg_catalog.text"
        names = ["row"]
    elif shape is Shape.TYPED:
        row = f"{row}::{_row_type(rows)}"
    else:
        definitions = (f"{identifier(column.name)} {column.sql_type}" for column in rows.columns)
        definition = f"AS ({', '.join(definitions)})"
    results = ", ".join(f"result.{identifier(name)}" for name in names)
    if shape is Shape.TYPED:
        results = f"ROW({results})::{_row_type(rows)}"
    scores = ", ".join(f"result.adsql_{name} AS {name}" for name in RESULT_COLUMNS)
    cap, segment_by = capped
    grouping = _Grouping() if cap is None else _grouping(rows, cap, segment_by)
    scored = sql(
        "scored", source=rows.text, row=row, definition=definition, chunk=chunk, number=number, function=function,
        names=", ".join([*map(identifier, names), *(f"adsql_{name}" for name in RESULT_COLUMNS)]) + grouping.name,
        results=f"{results}, {scores}{grouping.result}", parts=",\n".join(aggregates(columns, "numbered")),
        group_parts=grouping.parts, grouped=grouping.function, groups=grouping.values,
    )  # fmt: skip
    if cap is None:
        return scored
    kept = ["row"] if shape is Shape.TYPED else names
    return sql(
        "capped", scored=scored, names=", ".join(f"placed.{identifier(name)}" for name in kept),
        place=identifier(rows.unused("adsql_place")), most=str(cap.most), group=identifier(rows.unused("adsql_group")),
    )  # fmt: skip


class _Grouping(NamedTuple):
    """What a cap on alerts adds to the SQL of scores."""

    parts: str = ""
    function: str = ""
    values: str = ""
    name: str = ""
    result: str = ""


def _grouping(rows: Source, cap: AlertCap, segment_by: Sequence[str]) -> _Grouping:
    days = rows.named([cap.column])
    if not days:
        raise missing_days(cap.column, [column.name for column in rows.columns])
    if days[0].form not in _WITH_DAYS:
        raise no_days(cap.column, days[0].sql_type)
    # The server makes dates of timestamps: those with a time zone have the days of the session's.
    columns = [replace(days[0], form="date"), *rows.required(segment_by)]
    parts = ", ".join(aggregates(columns, "numbered"))
    group = identifier(rows.unused("adsql_group"))
    return _Grouping(
        f",\n        ARRAY[{parts}]::pg_catalog.bytea[] AS adsql_group_parts",
        f"\nCROSS JOIN LATERAL adsql.__alert_groups({escaped_literal(described(columns))}, chunk.adsql_n, "
        "chunk.adsql_group_parts) AS grouped(adsql_groups)",
        ",\n    pg_catalog.unnest(grouped.adsql_groups)",
        f", {group}",
        f", result.{group}",
    )


_WITH_DAYS = ("date", "timestamp", "timestamptz")


def _row_type(rows: Source) -> str:
    if not rows.text.startswith("TABLE "):
        raise InvalidSource("a SELECT has no row type", hint="pass it as text")
    return rows.text.removeprefix("TABLE ")
