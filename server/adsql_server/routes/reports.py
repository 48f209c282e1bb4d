"""What models and rows are like: explanations, thresholds, drift, comparisons, profiles, contrasts, reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from adsql_server import documented
from adsql_server.answers import rows_of
from adsql_server.bodies import received
from adsql_server.caller import Role
from adsql_server.databases import Call
from adsql_server.gateway import Opened
from adsql_server.requests import Agreement, Comparison, Contrast, Explanation, Given, Reported, Stability
from adsql_server.routes.detection import TRIPS, ModelName
from adsql_server.routes.jobs import Reader
from adsql_server.routes.models import LABELLED

if TYPE_CHECKING:
    from adsql_server.caller import Caller
    from adsql_server.gateway import Gateway

router = APIRouter(tags=["reports"])
_PLACED = [{**row, "hour": i % 24} for i, row in enumerate(LABELLED)]


@router.post(
    "/models/{name}/explain",
    response_class=Response,
    responses=documented.rows("Why each anomaly is one: its features, those that count most first, with a sentence"),
    openapi_extra=documented.body(Explanation, rows={"rows": TRIPS, "top_k": 2}),
)
async def explain(request: Request, gateway: Opened, caller: Reader, name: ModelName) -> Response:
    """Tell why anomalies are anomalies: `explain_anomalies(source, model, ...)`."""
    return await _report(request, gateway, caller, Explanation, Call.EXPLAIN, name)


@router.post(
    "/models/{name}/suggest-normal",
    response_class=Response,
    responses=documented.rows("What would make each anomaly normal: changes to be made together"),
    openapi_extra=documented.body(Given, rows={"rows": TRIPS}),
)
async def suggest_normal(request: Request, gateway: Opened, caller: Reader, name: ModelName) -> Response:
    """Tell the smallest changes that make anomalies normal: `suggest_normal(model, row)`, by the newest version."""
    return await _report(request, gateway, caller, Given, Call.SUGGEST_NORMAL, name)


@router.post(
    "/models/{name}/thresholds",
    response_class=Response,
    responses=documented.rows("What each threshold would flag"),
    openapi_extra=documented.body(Reported, rows={"rows": TRIPS}),
)
async def thresholds(request: Request, gateway: Opened, caller: Reader, name: ModelName) -> Response:
    """Tell what each threshold would flag: `threshold_report(model, source)`."""
    return await _report(request, gateway, caller, Reported, Call.THRESHOLDS, name)


@router.post(
    "/models/{name}/drift",
    response_class=Response,
    responses=documented.rows("How rows differ from the training's: one row a feature, with a p-value and a verdict"),
    openapi_extra=documented.body(Reported, rows={"rows": TRIPS}),
)
async def drift(request: Request, gateway: Opened, caller: Reader, name: ModelName) -> Response:
    """Tell whether rows are still like those of the training: `check_drift(model, source)`."""
    return await _report(request, gateway, caller, Reported, Call.DRIFT, name)


@router.post(
    "/compare",
    response_class=Response,
    responses=documented.rows("Metrics of each model, with intervals, ranks and p-values"),
    openapi_extra=documented.body(Comparison, rows={"rows": LABELLED, "models": ["fares"], "label": "fraud"}),
)
async def compare(request: Request, gateway: Opened, caller: Reader) -> Response:
    """Compare models on labelled rows: `compare_models(models, source, label)`."""
    return await _report(request, gateway, caller, Comparison, Call.COMPARE)


@router.post(
    "/profile",
    response_class=Response,
    responses=documented.rows("One row a column: what it holds, what is wrong with it, what it may be used for"),
    openapi_extra=documented.body(Given, rows={"rows": TRIPS}),
)
async def profile(request: Request, gateway: Opened, caller: Reader) -> Response:
    """Look at rows before a model is trained on them: `profile_data(source)`."""
    return await _report(request, gateway, caller, Given, Call.PROFILE)


@router.post(
    "/contrast",
    response_class=Response,
    responses=documented.rows("Groups that have more anomalies than others, with lift and p-value"),
    openapi_extra=documented.body(Contrast, rows={"rows": _PLACED, "flag": "fraud", "dimensions": ["hour"]}),
)
async def contrast(request: Request, gateway: Opened, caller: Reader) -> Response:
    """Tell which groups anomalies come from: `contrast_anomalies(source, flag, dimensions)`."""
    return await _report(request, gateway, caller, Contrast, Call.CONTRAST)


@router.post(
    "/stability",
    response_class=Response,
    responses=documented.rows("How much results depend on the seed and on the rows, which is not accuracy"),
    openapi_extra=documented.body(Stability, rows={"rows": TRIPS, "algorithm": "mad"}),
)
async def stability(request: Request, gateway: Opened, caller: Reader) -> Response:
    """Tell without labels how stable results are: `model_stability(source, ...)`."""
    return await _report(request, gateway, caller, Stability, Call.STABILITY)


@router.post(
    "/agreement",
    response_class=Response,
    responses=documented.rows("How far each two detectors agree, which is not accuracy"),
    openapi_extra=documented.body(Agreement, rows={"rows": TRIPS, "algorithms": ["mad", "zscore"]}),
)
async def agreement(request: Request, gateway: Opened, caller: Reader) -> Response:
    """Tell without labels how far detectors agree: `detector_agreement(source, ...)`."""
    return await _report(request, gateway, caller, Agreement, Call.AGREEMENT)


async def _report(
    request: Request, gateway: Gateway, caller: Caller, kind: type[Given], call: Call, model: str | None = None
) -> Response:
    asked, body = await received(request, kind, gateway.settings)
    request.state.exchange.subject = model
    body.check(gateway.databases, statements=caller.role.includes(Role.WRITE))
    values = asked.model_dump(exclude=set(Given.model_fields)) | ({} if model is None else {"model": model})
    return await rows_of(
        request, gateway.work, caller.tenant, gateway.settings.max_result_rows,
        lambda session: session.call(call, values | {"source": body.source(session)}),
    )  # fmt: skip
