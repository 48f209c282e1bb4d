"""The rows that a UDF is called with, put together by the models that they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql.arrow import plain_array, struct_columns
from adsql.arrow_memory import array_of, numbers
from adsql.errors import UnknownModel
from adsql_udfs import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns
    from adsql.model import Model
    from adsql_udfs.duckdb.function import Column


def by_model(handles: Column) -> list[tuple[Model, NDArray[np.int64] | None]]:
    """Return each model and its rows, None for all: as a rule, all rows of a query have the same model."""
    given = handles_of(handles)
    # As bytes: numpy's comparison and reduction cost three times as much, for each chunk.
    first = given[:1].tobytes()
    if first and given.tobytes() == first * len(given):
        return [(loaded.get(int(given[0])), None)]
    return [(loaded.get(handle), np.flatnonzero(given == handle)) for handle in np.unique(given).tolist()]


def handles_of(handles: Column) -> NDArray[np.int64]:
    """Return the handles of models that a UDF was given.

    Raises
    ------
    UnknownModel
        If one is NULL.
    """
    names = plain_array(handles)
    if names.null_count:
        raise UnknownModel("the model's handle is NULL", hint="SELECT * FROM models()")
    return numbers(names)


def each_model(
    handles: Column, values: Sequence[Column], said: Callable[..., pa.Array[Any]], kind: pa.DataType
) -> pa.Array[Any]:
    """Return what a function says of each row, given a model and the rows that are for it."""
    arrays = [plain_array(column) for column in values]
    parts = by_model(handles)
    results = [said(model, arrays if rows is None else taken(arrays, rows)) for model, rows in parts]
    if len(results) == 1:
        return results[0]
    order = np.argsort(np.concatenate([np.zeros(0), *(rows for _, rows in parts if rows is not None)]), kind="stable")
    joined: pa.Array[Any] = pa.concat_arrays([pa.array([], kind), *results]).take(array_of(order))
    return joined


def taken(arrays: Sequence[pa.Array[Any]], rows: NDArray[np.int64]) -> list[pa.Array[Any]]:
    """Return some rows of arrays."""
    which = array_of(rows)
    return [array.take(which) for array in arrays]


def named(model: Model, arrays: Sequence[pa.Array[Any]]) -> Columns:
    """Return the columns by name of what a UDF was given: rows, or features by position."""
    by_row = len(arrays) == 1 and isinstance(arrays[0], pa.StructArray)
    return struct_columns(arrays[0]) if by_row else model.by_position(arrays)
