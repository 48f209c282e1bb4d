"""Opens the databases that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsql_server.databases.duckdb_tenants import DuckDBTenants
from adsql_server.databases.postgres_tenants import PostgresTenants

if TYPE_CHECKING:
    from adsql_server.databases.protocol import Databases
    from adsql_server.settings import Settings


def open_databases(settings: Settings, secret: bytes) -> Databases:
    """Return the tenants' databases; each is opened when it is first used.

    Parameters
    ----------
    settings
        The gateway's.
    secret
        What passwords of tenants' roles in PostgreSQL are derived from.
    """
    if settings.postgres:
        return PostgresTenants(
            settings.database_url.get_secret_value(), secret, settings.tenant_connections, settings.statement_seconds
        )
    return DuckDBTenants(
        settings.data_dir / "tenants",
        readable=settings.readable_dirs,
        memory_limit=settings.duckdb_memory_limit,
        threads=settings.duckdb_threads,
    )
