"""The UDFs: DuckDB calls these with Arrow, at most 2,048 rows at a time, from any thread.

All of them are kept by a module: DuckDB frees a closure that is not with the connection that registered it, and
crashes the others. Names with two underscores are not part of the SQL contract; the macros are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql import ranking, registry
from adsql.alert_cap import alert_groups, check_planned, days_of
from adsql.arrow import missing, plain_array, struct_columns
from adsql.arrow_memory import array_of, numbers, one_list, texts
from adsql.errors import ResultColumnExists
from adsql.options import TrainingOptions
from adsql.segment import Scores
from adsql.segment_keys import segment_keys
from adsql_udfs import loaded
from adsql_udfs.duckdb import instances, plans, report_functions, training
from adsql_udfs.duckdb.by_model import by_model, handles_of, taken
from adsql_udfs.duckdb.function import Function, planned
from adsql_udfs.duckdb.sources import source_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.model import Model
    from adsql_udfs.duckdb.function import Column

RESULT_COLUMNS = ("anomaly_score", "severity", "is_anomaly")
RESULT = "STRUCT(anomaly_score DOUBLE, severity DOUBLE, is_anomaly BOOLEAN)"
FACTS = "STRUCT(section VARCHAR, name VARCHAR, value VARCHAR, segment VARCHAR)[]"
DETECTORS = (
    "STRUCT(algorithm VARCHAR, summary VARCHAR, capability VARCHAR, score VARCHAR, cost VARCHAR, "
    "parameters VARCHAR, aliases VARCHAR[], reference VARCHAR[], incremental BOOLEAN, explainable BOOLEAN, "
    "exportable BOOLEAN, max_rows BIGINT)[]"
)


def source(sources: Column) -> pa.Array[Any]:
    """Return the SELECT of each source."""
    return texts([source_query(value) for value in sources.to_pylist()])


def columns(sources: Column) -> pa.Array[Any]:
    """Return the SELECT whose plan tells the columns of each source."""
    return texts([plans.columns_query(value) for value in sources.to_pylist()])


def plan_detect(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of the table form of detect_anomalies."""
    return planned(plans.detect, arguments)


def plan_fit(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of fit_model."""
    return planned(plans.fit, arguments)


def plan_train(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of train_model."""
    return planned(plans.train, arguments)


def plan_update(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of update_model."""
    return planned(plans.update, arguments)


def segment_key(rows: Column, names: Column) -> pa.Array[Any]:
    """Return the segment each row belongs to."""
    return segment_keys(struct_columns(rows), json.loads(names[0].as_py()))


def key_in(handles: Column, rows: Column) -> pa.Array[Any]:
    """Return the segment of a saved model that each row belongs to; '' for a model without segments."""
    segment_by = loaded.get(handles[0].as_py()).segment_by if len(handles) else ()
    return segment_keys(struct_columns(rows), segment_by)


def anomaly_score(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return the score of each row."""
    scores = _scored(handles, values)
    return _nullable(scores.anomaly_score, scores)


def severity(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return the severity of each row."""
    scores = _scored(handles, values)
    return _nullable(scores.severity, scores)


def severity_at(handles: Column, scores: Column) -> pa.Array[Any]:
    """Return the severity of scores that SQL has computed for a model without segments."""
    values = plain_array(scores)
    if not len(values):
        return pa.array([], pa.float64())
    calibration = loaded.get(handles[0].as_py()).segments[""].calibration
    gone = missing(values)
    return array_of(calibration.severity(np.where(gone, 0.0, numbers(values))), gone)


def is_anomaly(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return whether each row is an anomaly."""
    scores = _scored(handles, values)
    return _nullable(scores.is_anomaly, scores)


def detect(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return score, severity and verdict of each row."""
    return _result(_scored(handles, values))


def detect_rows(handles: Column, rows: Column) -> pa.Array[Any]:
    """Return the same for the table form, whose source must not have columns of these names."""
    _check_result_columns(rows.type)
    return _result(_scored(handles, (rows,)))


def alert_group(rows: Column, names: Column, segments: Column) -> pa.Array[Any]:
    """Return what tells the day and segment of each row from all others; `names` is the column of the days."""
    if not len(rows):
        return pa.array([], pa.string())
    added = (*RESULT_COLUMNS, "adsql_place")
    table = {name: values for name, values in struct_columns(rows).items() if name not in added}
    return alert_groups(days_of(table, names[0].as_py()), table, json.loads(segments[0].as_py()))


def as_planned(handles: Column, plans_of_caps: Column) -> pa.Array[Any]:
    """Return the handles of models whose cap on alerts is the one that SQL was written for."""
    for handle, planned_cap in zip(handles_of(handles).tolist(), plans_of_caps.to_pylist(), strict=True):
        model = loaded.get(handle)
        check_planned(model.alert_cap, model.segment_by, planned_cap)
    return plain_array(handles)


def rank(lists: Column, counts: Column, options: Column) -> pa.Array[Any]:
    """Return the same for all rows of a source at once, as a list; `counts` tells how many the source has."""
    rows = training.collected(lists[0])
    _check_result_columns(rows.type)
    asked = TrainingOptions.parse(**json.loads(options[0].as_py()))
    results = _result(ranking.rank(struct_columns(rows), asked, counts[0].as_py()))
    return one_list(results)


def model_info(handles: Column) -> pa.Array[Any]:
    """Return what is known of each model."""
    return pa.array(
        [[fact._asdict() for fact in loaded.either(handle).info()] for handle in handles_of(handles).tolist()]
    )


def model_sql(handles: Column, dialects: Column, sources: Column) -> pa.Array[Any]:
    """Return each model as a SELECT in a dialect."""
    from adsql.sqlgen import model_sql as written  # noqa: PLC0415 - sqlglot: a fifth of a second that scoring need not wait

    rows = zip(handles_of(handles).tolist(), dialects.to_pylist(), sources.to_pylist(), strict=True)
    return texts(
        [written(loaded.get(handle), "duckdb" if name is None else name, source) for handle, name, source in rows]
    )


def detectors(ones: Column) -> pa.Array[Any]:
    """Return the detectors that exist."""
    result: pa.Array[Any] = pa.array([registry.described()] * len(ones))
    return result


FUNCTIONS = (
    Function(source, "VARCHAR"),
    Function(columns, "VARCHAR"),
    Function(plan_detect, "VARCHAR"),
    Function(plan_fit, "VARCHAR"),
    Function(plan_train, "VARCHAR"),
    Function(plan_update, "VARCHAR"),
    *report_functions.FUNCTIONS,
    Function(segment_key, "VARCHAR"),
    Function(training.fit, "BIGINT", changes=True),
    Function(training.fit_record, training.RECORD.sql, changes=True),
    Function(training.update_record, training.RECORD.sql, changes=True),
    Function(key_in, "VARCHAR"),
    Function(training.store, training.STORED.sql, changes=True),
    Function(training.drop, "INTEGER[]", changes=True),
    Function(training.load, "BIGINT"),
    Function(training.export_model, "BLOB"),
    Function(training.import_model, training.STORED.sql, changes=True),
    Function(anomaly_score, "DOUBLE"),
    Function(severity, "DOUBLE"),
    Function(severity_at, "DOUBLE"),
    Function(is_anomaly, "BOOLEAN"),
    Function(detect, RESULT),
    # A filter on the result of a pure function runs it again for every column it looks at.
    Function(detect_rows, RESULT, changes=True),
    Function(alert_group, "VARCHAR"),
    Function(as_planned, "BIGINT"),
    Function(rank, f"{RESULT}[]", changes=True),
    Function(model_info, FACTS),
    Function(model_sql, "VARCHAR"),
    Function(detectors, DETECTORS),
)


for _function in FUNCTIONS:
    vars(_function.call)["__signature__"] = instances.VARIADIC


def _scored(handles: Column, values: Sequence[Column]) -> Scores:
    arrays = [plain_array(column) for column in values]
    parts = by_model(handles)
    if len(parts) == 1 and parts[0][1] is None:
        return _scored_by(parts[0][0], arrays)
    result = Scores.none(len(handles))
    for model, rows in parts:
        if rows is not None:
            result.put(rows, _scored_by(model, taken(arrays, rows)))
    return result


def _check_result_columns(rows: Any) -> None:  # noqa: ANN401 - its stubs do not know that a struct has fields
    taken = [field.name for field in rows if field.name.casefold() in RESULT_COLUMNS]
    if taken:
        raise ResultColumnExists(
            f"the source already has a column {taken[0]!r}",
            allowed=f"sources without columns named {', '.join(RESULT_COLUMNS)}",
            hint="leave it out or rename it: detect_anomalies('SELECT * EXCLUDE (...) FROM ...')",
        )


def _scored_by(model: Model, arrays: Sequence[pa.Array[Any]]) -> Scores:
    if len(arrays) == 1 and pa.types.is_null(arrays[0].type):  # NULL without a type: a row as any other that is NULL
        return Scores.none(len(arrays[0]))
    if len(arrays) == 1 and isinstance(arrays[0], pa.StructArray):
        return model.score_rows(arrays[0])
    return model.score_by_position(arrays)


def _nullable(values: np.ndarray[Any, Any], scores: Scores) -> pa.Array[Any]:
    complete = b"\0" not in scores.present.tobytes()  # numpy's all() costs six times as much, for each chunk
    return array_of(values, None if complete else ~scores.present)


def _result(scores: Scores) -> pa.Array[Any]:
    columns = [_nullable(getattr(scores, name), scores) for name in RESULT_COLUMNS]
    return pa.StructArray.from_arrays(columns, names=list(RESULT_COLUMNS))
