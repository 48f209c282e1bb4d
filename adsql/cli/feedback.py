"""The commands by which people correct a model: they judge rows, look at the effect, and apply it."""

from __future__ import annotations

from typing import Annotated

import typer

from adsql.cli.arguments import Database, Input, InputOption, Name, OutputFormat, Version, chosen_input
from adsql.cli.databases import Access, database
from adsql.cli.failures import err, reading, reporting
from adsql.cli.judging import show_report
from adsql.cli.output import STORED, show
from adsql.cli.running import query, run
from adsql.feedback import ANOMALY, NORMAL

Said = Annotated[str, typer.Option("--verdict", help=f"What the rows are: {ANOMALY} or {NORMAL}.")]
Key = Annotated[str | None, typer.Option("--key", help="A column that tells rows apart: a newer verdict replaces one.")]
Note = Annotated[str | None, typer.Option("--note", help="Why.")]


def give(
    name: Name,
    db: Database,
    verdict: Said,
    source: Input = None,
    source_option: InputOption = None,
    key: Key = None,
    note: Note = None,
) -> None:
    """Tell a model that every row of a file, table or SELECT is an anomaly, or normal."""
    with reporting():
        chosen = chosen_input(source, source_option)
        with database(db, Access.CHANGE) as con, reading(chosen):
            values = {"name": name, "source": chosen, "verdict": verdict, "key": key, "note": note}
            [(count,)] = run(con, query("give_feedback"), values, f"reading {chosen}")
            err.print(f"{count} verdict{'' if count == 1 else 's'} kept for {name}")


def preview(
    name: Name,
    db: Database,
    source: Input = None,
    source_option: InputOption = None,
    version: Version = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell what a model would make of the verdicts that it was given."""
    with reporting():
        values = {"name": name, "version": version}
        show_report("preview_feedback", db, chosen_input(source, source_option), values, output_format)


def apply(
    name: Name, db: Database, source: Input = None, source_option: InputOption = None, version: Version = None
) -> None:
    """Let a model learn from the verdicts that it was given, as a new version of it."""
    with reporting():
        chosen = chosen_input(source, source_option)
        with database(db, Access.CHANGE) as con, reading(chosen):
            values = {"name": name, "source": chosen, "version": version}
            rows = run(con, query("apply_feedback"), values, f"training {name}")
        show(STORED, rows)
