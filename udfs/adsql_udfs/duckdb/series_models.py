"""Models of series: the SQL that trains and asks them, and the UDFs in it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from adsql.arrow import plain_array, unbounded_float64
from adsql.catalog import Catalog, ModelRecord, check_name
from adsql.errors import MissingColumn
from adsql.series.model import SeriesColumns, SeriesModel
from adsql.series.training import fit_series, parsed
from adsql_udfs import loaded
from adsql_udfs.duckdb import instances
from adsql_udfs.duckdb.formulas import source_types
from adsql_udfs.duckdb.plans import asked_model, plain, resolve, template, version_text
from adsql_udfs.duckdb.series import calendar, judged_rows, unfolded
from adsql_udfs.duckdb.series_plans import SeriesRows, check_numbers, key_of
from adsql_udfs.duckdb.sources import check_bound, check_not_empty, decoded_plan, source_query
from adsql_udfs.duckdb.training import record_row
from adsql_udfs.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql_udfs.duckdb.function import Column


def plan_train(name: str, source: str, plan: str | None, *rest: Any) -> str:  # noqa: ANN401 - whatever SQL can pass
    """Return the SQL that trains a model of series, stores it, and returns its description as one struct.

    Parameters
    ----------
    name
        The model's name.
    source, plan, *rest
        As for `series_plans.detect_series`.
    """
    check_name(name)
    rows = SeriesRows.of(source, plan, *rest)
    check_not_empty(plan)
    parsed(rows.given, len(rows.values))
    columns = {"time": rows.time, "values": rows.values, "series": rows.keys}
    return template("train_series").substitute(
        lists=rows.lists(_key_text(rows.keys)), options=literal(json.dumps(rows.given)), name=literal(name),
        columns=literal(json.dumps(columns)), described=literal(source.strip()),
    )  # fmt: skip


def plan_score(
    name: object, source: str, plan: str | None, options: Mapping[str, Any], token: str, database: str
) -> str:
    """Return the SQL that judges the points of a source by a saved model.

    Parameters
    ----------
    name
        The model's name.
    source, plan
        As for `series_plans.detect_series`.
    options
        The version, NULL for the newest.
    token, database
        The instance and the database in which saved models are.
    """
    check_bound(source, plan)
    model, version = asked_model(name, plain(dict(options))["version"])
    columns = _committed(token, database, model, version).columns
    types = source_types(decoded_plan(plan))
    used = [*columns.series, columns.time, *columns.values]
    for column in used if types is not None else []:
        if column.casefold() not in {known.casefold() for known in types or {}}:
            raise MissingColumn(
                f"the source has no column {column!r}, which the model was trained on",
                allowed=f"sources with the columns {', '.join(used)}",
                hint="rename it in the source, which may be a SELECT",
            )
    check_numbers("value_columns", columns.values, types)
    return template("score_series").substitute(
        source=source_query(source), handle=resolve(literal(model), version_text(version)), key=key_of(columns.series),
        text=_key_text(columns.series), time=identifier(columns.time), value=identifier(columns.values[0]),
        columns=literal(json.dumps(used)),
    )  # fmt: skip


def fit(keys: Column, lists: Column, calendars: Column, options: Column) -> pa.Array[Any]:
    """Return what is kept of each series; NULL for rows beside them."""
    if not len(lists):
        return pa.array([], pa.binary())
    asked = parsed(json.loads(options[0].as_py()))
    rows = unfolded(lists)
    kept: list[bytes | None] = []
    parts = pairwise(rows.offsets.tolist())
    for key, days, (first, last) in zip(map(str, keys.to_pylist()), calendars, parts, strict=True):
        part, there = slice(first, last), first < last
        time = rows.time.slice(first, last - first)
        own = (key, time, rows.X[part], rows.excluded[part], asked, calendar(days))
        kept.append(fit_series(*own) if there else None)
    return pa.array(kept, pa.binary())


def record(parts: Column, options: Column, columns: Column, names: Column, sources: Column) -> pa.Array[Any]:
    """Return a model of what was kept of each series, as a row to store."""
    known = json.loads(columns[0].as_py())
    model = SeriesModel.of(
        parts[0].as_py() or [],
        parsed(json.loads(options[0].as_py())),
        SeriesColumns(known["time"], tuple(known["values"]), tuple(known["series"])),
    )
    return record_row(ModelRecord.of(names[0].as_py(), model, sources[0].as_py(), f"duckdb {duckdb.__version__}"))


def score(handles: Column, columns: Column, keys: Column, times: Column, values: Column) -> pa.Array[Any]:
    """Return the verdicts on points."""
    if not len(handles):
        return judged_rows([])
    model = loaded.get_series(handles[0].as_py())
    model.check_columns(json.loads(columns[0].as_py()))
    X = unbounded_float64(plain_array(values))[:, None]
    return judged_rows([model.judge(keys.to_pylist(), plain_array(times), X)])


def _committed(token: str, database: str, name: str, version: int | None) -> SeriesModel:
    """Return a saved model as another transaction sees it: the query is written for its columns."""
    con = instances.cursor(token)
    try:
        con.execute(f"USE {identifier(database)}.main")
        catalog = Catalog(lambda query, values: con.execute(query, list(values)).fetchall())
        state, content_hash = catalog.stored(name, version)
        return loaded.get_series(loaded.load(content_hash, state))
    finally:
        con.close()


def _key_text(keys: Sequence[str]) -> str:
    """Return the SQL of a row's series as text, the same on every engine."""
    if not keys:
        return "''"
    fields = ", ".join(f"{literal(name)}: adsql_source.{identifier(name)}" for name in keys)
    return f"__adsql_segment_key({{{fields}}}, {literal(json.dumps(list(keys)))})"
