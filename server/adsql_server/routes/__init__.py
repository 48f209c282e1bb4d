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
    reports,
    tenants,
    users,
)

if TYPE_CHECKING:
    from fastapi import APIRouter

# Routes are tried one after the other: those of single rows, which are called most often, come first.
ROUTERS: tuple[APIRouter, ...] = (
    detection.router,
    models.router,
    reports.router,
    feedback.router,
    database.router,
    jobs.router,
    auth.router,
    users.router,
    api_keys.router,
    tenants.router,
    audit.router,
    health.router,
)
