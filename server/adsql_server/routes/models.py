"""Saved models: training, looking, evaluating, dropping."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from adsql.errors import UnknownModel
from adsql_server import documented
from adsql_server.access import requires
from adsql_server.bodies import received
from adsql_server.caller import Caller, Role
from adsql_server.databases import Call
from adsql_server.gateway import Gateway, Opened
from adsql_server.requests import Evaluation, Training
from adsql_server.routes.detection import TRIPS, ModelName
from adsql_server.routes.jobs import Reader, done

router = APIRouter(tags=["models"])

Writer = Annotated[Caller, Depends(requires(Role.WRITE))]
VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])]
VersionAsked = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="By default the newest")]
LABELLED = [{**trip, "fraud": trip["fare"] > 900} for trip in TRIPS]  # noqa: PLR2004 - an example


class Trained(BaseModel):
    """A model that was stored."""

    name: str = Field(examples=["fares"])
    version: int = Field(examples=[1])
    algorithm: str = Field(examples=["iforest"])
    n_rows: int = Field(examples=[5001])
    n_features: int = Field(examples=[2])
    threshold: float | None = Field(examples=[0.62])


class ModelShown(Trained):
    """A version of a saved model."""

    is_newest: bool
    threshold_policy: str = Field(examples=["automatic"])
    segment_by: list[str]
    n_segments: int
    source: str = Field(examples=["trips"])
    created_at: datetime
    content_hash: str


class Fact(BaseModel):
    """Something known about a model."""

    section: str = Field(examples=["feature"])
    name: str = Field(examples=["fare"])
    value: str | None
    segment: str | None


class ModelDescribed(BaseModel):
    """All that is known about a version of a model."""

    name: str
    version: int | None = Field(description="The one asked for; null for the newest")
    facts: list[Fact]


class Dropped(BaseModel):
    """Versions that are gone."""

    name: str
    versions: list[int]


class Metric(BaseModel):
    """A metric of an evaluation."""

    metric: str = Field(examples=["auc_roc"])
    value: float | None
    lower: float | None = None
    upper: float | None = None


class Evaluated(BaseModel):
    """How well a model does on labelled rows."""

    name: str
    metrics: list[Metric]


@router.post(
    "/train",
    status_code=201,
    response_model=Trained,
    openapi_extra=documented.body(
        Training,
        rows={"model": "fares", "rows": TRIPS},
        options={
            "model": "fares", "rows": LABELLED, "algorithm": "iforest", "params": {"n_estimators": 50}, "seed": 1,
            "label_column": "fraud",
        },
        job={"model": "fares", "rows": TRIPS, "async": True},
    ),
)  # fmt: skip
async def train(request: Request, gateway: Opened, caller: Writer) -> Trained | Response:
    """Train a model and store it: `train_model(...)`. Once it is answered, the model is on disk."""
    asked, body = await received(request, Training, gateway.settings)
    request.state.exchange.subject = asked.model
    body.check(gateway.databases, statements=True)
    values = asked.options() | {"model": asked.model}
    rows = await done(request, gateway, caller, asked, body, Call.TRAIN, values)
    if isinstance(rows, Response):
        return rows
    await _count(gateway, caller.tenant)
    trained = Trained.model_validate(rows[0])
    request.state.exchange.rows = trained.n_rows
    return trained


@router.get("/models")
async def models(gateway: Opened, caller: Reader) -> list[ModelShown]:
    """List saved models, one entry a version: `models()`."""
    rows = await gateway.work.call(caller.tenant, lambda session: session.call(Call.MODELS, {"model": None}).rows())
    return [ModelShown.model_validate(row) for row in rows]


@router.get("/models/{name}/versions")
async def versions(request: Request, gateway: Opened, caller: Reader, name: ModelName) -> list[ModelShown]:
    """List the versions of a model."""
    request.state.exchange.subject = name
    rows = await gateway.work.call(caller.tenant, lambda session: session.call(Call.MODELS, {"model": name}).rows())
    if not rows:
        raise UnknownModel(f"model {name!r} does not exist", hint="GET /models")
    return [ModelShown.model_validate(row) for row in rows]


@router.get("/models/{name}")
async def model(
    request: Request, gateway: Opened, caller: Reader, name: ModelName, version: VersionAsked = None
) -> ModelDescribed:
    """Tell all that is known about a model: `model_info(model, version)`."""
    request.state.exchange.subject = name
    values = {"model": name, "version": version}
    rows = await gateway.work.call(caller.tenant, lambda session: session.call(Call.MODEL_INFO, values).rows())
    return ModelDescribed(name=name, version=version, facts=[Fact.model_validate(row) for row in rows])


@router.delete("/models/{name}")
async def drop_model(request: Request, gateway: Opened, caller: Writer, name: ModelName) -> Dropped:
    """Delete a model with all its versions: `drop_model(model)`."""
    return await _drop(request, gateway, caller, name, None)


@router.delete("/models/{name}/versions/{version}")
async def drop_version(
    request: Request, gateway: Opened, caller: Writer, name: ModelName, version: VersionNumber
) -> Dropped:
    """Delete a version of a model: `drop_model(model, version)`."""
    return await _drop(request, gateway, caller, name, version)


@router.post(
    "/models/{name}/evaluate",
    response_model=Evaluated,
    openapi_extra=documented.body(Evaluation, rows={"rows": LABELLED, "label": "fraud"}),
)
async def evaluate(request: Request, gateway: Opened, caller: Writer, name: ModelName) -> Evaluated | Response:
    """Evaluate a model on labelled rows: `evaluate_model(model, source, label)`."""
    asked, body = await received(request, Evaluation, gateway.settings)
    request.state.exchange.subject = name
    body.check(gateway.databases, statements=True)
    values = {"model": name, "label": asked.label, "k": asked.k, "version": asked.version}
    rows = await done(request, gateway, caller, asked, body, Call.EVALUATE, values)
    if isinstance(rows, Response):
        return rows
    metrics = [Metric.model_validate(row) for row in rows]
    for one in metrics:
        # What has no interval is a count.
        if one.value is not None and one.lower is not None:
            gateway.metrics.accuracy.labels(caller.tenant, name, one.metric).set(one.value)
    return Evaluated(name=name, metrics=metrics)


async def _drop(request: Request, gateway: Gateway, caller: Caller, name: str, version: int | None) -> Dropped:
    request.state.exchange.subject = name
    values = {"model": name, "version": version}
    rows = await gateway.work.call(caller.tenant, lambda session: session.call(Call.DROP, values).rows())
    await _count(gateway, caller.tenant)
    return Dropped(name=name, versions=[int(str(row["version"])) for row in rows])


async def _count(gateway: Gateway, tenant: str) -> None:
    """Have the metrics tell how many models a tenant has now."""
    rows = await gateway.work.call(tenant, lambda session: session.call(Call.MODELS, {"model": None}).rows())
    gateway.metrics.models.labels(tenant).set(len({row["name"] for row in rows}))
