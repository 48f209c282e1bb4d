"""Opens the gateway's tables and brings them up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import psycopg

from adsql.errors import UnusableDatabase
from adsql.migrations import pending
from adsql_server.store.duckdb_store import DuckDBStore
from adsql_server.store.postgres_store import PostgresStore
from adsql_server.store.protocol import query

if TYPE_CHECKING:
    from adsql_server.settings import Settings
    from adsql_server.store.protocol import Store

_HINT = "one gateway at a time opens a folder; on PostgreSQL its role needs CREATE on the database"
# Of pg_advisory_xact_lock: any number that nobody else uses.
_LOCK = 0x6164_7371_6C67


def open_store(settings: Settings) -> Store:
    """Return the store that the settings name, with all its tables.

    Raises
    ------
    NewerDatabase, MigrationChanged
        If the tables are not those that this version knows.
    UnusableDatabase
        If the file is another process's, or the role may not make the tables.
    """
    try:
        store = _connect(settings)
        try:
            _migrate(store, postgres=settings.postgres)
        except BaseException:
            store.close()
            raise
    except (duckdb.Error, psycopg.Error) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UnusableDatabase(f"the gateway's tables cannot be opened: {reason}", hint=_HINT) from error
    return store


def _connect(settings: Settings) -> Store:
    if settings.postgres:
        return PostgresStore(settings.database_url.get_secret_value())
    return DuckDBStore(settings.data_dir / "gateway.duckdb")


def _migrate(store: Store, *, postgres: bool) -> None:
    with store.transaction() as execute:
        if postgres:
            # Two gateways may start at once.
            execute("SELECT pg_advisory_xact_lock($1)", [_LOCK])
        execute(query("create_schema"), [])
        for migration in pending("gateway", execute(query("applied_migrations"), [])):
            execute(migration.sql, [])
            execute(query("record_migration"), [migration.number, migration.name, migration.sha256])
