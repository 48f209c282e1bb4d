"""What is told of single rows beside their scores: why, what would be normal, and how members of an ensemble agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql import counterfactual
from adsql.consensus import consensus as consensus_of
from adsql.explanation import explain
from adsql_udfs.duckdb.by_model import each_model, named
from adsql_udfs.duckdb.results import REASON, SUGGESTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adsql.arrow import Columns
    from adsql.model import Model
    from adsql_udfs.duckdb.function import Column, Struct

_CONSENSUS = pa.struct(
    [("consensus", pa.float64()), ("disagreement", pa.float64()), ("members", pa.map_(pa.string(), pa.float64()))]
)


def consensus(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return how far the members of an ensemble agree about each row, and what each of them says."""
    return each_model(handles, values, _consensus, _CONSENSUS)


def explain_anomaly(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return why each row has its score."""
    return _lists(handles, values, explain, REASON)


def suggest_normal(handles: Column, *values: Column) -> pa.Array[Any]:
    """Return what makes each row normal."""
    return _lists(handles, values, counterfactual.suggest_normal, SUGGESTED)


def _lists(
    handles: Column, values: Sequence[Column], tell: Callable[[Model, Columns], Iterable[Any]], kind: Struct
) -> pa.Array[Any]:
    """Return a list for each row of what a function tells of a model's rows."""

    def told(model: Model, arrays: Sequence[pa.Array[Any]]) -> pa.Array[Any]:
        if len(arrays) == 1 and pa.types.is_null(arrays[0].type):  # NULL without a type
            return pa.nulls(len(arrays[0]), kind.arrow_list)
        return kind.lists(tell(model, named(model, arrays)))

    return each_model(handles, values, told, kind.arrow_list)


def _consensus(model: Model, arrays: Sequence[pa.Array[Any]]) -> pa.Array[Any]:
    said = consensus_of(model, named(model, arrays))
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
