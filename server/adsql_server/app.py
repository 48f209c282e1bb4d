"""The application: `uvicorn adsql_server.app:create_app --factory`."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.concurrency import run_in_threadpool

from adsql import __version__
from adsql.errors import AdsqlError
from adsql_server import logs, problems
from adsql_server.description import DESCRIPTION, describe
from adsql_server.gateway import Gateway
from adsql_server.guard import Guard
from adsql_server.observation import API, Observation
from adsql_server.routes import ROUTERS, health
from adsql_server.settings import settings_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adsql_server.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application, and have this process log as JSON.

    Parameters
    ----------
    settings
        By default those of the environment.
    """
    chosen = settings or settings_from({})
    logs.configure(chosen)
    return application(chosen)


def application(settings: Settings) -> FastAPI:
    """Return the application. Nothing is opened before it starts."""
    app = FastAPI(
        title="adsql",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=f"{API}/openapi.json",
        # They would load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(settings),
    )
    # The last one added is the outermost.
    app.add_middleware(Guard)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Prefer", "X-API-Key", "X-Request-ID"],
            expose_headers=["Location", "Retry-After", "X-Request-ID"],
        )
    app.add_middleware(Observation)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.include_router(health.router, include_in_schema=False)
    describe(app)
    return app


def _lifespan(settings: Settings) -> Any:  # noqa: ANN401 - what FastAPI takes
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            gateway = await run_in_threadpool(Gateway.open, settings)
        except AdsqlError as error:
            app.state.failure = error
            raise
        app.state.gateway = gateway
        if gateway.one_time_password:
            # Not through the log, which others keep and read.
            print(
                f"adsql: first start. Log in once as {settings.admin_username} with the password "
                f"{gateway.one_time_password} and choose another: POST {API}/auth/password",
                file=sys.stderr,
                flush=True,
            )
        try:
            yield
        finally:
            await run_in_threadpool(gateway.close)

    return lifespan
