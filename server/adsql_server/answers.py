"""Answers with rows, as endpoints give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from adsql.errors import AdsqlError
from adsql_server.formats import Format, Tally, accepted, written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request

    from adsql_server.databases import Result, Session
    from adsql_server.exchange import Exchange
    from adsql_server.work import Stream, Work


async def rows_of(request: Request, work: Work, tenant: str, most: int, read: Callable[[Session], Result]) -> Response:
    """Answer with what `read` reads in a session, as it comes, in the form that the request accepts.

    Parameters
    ----------
    request, work, tenant
        Of the endpoint.
    most
        The most rows of an answer.
    read
        A call.
    """
    form, tally = accepted(request.headers.get("accept")), Tally()

    def produce(session: Session) -> Iterator[bytes]:
        return written(read(session), form, most, tally)

    return respond(request.state.exchange, form, tally, await work.stream(tenant, produce))


def respond(exchange: Exchange, form: Format, tally: Tally, stream: Stream) -> Response:
    """Return an answer that has begun, and tell of its rows when it is over."""
    # Answers differ by what was accepted.
    headers = {"Vary": "Accept"}
    if stream.rest is None:
        _tell(exchange, tally)
        return Response(stream.first, media_type=form, headers=headers)

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async for chunk in stream.chunks():
                yield chunk
        except AdsqlError as error:
            # Its status has left; the log and the audit tell the rest, the broken connection tells the client.
            exchange.code = error.code
            raise
        finally:
            _tell(exchange, tally)

    return StreamingResponse(chunks(), media_type=form, headers=headers)


def _tell(exchange: Exchange, tally: Tally) -> None:
    exchange.rows, exchange.anomalies = tally.rows, tally.anomalies
