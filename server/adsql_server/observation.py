"""The outermost layer: it opens each exchange, and tells the log, the metrics and the audit how it ended."""

from __future__ import annotations

import itertools
import re
import secrets
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import Headers, MutableHeaders

from adsql_server.exchange import Exchange
from adsql_server.logs import logger
from adsql_server.problems import InternalError, answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from adsql_server.gateway import Gateway

API = "/api/v1"
# Asked every few seconds by machines; neither logged nor audited.
PROBES = frozenset(f"{prefix}{path}" for prefix in ("", API) for path in ("/health", "/health/ready", "/metrics"))
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Unique and no secret, so that none has to be drawn for each request.
_START = secrets.token_hex(4)
_numbers = itertools.count(1)
_NO_ROUTE = "none"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # Answers are a caller's own.
    "Cache-Control": "no-store",
}
_HTTPS_ONLY = "max-age=31536000"
_CLIENT_LEFT = 499


class Observation:
    """The layer.

    Parameters
    ----------
    app
        What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _exchange(scope)
        scope.setdefault("state", {})["exchange"] = exchange
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = _HTTPS_ONLY
                headers["X-Request-ID"] = exchange.request_id
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            logger().exception("a request failed", path=exchange.path)
            exchange.code = exchange.code or InternalError.code
            if exchange.status:
                # Part of the answer has left; only a broken connection tells the client that the rest is missing.
                raise
            await answer(exchange, InternalError("the gateway failed"))(scope, receive, sending)
        finally:
            _tell(scope["app"].state.gateway, exchange, scope)
            structlog.contextvars.unbind_contextvars("request_id")


def _tell(gateway: Gateway, exchange: Exchange, scope: Scope) -> None:
    exchange.status = exchange.status or _CLIENT_LEFT
    # A router knows its paths without the prefix that it is included under.
    known = getattr(scope.get("route"), "path", None)
    route = _NO_ROUTE if known is None else f"{API if exchange.path.startswith(API) else ''}{known}"
    metrics = gateway.metrics
    method = exchange.method if route != _NO_ROUTE else _NO_ROUTE
    metrics.requests.labels(method, route, exchange.status).inc()
    metrics.duration.labels(method, route).observe(exchange.seconds)
    if exchange.anomalies:
        metrics.anomalies.inc(exchange.anomalies)
    if exchange.path in PROBES:
        return
    caller = exchange.caller
    logger().info(
        "request", method=exchange.method, path=exchange.path, status=exchange.status, code=exchange.code,
        ms=round(exchange.seconds * 1000, 2), rows=exchange.rows, user=caller and caller.username,
        tenant=caller and caller.tenant, address=exchange.address,
    )  # fmt: skip
    gateway.audit.record(exchange)


def _exchange(scope: Scope) -> Exchange:
    sent = Headers(scope=scope).get("x-request-id", "")
    request_id = sent if _REQUEST_ID.fullmatch(sent) else f"{_START}{next(_numbers):08x}"
    client = scope.get("client")
    return Exchange(request_id, scope["method"], scope["path"], client[0] if client else "unknown")
