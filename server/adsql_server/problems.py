"""The one shape of errors: application/problem+json (RFC 9457) with the library's stable codes.

Whatever fails is an `AdsqlError`: those of the library, of which this says the HTTP status, and those that only a
server can have, which are here.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from adsql import errors
from adsql.errors import AdsqlError, from_message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

    from adsql_server.exchange import Exchange

MEDIA_TYPE = "application/problem+json"


class Problem(AdsqlError):
    """What only a server can say about a request."""

    code = "ADSQL_PROBLEM"
    status: ClassVar[int] = 500

    @property
    def headers(self) -> dict[str, str]:
        """Headers that the answer needs."""
        return {}


class NotAuthenticated(Problem):
    """There is no credential, or none that is valid."""

    code = "ADSQL_NOT_AUTHENTICATED"
    status = 401

    @property
    def headers(self) -> dict[str, str]:
        """The scheme that would have been accepted."""
        return {"WWW-Authenticate": "Bearer"}


class StolenToken(NotAuthenticated):
    """A refresh token came a second time, and its session was ended."""

    code = "ADSQL_STOLEN_TOKEN"

    def __init__(self, session: str) -> None:
        super().__init__("this refresh token has been used: the session is ended", hint="POST /api/v1/auth/token")
        self.session = session


class Forbidden(Problem):
    """The caller is known and has no right to this."""

    code = "ADSQL_FORBIDDEN"
    status = 403


class NotFound(Problem):
    """There is nothing of this name or number, or nothing that the caller may know of."""

    code = "ADSQL_NOT_FOUND"
    status = 404


class MethodNotAllowed(Problem):
    """The address exists, and does not take this method."""

    code = "ADSQL_METHOD_NOT_ALLOWED"
    status = 405


class NotAcceptable(Problem):
    """The answer cannot be given in any form that the request accepts."""

    code = "ADSQL_NOT_ACCEPTABLE"
    status = 406


class Conflict(Problem):
    """What is there already stands against it."""

    code = "ADSQL_CONFLICT"
    status = 409


class RequestTooLarge(Problem):
    """The request has more bytes or rows than the gateway takes."""

    code = "ADSQL_REQUEST_TOO_LARGE"
    status = 413


class UnsupportedContent(Problem):
    """The body is of a type that the endpoint does not read."""

    code = "ADSQL_UNSUPPORTED_CONTENT"
    status = 415


class InvalidRequest(Problem):
    """The request does not have the form that the endpoint describes."""

    code = "ADSQL_INVALID_REQUEST"
    status = 422


class Retryable(Problem):
    """The same request may succeed later."""

    code = "ADSQL_RETRYABLE"
    status = 503

    def __init__(self, problem: str, *, retry_after: float = 1.0, hint: str = "") -> None:
        super().__init__(problem, hint=hint)
        # Whole seconds, and never sooner than it is true.
        self.retry_after = max(1, -int(-retry_after // 1))

    @property
    def headers(self) -> dict[str, str]:
        """When to come back."""
        return {"Retry-After": str(self.retry_after)}


class TooManyRequests(Retryable):
    """The caller or its address has sent too many requests, or has too many running."""

    code = "ADSQL_TOO_MANY_REQUESTS"
    status = 429


class Overloaded(Retryable):
    """The gateway does as much as it can at once, or is stopping."""

    code = "ADSQL_OVERLOADED"
    status = 503


class Unready(Retryable):
    """The gateway cannot work at the moment: a database does not answer."""

    code = "ADSQL_UNREADY"


class TimedOut(Problem):
    """The request took longer than the gateway permits; what it had started was stopped."""

    code = "ADSQL_TIMED_OUT"
    status = 504


class Misconfigured(Problem):
    """The gateway's settings, or files that they name, cannot be used."""

    code = "ADSQL_MISCONFIGURED"
    exit_code = 2
    status = 503


class InternalError(Problem):
    """The gateway has a defect; the log has it under the request's id."""

    code = "ADSQL_INTERNAL_ERROR"
    status = 500


# From the most general class to the most special.
STATUS: Mapping[type[AdsqlError], int] = {
    AdsqlError: 500,
    errors.OptionError: 422,
    errors.SourceError: 422,
    errors.ColumnError: 422,
    errors.ModelError: 422,
    errors.DatabaseError: 503,
    errors.UnknownSource: 404,
    errors.UnknownModel: 404,
    errors.UnknownVersion: 404,
    errors.AmbiguousModel: 409,
    errors.CorruptModel: 500,
    errors.NewerModel: 500,
    errors.ReadOnlyDatabase: 403,
}
_OF_STATUS: Mapping[int, type[Problem]] = {
    cls.status: cls
    for cls in (
        NotAuthenticated, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, RequestTooLarge, UnsupportedContent,
        InvalidRequest,
    )
}  # fmt: skip


def status_of(error: AdsqlError) -> int:
    """Return the HTTP status of an error.

    >>> from adsql.errors import UnknownModel
    >>> status_of(UnknownModel("model 'fare' does not exist"))
    404
    """
    if isinstance(error, Problem):
        return error.status
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def body_of(error: AdsqlError, request_id: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return an error's members as RFC 9457 names them, with adsql's own."""
    members = {
        "type": f"urn:adsql:problem:{error.code}",
        "title": (inspect.getdoc(type(error)) or "").partition("\n")[0].rstrip("."),
        "status": status_of(error),
        "detail": error.problem,
        "code": error.code,
        "allowed": error.allowed,
        "hint": error.hint or None,
        "request_id": request_id,
    }
    return {name: value for name, value in (members | more).items() if value is not None}


def answer(exchange: Exchange, error: AdsqlError, **more: Any) -> JSONResponse:  # noqa: ANN401 - JSON
    """Return an error as the answer to a request."""
    exchange.code = error.code
    headers = error.headers if isinstance(error, Problem) else None
    body = body_of(error, exchange.request_id, **more)
    return JSONResponse(body, status_of(error), headers, MEDIA_TYPE)


def from_http(error: HTTPException) -> AdsqlError:
    """Return the problem that an exception of the web framework stands for."""
    cls = _OF_STATUS.get(
        error.status_code, InvalidRequest if error.status_code < InternalError.status else InternalError
    )
    return from_message(str(error.detail)) or cls(str(error.detail))


def install(app: FastAPI) -> None:
    """Have an application answer whatever fails in it as a problem."""

    async def known(request: Request, error: AdsqlError) -> JSONResponse:
        return answer(request.state.exchange, error)

    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        # What was sent is not repeated: it may be a password.
        wrong = [{"where": [str(part) for part in one["loc"]], "what": one["msg"]} for one in error.errors()]
        first = f"{'.'.join(wrong[0]['where'])}: {wrong[0]['what']}" if wrong else "the request is not valid"
        return answer(request.state.exchange, InvalidRequest(first), errors=wrong)

    async def http(request: Request, error: HTTPException) -> JSONResponse:
        response = answer(request.state.exchange, from_http(error))
        response.headers.update(error.headers or {})
        return response

    handlers: dict[type[Exception], Any] = {AdsqlError: known, RequestValidationError: invalid, HTTPException: http}
    for cls, handler in handlers.items():
        app.add_exception_handler(cls, handler)
