"""The UDFs that make, store, load and drop models; see `functions` for what holds for all UDFs."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from adsql.arrow import struct_columns
from adsql.arrow_memory import array_of
from adsql.catalog import Catalog, ModelRecord, unknown
from adsql.errors import ReadOnlyDatabase, empty_source
from adsql.exchange import exported, imported
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql_udfs import loaded
from adsql_udfs.duckdb import instances, plans
from adsql_udfs.duckdb.function import Struct
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adsql_udfs.duckdb.function import Column

Execute: TypeAlias = "Callable[[str, Sequence[object]], Sequence[tuple[object, ...]]]"

RECORD = Struct({
    "name": "VARCHAR", "algorithm": "VARCHAR", "params": "VARCHAR", "columns": "VARCHAR[]", "segment_by": "VARCHAR[]",
    "n_segments": "INTEGER", "n_rows": "BIGINT", "n_features": "INTEGER", "threshold": "DOUBLE",
    "threshold_policy": "VARCHAR", "seed": "BIGINT", "source": "VARCHAR", "library_versions": "VARCHAR",
    "content_hash": "VARCHAR", "state": "BLOB",
})  # fmt: skip
STORED = Struct({
    "name": "VARCHAR", "version": "INTEGER", "algorithm": "VARCHAR", "n_rows": "BIGINT", "n_features": "INTEGER",
    "threshold": "DOUBLE",
})  # fmt: skip
_ATTEMPTS = 20


def fit(groups: Column, options: Column) -> pa.Array[Any]:
    """Train on a sample and return the handle of a model that lives in memory only."""
    return array_of(np.array([loaded.keep(_fitted(groups[0], options[0].as_py()))], np.int64))


def fit_record(groups: Column, options: Column, names: Column, sources: Column) -> pa.Array[Any]:
    """Train on a sample and return the model as a row to store."""
    model = _fitted(groups[0], options[0].as_py())
    engine = f"duckdb {duckdb.__version__}"
    record = ModelRecord.of(names[0].as_py(), model, sources[0].as_py(), engine)
    return record_row(record)


def update_record(handles: Column, groups: Column, seeds: Column, names: Column, sources: Column) -> pa.Array[Any]:
    """Let a saved model learn from a sample of further rows, and return the result as a row to store."""
    table, n_rows = sampled(groups[0])
    model = loaded.get(handles[0].as_py()).updated(table, n_rows, seeds[0].as_py())
    record = ModelRecord.of(names[0].as_py(), model, sources[0].as_py(), f"duckdb {duckdb.__version__}")
    return record_row(record)


def record_row(record: ModelRecord) -> pa.Array[Any]:
    """Return a record as the UDFs do that make one."""
    return pa.array([vars(record)], RECORD.arrow)


def store(tokens: Column, databases: Column, records: Column) -> pa.Array[Any]:
    """Store a model in a transaction of its own and return its version and description."""
    record = ModelRecord(**records[0].as_py())
    version = write(
        tokens[0].as_py(), databases[0].as_py(), "train_model", lambda execute: Catalog(execute).put(record)
    )
    return _stored([record], [version])


def export_model(
    hashes: Column, states: Column, sources: Column, library_versions: Column,
    names: Column, versions: Column, known: Column, known_versions: Column,
) -> pa.Array[Any]:  # fmt: skip
    """Return saved models as bytes for other databases; raise where none was found."""
    columns = (hashes, states, sources, library_versions, names, versions, known, known_versions)
    data = []
    for row in zip(*(column.to_pylist() for column in columns), strict=True):
        content_hash, state, source, versions_used, *asked = row
        _check_found(content_hash, *asked)
        data.append(exported(source, versions_used, content_hash, bytes(state)))
    return pa.array(data, pa.binary())


def import_model(tokens: Column, databases: Column, names: Column, data: Column) -> pa.Array[Any]:
    """Store models from another database, in a transaction for each call, and return what `store` returns."""
    records = [imported(name, given) for name, given in zip(names.to_pylist(), data.to_pylist(), strict=True)]
    versions = write(
        tokens[0].as_py(), databases[0].as_py(), "import_model",
        lambda execute: [Catalog(execute).put(record) for record in records],
    )  # fmt: skip
    return _stored(records, versions)


def drop(tokens: Column, databases: Column, names: Column, versions: Column) -> pa.Array[Any]:
    """Delete versions of models and return them, in a transaction for each call: for every 2,048 rows at most.

    A model that several rows name is deleted once, and each of them gets its versions.
    """
    pairs = zip(names.to_pylist(), versions.to_pylist(), strict=True)
    asked = [plans.asked_model(name, version) for name, version in pairs]
    dropped = write(
        tokens[0].as_py(), databases[0].as_py(), "drop_model",
        lambda execute: {pair: Catalog(execute).drop(*pair) for pair in dict.fromkeys(asked)},
    )  # fmt: skip
    return pa.array([dropped[pair] for pair in asked], pa.list_(pa.int32()))


def load(
    hashes: Column, states: Column, names: Column, versions: Column, known: Column, known_versions: Column
) -> pa.Array[Any]:
    """Restore stored models and return their handles; raise where none was found."""
    handles = []
    for row in zip(*(c.to_pylist() for c in (hashes, states, names, versions, known, known_versions)), strict=True):
        content_hash, state, *asked = row
        _check_found(content_hash, *asked)
        handles.append(loaded.load(content_hash, bytes(state or b"")))
    return array_of(np.array(handles, np.int64))


def _check_found(
    content_hash: str | None, model: object, version: object, existing: list[str] | None, numbers: list[int] | None
) -> None:
    name, number = plans.asked_model(model, version)
    if content_hash is None:
        raise unknown(name, number, sorted(existing or []), sorted(numbers or []))


def _stored(records: Sequence[ModelRecord], versions: Sequence[int]) -> pa.Array[Any]:
    fields = ("name", "algorithm", "n_rows", "n_features", "threshold")
    described = [{name: getattr(record, name) for name in fields} for record in records]
    rows = [{**row, "version": version} for row, version in zip(described, versions, strict=True)]
    return pa.array(rows, STORED.arrow)


def _fitted(groups: pa.Scalar[Any], options: str) -> Model:
    table, n_rows = sampled(groups)
    return Model.fit(table, TrainingOptions.parse(**json.loads(options)), n_rows)


def collected(rows: pa.Scalar[Any]) -> Any:  # noqa: ANN401 - the rows' structs, whose stubs know no fields
    """Return the rows of a list that an aggregate made; of none it makes NULL.

    Raises
    ------
    EmptySource
        If there were none.
    """
    values = getattr(rows, "values", None)
    if values is None or not len(values):
        raise empty_source()
    return values


def sampled(groups: pa.Scalar[Any]) -> tuple[dict[str, pa.Array[Any]], dict[str, int]]:
    """Return rows and counts from [{key, n, rows}, ...]: of each segment its key, its rows in all, a sample of them."""
    values = collected(groups)
    n_rows = dict(zip(values.field("key").to_pylist(), values.field("n").to_pylist(), strict=True))
    return struct_columns(values.field("rows").flatten()), n_rows


def write(token: str, database: str, function: str, change: Callable[[Execute], Any]) -> Any:  # noqa: ANN401 - what change returns
    """Run a change on a connection of its own; repeat it if another one came first."""
    con = instances.cursor(token)
    try:
        _enter(con, database, function)
        for attempt in range(_ATTEMPTS):
            try:
                con.execute("BEGIN")
                result = change(lambda query, values: con.execute(query, list(values)).fetchall())
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
