"""Jobs: where long work is, what came of it, and how to stop it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from adsql_server import documented
from adsql_server.access import requires
from adsql_server.answers import respond
from adsql_server.bodies import Body
from adsql_server.caller import Caller, Role
from adsql_server.databases import Call, Result, Session
from adsql_server.formats import Tally, accepted, written
from adsql_server.gateway import Gateway, Opened
from adsql_server.jobs import Job
from adsql_server.observation import API
from adsql_server.problems import Forbidden
from adsql_server.requests import Asynchronous

router = APIRouter(prefix="/jobs", tags=["jobs"])

Reader = Annotated[Caller, Depends(requires(Role.READ))]
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", examples=["0123456789abcdef0123456789abcdef"])]


class ProblemShown(BaseModel):
    """Why a job failed."""

    code: str = Field(examples=["ADSQL_UNKNOWN_SOURCE"])
    detail: str


class JobShown(BaseModel):
    """A job."""

    id: str = Field(examples=["0123456789abcdef0123456789abcdef"])
    kind: str = Field(
        description="`detect`, `train`, `evaluate`, `preview_feedback` or `apply_feedback`", examples=["train"]
    )
    subject: str | None = Field(description="The model, if there is one", examples=["fares"])
    state: str = Field(description="`queued`, `running`, `succeeded`, `failed` or `cancelled`", examples=["running"])
    progress: float | None = Field(description="From 0 to 1; null where the whole is not known", examples=[0.5])
    row_count: int = Field(description="Rows of the result so far")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    problem: ProblemShown | None
    result: str | None = Field(description="Where the rows are, once it has succeeded")

    @classmethod
    def of(cls, job: Job) -> JobShown:
        """Return what is shown of a job."""
        return cls(
            id=job.id, kind=job.kind, subject=job.subject, state=job.state, progress=job.progress,
            row_count=job.row_count, created_at=job.created_at, started_at=job.started_at, finished_at=job.finished_at,
            problem=None if job.problem is None else ProblemShown(**json.loads(job.problem)),
            result=f"{_address(job)}/result" if job.state == "succeeded" else None,
        )  # fmt: skip


@router.get("")
def jobs(gateway: Opened, caller: Reader) -> list[JobShown]:
    """List the newest jobs of the tenant."""
    return [JobShown.of(job) for job in gateway.jobs.of_tenant(caller.tenant)]


@router.get("/{job_id}")
def job(gateway: Opened, caller: Reader, job_id: JobId) -> JobShown:
    """Tell how far a job is."""
    return JobShown.of(gateway.jobs.get(job_id, caller.tenant))


@router.get("/{job_id}/result", response_class=Response, responses=documented.rows("The rows of the job"))
async def result(request: Request, gateway: Opened, caller: Reader, job_id: JobId) -> Response:
    """Give the rows of a job that has succeeded."""
    found = await run_in_threadpool(gateway.jobs.get, job_id, caller.tenant)
    request.state.exchange.subject = f"job {job_id}"
    form, tally = accepted(request.headers.get("accept")), Tally()
    stream = await gateway.work.produce(
        lambda: written(gateway.jobs.result(found), form, gateway.settings.max_result_rows, tally)
    )
    return respond(request.state.exchange, form, tally, stream)


@router.delete("/{job_id}")
def cancel(request: Request, gateway: Opened, caller: Reader, job_id: JobId) -> JobShown:
    """Stop a job that waits or runs: one's own, or with the role write any of the tenant's."""
    request.state.exchange.subject = f"job {job_id}"
    found = gateway.jobs.get(job_id, caller.tenant)
    if found.user_id != caller.user_id and not caller.role.includes(Role.WRITE):
        raise Forbidden("another user's job can be cancelled with the role write")
    return JobShown.of(gateway.jobs.cancel(found))


def wants_job(request: Request, asked: Asynchronous) -> bool:
    """Return whether a request is to become a job."""
    preferences = request.headers.get("prefer", "").lower().split(",")
    return asked.run_async or any(one.partition(";")[0].strip() == "respond-async" for one in preferences)


async def done(
    request: Request, gateway: Gateway, caller: Caller, asked: Asynchronous, body: Body, call: Call,
    values: Mapping[str, object],
) -> list[dict[str, object]] | Response:  # fmt: skip
    """Return the rows of a call on what a request brought; where it wants a job, the answer that tells where that is.

    Parameters
    ----------
    request, gateway, caller, asked, body
        Of the endpoint.
    call, values
        The call, and its values but for the source.
    """
    if wants_job(request, asked):
        return await submitted(request, gateway, caller, call.value, body, call, values)
    return await gateway.work.call(
        caller.tenant, lambda session: session.call(call, {**values, "source": body.source(session)}).rows()
    )


async def submitted(
    request: Request, gateway: Gateway, caller: Caller, kind: str, body: Body, call: Call,
    values: Mapping[str, object],
) -> Response:  # fmt: skip
    """Make a job of a request, and answer where it is; `kind` is what it does, all else as for `done`."""
    # The body ends with the request; its rows are read before.
    table = await run_in_threadpool(body.table)

    def run(session: Session) -> Result:
        source = str(body.given.source) if table is None else session.lend(table)
        return session.call(call, {**values, "source": source})

    total = table.num_rows if table is not None and kind == "detect" else None
    new = await run_in_threadpool(gateway.jobs.submit, caller, kind, request.state.exchange.subject, total, run)
    headers = {"Location": _address(new), "Preference-Applied": "respond-async", "Retry-After": "1"}
    return JSONResponse(JobShown.of(new).model_dump(mode="json"), 202, headers)


def _address(of: Job) -> str:
    return f"{API}/jobs/{of.id}"
