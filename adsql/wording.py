"""How values and names appear in messages."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_LISTED = 12
_MAX_SHOWN = 120


def shown(value: object) -> str:
    r"""Return a value as it appears in messages: quoted, and cut where it is long.

    >>> shown("it's")
    '"it\'s"'
    """
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def listing(names: Iterable[str], separator: str = ", ") -> str:
    """Return names as a list for a message, cut after a dozen; a name that has the separator in it is quoted.

    >>> listing(["b", "last, first"])
    'b, "last, first"'
    """
    every = list(names)
    if not every:
        return "none exist"
    mark = separator.strip()
    more = f"{separator}... ({len(every)} in all)" if len(every) > _MAX_LISTED else ""
    return separator.join(_quoted(name) if mark in name else name for name in every[:_MAX_LISTED]) + more


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence that suggests the nearest known name, or nothing.

    >>> did_you_mean("iforrest", ["iforest", "knn"])
    "did you mean 'iforest'?"
    """
    candidates = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name.casefold(), candidates, n=1, cutoff=0.6)
    return f"did you mean {candidates[near[0]]!r}?" if near else ""
