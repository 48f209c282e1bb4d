"""Verdicts on rows: the SQL that reads them, and the UDFs that keep them and learn from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from adsql.catalog import ModelRecord
from adsql.feedback import MAX_VERDICTS, Verdict, check_row, learned, preview, verdict_of
from adsql_udfs import loaded
from adsql_udfs.duckdb import plans, training
from adsql_udfs.duckdb.by_model import handles_of
from adsql_udfs.duckdb.results import EFFECT
from adsql_udfs.duckdb.sources import filled_query
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql_udfs.duckdb.function import Column


def plan_preview(*arguments: Any) -> str:  # noqa: ANN401 - as `_plan`
    """Return the SQL of preview_feedback."""
    return _plan("preview_feedback", *arguments)


def plan_apply(*arguments: Any) -> str:  # noqa: ANN401 - as `_plan`
    """Return the SQL of apply_feedback."""
    return _plan("apply_feedback", *arguments)


def _plan(form: str, model: object, source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    name, number = plans.asked_model(model, options["version"])
    rows = filled_query(source, plan)
    return plans.template(form).substitute(
        source=rows, name=literal(name), described=literal(source.strip()),
        handle=plans.resolve(literal(name), plans.version_text(number)),
        verdicts=plans.template("verdicts").substitute(name=literal(name), most=MAX_VERDICTS),
        sample=plans.sample_for_model(0),
    )  # fmt: skip


def give_feedback(
    tokens: Column, databases: Column, handles: Column, models: Column, keys: Column, rows: Column, said: Column,
    notes: Column, givers: Column,
) -> pa.Array[Any]:  # fmt: skip
    """Keep verdicts, in a transaction for each call, and return them."""
    if not len(handles):
        return pa.array([], pa.string())
    columns = (models, keys, rows, said, givers, notes)
    given = list(zip(*(column.to_pylist() for column in columns), strict=True))
    for handle, (_, _, row, word, _, _) in zip(handles_of(handles).tolist(), given, strict=True):
        check_row(loaded.get(handle), verdict_of(row, word))
    statement = plans.template("insert_feedback").template

    def insert(execute: training.Execute) -> None:
        for values in given:
            execute(statement, values)

    training.write(tokens[0].as_py(), databases[0].as_py(), "give_feedback", insert)
    return pa.array(said.to_pylist(), pa.string())


def feedback_record(handles: Column, groups: Column, verdicts: Column, names: Column, sources: Column) -> pa.Array[Any]:
    """Let a saved model learn from verdicts, and return the result as a row to store."""
    table, n_rows = training.sampled(groups[0])
    model = learned(loaded.get(handles[0].as_py()), table, _verdicts(verdicts), n_rows)
    record = ModelRecord.of(names[0].as_py(), model, sources[0].as_py(), f"duckdb {duckdb.__version__}")
    return training.record_row(record)


def feedback_effects(handles: Column, groups: Column, verdicts: Column) -> pa.Array[Any]:
    """Return what learning from verdicts would change."""
    table, n_rows = training.sampled(groups[0])
    effects = preview(loaded.get(handles[0].as_py()), table, _verdicts(verdicts), n_rows)
    return EFFECT.lists([effects])


def _verdicts(column: Column) -> list[Verdict]:
    return [verdict_of(one["row"], one["verdict"]) for one in column[0].as_py() or ()]
