"""What the gateway asks of a database for its own tables. Queries are files in `store/sql`, the same for both."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

Row: TypeAlias = "tuple[object, ...]"
Execute: TypeAlias = "Callable[[str, Sequence[object]], list[Row]]"


class Store(Protocol):
    """A database with the gateway's tables. All of it blocks; it may be used by several threads."""

    def transaction(self) -> AbstractContextManager[Execute]:
        """Return a function that runs statements in one transaction, which commits at the end."""

    def close(self) -> None:
        """Let go of the database."""


@cache
def query(name: str) -> str:
    """Return a named query. Values are `$1`, `$2`, ..."""
    return (files("adsql_server.store") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def run(store: Store, name: str, *values: object) -> list[Row]:
    """Run one named query in a transaction of its own."""
    with store.transaction() as execute:
        return execute(query(name), values)
