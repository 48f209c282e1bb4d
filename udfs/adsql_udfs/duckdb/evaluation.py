"""Evaluating saved models on labelled rows: the SQL that reads them, and the UDFs in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql import evaluation
from adsql.arrow import struct_columns, to_float64
from adsql.evaluation import Outcomes
from adsql.threshold_report import threshold_report
from adsql_udfs import loaded
from adsql_udfs.duckdb import plans, training
from adsql_udfs.duckdb.results import COMPARED, METRIC, OUTCOME, THRESHOLD
from adsql_udfs.duckdb.sources import filled_query
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql.arrow import Floats
    from adsql_udfs.duckdb.function import Column


def plan_evaluate(model: object, source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    """Return the SQL of evaluate_model."""
    given = plans.plain(options)
    asked = [plans.asked_model(model, given["version"])]
    return _plan(asked, source, plan, given, "__adsql_evaluate", "adsql_figure.*")


def plan_compare(models: object, source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    """Return the SQL of compare_models."""
    given = plans.plain(options)
    asked = [plans.asked_model(*pair) for pair in evaluation.asked_models(models, given["versions"])]
    names = ", ".join(literal(name) for name, _ in asked)
    versions = ", ".join(str(number) if number is not None else _newest(name) for name, number in asked)
    place = "adsql_figure.model + 1"
    columns = f"[{names}][{place}] AS model, [{versions}][{place}] AS version, adsql_figure.* EXCLUDE (model)"
    return _plan(asked, source, plan, given, "__adsql_compare", columns)


def plan_thresholds(model: object, source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    """Return the SQL of threshold_report."""
    name, number = plans.asked_model(model, options["version"])
    rows = filled_query(source, plan)
    return plans.template("threshold_report").substitute(
        source=rows, handle=plans.resolve(literal(name), plans.version_text(number))
    )


def _newest(name: str) -> str:
    return plans.template("newest_version").substitute(models=plans.MODELS, name=literal(name))


def _plan(
    asked: Sequence[tuple[str, int | None]], source: str, plan: str | None, given: Mapping[str, Any],
    function: str, columns: str,
) -> str:  # fmt: skip
    rows = filled_query(source, plan)
    handles, found = [], []
    for place, (name, number) in enumerate(asked):
        handles.append(f"{plans.resolve(literal(name), plans.version_text(number))} AS adsql_{place}")
        found.append(f"'{place}': __adsql_outcome(adsql_models.adsql_{place}, adsql_source)")
    return plans.template("evaluate").substitute(
        source=rows, handles=", ".join(handles), outcomes=", ".join(found),
        label=literal(json.dumps(given["label"])), k=literal(json.dumps(given["k"])),
        function=function, columns=columns,
    )  # fmt: skip


def outcome(handles: Column, rows: Column) -> pa.Array[Any]:
    """Return what ranks each row, and the verdict."""
    if not len(handles):
        return pa.array([], OUTCOME.arrow)
    found = evaluation.outcomes(loaded.get(handles[0].as_py()), struct_columns(rows))
    return pa.StructArray.from_arrays([pa.array(found.score), pa.array(found.is_anomaly)], fields=list(OUTCOME.arrow))


def label(rows: Column, names: Column) -> pa.Array[Any]:
    """Return the label of each row, NULL where it is not known."""
    if not len(names):
        return pa.array([], pa.float64())
    labels = evaluation.labels_of(struct_columns(rows), json.loads(names[0].as_py()))
    return pa.array(labels, mask=np.isnan(labels))


def evaluate(collected: Column, numbers: Column) -> pa.Array[Any]:
    """Return the figures of one model."""
    found, labels = _collected(collected[0])
    metrics = evaluation.evaluate(found[0], labels, json.loads(numbers[0].as_py()))
    return METRIC.lists([metrics])


def compare(collected: Column, numbers: Column) -> pa.Array[Any]:
    """Return the figures of several models."""
    found, labels = _collected(collected[0])
    compared = evaluation.compare(found, labels, json.loads(numbers[0].as_py()))
    return COMPARED.lists([compared])


def thresholds(handles: Column, collected: Column) -> pa.Array[Any]:
    """Return what each threshold of a model would flag."""
    columns = struct_columns(training.collected(collected[0]))
    report = threshold_report(loaded.get(handles[0].as_py()), columns["key"], to_float64(columns["score"]))
    return THRESHOLD.lists([report])


def _collected(rows: pa.Scalar[Any]) -> tuple[list[Outcomes], Floats]:
    columns = struct_columns(training.collected(rows))
    labels = to_float64(columns.pop("label"))
    found = (struct_columns(columns[str(place)]) for place in range(len(columns)))
    return [
        Outcomes(to_float64(one["score"]), one["is_anomaly"].to_numpy(zero_copy_only=False)) for one in found
    ], labels
