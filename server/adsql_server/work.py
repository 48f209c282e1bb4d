"""Runs what blocks, on a bounded number of threads: statements, and the writing of their rows.

A request that is cancelled (its client has left, its time is over) stops its statement; the thread ends by itself.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from adsql_server.databases.failures import FAILURES, failure
from adsql_server.problems import TimedOut

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    from adsql_server.databases import Databases, Session

T = TypeVar("T")
_CANCEL_SECONDS = 0.05
# So much of an answer is made before its first byte leaves: what fails until then is a problem with a status.
_FIRST_BYTES = 1 << 20
_END = b""


class Work:
    """The threads, and the databases that they work with.

    Parameters
    ----------
    databases
        The tenants'.
    threads
        Statements at once; more wait.
    seconds
        The time of a statement.
    """

    def __init__(self, databases: Databases, threads: int, seconds: float) -> None:
        self.databases = databases
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="statement")
        self._leaving: set[asyncio.Task[None]] = set()

    async def call(self, tenant: str, work: Callable[[Session], T]) -> T:
        """Return what `work` makes of a session, which ends with it."""
        sessions: list[Session] = []

        def run() -> T:
            with self.databases.session(tenant) as session:
                sessions.append(session)
                return work(session)

        return await self._run(run, sessions)

    async def stream(self, tenant: str, work: Callable[[Session], Iterator[bytes]]) -> Stream:
        """Return what `work` yields of a session, which ends when all has been yielded."""
        sessions: list[Session] = []

        def begin(stack: ExitStack) -> Iterator[bytes]:
            sessions.append(stack.enter_context(self.databases.session(tenant)))
            return work(sessions[0])

        return await self._stream(begin, sessions)

    async def produce(self, work: Callable[[], Iterator[bytes]]) -> Stream:
        """Return what `work` yields without a session."""
        return await self._stream(lambda _: work(), [])

    def close(self) -> None:
        """Wait for what runs, and take nothing more."""
        self._threads.shutdown()

    async def _stream(self, begin: Callable[[ExitStack], Iterator[bytes]], sessions: list[Session]) -> Stream:
        stack = ExitStack()

        def start() -> tuple[bytes, Iterator[bytes] | None]:
            first = bytearray()
            try:
                chunks = begin(stack)
                for chunk in chunks:
                    first += chunk
                    if len(first) >= _FIRST_BYTES:
                        return bytes(first), chunks
            except BaseException as error:
                if not stack.__exit__(type(error), error, error.__traceback__):
                    raise
            stack.close()
            return bytes(first), None

        first, rest = await self._run(start, sessions)
        return Stream(first, None if rest is None else self._rest(rest, sessions, stack))

    async def _rest(self, chunks: Iterator[bytes], sessions: list[Session], stack: ExitStack) -> AsyncIterator[bytes]:
        def step() -> bytes:
            return next(chunks, _END)

        steps: list[asyncio.Future[bytes]] = []
        try:
            while True:
                steps[:] = [self._start(step)]
                chunk = await self._wait(steps[0], sessions)
                if chunk == _END:
                    break
                yield chunk
        finally:
            # A statement that was stopped may take a moment until it is; nobody waits for it here.
            self._later(self._end(steps, chunks, stack))

    def _start(self, run: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, run)

    async def _run(self, run: Callable[[], T], sessions: list[Session]) -> T:
        return await self._wait(self._start(run), sessions)

    async def _wait(self, future: asyncio.Future[T], sessions: list[Session]) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(future)
        except FAILURES as error:
            if isinstance(error, TimeoutError) and not future.done():
                self._later(_stop(future, sessions))
                raise TimedOut(
                    f"the statement took longer than {self._seconds:g} s",
                    hint="send Prefer: respond-async where the endpoint offers jobs",
                ) from error
            raise failure(error) from error
        except asyncio.CancelledError:
            self._later(_stop(future, sessions))
            raise

    async def _end(self, steps: list[asyncio.Future[bytes]], chunks: Iterator[bytes], stack: ExitStack) -> None:
        """Close what an answer was read from, once nothing reads it any more."""
        await asyncio.wait(steps)
        with suppress(*FAILURES):
            await self._start(lambda: _close(chunks, stack))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


class Stream:
    """An answer that has begun.

    Parameters
    ----------
    first
        Its first bytes.
    rest
        The others, or None if there are none.
    """

    def __init__(self, first: bytes, rest: AsyncIterator[bytes] | None) -> None:
        self.first, self.rest = first, rest

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield all of it."""
        yield self.first
        if self.rest is not None:
            async for chunk in self.rest:
                yield chunk


async def _stop(future: asyncio.Future[Any], sessions: list[Session]) -> None:
    """Have what runs in a thread stopped: again and again, since it may not have begun when it is first told to."""
    while not future.done():
        for session in sessions:
            with suppress(*FAILURES):
                # PostgreSQL is told over a connection of its own, which may take time.
                await asyncio.to_thread(session.cancel)
        await asyncio.sleep(_CANCEL_SECONDS)
    future.exception()


def _close(chunks: Iterator[bytes], stack: ExitStack) -> None:
    getattr(chunks, "close", lambda: None)()
    stack.close()
