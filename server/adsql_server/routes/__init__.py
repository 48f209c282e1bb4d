"""The endpoints, one file a subject. Each has a `router`; all of them are in `ROUTERS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsql_server.routes import (
    api_keys,
    audit,
    auth,
    database,
    detection,
    feedback,
    health,
    jobs,
    models,
    tenants,
    users,
)

if TYPE_CHECKING:
    from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = (
    auth.router,
    users.router,
    api_keys.router,
    tenants.router,
    audit.router,
    detection.router,
    models.router,
    feedback.router,
    database.router,
    jobs.router,
    health.router,
)
