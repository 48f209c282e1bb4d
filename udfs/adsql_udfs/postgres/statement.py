"""What holds as long as one statement of the client runs: names are looked up once, not for every row.

A row function is called for each row, and a look-up takes longer than scoring. PostgreSQL has no memory of a
statement for a function, so the row functions pass the time at which the client's statement arrived, the snapshot and
the role that they run with. The time alone would not do: what a client sends as one may be many statements, or call a
procedure that commits, and each of them sees what others have committed. All these are arguments, which a caller can
forge, so that the server is asked as well. Functions that change models in the same session forget what was looked up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adsql_udfs.postgres import backend

if TYPE_CHECKING:
    from adsql_udfs.postgres.rows import Reader


@dataclass
class Statement:
    """What a statement has looked up.

    Parameters
    ----------
    started, snapshot, role
        When it arrived, in seconds, which transactions it sees, and whose rights it has.
    place
        Where the server is.
    handles
        Handles of saved models by name.
    readers
        What reads the rows of a type for a model, by handle and type.
    """

    started: float
    snapshot: str
    role: str
    place: backend.Place
    handles: dict[str, int] = field(default_factory=dict)
    readers: dict[tuple[int, int, tuple[str, ...] | None], Reader] = field(default_factory=dict)


_NOWHERE = backend.Place(0, 0, 0)
_current = Statement(-1.0, "", "", _NOWHERE)


def current(started: float, snapshot: str, role: str) -> Statement:
    """Return the memory of the statement that is running."""
    global _current  # noqa: PLW0603 - a backend runs one statement at a time
    place = backend.place()
    if (_current.started, _current.snapshot, _current.role, _current.place) != (started, snapshot, role, place):
        _current = Statement(started, snapshot, role, place)
    return _current


def forget() -> None:
    """Forget what was looked up: models have changed."""
    global _current  # noqa: PLW0603 - as above
    _current = Statement(-1.0, "", "", _NOWHERE)
