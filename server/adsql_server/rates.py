"""How often users and addresses may call, counted by the library `limits`, in memory or in Redis."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from limits import parse_many
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from adsql_server.logs import logger
from adsql_server.problems import Misconfigured, TooManyRequests

if TYPE_CHECKING:
    from limits import RateLimitItem

    from adsql_server.settings import Settings


class RateLimits:
    """The limits of the settings.

    While Redis does not answer, this process counts by itself: limits hold, for each process.

    Parameters
    ----------
    settings
        Rates, and where they are counted.
    """

    def __init__(self, settings: Settings) -> None:
        url = settings.rate_limit_storage.get_secret_value()
        self._here = _limiter("memory://")
        self._shared = self._here if url.startswith("memory:") else _limiter(url)
        self._user = parse_many(settings.rate_limit_user)
        self._address = parse_many(settings.rate_limit_address)
        self._login = parse_many(settings.rate_limit_login)

    async def user(self, user_id: str) -> None:
        """Count a request of a user.

        Raises
        ------
        TooManyRequests
            If there were too many.
        """
        await self._count(self._user, "user", user_id)

    async def address(self, address: str) -> None:
        """Count a request of an address.

        Raises
        ------
        TooManyRequests
            If there were too many.
        """
        await self._count(self._address, "address", address)

    async def login(self, address: str) -> None:
        """Count an attempt to log in.

        Raises
        ------
        TooManyRequests
            If there were too many from the address.
        """
        await self._count(self._login, "login", address)

    async def failed_login(self, username: str) -> None:
        """Count a wrong password.

        Raises
        ------
        TooManyRequests
            If there were too many for this user, from wherever.
        """
        await self._count(self._login, "failed", username)

    async def check_failed_logins(self, username: str) -> None:
        """Refuse to try another password where too many were wrong.

        Raises
        ------
        TooManyRequests
            If there were too many for this user, from wherever.
        """
        for item in self._login:
            if not await self._ask("test", item, "failed", username):
                raise await self._refusal(item, "failed", username)

    async def _count(self, items: list[RateLimitItem], kind: str, who: str) -> None:
        for item in items:
            if not await self._ask("hit", item, kind, who):
                raise await self._refusal(item, kind, who)

    async def _ask(self, what: str, item: RateLimitItem, *key: str) -> bool:
        try:
            return bool(await getattr(self._shared, what)(item, *key))
        except StorageError as error:
            logger().error("rates are counted in this process alone", reason=str(error))
            return bool(await getattr(self._here, what)(item, *key))

    async def _refusal(self, item: RateLimitItem, *key: str) -> TooManyRequests:
        try:
            stats = await self._shared.get_window_stats(item, *key)
            wait = stats.reset_time - time.time()
        except StorageError:
            wait = float(item.get_expiry())
        return TooManyRequests(f"more than {item}", retry_after=wait)


def _limiter(url: str) -> SlidingWindowCounterRateLimiter:
    options: dict[str, float | str | bool] = {}
    if not url.startswith("memory:"):
        options = {"implementation": "redispy", "socket_timeout": 1.0}
    try:
        storage = storage_from_string(f"async+{url}", wrap_exceptions=True, **options)
    except Exception as error:
        raise Misconfigured(
            "ADSQL_RATE_LIMIT_STORAGE cannot be used", allowed="memory:// or redis://host:port/0"
        ) from error
    return SlidingWindowCounterRateLimiter(storage)
