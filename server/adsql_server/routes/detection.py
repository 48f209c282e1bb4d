"""Finding anomalies: with a model trained on the way, or with a saved one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Path, Request, Response

from adsql_server import documented
from adsql_server.answers import respond, rows_of
from adsql_server.bodies import received
from adsql_server.caller import Role
from adsql_server.databases import Call, Result
from adsql_server.formats import Tally, accepted, written
from adsql_server.gateway import Opened
from adsql_server.requests import Detection, Scoring
from adsql_server.routes.jobs import Reader, submitted, wants_job
from adsql_server.tables import plain_row
from adsql_server.work import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(tags=["detection"])

ModelName = Annotated[str, Path(min_length=1, max_length=1_000, examples=["fares"])]
TRIPS = [{"fare": 12.5 + i % 7, "km": 3 + i % 5} for i in range(20)] + [{"fare": 950.0, "km": 3}]
_FIELDS: list[pa.Field[Any]] = [
    pa.field("anomaly_score", pa.float64()),
    pa.field("severity", pa.float64()),
    pa.field("is_anomaly", pa.bool_()),
]
_RESULT = pa.schema(_FIELDS)


@router.post(
    "/detect",
    response_class=Response,
    responses=documented.rows("Every column of the rows, and `anomaly_score`, `severity`, `is_anomaly`"),
    openapi_extra=documented.body(
        Detection,
        rows={"rows": TRIPS},
        options={"rows": TRIPS, "algorithm": "iforest", "columns": ["fare"], "contamination": 0.05, "seed": 1},
        saved={"rows": TRIPS, "model": "fares"},
        job={"rows": TRIPS, "async": True},
    ),
)
async def detect(request: Request, gateway: Opened, caller: Reader) -> Response:
    """Find the anomalies among rows: `SELECT * FROM detect_anomalies(...)`."""
    asked, body = await received(request, Detection, gateway.settings)
    request.state.exchange.subject = asked.model
    body.check(gateway.databases, statements=caller.role.includes(Role.WRITE))
    call, values = _detection(asked)
    if wants_job(request, asked):
        return await submitted(request, gateway, caller, "detect", body, call, values)
    return await rows_of(
        request, gateway.work, caller.tenant, gateway.settings.max_result_rows,
        lambda session: session.call(call, values | {"source": body.source(session)}),
    )  # fmt: skip


@router.post(
    "/models/{name}/score",
    response_class=Response,
    responses=documented.rows("The results of each row, in the order of the rows"),
    openapi_extra=documented.body(Scoring, one={"rows": TRIPS[:1]}, several={"rows": TRIPS[:3], "version": 1}),
)
async def score(request: Request, gateway: Opened, caller: Reader, name: ModelName) -> Response:
    """Score rows with a saved model: `SELECT detect_anomalies(model, row)`."""
    asked, body = await received(request, Scoring, gateway.settings)
    exchange = request.state.exchange
    exchange.subject = name
    body.check(gateway.databases, statements=caller.role.includes(Role.WRITE))
    row = _single_row(asked)
    if row is None:
        values = {"model": name, "version": asked.version}
        return await rows_of(
            request, gateway.work, caller.tenant, gateway.settings.max_result_rows,
            lambda session: session.call(Call.SCORE, values | {"source": body.source(session)}),
        )  # fmt: skip
    scored = await gateway.row_scoring.score(caller.tenant, name, row)
    form, tally = accepted(request.headers.get("accept")), Tally()
    result = Result(_RESULT, iter([pa.RecordBatch.from_pylist([scored], _RESULT)]))
    return respond(exchange, form, tally, Stream(b"".join(written(result, form, 1, tally)), None))


def _detection(asked: Detection) -> tuple[Call, dict[str, object]]:
    """Return the call that a request asks for, and its values but for the source."""
    if asked.model is None:
        return Call.DETECT, asked.options()
    return Call.DETECT_SAVED, {"model": asked.model, "version": asked.version}


def _single_row(asked: Scoring) -> Mapping[str, Any] | None:
    """Return the row of a request that has one, of plain values, for the newest version: it goes a short way."""
    if asked.version is not None or asked.rows is None or len(asked.rows) != 1:
        return None
    row = asked.rows[0]
    if not row or not all(value is None or isinstance(value, str | int | float) for value in row.values()):
        return None
    return plain_row(row)
