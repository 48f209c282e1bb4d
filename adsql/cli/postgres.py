"""`adsql pg`: brings adsql into a PostgreSQL server."""

from __future__ import annotations

from typing import Annotated

import typer

from adsql.cli.failures import err, reporting
from adsql.engines import engine

app = typer.Typer(name="pg", help="Bring adsql into a PostgreSQL server.", no_args_is_help=True)


@app.command()
def install(
    pg_config: Annotated[
        str | None, typer.Option("--pg-config", metavar="PATH", help="The server's pg_config; else it is looked for.")
    ] = None,
) -> None:
    """Copy the extension into a server on this machine, and say what remains to be done."""
    with reporting():
        done = engine("postgres").install(pg_config)
        err.print(f"PostgreSQL {done.server}: wrote {', '.join(done.files)} to {done.folder}", soft_wrap=True)
        err.print(done.remaining(), soft_wrap=True)


@app.command()
def check(
    dsn: Annotated[str, typer.Argument(metavar="DSN", help="How to connect: postgresql://user@host/database.")],
) -> None:
    """Verify a live server: the extension, its version, the role's rights, and a trial."""
    with reporting():
        for step in engine("postgres").check(dsn):
            err.print(f"ok: {step}", soft_wrap=True)
