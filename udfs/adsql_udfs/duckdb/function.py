"""What a UDF is to DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Column: TypeAlias = "pa.ChunkedArray[Any]"


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


def planned(plan: Callable[..., str], arguments: Sequence[Column]) -> pa.Array[Any]:
    """Return the SQL that a planner writes for each row of arguments."""
    rows = zip(*(column.to_pylist() for column in arguments), strict=True)
    return pa.array([plan(*row) for row in rows], pa.string())
