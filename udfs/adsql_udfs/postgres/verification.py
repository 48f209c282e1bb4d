"""Verifies a live server step by step, as a user of it would."""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

from adsql.errors import IncompleteInstallation, VersionMismatch, from_message

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRY = """
SELECT pg_catalog.count(*)
FROM adsql.detect_anomalies(
    'SELECT CASE WHEN i = 1 THEN 1e6 ELSE i % 7 END AS x FROM pg_catalog.generate_series(1, 500) AS i'
)
WHERE is_anomaly
"""


def check(dsn: str) -> Iterator[str]:
    """Yield what was found to be right, one step after the other.

    Parameters
    ----------
    dsn
        How to connect: a URL or key words, as libpq takes them.

    Raises
    ------
    IncompleteInstallation, VersionMismatch
        At the first step that fails; the message says what to do.
    """
    try:
        import psycopg  # noqa: PLC0415 - of the extra `postgres`; the backend must not need it
    except ImportError as error:
        raise IncompleteInstallation("the package psycopg is missing", hint="pip install 'adsql[postgres]'") from error
    try:
        connection = psycopg.connect(dsn)
    except psycopg.Error as error:
        raise IncompleteInstallation(
            f"no connection: {_line(error)}", hint="check host, port, user and dbname, and what pg_hba.conf asks for"
        ) from error
    with connection as con:
        try:
            yield from _steps(con)
        finally:
            con.rollback()


def _steps(con: Any) -> Iterator[str]:  # noqa: ANN401 - psycopg is optional
    server, database, role = con.execute(
        "SELECT current_setting('server_version'), current_database(), current_user"
    ).fetchone()
    yield f"PostgreSQL {server}, database {database!r}, role {role!r}"
    offered = con.execute("SELECT default_version, installed_version FROM pg_available_extensions WHERE name = 'adsql'")
    found = offered.fetchone()
    if found is None:
        raise IncompleteInstallation("the server does not know the extension", hint="run adsql pg install on it")
    if found[1] is None:
        raise IncompleteInstallation(
            f"the extension is not in database {database!r}", hint="CREATE EXTENSION adsql CASCADE, as a superuser"
        )
    if found[1] != installed("adsql"):
        raise VersionMismatch(
            f"the extension in database {database!r} has version {found[1]}, this package {installed('adsql')}",
            hint="adsql pg install on the server, then ALTER EXTENSION adsql UPDATE",
        )
    yield f"extension adsql {found[1]}"
    member = con.execute("SELECT pg_has_role(current_user, 'adsql_user', 'USAGE')").fetchone()[0]
    if not member:
        raise IncompleteInstallation(f"role {role!r} may not use adsql", hint=f"GRANT adsql_user TO {role}")
    yield f"role {role!r} may use adsql"
    _try(con)
    yield "a trial found the one anomaly that is there"


def _try(con: Any) -> None:  # noqa: ANN401 - as above
    try:
        flagged = con.execute(_TRY).fetchone()[0]
    except Exception as error:
        told = from_message(str(error))
        if told is not None:
            raise told from error
        raise IncompleteInstallation(
            f"the server's Python cannot run adsql: {_line(error)}",
            hint="put the folder of adsql's python3 first in the PATH of the server's processes, and restart it: "
            "adsql pg install tells where",
        ) from error
    if flagged != 1:
        raise IncompleteInstallation(f"a trial found {flagged} anomalies instead of 1", hint="report this")


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
