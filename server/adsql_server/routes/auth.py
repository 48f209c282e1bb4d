"""Logging in and out."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from adsql_server.access import PUBLIC, requires
from adsql_server.caller import Caller, Role
from adsql_server.gateway import Opened
from adsql_server.identity.sessions import Grant
from adsql_server.problems import Conflict, InvalidRequest, NotAuthenticated, StolenToken

router = APIRouter(prefix="/auth", tags=["auth"])

Anyone = Annotated[Caller, Depends(requires(Role.READ, one_time=True))]
Text = Annotated[str, Form(max_length=1000)]


class Tokens(BaseModel):
    """What a client keeps until it logs out."""

    access_token: str = Field(description="Send it as `Authorization: Bearer ...`", examples=["eyJhbGciOi..."])
    token_type: Literal["bearer"]
    expires_in: int = Field(description="Seconds that the access token is valid", examples=[900])
    refresh_token: str = Field(description="For one call of `/auth/refresh`", examples=["S9n0Xk..."])
    scope: str = Field(description="The role that the access token permits", examples=["write"])


class RefreshToken(BaseModel):
    """A refresh token."""

    refresh_token: str = Field(max_length=200, examples=["S9n0Xk..."])


class NewPassword(BaseModel):
    """A change of the caller's own password."""

    old: str = Field(max_length=1000, examples=["the one-time password"])
    new: str = Field(max_length=1000, examples=["four wise words together"])


class Me(BaseModel):
    """The caller."""

    username: str = Field(examples=["ada"])
    tenant: str = Field(examples=["default"])
    role: Role
    one_time_password: bool = Field(description="Whether the password has to be changed first")


@router.post("/token", dependencies=[Depends(PUBLIC)])
async def log_in(
    request: Request,
    gateway: Opened,
    username: Text,
    password: Text,
    grant_type: Annotated[str, Form(pattern="^password$")] = "password",  # noqa: ARG001 - OAuth 2 sends it
    scope: Annotated[str, Form(max_length=100)] = "",
) -> Tokens:
    """Log in: OAuth 2's password form. `scope` asks for a role less than the user's own."""
    exchange = request.state.exchange
    exchange.subject = username
    wanted = _role(scope)
    await gateway.rates.login(exchange.address)
    await gateway.rates.check_failed_logins(username.lower())
    try:
        grant = await run_in_threadpool(gateway.sessions.login, username, password, wanted)
    except NotAuthenticated:
        await gateway.rates.failed_login(username.lower())
        raise
    return _tokens(gateway, grant)


@router.post("/refresh", dependencies=[Depends(PUBLIC)])
async def refresh(request: Request, gateway: Opened, sent: RefreshToken) -> Tokens:
    """Exchange a refresh token for new tokens. One that comes twice was stolen, and ends its session."""
    await gateway.rates.login(request.state.exchange.address)
    try:
        grant = await run_in_threadpool(gateway.sessions.refresh, sent.refresh_token)
    except StolenToken as stolen:
        request.state.exchange.subject = f"session:{stolen.session}"
        gateway.recognition.forget()
        raise
    return _tokens(gateway, grant)


@router.post("/logout", status_code=204)
async def log_out(gateway: Opened, caller: Anyone) -> None:
    """End the session: its access and refresh tokens are no longer valid."""
    await run_in_threadpool(gateway.sessions.logout, _session(caller))
    gateway.recognition.forget()


@router.post("/password", status_code=204)
async def change_password(request: Request, gateway: Opened, caller: Anyone, sent: NewPassword) -> None:
    """Choose another password. All other sessions of the user end."""
    session = _session(caller)
    await gateway.rates.login(request.state.exchange.address)
    await run_in_threadpool(
        gateway.sessions.change_password, caller.user_id, caller.username, session, sent.old, sent.new
    )
    gateway.recognition.forget()


@router.get("/me")
async def me(caller: Anyone) -> Me:
    """Tell who is logged in."""
    return Me(username=caller.username, tenant=caller.tenant, role=caller.role, one_time_password=caller.one_time)


def _session(caller: Caller) -> str:
    if caller.session is None:
        raise Conflict("an API key belongs to no session", hint="send an access token")
    return caller.session


def _role(scope: str) -> Role | None:
    names = scope.split()
    if any(name not in set(Role) for name in names):
        raise InvalidRequest("unknown scope", allowed=list(Role))
    return max((Role(name) for name in names), key=lambda role: role.rank, default=None)


def _tokens(gateway: Opened, grant: Grant) -> Tokens:
    return Tokens(
        access_token=grant.access_token,
        token_type="bearer",  # noqa: S106 - what OAuth 2 calls a kind of token
        expires_in=gateway.settings.access_token_seconds,
        refresh_token=grant.refresh_token,
        scope=str(grant.role),
    )
