"""Opens the gateway's tables and brings them up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsql.migrations import pending
from adsql_server.store.duckdb_store import DuckDBStore
from adsql_server.store.postgres_store import PostgresStore
from adsql_server.store.protocol import query

if TYPE_CHECKING:
    from adsql_server.settings import Settings
    from adsql_server.store.protocol import Store

# Of pg_advisory_xact_lock: any number that nobody else uses.
_LOCK = 0x6164_7371_6C67


def open_store(settings: Settings) -> Store:
    """Return the store that the settings name, with all its tables.

    Raises
    ------
    NewerDatabase, MigrationChanged
        If the tables are not those that this version knows.
    """
    url = settings.database_url.get_secret_value()
    store = PostgresStore(url) if settings.postgres else DuckDBStore(settings.data_dir / "gateway.duckdb")
    try:
        _migrate(store, postgres=settings.postgres)
    except BaseException:
        store.close()
        raise
    return store


def _migrate(store: Store, *, postgres: bool) -> None:
    with store.transaction() as execute:
        if postgres:
            # Two gateways may start at once.
            execute("SELECT pg_advisory_xact_lock($1)", [_LOCK])
        execute(query("create_schema"), [])
        for migration in pending("gateway", execute(query("applied_migrations"), [])):
            execute(migration.sql, [])
            execute(query("record_migration"), [migration.number, migration.name, migration.sha256])
