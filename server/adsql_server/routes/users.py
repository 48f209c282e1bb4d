"""Users, for administrators: of their own tenant, and of any for those who run the gateway."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from adsql_server.access import requires
from adsql_server.caller import TENANT_NAME, Caller, Role
from adsql_server.gateway import Opened
from adsql_server.identity.users import USERNAME, User
from adsql_server.problems import Conflict, Forbidden

router = APIRouter(prefix="/users", tags=["users"])

Admin = Annotated[Caller, Depends(requires(Role.ADMIN))]
Username = Annotated[str, Path(pattern=f"(?i)^{USERNAME}$", examples=["ada"])]
TenantName = Annotated[str, Field(pattern=f"^{TENANT_NAME}$", examples=["acme"])]


class NewUser(BaseModel):
    """A user to create."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(pattern=f"(?i)^{USERNAME}$", examples=["ada"])
    password: str = Field(max_length=1000, examples=["four wise words together"])
    role: Role = Role.READ
    tenant: TenantName | None = Field(None, description="By default the caller's own")


class UserChange(BaseModel):
    """What is to change; the rest stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    active: bool | None = Field(None, description="Whether the user may log in and use keys")
    password: str | None = Field(None, max_length=1000, examples=["other wise words together"])


class UserShown(BaseModel):
    """A user."""

    model_config = ConfigDict(from_attributes=True)

    username: str = Field(examples=["ada"])
    tenant: str = Field(examples=["default"])
    role: Role
    active: bool
    created_at: datetime


# These block for as long as the store and argon2 take, so they are no coroutines: FastAPI gives them a thread.
@router.get("")
def users(gateway: Opened, caller: Admin, tenant: Annotated[TenantName | None, Query()] = None) -> list[UserShown]:
    """List a tenant's users."""
    return [UserShown.model_validate(user) for user in gateway.users.of_tenant(chosen_tenant(caller, tenant))]


@router.post("", status_code=201)
def create_user(request: Request, gateway: Opened, caller: Admin, sent: NewUser) -> UserShown:
    """Create a user. Those who run the gateway may do so in any tenant."""
    request.state.exchange.subject = f"user {sent.username}"
    tenant = chosen_tenant(caller, sent.tenant)
    return UserShown.model_validate(gateway.users.create(sent.username, tenant, sent.role, sent.password))


@router.get("/{username}")
def user(gateway: Opened, caller: Admin, username: Username) -> UserShown:
    """Tell about one user."""
    return UserShown.model_validate(gateway.users.get(username, reach(caller)))


@router.patch("/{username}")
def change_user(request: Request, gateway: Opened, caller: Admin, username: Username, sent: UserChange) -> UserShown:
    """Change a user's role or password, or deactivate it. What it loses is lost at once."""
    request.state.exchange.subject = f"user {username}"
    found = _not_oneself(gateway.users.get(username, reach(caller)), caller)
    changed = gateway.users.change(
        found.username, found.tenant, role=sent.role, active=sent.active, password=sent.password
    )
    gateway.recognition.forget()
    return UserShown.model_validate(changed)


@router.delete("/{username}", status_code=204)
def delete_user(request: Request, gateway: Opened, caller: Admin, username: Username) -> None:
    """Delete a user with its keys. What it did stays in the audit, and its models stay."""
    request.state.exchange.subject = f"user {username}"
    found = _not_oneself(gateway.users.get(username, reach(caller)), caller)
    gateway.users.delete(found.username, found.tenant)
    gateway.recognition.forget()


def reach(caller: Caller) -> str | None:
    """Return the tenant whose users a caller manages; None for all."""
    return None if caller.operates else caller.tenant


def chosen_tenant(caller: Caller, asked: str | None) -> str:
    """Return the tenant that a request is about.

    Raises
    ------
    Forbidden
        If it is another one than the caller's own, and the caller does not run the gateway.
    """
    if asked not in {None, caller.tenant} and not caller.operates:
        raise Forbidden("this is another tenant")
    return asked or caller.tenant


def _not_oneself(user: User, caller: Caller) -> User:
    # Nobody can lock the last administrator out.
    if user.id == caller.user_id:
        raise Conflict(
            "nobody changes or deletes oneself", hint="POST /api/v1/auth/password, or ask another administrator"
        )
    return user
