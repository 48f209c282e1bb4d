"""The layer in front of the endpoints: recognises callers and holds the limits, before a body is read."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from adsql_server.observation import PROBES
from adsql_server.problems import (
    NotAuthenticated,
    Overloaded,
    Problem,
    RequestTooLarge,
    TimedOut,
    TooManyRequests,
    answer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from adsql_server.caller import Caller
    from adsql_server.exchange import Exchange
    from adsql_server.gateway import Gateway
    from adsql_server.identity.recognition import Recognition

# Enough for a login; nobody keeps more of a stranger's in memory.
_STRANGERS_BYTES = 16 * 1024
_BEARER = "bearer "


class Guard:
    """The layer.

    Parameters
    ----------
    app
        The endpoints.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._running = 0
        self._running_of: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        gateway: Gateway = scope["app"].state.gateway
        exchange: Exchange = scope["state"]["exchange"]
        try:
            await self._pass(gateway, exchange, scope, receive, send)
        except Problem as problem:
            await answer(exchange, problem)(scope, receive, send)
        except TimeoutError:
            late = TimedOut(
                f"it took longer than {gateway.settings.request_seconds:g} s",
                hint="send Prefer: respond-async where the endpoint offers jobs",
            )
            exchange.code = late.code
            if exchange.status:
                raise
            await answer(exchange, late)(scope, receive, send)

    async def _pass(self, gateway: Gateway, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        with self._place(gateway):
            await gateway.rates.address(exchange.address)
            await _recognise(gateway.recognition, exchange, headers)
            with self._place_of(exchange.caller, gateway.settings.concurrent_requests_per_user):
                most = gateway.settings.max_request_bytes
                if exchange.caller:
                    await gateway.rates.user(exchange.caller.user_id)
                else:
                    most = min(most, _STRANGERS_BYTES)
                async with asyncio.timeout(gateway.settings.request_seconds):
                    await self._app(scope, _limited(receive, headers, most), send)

    @contextmanager
    def _place(self, gateway: Gateway) -> Iterator[None]:
        if self._running >= gateway.settings.concurrent_requests:
            raise Overloaded("too many requests are running")
        if gateway.audit.overdue:
            raise Overloaded("the audit cannot be written", retry_after=10)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    @contextmanager
    def _place_of(self, caller: Caller | None, most: int) -> Iterator[None]:
        if caller is None:
            yield
            return
        if self._running_of[caller.user_id] >= most:
            raise TooManyRequests("too many requests of this user are running")
        self._running_of[caller.user_id] += 1
        try:
            yield
        finally:
            self._running_of[caller.user_id] -= 1
            if not self._running_of[caller.user_id]:
                del self._running_of[caller.user_id]


async def _recognise(recognition: Recognition, exchange: Exchange, headers: Headers) -> None:
    """Note the caller, or why there is none; the endpoint decides whether it needs one."""
    authorization, key = headers.get("authorization"), headers.get("x-api-key")
    if authorization is None and key is None:
        return
    if authorization is not None and key is not None:
        exchange.refusal = "two credentials were sent: a bearer token and an API key"
        return
    token = None
    if authorization is not None:
        if not authorization.lower().startswith(_BEARER):
            exchange.refusal = "the Authorization header has another scheme than Bearer"
            return
        token = authorization[len(_BEARER) :].strip()
    try:
        exchange.caller = recognition.remembered(token, key)
        if exchange.caller is None:
            exchange.caller = await run_in_threadpool(recognition.recognised, token, key)
    except NotAuthenticated as refused:
        exchange.refusal = refused.problem


def _limited(receive: Receive, headers: Headers, most: int) -> Receive:
    """Return what receives a body of at most so many bytes."""
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise RequestTooLarge(f"the body has {length} bytes", allowed=f"{most} bytes")
    read = 0

    async def receiving() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            # The web framework reads bodies, and lets no other exception through.
            raise HTTPException(RequestTooLarge.status, f"the body has more than {most} bytes")
        return message

    return receiving
