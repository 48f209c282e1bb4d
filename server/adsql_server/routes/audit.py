"""The audit, for administrators: of their own tenant, and of all for those who run the gateway. Nothing changes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from adsql_server.access import requires
from adsql_server.caller import TENANT_NAME, Caller, Role
from adsql_server.gateway import Opened
from adsql_server.identity.users import USERNAME
from adsql_server.routes.users import chosen_tenant

router = APIRouter(prefix="/audit", tags=["audit"])


class EntryShown(BaseModel):
    """One request."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    request_id: str = Field(examples=["5e0d3b1c9a7f4e21"])
    tenant: str | None = Field(examples=["default"])
    username: str | None = Field(description="Null for a stranger", examples=["ada"])
    credential: str | None = Field(examples=["key:0123456789abcdef"])
    address: str = Field(examples=["192.0.2.7"])
    method: str = Field(examples=["POST"])
    path: str = Field(examples=["/api/v1/models/fares/score"])
    subject: str | None = Field(examples=["fares"])
    status: int = Field(examples=[200])
    code: str | None = Field(examples=["ADSQL_UNKNOWN_MODEL"])
    row_count: int | None = Field(examples=[1])
    duration_ms: float = Field(examples=[2.5])


@router.get("")
def audit(
    gateway: Opened,
    caller: Annotated[Caller, Depends(requires(Role.ADMIN))],
    tenant: Annotated[str | None, Query(pattern=f"^{TENANT_NAME}$")] = None,
    username: Annotated[str | None, Query(pattern=f"(?i)^{USERNAME}$")] = None,
    before: Annotated[AwareDatetime | None, Query(description="Only older ones: the last `at` of a page")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[EntryShown]:
    """List what was done, the newest first. Those who run the gateway see all tenants, and strangers."""
    whose = tenant if caller.operates else chosen_tenant(caller, tenant)
    name = username and username.lower()
    entries = gateway.audit.read(whose, name, before or datetime.now(UTC), limit)
    return [EntryShown.model_validate(entry) for entry in entries]
