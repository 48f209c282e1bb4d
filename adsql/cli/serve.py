"""`adsql serve`: starts the gateway, which a package offers by an entry point of the group `adsql.gateway`."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated

import typer

from adsql.cli.failures import reporting
from adsql.errors import IncompleteInstallation

if TYPE_CHECKING:
    from collections.abc import Callable


def serve(
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Where it listens. Default: 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="PORT", min=0, max=65535, help="Its port. Default: 8080.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            metavar="URL|FOLDER",
            help="postgresql://user@host/database, or a folder for DuckDB's files. Default: adsql-data.",
        ),
    ] = None,
) -> None:
    """Serve the same SQL calls over HTTP, with users, limits and an audit. Settings are ADSQL_... variables."""
    with reporting():
        _gateway()(host, port, database)


def _gateway() -> Callable[[str | None, int | None, str | None], None]:
    missing = IncompleteInstallation("the gateway is not installed", hint="pip install 'adsql[server]'")
    for entry in entry_points(group="adsql.gateway"):
        try:
            run: Callable[[str | None, int | None, str | None], None] = entry.load().serve
        except ModuleNotFoundError as error:
            raise missing from error
        return run
    raise missing
