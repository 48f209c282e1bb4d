"""Whether the gateway lives, whether it can work, and its figures."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from adsql import __version__
from adsql_server.access import PUBLIC
from adsql_server.gateway import Opened
from adsql_server.problems import Unready

router = APIRouter(tags=["operation"], dependencies=[Depends(PUBLIC)])


class Health(BaseModel):
    """A sign of life."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=[__version__])


@router.get("/health")
async def health() -> Health:
    """Tell that the process answers; no database is asked."""
    return Health(status="ok", version=__version__)


@router.get("/health/ready")
def ready(gateway: Opened) -> Health:
    """Tell that the databases answer."""
    gateway.readiness.check()
    return Health(status="ready", version=__version__)


@router.get("/metrics", response_class=Response)
def metrics(gateway: Opened, authorization: Annotated[str, Header(max_length=1000)] = "") -> Response:
    """Give the figures in Prometheus' format; with the token of the settings, also those that name tenants."""
    token = gateway.settings.metrics_token
    expected = f"Bearer {token.get_secret_value()}" if token else ""
    # For its gauge: Prometheus may be the only one who asks.
    with suppress(Unready):
        gateway.readiness.check()
    private = bool(expected) and hmac.compare_digest(authorization.encode(), expected.encode())
    if private:
        gateway.readiness.count_models()
    return Response(gateway.metrics.text(private=private), media_type=CONTENT_TYPE_LATEST)
