"""Tenants, for those who run the gateway."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from adsql_server.access import requires
from adsql_server.caller import TENANT_NAME, Caller, Role
from adsql_server.gateway import Opened

router = APIRouter(prefix="/tenants", tags=["tenants"])

Operator = Annotated[Caller, Depends(requires(Role.ADMIN, operators_only=True))]


class NewTenant(BaseModel):
    """A tenant to create."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=f"^{TENANT_NAME}$", examples=["acme"])


class TenantShown(BaseModel):
    """A tenant."""

    name: str = Field(examples=["acme"])
    created_at: datetime


@router.get("")
def tenants(gateway: Opened, _caller: Operator) -> list[TenantShown]:
    """List the tenants."""
    return [TenantShown(name=name, created_at=at) for name, at in gateway.users.tenants()]


@router.post("", status_code=201)
def create_tenant(request: Request, gateway: Opened, _caller: Operator, sent: NewTenant) -> TenantShown:
    """Create a tenant with a database of its own. Create its first administrator with `POST /users`."""
    request.state.exchange.subject = f"tenant {sent.name}"
    created_at = gateway.users.create_tenant(sent.name)
    try:
        with gateway.databases.session(sent.name):
            pass
    except BaseException:
        gateway.users.forget_tenant(sent.name)
        raise
    return TenantShown(name=sent.name, created_at=created_at)
