"""What a UDF is to DuckDB, and the structs that UDFs return."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import pyarrow as pa

from adsql.arrow_memory import texts
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Column: TypeAlias = "pa.ChunkedArray[Any]"

_ARROW = {
    "VARCHAR": pa.string(), "VARCHAR[]": pa.list_(pa.string()), "INTEGER": pa.int32(), "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "BLOB": pa.binary(),
}  # fmt: skip


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


@dataclass(frozen=True)
class Struct:
    """A struct that UDFs return: the one description from which DuckDB's and Arrow's follow.

    Parameters
    ----------
    fields
        The SQL type of each field, or the struct of which it has a list.

    Examples
    --------
    >>> Struct({"x": "DOUBLE"}).sql, Struct({"x": "DOUBLE"}).arrow
    ('STRUCT("x" DOUBLE)', StructType(struct<x: double>))
    """

    fields: Mapping[str, str | Struct]

    @property
    def sql(self) -> str:
        """The type in SQL."""
        kinds = ((name, kind if isinstance(kind, str) else f"{kind.sql}[]") for name, kind in self.fields.items())
        return f"STRUCT({', '.join(f'{identifier(name)} {kind}' for name, kind in kinds)})"

    @property
    def arrow(self) -> pa.StructType:
        """The type in Arrow."""
        return pa.struct([
            pa.field(name, _ARROW[kind] if isinstance(kind, str) else kind.arrow_list)
            for name, kind in self.fields.items()
        ])  # fmt: skip

    @property
    def arrow_list(self) -> pa.ListType[Any]:
        """The type of a list of them in Arrow."""
        return pa.list_(self.arrow)

    def lists(self, found: Iterable[Sequence[NamedTuple] | None]) -> pa.Array[Any]:
        """Return a list for each of some sequences of tuples that have the fields; NULL for None."""
        return pa.array([None if own is None else [one._asdict() for one in own] for own in found], self.arrow_list)


def planned(plan: Callable[..., str], arguments: Sequence[Column]) -> pa.Array[Any]:
    """Return the SQL that a planner writes for each row of arguments."""
    rows = zip(*(column.to_pylist() for column in arguments), strict=True)
    return texts([plan(*row) for row in rows])


def deferred(name: str, target: str) -> Callable[..., pa.Array[Any]]:
    """Return a UDF that is imported with its first call: connections that never call it need not wait for it.

    Parameters
    ----------
    name
        Of the UDF.
    target
        The module beside this one, and the function in it.
    """

    def call(*arguments: Column) -> pa.Array[Any]:
        return cast("pa.Array[Any]", _imported(target)(*arguments))

    call.__name__ = name
    return call


def deferred_plan(name: str, target: str) -> Function:
    """Return the UDF of a planner that is imported with its first call; see `deferred`."""

    def call(*arguments: Column) -> pa.Array[Any]:
        return planned(_imported(target), arguments)

    call.__name__ = name
    return Function(call, "VARCHAR")


@cache
def _imported(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(".")
    return cast("Callable[..., Any]", getattr(import_module(f"adsql_udfs.duckdb.{module}"), name))
