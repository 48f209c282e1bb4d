"""The UDFs: DuckDB calls these with Arrow, at most 2,048 rows at a time, from any thread.

All of them are functions of a module: DuckDB frees a closure with the connection that registered it, and
crashes the others. Names with two underscores are not part of the SQL contract; the macros are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql import counterfactual, ranking, registry
from adsql.arrow import plain_array, struct_columns
from adsql.consensus import consensus as asked_members
from adsql.errors import EmptySource, ResultColumnExists, UnknownModel
from adsql.explanation import explain
from adsql.options import TrainingOptions
from adsql.segment import Scores
from adsql.segment_keys import segment_keys
from adsql_udfs import loaded
from adsql_udfs.duckdb import (
    contrasts,
    evaluation,
    explanation,
    feedback,
    instances,
    plans,
    quality_functions,
    reliability,
    series_functions,
    training,
)
from adsql_udfs.duckdb.function import Function, planned
from adsql_udfs.duckdb.sources import source_query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns
    from adsql.model import Model
    from adsql_udfs.duckdb.function import Column

RESULT_COLUMNS = ("anomaly_score", "severity", "is_anomaly")
RESULT = "STRUCT(anomaly_score DOUBLE, severity DOUBLE, is_anomaly BOOLEAN)"
CONSENSUS = "STRUCT(consensus DOUBLE, disagreement DOUBLE, members MAP(VARCHAR, DOUBLE))"
_CONSENSUS = pa.struct(
    [("consensus", pa.float64()), ("disagreement", pa.float64()), ("members", pa.map_(pa.string(), pa.float64()))]
)
CHANGES = "STRUCT(feature VARCHAR, value VARCHAR, suggested VARCHAR, change DOUBLE, status VARCHAR)[]"
CHANGE_LIST = pa.list_(
    pa.struct(
        [
            ("feature", pa.string()), ("value", pa.string()), ("suggested", pa.string()), ("change", pa.float64()),
            ("status", pa.string()),
        ]
    )
)  # fmt: skip
FACTS = "STRUCT(section VARCHAR, name VARCHAR, value VARCHAR, segment VARCHAR)[]"
DETECTORS = (
    "STRUCT(algorithm VARCHAR, summary VARCHAR, capability VARCHAR, score VARCHAR, cost VARCHAR, "
    "parameters VARCHAR, aliases VARCHAR[], reference VARCHAR[], incremental BOOLEAN, explainable BOOLEAN, "
    "exportable BOOLEAN, max_rows BIGINT)[]"
)


def source(sources: Column) -> pa.Array[Any]:
    """Return the SELECT of each source."""
    return pa.array([source_query(value) for value in sources.to_pylist()], pa.string())


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


def plan_evaluate(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of evaluate_model."""
    return planned(evaluation.plan_evaluate, arguments)


def plan_compare(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of compare_models."""
    return planned(evaluation.plan_compare, arguments)


def plan_thresholds(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of threshold_report."""
    return planned(evaluation.plan_thresholds, arguments)


def plan_explain(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of explain_anomalies."""
    return planned(explanation.plan_explain, arguments)


def plan_contrast(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of contrast_anomalies."""
    return planned(contrasts.plan_contrast, arguments)


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
    missing = values.is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
    result = calibration.severity(values.fill_null(0.0).to_numpy(zero_copy_only=False))
    return pa.array(result, mask=missing)


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


def consensus(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return how far the members of an ensemble agree about each row, and what each of them says."""
    return _each_model(handles, values, _consensus, _CONSENSUS)


def explain_anomaly(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return why each row has its score."""
    return _each_model(handles, values, _explained, explanation.REASON_LIST)


def suggest_normal(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return what makes each row normal."""
    return _each_model(handles, values, _suggested, CHANGE_LIST)


def rank(lists: Column, counts: Column, options: Column) -> pa.Array[Any]:
    """Return the same for all rows of a source at once, as a list; `counts` tells how many the source has."""
    rows = getattr(lists[0], "values", None)
    if rows is None:
        raise EmptySource("the source has no rows", hint="check its filter")
    _check_result_columns(rows.type)
    asked = TrainingOptions.parse(**json.loads(options[0].as_py()))
    results = _result(ranking.rank(struct_columns(rows), asked, counts[0].as_py()))
    return pa.ListArray.from_arrays(pa.array([0, len(results)], pa.int32()), results)


def model_info(handles: Column) -> pa.Array[Any]:
    """Return what is known of each model."""
    return pa.array(
        [[fact._asdict() for fact in loaded.either(handle).info()] for handle in handles.to_numpy().tolist()]
    )


def model_sql(handles: Column, dialects: Column, sources: Column) -> pa.Array[Any]:
    """Return each model as a SELECT in a dialect."""
    from adsql.sqlgen import model_sql as written  # noqa: PLC0415 - sqlglot: a fifth of a second that scoring need not wait

    rows = zip(handles.to_numpy().tolist(), dialects.to_pylist(), sources.to_pylist(), strict=True)
    return pa.array(
        [written(loaded.get(handle), "duckdb" if name is None else name, source) for handle, name, source in rows],
        pa.string(),
    )


def detectors(ones: Column) -> pa.Array[Any]:
    """Return the detectors that exist."""
    result: pa.Array[Any] = pa.array([registry.described()] * len(ones))
    return result


FUNCTIONS = (
    Function(source, "VARCHAR"),
    Function(plan_detect, "VARCHAR"),
    Function(plan_fit, "VARCHAR"),
    Function(plan_train, "VARCHAR"),
    Function(plan_update, "VARCHAR"),
    Function(plan_evaluate, "VARCHAR"),
    Function(plan_compare, "VARCHAR"),
    Function(plan_thresholds, "VARCHAR"),
    Function(plan_explain, "VARCHAR"),
    Function(plan_contrast, "VARCHAR"),
    *quality_functions.FUNCTIONS,
    *series_functions.FUNCTIONS,
    Function(segment_key, "VARCHAR"),
    Function(training.fit, "BIGINT", changes=True),
    Function(training.fit_record, training.RECORD, changes=True),
    Function(training.update_record, training.RECORD, changes=True),
    Function(key_in, "VARCHAR"),
    Function(training.store, training.STORED, changes=True),
    Function(training.drop, "INTEGER[]", changes=True),
    Function(training.load, "BIGINT"),
    Function(training.export_model, "BLOB"),
    Function(training.import_model, training.STORED, changes=True),
    Function(anomaly_score, "DOUBLE"),
    Function(severity, "DOUBLE"),
    Function(severity_at, "DOUBLE"),
    Function(is_anomaly, "BOOLEAN"),
    Function(detect, RESULT),
    Function(consensus, CONSENSUS),
    Function(explain_anomaly, explanation.REASONS),
    Function(suggest_normal, CHANGES),
    Function(explanation.explain_row, explanation.EXPLAINED, changes=True),
    # A filter on the result of a pure function runs it again for every column it looks at.
    Function(detect_rows, RESULT, changes=True),
    Function(rank, f"{RESULT}[]", changes=True),
    Function(evaluation.outcome, evaluation.OUTCOME),
    Function(evaluation.label, "DOUBLE"),
    Function(evaluation.evaluate, evaluation.METRICS, changes=True),
    Function(evaluation.compare, evaluation.COMPARED, changes=True),
    Function(evaluation.thresholds, evaluation.THRESHOLDS, changes=True),
    Function(contrasts.contrast, contrasts.CONTRASTS, changes=True),
    *feedback.FUNCTIONS,
    *reliability.FUNCTIONS,
    Function(model_info, FACTS),
    Function(model_sql, "VARCHAR"),
    Function(detectors, DETECTORS),
)


for _function in FUNCTIONS:
    vars(_function.call)["__signature__"] = instances.VARIADIC


def _scored(handles: Column, values: Sequence[Column]) -> Scores:
    arrays = [plain_array(column) for column in values]
    parts = _by_model(handles)
    if len(parts) == 1 and parts[0][1] is None:
        return _scored_by(parts[0][0], arrays)
    result = Scores.none(len(handles))
    for model, rows in parts:
        if rows is not None:
            result.put(rows, _scored_by(model, _taken(arrays, rows)))
    return result


def _by_model(handles: Column) -> list[tuple[Model, NDArray[np.int64] | None]]:
    """Return each model and its rows, None for all: as a rule, all rows of a query have the same model."""
    names = plain_array(handles)
    if names.null_count:
        raise UnknownModel("the model's handle is NULL", hint="SELECT * FROM models()")
    numbers = names.to_numpy()
    # As bytes: numpy's comparison and reduction cost three times as much, for each chunk.
    first = numbers[:1].tobytes()
    if first and numbers.tobytes() == first * len(numbers):
        return [(loaded.get(int(numbers[0])), None)]
    return [(loaded.get(handle), np.flatnonzero(numbers == handle)) for handle in np.unique(numbers).tolist()]


def _each_model(
    handles: Column, values: Sequence[Column], said: Callable[..., pa.Array[Any]], kind: pa.DataType
) -> pa.Array[Any]:
    """Return what a function says of each row, given a model and the rows that are for it."""
    arrays = [plain_array(column) for column in values]
    parts = _by_model(handles)
    results = [said(model, arrays if rows is None else _taken(arrays, rows)) for model, rows in parts]
    if len(results) == 1:
        return results[0]
    order = np.argsort(np.concatenate([np.zeros(0), *(rows for _, rows in parts if rows is not None)]), kind="stable")
    joined: pa.Array[Any] = pa.concat_arrays([pa.array([], kind), *results]).take(pa.array(order, pa.int64()))
    return joined


def _taken(arrays: Sequence[pa.Array[Any]], rows: NDArray[np.int64]) -> list[pa.Array[Any]]:
    return [array.take(pa.array(rows, pa.int64())) for array in arrays]


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


def _named(model: Model, arrays: Sequence[pa.Array[Any]]) -> Columns:
    by_row = len(arrays) == 1 and isinstance(arrays[0], pa.StructArray)
    return struct_columns(arrays[0]) if by_row else model.by_position(arrays)


def _explained(model: Model, arrays: Sequence[pa.Array[Any]]) -> pa.Array[Any]:
    if len(arrays) == 1 and pa.types.is_null(arrays[0].type):  # NULL without a type
        return pa.nulls(len(arrays[0]), explanation.REASON_LIST)
    return explanation.reasons(explain(model, _named(model, arrays)))


def _suggested(model: Model, arrays: Sequence[pa.Array[Any]]) -> pa.Array[Any]:
    if len(arrays) == 1 and pa.types.is_null(arrays[0].type):  # NULL without a type
        return pa.nulls(len(arrays[0]), CHANGE_LIST)
    found = counterfactual.suggest_normal(model, _named(model, arrays))
    return pa.array([None if own is None else [change._asdict() for change in own] for own in found], CHANGE_LIST)


def _consensus(model: Model, arrays: Sequence[pa.Array[Any]]) -> pa.Array[Any]:
    said = asked_members(model, _named(model, arrays))
    names, severities = pa.array(list(said.members)), np.column_stack(list(said.members.values()))
    n, count = severities.shape
    offsets: Any = pa.array(np.arange(n + 1) * count, pa.int32())  # pyarrow's stubs ask for int64, pyarrow does not
    keys: Any = names.take(pa.array(np.tile(np.arange(count), n), pa.int64()))
    members = pa.MapArray.from_arrays(offsets, keys, pa.array(severities.ravel(), pa.float64()))
    return pa.StructArray.from_arrays(
        [pa.array(said.consensus), pa.array(said.disagreement), members],
        names=["consensus", "disagreement", "members"],
        mask=pa.array(~said.present),
    )


def _nullable(values: np.ndarray[Any, Any], scores: Scores) -> pa.Array[Any]:
    complete = b"\0" not in scores.present.tobytes()  # numpy's all() costs six times as much, for each chunk
    result: pa.Array[Any] = pa.array(values, mask=None if complete else ~scores.present)
    return result


def _result(scores: Scores) -> pa.Array[Any]:
    columns = [_nullable(getattr(scores, name), scores) for name in RESULT_COLUMNS]
    return pa.StructArray.from_arrays(columns, names=list(RESULT_COLUMNS))
