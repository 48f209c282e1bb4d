"""What the gateway answers when it refuses, as exceptions."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from adsql.errors import AdsqlError, class_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

PROBLEM = "application/problem+json"


class GatewayError(AdsqlError):
    """The gateway refused a request, failed, or could not be reached.

    What concerns the rows, the options or a model has a class of its own in `adsql.errors` instead, the same as in
    SQL.

    Parameters
    ----------
    problem, allowed, hint
        As in every error of adsql.
    code
        The gateway's: `docs/gateway_reference.md` has them.
    status
        HTTP's, or None if there was no answer.
    request_id
        What the gateway's log has about it.

    Examples
    --------
    >>> error = GatewayError("more than 10 per 1 minute", code="ADSQL_TOO_MANY_REQUESTS", status=429)
    >>> print(error)
    [ADSQL_TOO_MANY_REQUESTS] more than 10 per 1 minute
    >>> error.code, error.status
    ('ADSQL_TOO_MANY_REQUESTS', 429)
    """

    code = "ADSQL_GATEWAY_ERROR"
    exit_code = 5

    def __init__(
        self,
        problem: str,
        *,
        allowed: str | None = None,
        hint: str = "",
        code: str = code,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        # The gateway has more codes than a client has cases to tell apart.
        self.__dict__["code"] = code
        self.status, self.request_id = status, request_id
        super().__init__(problem, allowed=allowed, hint=hint)

    def __reduce__(self) -> tuple[object, ...]:
        return functools.partial(
            type(self), self.problem, allowed=self.allowed, hint=self.hint, code=self.code, status=self.status,
            request_id=self.request_id,
        ), ()  # fmt: skip


def from_problem(problem: Mapping[str, Any]) -> AdsqlError:
    """Return the error that the members of a problem (RFC 9457) stand for.

    >>> from_problem({"code": "ADSQL_UNKNOWN_MODEL", "detail": "model 'fare' does not exist", "hint": "GET /models"})
    UnknownModel("[ADSQL_UNKNOWN_MODEL] model 'fare' does not exist. Do: GET /models")
    """
    code, detail = str(problem.get("code", GatewayError.code)), str(problem.get("detail", "the gateway failed"))
    allowed, hint = problem.get("allowed"), str(problem.get("hint", ""))
    cls = class_of(code)
    if cls is not None:
        return cls(detail, allowed=allowed, hint=hint)
    return GatewayError(
        detail, allowed=allowed, hint=hint, code=code, status=problem.get("status"),
        request_id=problem.get("request_id"),
    )  # fmt: skip


def from_answer(answer: httpx.Response) -> AdsqlError:
    """Return the error of an answer, which may be that of a proxy in between."""
    if answer.headers.get("content-type", "").startswith(PROBLEM):
        return from_problem(answer.json())
    return GatewayError(
        f"{answer.request.method} {answer.request.url} was answered {answer.status_code} {answer.reason_phrase}",
        hint="is this the address of a gateway, and nothing in between?",
        status=answer.status_code,
    )
