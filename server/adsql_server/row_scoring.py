"""Scores of single rows. Those that arrive while others are being scored are scored together, by one statement.

A row's score depends on the row and the model alone, so nobody can tell. A statement costs about as much for eight rows
as for one, and threads that wait for each other cost more than either; a row that comes alone waits for nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from adsql.errors import AdsqlError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql_server.work import Work

Row: TypeAlias = "Mapping[str, object]"
Scored: TypeAlias = "dict[str, object]"
_MOST = 256


class _Kind(NamedTuple):
    """What rows must share to be scored together: whose they are, the model, and the columns with their types."""

    tenant: str
    model: str
    columns: tuple[tuple[str, type], ...]


class RowScoring:
    """Scores single rows.

    Parameters
    ----------
    work
        The threads that wait for the databases.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: dict[_Kind, list[tuple[Row, asyncio.Future[Scored]]]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def score(self, tenant: str, model: str, row: Row) -> Scored:
        """Return the results of one row by the newest version of a tenant's model."""
        kind = _Kind(tenant, model, tuple((name, type(value)) for name, value in row.items()))
        result: asyncio.Future[Scored] = asyncio.get_running_loop().create_future()
        if kind in self._waiting:
            self._waiting[kind].append((row, result))
        else:
            self._waiting[kind] = [(row, result)]
            task = asyncio.get_running_loop().create_task(self._score_waiting(kind))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await result

    async def _score_waiting(self, kind: _Kind) -> None:
        try:
            while waiting := self._waiting[kind]:
                self._waiting[kind] = waiting[_MOST:]
                await self._score(kind, waiting[:_MOST])
        finally:
            del self._waiting[kind]

    async def _score(self, kind: _Kind, pairs: list[tuple[Row, asyncio.Future[Scored]]]) -> None:
        # Those whose clients have left need no score.
        pairs = [pair for pair in pairs if not pair[1].done()]
        rows, results = [row for row, _ in pairs], [result for _, result in pairs]
        if not rows:
            return
        try:
            scored = await self._work.call(kind.tenant, lambda session: session.score_rows(kind.model, rows))
        except AdsqlError as error:
            if len(pairs) == 1:
                _fail(results, error)
                return
            # One of them may be to blame.
            for pair in pairs:
                await self._score(kind, [pair])
        except BaseException as error:
            _fail(results, error)
            raise
        else:
            for result, one in zip(results, scored, strict=True):
                if not result.done():
                    result.set_result(one)


def _fail(results: list[asyncio.Future[Scored]], error: BaseException) -> None:
    for result in results:
        if not result.done():
            result.set_exception(error)
