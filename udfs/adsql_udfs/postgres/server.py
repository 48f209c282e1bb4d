"""What PL/Python gives a function to reach the server with: the part of `plpy` that adsql uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Plan = Any  # an opaque object of the server's


class Rows(Protocol):
    """The result of a query: rows as mappings of Python values."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Go through the rows."""
        ...

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return a row."""
        ...

    def __len__(self) -> int:
        """Return how many rows there are."""
        ...

    def colnames(self) -> list[str]:
        """Return the columns' names."""
        ...

    def coltypes(self) -> list[int]:
        """Return the OIDs of their types."""
        ...

    def coltypmods(self) -> list[int]:
        """Return their type modifiers, such as a numeric's digits."""
        ...


class Server(Protocol):
    """`plpy`, which exists inside a backend only and is passed to everything that needs it."""

    Error: type[Exception]
    SPIError: type[Exception]

    def prepare(self, query: str, types: Sequence[str] = ...) -> Plan:
        """Parse and plan a statement."""
        ...

    def execute(self, query: Plan, values: Sequence[Any] = ...) -> Rows:
        """Run a statement."""
        ...

    def cursor(self, query: Plan, values: Sequence[Any] = ...) -> Any:  # noqa: ANN401 - the server's own type
        """Open a cursor: refused for anything but one statement that returns rows."""
        ...

    def error(self, message: str, **parts: str) -> None:
        """Raise an error of the server's."""
        ...


def query(plpy: Server, text: str, types: Sequence[str] = (), values: Sequence[Any] = ()) -> Rows:
    """Run a statement whose names are all qualified, with bound values."""
    return (
        plpy.execute(plpy.prepare(text, [_qualified(name) for name in types]), values) if types else plpy.execute(text)
    )


def _qualified(name: str) -> str:
    # The names of the SQL standard are key words, which no search path can redefine; all others are looked up on it.
    return name if name.removesuffix("[]") in _KEY_WORDS else f"pg_catalog.{name}"


_KEY_WORDS = ("integer", "bigint")
