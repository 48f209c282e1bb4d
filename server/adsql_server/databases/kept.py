"""Tenants' connections: opened when they are needed, and kept while there is room. Hundreds of tenants share it."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class Kept(Generic[T]):
    """What is opened by a tenant's name. None is closed while it is in use, even where there is no room.

    Parameters
    ----------
    most
        How many are kept; those go first that were used longest ago.
    opening
        Opens one by its name; one at a time, and not while another is being closed.
    closing
        Closes one.

    Examples
    --------
    >>> kept = Kept(2, str.upper, lambda name: print("closed", name))
    >>> for name in ("a", "b", "a", "c"):
    ...     with kept.used(name) as opened:
    ...         pass
    closed B
    >>> kept.names()
    ['a', 'c']
    """

    def __init__(self, most: int, opening: Callable[[str], T], closing: Callable[[T], None]) -> None:
        self._most, self._open, self._close = most, opening, closing
        self._lock, self._opening = threading.Lock(), threading.Lock()
        # Those used last come last.
        self._kept: dict[str, T] = {}
        self._uses: Counter[str] = Counter()

    @contextmanager
    def used(self, name: str) -> Iterator[T]:
        """Return what has a name, opened if need be; it is not closed meanwhile."""
        found = self._found(name)
        if found is None:
            with self._opening:
                found = self._found(name) or self._opened(name)
        try:
            yield found[0]
        finally:
            with self._lock:
                self._uses[name] -= 1
                if not self._uses[name]:
                    del self._uses[name]

    def names(self) -> list[str]:
        """Return the names of all that are open, those used last at the end."""
        return list(self._kept)

    def forget(self, name: str, broken: T) -> None:
        """Close one that is of no use any more."""
        with self._opening:
            with self._lock:
                if self._kept.get(name) is not broken:
                    return
                del self._kept[name]
            self._close(broken)

    def close(self) -> None:
        """Close all."""
        with self._opening, self._lock:
            for one in self._kept.values():
                self._close(one)
            self._kept.clear()

    def _found(self, name: str) -> tuple[T] | None:
        with self._lock:
            if name not in self._kept:
                return None
            found = self._kept[name] = self._kept.pop(name)
            self._uses[name] += 1
            return (found,)

    def _opened(self, name: str) -> tuple[T]:
        with self._lock:
            idle = [other for other in self._kept if not self._uses[other]]
            surplus = max(len(self._kept) + 1 - self._most, 0)
            closing = [self._kept.pop(other) for other in idle[:surplus]]
        for one in closing:
            self._close(one)
        opened = self._open(name)
        with self._lock:
            self._kept[name] = opened
            self._uses[name] += 1
        return (opened,)
