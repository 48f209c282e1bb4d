"""The UDFs: DuckDB calls these with Arrow, at most 2,048 rows at a time, from any thread.

All of them are functions of this module: DuckDB frees a closure with the connection that registered it, and
crashes the others. Names with two underscores are not part of the SQL contract; the macros are.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from adsql import ranking, registry
from adsql.arrow import plain_array, struct_columns
from adsql.catalog import Catalog, ModelRecord, unknown
from adsql.errors import EmptySource, ReadOnlyDatabase, ResultColumnExists, UnknownModel
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.segment import Scores
from adsql.segment_keys import segment_keys
from adsql_udfs.duckdb import instances, loaded, plans
from adsql_udfs.duckdb.quoting import identifier
from adsql_udfs.duckdb.sources import source_query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Column: TypeAlias = "pa.ChunkedArray[Any]"

RESULT_COLUMNS = ("anomaly_score", "severity", "is_anomaly")
RESULT = "STRUCT(anomaly_score DOUBLE, severity DOUBLE, is_anomaly BOOLEAN)"
_RECORD_FIELDS = {
    "name": "VARCHAR", "algorithm": "VARCHAR", "params": "VARCHAR", "columns": "VARCHAR[]", "segment_by": "VARCHAR[]",
    "n_segments": "INTEGER", "n_rows": "BIGINT", "n_features": "INTEGER", "threshold": "DOUBLE",
    "threshold_policy": "VARCHAR", "seed": "BIGINT", "source": "VARCHAR", "library_versions": "VARCHAR",
    "content_hash": "VARCHAR", "state": "BLOB",
}  # fmt: skip
_STORED_FIELDS = {
    "name": "VARCHAR", "version": "INTEGER", "algorithm": "VARCHAR", "n_rows": "BIGINT", "n_features": "INTEGER",
    "threshold": "DOUBLE",
}  # fmt: skip
_ARROW = {
    "VARCHAR": pa.string(), "VARCHAR[]": pa.list_(pa.string()), "INTEGER": pa.int32(), "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(), "BLOB": pa.binary(),
}  # fmt: skip
FACTS = "STRUCT(section VARCHAR, name VARCHAR, value VARCHAR, segment VARCHAR)[]"
DETECTORS = (
    "STRUCT(algorithm VARCHAR, summary VARCHAR, capability VARCHAR, score VARCHAR, cost VARCHAR, "
    "parameters VARCHAR, aliases VARCHAR[], reference VARCHAR[], incremental BOOLEAN, explainable BOOLEAN, "
    "exportable BOOLEAN, max_rows BIGINT)[]"
)
_ATTEMPTS = 20


@dataclass(frozen=True)
class Function:
    """A UDF as it is registered. `changes` marks those that DuckDB must neither fold nor run twice."""

    call: Callable[..., pa.Array[Any]]
    returns: str
    changes: bool = False

    @property
    def name(self) -> str:
        """The SQL name."""
        return f"__adsql_{self.call.__name__}"


def source(sources: Column) -> pa.Array[Any]:
    """Return the SELECT of each source."""
    return pa.array([source_query(value) for value in sources.to_pylist()], pa.string())


def plan_detect(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of the table form of detect_anomalies."""
    return _planned(plans.detect, arguments)


def plan_fit(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of fit_model."""
    return _planned(plans.fit, arguments)


def plan_train(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of train_model."""
    return _planned(plans.train, arguments)


def plan_update(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of update_model."""
    return _planned(plans.update, arguments)


def segment_key(rows: Column, names: Column) -> pa.Array[Any]:
    """Return the segment each row belongs to."""
    return segment_keys(struct_columns(rows), json.loads(names[0].as_py()))


def key_in(handles: Column, rows: Column) -> pa.Array[Any]:
    """Return the segment of a saved model that each row belongs to; '' for a model without segments."""
    segment_by = loaded.get(handles[0].as_py()).segment_by if len(handles) else ()
    if not segment_by:
        return pa.array([""] * len(rows), pa.string())
    return segment_keys(struct_columns(rows), segment_by)


def fit(groups: Column, options: Column) -> pa.Array[Any]:
    """Train on a sample and return the handle of a model that lives in memory only."""
    return pa.array([loaded.keep(_fitted(groups[0], options[0].as_py()))], pa.int64())


def fit_record(groups: Column, options: Column, names: Column, sources: Column) -> pa.Array[Any]:
    """Train on a sample and return the model as a row to store."""
    model = _fitted(groups[0], options[0].as_py())
    engine = f"duckdb {duckdb.__version__}"
    record = ModelRecord.of(names[0].as_py(), model, sources[0].as_py(), engine)
    return pa.array([vars(record)], _arrow_struct(_RECORD_FIELDS))


def update_record(handles: Column, groups: Column, seeds: Column, names: Column, sources: Column) -> pa.Array[Any]:
    """Let a saved model learn from a sample of further rows, and return the result as a row to store."""
    table, n_rows = _sample(groups[0])
    model = loaded.get(handles[0].as_py()).updated(table, n_rows, seeds[0].as_py())
    record = ModelRecord.of(names[0].as_py(), model, sources[0].as_py(), f"duckdb {duckdb.__version__}")
    return pa.array([vars(record)], _arrow_struct(_RECORD_FIELDS))


def store(tokens: Column, databases: Column, records: Column) -> pa.Array[Any]:
    """Store a model in a transaction of its own and return its version and description."""
    record = ModelRecord(**records[0].as_py())
    version = _write(tokens[0].as_py(), databases[0].as_py(), "train_model", lambda catalog: catalog.put(record))
    described = {name: getattr(record, name) for name in ("name", "algorithm", "n_rows", "n_features", "threshold")}
    return pa.array([{**described, "version": version}], _arrow_struct(_STORED_FIELDS))


def drop(tokens: Column, databases: Column, names: Column, versions: Column) -> pa.Array[Any]:
    """Delete versions of models, all rows in one transaction of its own, and return them."""
    pairs = zip(names.to_pylist(), versions.to_pylist(), strict=True)
    asked = [plans.asked_model(name, version) for name, version in pairs]
    dropped = _write(
        tokens[0].as_py(), databases[0].as_py(), "drop_model",
        lambda catalog: [catalog.drop(name, version) for name, version in asked],
    )  # fmt: skip
    return pa.array(dropped, pa.list_(pa.int32()))


def load(
    hashes: Column, states: Column, names: Column, versions: Column, known: Column, known_versions: Column
) -> pa.Array[Any]:
    """Restore stored models and return their handles; raise where none was found."""
    handles = []
    for row in zip(*(c.to_pylist() for c in (hashes, states, names, versions, known, known_versions)), strict=True):
        content_hash, state, model, version, existing, numbers = row
        name, number = plans.asked_model(model, version)
        if content_hash is None:
            raise unknown(name, number, sorted(existing or []), sorted(numbers or []))
        handles.append(loaded.load(content_hash, bytes(state or b"")))
    return pa.array(handles, pa.int64())


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
    return pa.array([[fact._asdict() for fact in loaded.get(handle).info()] for handle in handles.to_numpy().tolist()])


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
    rows = [
        {
            "algorithm": cls.spec.name,
            "summary": cls.spec.summary,
            "capability": cls.spec.capability.value,
            "score": cls.spec.score,
            "cost": cls.spec.cost,
            "parameters": json.dumps(cls.spec.json_schema()["properties"]),
            "aliases": list(cls.spec.aliases),
            "reference": list(cls.spec.references),
            "incremental": hasattr(cls, "updated"),
            "explainable": hasattr(cls, "contributions"),
            "exportable": hasattr(cls, "expression"),
            "max_rows": cls.spec.max_rows,
        }
        for cls in registry.detectors().values()
    ]
    return pa.array([rows] * len(ones))


def _struct(fields: Mapping[str, str]) -> str:
    return f"STRUCT({', '.join(f'{name} {kind}' for name, kind in fields.items())})"


def _arrow_struct(fields: Mapping[str, str]) -> pa.StructType:
    return pa.struct([pa.field(name, _ARROW[kind]) for name, kind in fields.items()])


FUNCTIONS = (
    Function(source, "VARCHAR"),
    Function(plan_detect, "VARCHAR"),
    Function(plan_fit, "VARCHAR"),
    Function(plan_train, "VARCHAR"),
    Function(plan_update, "VARCHAR"),
    Function(segment_key, "VARCHAR"),
    Function(fit, "BIGINT", changes=True),
    Function(fit_record, _struct(_RECORD_FIELDS), changes=True),
    Function(update_record, _struct(_RECORD_FIELDS), changes=True),
    Function(key_in, "VARCHAR"),
    Function(store, _struct(_STORED_FIELDS), changes=True),
    Function(drop, "INTEGER[]", changes=True),
    Function(load, "BIGINT"),
    Function(anomaly_score, "DOUBLE"),
    Function(severity, "DOUBLE"),
    Function(severity_at, "DOUBLE"),
    Function(is_anomaly, "BOOLEAN"),
    Function(detect, RESULT),
    # A filter on the result of a pure function runs it again for every column it looks at.
    Function(detect_rows, RESULT, changes=True),
    Function(rank, f"{RESULT}[]", changes=True),
    Function(model_info, FACTS),
    Function(model_sql, "VARCHAR"),
    Function(detectors, DETECTORS),
)


for _function in FUNCTIONS:
    vars(_function.call)["__signature__"] = instances.VARIADIC


def _planned(plan: Callable[..., str], arguments: Sequence[Column]) -> pa.Array[Any]:
    rows = zip(*(column.to_pylist() for column in arguments), strict=True)
    return pa.array([plan(*row) for row in rows], pa.string())


def _fitted(groups: pa.Scalar[Any], options: str) -> Model:
    table, n_rows = _sample(groups)
    return Model.fit(table, TrainingOptions.parse(**json.loads(options)), n_rows)


def _sample(groups: pa.Scalar[Any]) -> tuple[dict[str, pa.Array[Any]], dict[str, int]]:
    """Return rows and counts from [{key, n, rows}, ...]: of each segment its key, its rows in all, a sample of them."""
    values = getattr(groups, "values", None)
    if values is None or len(values) == 0:
        raise EmptySource("the source has no rows", hint="check its filter")
    n_rows = dict(zip(values.field("key").to_pylist(), values.field("n").to_pylist(), strict=True))
    return struct_columns(values.field("rows").flatten()), n_rows


def _write(token: str, database: str, function: str, change: Callable[[Catalog], Any]) -> Any:  # noqa: ANN401 - what change returns
    """Run a change of the catalog on a connection of its own; repeat it if another one came first."""
    con = instances.cursor(token)
    try:
        _enter(con, database, function)
        for attempt in range(_ATTEMPTS):
            try:
                con.execute("BEGIN")
                result = change(Catalog(lambda query, values: con.execute(query, list(values)).fetchall()))
                con.execute("COMMIT")
            except (duckdb.ConstraintException, duckdb.TransactionException):
                with contextlib.suppress(duckdb.TransactionException):  # a COMMIT that failed has ended it
                    con.execute("ROLLBACK")
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return result
    finally:
        con.close()


def _enter(con: duckdb.DuckDBPyConnection, database: str, function: str) -> None:
    """Make the caller's database the current one: after ATTACH and USE it is not the one of the connection."""
    found = "SELECT current_database(), readonly FROM duckdb_databases() WHERE database_name = $1"
    current, read_only = con.execute(found, [database]).fetchall()[0]
    if read_only:
        raise ReadOnlyDatabase(
            f"{function} writes, and the database was opened read-only",
            hint="open it for writing; detect_anomalies and scoring work read-only",
        )
    if current != database:
        con.execute(f"USE {identifier(database)}.main")


def _scored(handles: Column, values: Sequence[Column]) -> Scores:
    arrays = [plain_array(column) for column in values]
    names = plain_array(handles)
    if names.null_count:
        raise UnknownModel("the model's handle is NULL", hint="SELECT * FROM models()")
    numbers = names.to_numpy()
    if len(numbers) and (numbers == numbers[0]).all():
        return _scored_by(loaded.get(int(numbers[0])), arrays)
    result = Scores.none(len(numbers))
    for handle in np.unique(numbers).tolist():
        rows = np.flatnonzero(numbers == handle)
        result.put(rows, _scored_by(loaded.get(handle), [array.take(pa.array(rows, pa.int64())) for array in arrays]))
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
        return model.score(struct_columns(arrays[0]))
    return model.score_by_position(arrays)


def _nullable(values: np.ndarray[Any, Any], scores: Scores) -> pa.Array[Any]:
    result: pa.Array[Any] = pa.array(values, mask=None if scores.present.all() else ~scores.present)
    return result


def _result(scores: Scores) -> pa.Array[Any]:
    columns = [_nullable(getattr(scores, name), scores) for name in RESULT_COLUMNS]
    return pa.StructArray.from_arrays(columns, names=list(RESULT_COLUMNS))
