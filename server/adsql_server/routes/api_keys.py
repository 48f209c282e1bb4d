"""API keys, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from adsql_server.access import requires
from adsql_server.caller import Caller, Role
from adsql_server.gateway import Opened
from adsql_server.identity.users import USERNAME

router = APIRouter(prefix="/api-keys", tags=["API keys"])

Admin = Annotated[Caller, Depends(requires(Role.ADMIN))]
KeyId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", examples=["0123456789abcdef"])]


class NewKey(BaseModel):
    """A key to create."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$", examples=["nightly scoring"])
    role: Role = Field(Role.READ, description="No more than its user may do")
    username: str | None = Field(
        None, pattern=f"(?i)^{USERNAME}$", description="For whom it stands; by default the caller", examples=["ada"]
    )
    expires_in_days: int = Field(90, ge=1, le=366)


class KeyShown(BaseModel):
    """A key, without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["0123456789abcdef"])
    name: str = Field(examples=["nightly scoring"])
    username: str = Field(examples=["ada"])
    role: Role
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class KeyCreated(KeyShown):
    """A key, this once with its secret."""

    key: str = Field(
        description="Send it as `X-API-Key`; it is not shown again", examples=["adsql_0123456789abcdef_..."]
    )


@router.get("")
def keys(gateway: Opened, caller: Admin) -> list[KeyShown]:
    """List the keys of the caller's tenant."""
    return [KeyShown.model_validate(key) for key in gateway.api_keys.of_tenant(caller.tenant)]


@router.post("", status_code=201)
def create_key(request: Request, gateway: Opened, caller: Admin, sent: NewKey) -> KeyCreated:
    """Create a key for a user of the caller's tenant."""
    user = gateway.users.get(sent.username or caller.username, caller.tenant)
    key, text = gateway.api_keys.create(user, sent.name, sent.role, sent.expires_in_days)
    request.state.exchange.subject = f"key {key.id} for {user.username}"
    return KeyCreated(**KeyShown.model_validate(key).model_dump(), key=text)


@router.delete("/{key_id}", status_code=204)
def revoke_key(request: Request, gateway: Opened, caller: Admin, key_id: KeyId) -> None:
    """Revoke a key of the caller's tenant."""
    request.state.exchange.subject = f"key {key_id}"
    gateway.api_keys.revoke(key_id, caller.tenant)
    gateway.recognition.forget()
