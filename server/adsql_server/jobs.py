"""Work that outlives its request: it waits its turn, tells how far it is, can be cancelled, and leaves rows behind.

The state is in the gateway's tables, so that any process answers for any job. A process says every few seconds that it
is alive; jobs of one that no longer does so are failed, never left running.
"""

from __future__ import annotations

import io
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
from pyarrow import ipc

from adsql.errors import AdsqlError
from adsql_server.databases import Result
from adsql_server.databases.failures import FAILURES, failure
from adsql_server.logs import logger
from adsql_server.problems import Conflict, InternalError, NotFound, Overloaded, RequestTooLarge, TooManyRequests
from adsql_server.store.protocol import query, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adsql_server.caller import Caller
    from adsql_server.databases import Databases, Session
    from adsql_server.settings import Settings
    from adsql_server.store import Store

_SEEN_SECONDS = 1.0
_LOST_SECONDS = 30.0
_PAUSE = 0.05
_LISTED = 100


@dataclass(frozen=True)
class Job:
    """A job as it is now.

    Parameters
    ----------
    id, tenant, user_id, kind, subject
        What it does, and for whom.
    state
        `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    created_at, started_at, finished_at
        When.
    total_rows, row_count
        How many rows its result will have, where that is known, and how many there are.
    problem
        Why it failed: the members of a problem, as JSON.
    """

    id: str
    tenant: str
    user_id: str
    kind: str
    subject: str | None
    state: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    total_rows: int | None
    row_count: int
    problem: str | None

    @property
    def progress(self) -> float | None:
        """The share that is done; None where the whole is not known."""
        if self.state == "succeeded":
            return 1.0
        if not self.total_rows:
            return 0.0 if self.state == "queued" else None
        return min(self.row_count / self.total_rows, 1.0)


class Jobs:
    """The jobs of this process, and the table of all.

    Parameters
    ----------
    store
        The gateway's tables.
    databases
        The tenants'.
    settings
        How many jobs run at once, and how many of a tenant wait.
    """

    def __init__(self, store: Store, databases: Databases, settings: Settings) -> None:
        self._store, self._databases, self._settings = store, databases, settings
        self._gateway = uuid.uuid4().hex
        self._threads = ThreadPoolExecutor(settings.concurrent_jobs, thread_name_prefix="job")
        self._sessions: dict[str, Session] = {}
        self._ids: set[str] = set()
        self._running: set[str] = set()
        self._stop = threading.Event()
        # Nobody but this process can have opened the DuckDB file: all others are gone.
        self._fail_lost(_now() - timedelta(seconds=_LOST_SECONDS if settings.postgres else 0))
        self._watcher = threading.Thread(target=self._watch, name="jobs", daemon=True)
        self._watcher.start()

    @property
    def running(self) -> int:
        """How many run in this process."""
        return len(self._sessions)

    @property
    def queued(self) -> int:
        """How many wait in this process."""
        return max(len(self._ids) - self.running, 0)

    def submit(
        self, caller: Caller, kind: str, subject: str | None, total: int | None, work: Callable[[Session], Result]
    ) -> Job:
        """Have `work` done, and return the job.

        Raises
        ------
        TooManyRequests
            If too many of the tenant's jobs wait.
        Overloaded
            If the gateway is stopping.
        """
        if self._stop.is_set():
            raise Overloaded("the gateway is stopping")
        job_id = uuid.uuid4().hex
        with self._store.transaction() as execute:
            waiting = int(str(execute(query("waiting_jobs"), [caller.tenant])[0][0]))
            if waiting >= self._settings.queued_jobs_per_tenant:
                raise TooManyRequests("too many jobs of the tenant are waiting", retry_after=10)
            execute(
                query("insert_job"),
                [job_id, caller.tenant, caller.user_id, kind, subject, self._gateway, _now(), total],
            )
        self._ids.add(job_id)
        self._threads.submit(self._do, job_id, caller.tenant, work)
        return self.get(job_id, caller.tenant)

    def get(self, job_id: str, tenant: str) -> Job:
        """Return a tenant's job.

        Raises
        ------
        NotFound
            If the tenant has none of this id.
        """
        rows = run(self._store, "job", job_id, tenant)
        if not rows:
            raise NotFound(f"job {job_id!r} does not exist", hint="GET /jobs")
        return Job(*cast("tuple[Any, ...]", rows[0]))

    def of_tenant(self, tenant: str) -> list[Job]:
        """Return the newest jobs of a tenant."""
        return [Job(*cast("tuple[Any, ...]", row)) for row in run(self._store, "jobs_of_tenant", tenant, _LISTED)]

    def cancel(self, job: Job) -> Job:
        """Stop a job that waits or runs, wherever it does, and return it.

        Raises
        ------
        Conflict
            If it is over.
        """
        is_first = self._finish(job.id, "cancelled", None)
        now = self.get(job.id, job.tenant)
        if not is_first:
            raise Conflict(f"the job is over: it has {now.state}")
        self._interrupt(job.id)
        return now

    def result(self, job: Job) -> Result:
        """Return the rows of a job that succeeded.

        Raises
        ------
        Conflict
            If it has not, or not yet.
        """
        if job.state != "succeeded":
            raise Conflict(f"the job is {job.state}", hint=f"GET /jobs/{job.id}")
        return Result(self._chunk(job.id, 0).schema, self._batches(job.id))

    def close(self) -> None:
        """Let jobs finish for a while, then stop them; what did not finish is failed."""
        self._stop.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._watcher.join()
        end = _now() + timedelta(seconds=self._settings.shutdown_seconds)
        while self._running and _now() < end:
            threading.Event().wait(_PAUSE)
        for job_id in list(self._ids):
            self._finish(job_id, "failed", Overloaded("the gateway was stopped"))
        while self._running:
            for job_id in list(self._running):
                # Again and again: it may have nothing to stop yet, or be between two batches.
                self._interrupt(job_id)
            threading.Event().wait(_PAUSE)
        self._threads.shutdown()

    def _do(self, job_id: str, tenant: str, work: Callable[[Session], Result]) -> None:
        try:
            if not run(self._store, "start_job", job_id, _now()):
                return  # cancelled while it waited
            self._running.add(job_id)
            with self._databases.session(tenant, unlimited=True) as session:
                self._sessions[job_id] = session
                self._keep(job_id, work(session))
            self._finish(job_id, "succeeded", None)
        except (AdsqlError, *FAILURES) as error:
            self._finish(job_id, "failed", failure(error))
        except Exception:  # noqa: BLE001 - a job must end, whatever happened
            logger().exception("a job failed", job=job_id)
            self._finish(job_id, "failed", InternalError("the gateway failed"))
        finally:
            self._sessions.pop(job_id, None)
            self._running.discard(job_id)
            self._ids.discard(job_id)

    def _keep(self, job_id: str, result: Result) -> None:
        count = 0
        for number, batch in enumerate(_or_empty(result)):
            count += batch.num_rows
            if count > self._settings.max_result_rows:
                raise RequestTooLarge(f"the result has more than {self._settings.max_result_rows} rows")
            out = io.BytesIO()
            with ipc.new_stream(out, result.schema) as writer:
                writer.write_batch(batch)
            with self._store.transaction() as execute:
                if not execute(query("advance_job"), [job_id, batch.num_rows]):
                    raise Conflict("the job was cancelled")
                execute(query("insert_job_result"), [job_id, number, out.getvalue()])

    def _finish(self, job_id: str, state: str, error: AdsqlError | None) -> bool:
        """End a job, and return whether it was not over yet."""
        problem = None if error is None else json.dumps({"code": error.code, "detail": error.problem})
        with self._store.transaction() as execute:
            ended = execute(query("finish_job"), [job_id, state, _now(), problem])
            if ended and state != "succeeded":
                execute(query("delete_job_results"), [job_id])
        return bool(ended)

    def _interrupt(self, job_id: str) -> None:
        session = self._sessions.get(job_id)
        if session is not None:
            with suppress(*FAILURES):
                session.cancel()

    def _batches(self, job_id: str) -> Iterator[pa.RecordBatch]:
        number = 0
        while rows := run(self._store, "job_result", job_id, number):
            yield from ipc.open_stream(cast("bytes", rows[0][0]))
            number += 1

    def _chunk(self, job_id: str, number: int) -> pa.Table:
        rows = run(self._store, "job_result", job_id, number)
        if not rows:
            raise NotFound("the job's result is no longer kept")
        return ipc.open_stream(cast("bytes", rows[0][0])).read_all()

    def _watch(self) -> None:
        """Say that this process lives, stop what others have cancelled, fail what nobody does, forget what is old."""
        while not self._stop.wait(_SEEN_SECONDS):
            try:
                self._look()
            except Exception:  # noqa: BLE001 - the next look may succeed
                logger().exception("the jobs cannot be watched")

    def _look(self) -> None:
        now = _now()
        if self._ids:
            alive = {str(row[0]) for row in run(self._store, "see_jobs", self._gateway, now)}
            for job_id in set(self._sessions) - alive:
                # Again and again: what had not begun when it was cancelled was not stopped.
                self._interrupt(job_id)
        self._fail_lost(now - timedelta(seconds=_LOST_SECONDS))
        with self._store.transaction() as execute:
            for row in execute(query("old_jobs"), [now - timedelta(seconds=self._settings.job_kept_seconds)]):
                execute(query("delete_job_results"), [row[0]])
                execute(query("delete_job"), [row[0]])

    def _fail_lost(self, before: datetime) -> None:
        problem = {"code": Overloaded.code, "detail": "the gateway stopped before the job was done"}
        run(self._store, "fail_lost_jobs", before, _now(), json.dumps(problem))


def _or_empty(result: Result) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a result: one without rows if there are none, so that its columns are kept."""
    none = True
    for batch in result.batches:
        none = False
        yield batch
    if none:
        yield from result.schema.empty_table().to_batches() or [
            pa.RecordBatch.from_arrays([pa.array([], field.type) for field in result.schema], schema=result.schema)
        ]


def _now() -> datetime:
    return datetime.now(UTC)
