"""Verdicts on rows: people give them, look at what a model would make of them, and have it learn."""

from __future__ import annotations

import json
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from adsql_server import documented
from adsql_server.bodies import received
from adsql_server.databases import Call
from adsql_server.gateway import Opened
from adsql_server.requests import Feedback, Learning
from adsql_server.routes.detection import TRIPS, ModelName
from adsql_server.routes.jobs import done
from adsql_server.routes.models import Trained, Writer

router = APIRouter(prefix="/models/{name}/feedback", tags=["feedback"])
_VERDICT = {"row": TRIPS[-1], "verdict": "normal", "key": "trip 21", "note": "a flight, agreed by phone"}


class Kept(BaseModel):
    """A verdict that was kept."""

    name: str
    verdict: Literal["anomaly", "normal"]


class Effect(BaseModel):
    """A figure before and after the model has learned."""

    metric: str = Field(examples=["flagged"])
    before: float | None
    after: float | None


class Previewed(BaseModel):
    """What a model would make of its verdicts."""

    name: str
    effects: list[Effect]


@router.post(
    "",
    status_code=201,
    openapi_extra={
        "requestBody": {"content": {"application/json": {"examples": {"harmless": {"value": _VERDICT}}}}},
    },
)
async def give(request: Request, gateway: Opened, caller: Writer, name: ModelName, sent: Feedback) -> Kept:
    """Keep a verdict on a row: `give_feedback(model, row, verdict)`."""
    request.state.exchange.subject = name
    values = sent.model_dump() | {"model": name, "row": json.dumps(sent.row), "given_by": caller.username}
    rows = await gateway.work.call(caller.tenant, lambda session: session.call(Call.GIVE_FEEDBACK, values).rows())
    return Kept.model_validate(rows[0] | {"name": name})


@router.post("/preview", response_model=Previewed, openapi_extra=documented.body(Learning, rows={"rows": TRIPS}))
async def preview(request: Request, gateway: Opened, caller: Writer, name: ModelName) -> Previewed | Response:
    """Tell what a model would make of its verdicts: `preview_feedback(model, source)`."""
    asked, body = await received(request, Learning, gateway.settings)
    request.state.exchange.subject = name
    body.check(gateway.databases, statements=True)
    values = {"model": name, "version": asked.version}
    rows = await done(request, gateway, caller, asked, body, Call.PREVIEW_FEEDBACK, values)
    if isinstance(rows, Response):
        return rows
    return Previewed(name=name, effects=[Effect.model_validate(row) for row in rows])


@router.post(
    "/apply", status_code=201, response_model=Trained, openapi_extra=documented.body(Learning, rows={"rows": TRIPS})
)
async def apply(request: Request, gateway: Opened, caller: Writer, name: ModelName) -> Trained | Response:
    """Let a model learn from its verdicts, as a new version: `apply_feedback(model, source)`."""
    asked, body = await received(request, Learning, gateway.settings)
    request.state.exchange.subject = name
    body.check(gateway.databases, statements=True)
    values = {"model": name, "version": asked.version}
    rows = await done(request, gateway, caller, asked, body, Call.APPLY_FEEDBACK, values)
    if isinstance(rows, Response):
        return rows
    trained = Trained.model_validate(rows[0])
    request.state.exchange.rows = trained.n_rows
    return trained
