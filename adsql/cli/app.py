"""The commands. Each is one SQL call of the contract, with its arguments as bound values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adsql import __version__
from adsql.catalog import Catalog
from adsql.cli import feedback, judging, postgres, series
from adsql.cli.arguments import (
    AlertBudget,
    AlertDay,
    Algorithm,
    Columns,
    Contamination,
    Database,
    Input,
    InputOption,
    LabelColumn,
    Name,
    OnlyAnomalies,
    Output,
    OutputFormat,
    Params,
    Seed,
    SegmentBy,
    SegmentShrinkage,
    Threshold,
    Version,
    chosen_input,
    training_values,
)
from adsql.cli.databases import MEMORY, Access, database
from adsql.cli.demo import run_demo
from adsql.cli.failures import err, reading, reporting
from adsql.cli.notices import tell_columns
from adsql.cli.output import STORED, check_folder, check_output, read_bytes, show, write, write_bytes, write_whole
from adsql.cli.running import in_background, query, run
from adsql.cli.scoring import score_rows
from adsql.cli.serve import serve
from adsql.cli.statements import run_statements
from adsql.model import Model

app = typer.Typer(
    name="adsql",
    help="Find the strange rows of a table, with SQL and without leaving the database.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(postgres.app)
app.command()(serve)


@app.callback(invoke_without_command=True)
def root(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Find the strange rows of a table, with SQL and without leaving the database."""
    if show_version:
        typer.echo(f"adsql {__version__}")
        raise typer.Exit


@app.command()
def detect(
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    algorithm: Algorithm = None,
    columns: Columns = None,
    segment_by: SegmentBy = None,
    contamination: Contamination = None,
    threshold: Threshold = None,
    alert_budget: AlertBudget = None,
    params: Params = None,
    seed: Seed = None,
    label_column: LabelColumn = None,
    segment_shrinkage: SegmentShrinkage = None,
    alert_day: AlertDay = None,
    output: Output = None,
    output_format: OutputFormat = None,
    only_anomalies: OnlyAnomalies = False,
) -> None:
    """Score every row of a file or table, without a saved model."""
    with reporting():
        chosen = chosen_input(source, source_option)
        values = training_values(
            algorithm,
            columns,
            segment_by,
            contamination,
            threshold,
            alert_budget,
            params,
            seed,
            label_column,
            segment_shrinkage,
            alert_day,
        )
        check_output(output, output_format, chosen, db)
        with database(db, Access.READ) as con:
            values |= {"source": chosen, "model": None, "version": None}
            score_rows(con, values, output, output_format, only_anomalies=only_anomalies)


@app.command()
def train(
    name: Name,
    db: Database,
    source: Input = None,
    source_option: InputOption = None,
    algorithm: Algorithm = None,
    columns: Columns = None,
    segment_by: SegmentBy = None,
    contamination: Contamination = None,
    threshold: Threshold = None,
    alert_budget: AlertBudget = None,
    params: Params = None,
    seed: Seed = None,
    label_column: LabelColumn = None,
    segment_shrinkage: SegmentShrinkage = None,
    alert_day: AlertDay = None,
) -> None:
    """Train a model and keep it in a database."""
    with reporting():
        chosen = chosen_input(source, source_option)
        values = training_values(
            algorithm,
            columns,
            segment_by,
            contamination,
            threshold,
            alert_budget,
            params,
            seed,
            label_column,
            segment_shrinkage,
            alert_day,
        )
        with database(db, Access.KEEP) as con, reading(chosen):
            rows = run(con, query("train"), {**values, "name": name, "source": chosen}, f"training {name}")
            catalog = Catalog(lambda sql, given: con.execute(sql, list(given)).fetchall())
            model = Model.from_bytes(*catalog.stored(*rows[0][:2]))
        show(STORED, rows)
        tell_columns(model, chosen)


@app.command()
def update(
    name: Name, db: Database, source: Input = None, source_option: InputOption = None, seed: Seed = None
) -> None:
    """Let a model learn from further rows, as a new version of it."""
    with reporting():
        chosen = chosen_input(source, source_option)
        with database(db, Access.CHANGE) as con, reading(chosen):
            rows = run(con, query("update"), {"name": name, "source": chosen, "seed": seed}, f"updating {name}")
        show(STORED, rows)


@app.command()
def score(
    name: Name,
    db: Database,
    source: Input = None,
    source_option: InputOption = None,
    version: Version = None,
    output: Output = None,
    output_format: OutputFormat = None,
    only_anomalies: OnlyAnomalies = False,
) -> None:
    """Score every row of a file or table with a saved model."""
    with reporting():
        chosen = chosen_input(source, source_option)
        check_output(output, output_format, chosen, db)
        with database(db, Access.READ) as con:
            values = training_values() | {"source": chosen, "model": name, "version": version}
            score_rows(con, values, output, output_format, only_anomalies=only_anomalies)


app.command()(judging.profile)
app.command()(judging.evaluate)
app.command()(judging.compare)
app.command()(judging.thresholds)
app.command()(judging.explain)
app.command()(judging.suggest_normal)
app.command()(judging.contrast)
app.command()(judging.drift)
app.command()(judging.stability)
app.command()(judging.agreement)
app.command("give-feedback")(feedback.give)
app.command("preview-feedback")(feedback.preview)
app.command("apply-feedback")(feedback.apply)
app.command("detect-series")(series.detect)
app.command()(series.incidents)
app.command()(series.plot)
app.command()(series.train_series)
app.command()(series.score_series)
app.command()(series.changes)
app.command()(series.backtest)


@app.command()
def models(db: Database, output_format: OutputFormat = None) -> None:
    """List the models that a database keeps."""
    with reporting(), database(db, Access.READ) as con:
        listed = con.sql(query("models", con))
        write(con, listed, None, output_format)


@app.command()
def info(name: Name, db: Database, version: Version = None, output_format: OutputFormat = None) -> None:
    """Tell all about a model: its columns, how they are encoded, what was left out and why."""
    with reporting(), database(db, Access.READ) as con:
        facts = con.sql(query("info", con), params={"name": name, "version": version}).materialize()
        write_whole(con, facts, output_format)


@app.command()
def drop(name: Name, db: Database, version: Version = None) -> None:
    """Delete a model, or one version of it."""
    with reporting(), database(db, Access.CHANGE) as con:
        rows = run(con, "SELECT adsql.drop_model($name, $version)", {"name": name, "version": version}, "dropping")
        err.print(f"dropped {name}, version {', '.join(str(number) for number in rows[0][0])}")


@app.command()
def export(
    name: Name,
    db: Database,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the model goes.")],
    version: Version = None,
) -> None:
    """Write a model to a file, for another database."""
    with reporting():
        check_folder(output, db)
        with database(db, Access.READ) as con:
            rows = run(con, query("export", con), {"name": name, "version": version}, f"exporting {name}")
        write_bytes(output, rows[0][0])
        err.print(f"{name} written to {output}", soft_wrap=True)


@app.command("import")
def import_model(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What adsql export or export_model made.")],
    db: Database,
) -> None:
    """Read a model from a file into a database, as a new version of the name."""
    with reporting():
        data = read_bytes(file)
        with database(db, Access.KEEP) as con:
            rows = run(con, query("import"), {"name": name, "data": data}, f"importing {name}")
        show(STORED, rows)


@app.command()
def detectors(output_format: OutputFormat = None) -> None:
    """List the algorithms, what they are good for, and their parameters."""
    with reporting(), database(MEMORY, Access.ANY) as con:
        listed = con.sql(query("detectors"))
        write_whole(con, listed, output_format)


# Text that begins with a comment is no option.
@app.command(context_settings={"ignore_unknown_options": True})
def sql(
    statements: Annotated[
        str,
        typer.Argument(
            metavar="SQL",
            help="Statements, or - to read them from standard input. Files are tables; adsql's functions are there.",
        ),
    ],
    db: Database = MEMORY,
    output: Output = None,
    output_format: OutputFormat = None,
) -> None:
    """Run SQL with adsql's functions and show the rows of every statement."""
    with reporting():
        check_output(output, output_format, db)
        with database(db, Access.ANY) as con:
            in_background(con, lambda: run_statements(con, statements, output, output_format), "running")


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--output", "-o", help="Where the picture goes.")] = Path("demo-output"),
) -> None:
    """Find New York's strange days in its taxi rides, and draw them beside what is known to have happened."""
    with reporting(), database(MEMORY, Access.ANY) as con:
        run_demo(con, folder)
