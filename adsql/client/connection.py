"""Requests to the gateway: with a credential that renews itself, and again where that is safe."""

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Any

import httpx
from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_random_exponential

from adsql.client.failures import GatewayError, from_answer

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

_UNAUTHORIZED, _TOO_MANY, _UNAVAILABLE = 401, 429, 503
_PATIENCE = 60.0
_backoff = wait_random_exponential(multiplier=0.2, max=10)


class ApiKey(httpx.Auth):
    """An API key in every request.

    Parameters
    ----------
    key
        Its text.
    """

    def __init__(self, key: str) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the key along."""
        request.headers["X-API-Key"] = self._key
        yield request


class Session(httpx.Auth):
    """A login, made when it is first needed, refreshed when it has expired, and made again when that fails.

    Threads share it: one of them renews it, and the others wait.

    Parameters
    ----------
    api
        The gateway's address with its prefix.
    username, password
        Whose login.
    """

    def __init__(self, api: str, username: str, password: str) -> None:
        self._api, self._username, self._password = api, username, password
        self._access: str | None = None
        self._refresh: str | None = None
        self._lock = threading.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the access token along, and a renewed one if it is refused."""
        with self._lock:
            if self._access is None and not (yield from self._renew()):
                return
            token = self._access
        request.headers["Authorization"] = f"Bearer {token}"
        answer = yield request
        if answer.status_code != _UNAUTHORIZED:
            return
        with self._lock:
            # Another thread may have renewed it meanwhile.
            if self._access == token and not (yield from self._renew()):
                return
            token = self._access
        request.headers["Authorization"] = f"Bearer {token}"
        yield request

    def _renew(self) -> Generator[httpx.Request, httpx.Response, bool]:
        """Get new tokens, and return whether there are any; if not, the refusal is the answer to the request."""
        # It is for one use: sent twice, even because an answer was lost, it would end the session.
        refresh, self._refresh, self._access = self._refresh, None, None
        if refresh is not None:
            sent = httpx.Request("POST", f"{self._api}/auth/refresh", json={"refresh_token": refresh})
            if self._keep((yield sent)):
                return True
        form = {"username": self._username, "password": self._password}
        return self._keep((yield httpx.Request("POST", f"{self._api}/auth/token", data=form)))

    def _keep(self, answer: httpx.Response) -> bool:
        # httpx leaves the body where it is while it authenticates.
        answer.read()
        if answer.is_success:
            tokens = answer.json()
            self._access, self._refresh = tokens["access_token"], tokens["refresh_token"]
        return answer.is_success


class Connection:
    """Connections to one gateway, which threads may share.

    Parameters
    ----------
    api
        Its address with its prefix.
    credential
        What requests prove their caller with.
    timeout
        Seconds that a connection, or a pause within an answer, may take.
    attempts
        How often a request is sent at most.
    """

    def __init__(self, api: str, credential: httpx.Auth, timeout: float, attempts: int) -> None:
        self._client = httpx.Client(base_url=api, auth=credential, timeout=timeout, follow_redirects=False)
        self._attempts = attempts

    def send(self, method: str, path: str, *, repeatable: bool, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's
        """Send a request until it is answered, and return the answer.

        Parameters
        ----------
        method, path
            Where to.
        repeatable
            Whether doing it twice is the same as once. What is not is only sent again if it was certainly not done.
        content
            What `httpx.Client.request` takes.

        Raises
        ------
        AdsqlError
            What the gateway refused it for; `GatewayError` if it cannot be reached.
        """

        def again(state: RetryCallState) -> bool:
            return _worthwhile(state, repeatable)

        sending = Retrying(
            retry=again, wait=_wait, stop=stop_after_attempt(self._attempts), retry_error_callback=_outcome
        )
        try:
            answer: httpx.Response = sending(self._client.request, method, path, **content)
        except httpx.TransportError as error:
            raise GatewayError(
                f"the gateway at {self._client.base_url} cannot be reached: {error}",
                hint="check its address, and whether it runs",
            ) from error
        if not answer.is_success:
            raise from_answer(answer)
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _worthwhile(state: RetryCallState, repeatable: bool) -> bool:
    outcome = state.outcome
    if outcome is None:
        return False
    error = outcome.exception()
    if error is not None:
        # Without a connection nothing was sent.
        return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) or (
            repeatable and isinstance(error, httpx.TransportError)
        )
    answer: httpx.Response = outcome.result()
    if answer.status_code not in {_TOO_MANY, _UNAVAILABLE} or (_asked_wait(answer.headers) or 0.0) > _PATIENCE:
        return False
    # A database that failed on the way may have done it.
    return repeatable or answer.status_code == _TOO_MANY


def _wait(state: RetryCallState) -> float:
    outcome = state.outcome
    if outcome is not None and outcome.exception() is None:
        asked = _asked_wait(outcome.result().headers)
        if asked is not None:
            return asked
    return _backoff(state)


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an answer asks to wait: a number, or a date from a proxy.

    >>> _asked_wait({"retry-after": "7"})
    7.0
    """
    text = headers.get("retry-after", "")
    if text.isdigit():
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - time(), 0.0)
    except ValueError:
        return None


def _outcome(state: RetryCallState) -> httpx.Response | None:
    """Return or raise what the last attempt gave."""
    if state.outcome is None:
        return None
    answer: httpx.Response = state.outcome.result()
    return answer
