"""The commands. Each is one SQL call of the contract, with its arguments as bound values."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from adsql import __version__, registry
from adsql.cli.demo import run_demo
from adsql.cli.output import Format, check_output, chosen_format, show, write
from adsql.cli.running import MEMORY, database, err, in_background, query, run

app = typer.Typer(
    name="adsql",
    help="Find the strange rows of a table, with SQL and without leaving the database.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_STORED = ["name", "version", "algorithm", "n_rows", "n_features", "threshold"]

Input = Annotated[
    str, typer.Option("--input", "-i", help="A CSV, JSON or Parquet file, a table of --database, or a SELECT.")
]
Database = Annotated[str, typer.Option("--database", "-d", help="A DuckDB database file.")]
Algorithm = Annotated[
    str | None, typer.Option("--algorithm", "-a", help=f"One of {', '.join(registry.detectors())}. Default: auto.")
]
Columns = Annotated[
    str | None, typer.Option("--columns", "-c", help="Columns to use, separated by commas. Default: all that can be.")
]
SegmentBy = Annotated[
    str | None, typer.Option("--segment-by", help="Columns, separated by commas: one model for each of their values.")
]
Contamination = Annotated[
    float | None, typer.Option("--contamination", help="Expected share of anomalies, above 0 and at most 0.5.")
]
Threshold = Annotated[float | None, typer.Option("--threshold", help="Flag rows with a higher score.")]
AlertBudget = Annotated[int | None, typer.Option("--alert-budget", help="Flag at most so many rows.")]
Params = Annotated[
    str | None, typer.Option("--params", "-p", help="The algorithm's parameters as JSON; see adsql detectors.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="For everything drawn at random. Default: 0.")]
LabelColumn = Annotated[
    str | None, typer.Option("--label-column", help="A column that says which rows are anomalies, by true or 1.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to a .csv, .json or .parquet file instead of the terminal.")
]
OutputFormat = Annotated[
    Format | None, typer.Option("--format", "-f", help="Default: by the file's suffix; table on a terminal, else csv.")
]
OnlyAnomalies = Annotated[bool, typer.Option("--only-anomalies", help="Leave the other rows out.")]
Name = Annotated[str, typer.Argument(help="The model's name.")]
Version = Annotated[int | None, typer.Option("--version", help="A version of the model. Default: the newest.")]


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
    source: Input,
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
    output: Output = None,
    output_format: OutputFormat = None,
    only_anomalies: OnlyAnomalies = False,
) -> None:
    """Score every row of a file or table, without a saved model."""
    values = _training_values(
        algorithm, columns, segment_by, contamination, threshold, alert_budget, params, seed, label_column
    )
    with database(db, read_only=True) as con:
        check_output(output, output_format)
        arguments = {**values, "source": source, "model": None, "version": None}
        _detect(con, arguments, output, output_format, only_anomalies)


@app.command()
def train(
    name: Name,
    source: Input,
    db: Database,
    algorithm: Algorithm = None,
    columns: Columns = None,
    segment_by: SegmentBy = None,
    contamination: Contamination = None,
    threshold: Threshold = None,
    alert_budget: AlertBudget = None,
    params: Params = None,
    seed: Seed = None,
    label_column: LabelColumn = None,
) -> None:
    """Train a model and keep it in a database."""
    values = _training_values(
        algorithm, columns, segment_by, contamination, threshold, alert_budget, params, seed, label_column
    )
    with database(db) as con:
        rows = run(con, query("train"), {**values, "name": name, "source": source}, f"training {name}")
        show(_STORED, rows)


@app.command()
def update(name: Name, source: Input, db: Database, seed: Seed = None) -> None:
    """Let a model learn from further rows, as a new version of it."""
    with database(db) as con:
        rows = run(con, query("update"), {"name": name, "source": source, "seed": seed}, f"updating {name}")
        show(_STORED, rows)


@app.command()
def score(
    name: Name,
    source: Input,
    db: Database,
    version: Version = None,
    output: Output = None,
    output_format: OutputFormat = None,
    only_anomalies: OnlyAnomalies = False,
) -> None:
    """Score every row of a file or table with a saved model."""
    values = _training_values(None, None, None, None, None, None, None, None, None)
    with database(db, read_only=True) as con:
        check_output(output, output_format)
        arguments = {**values, "source": source, "model": name, "version": version}
        _detect(con, arguments, output, output_format, only_anomalies)


@app.command()
def models(db: Database, output_format: OutputFormat = None) -> None:
    """List the models that a database keeps."""
    with database(db, read_only=True) as con:
        listed = con.sql(query("models", con))
        write(con, listed, None, output_format)


@app.command()
def info(name: Name, db: Database, version: Version = None, output_format: OutputFormat = None) -> None:
    """Tell all about a model: its columns, how they are encoded, what was left out and why."""
    with database(db, read_only=True) as con:
        facts = con.sql(query("info", con), params={"name": name, "version": version})
        _write_all(con, facts, output_format)


@app.command()
def drop(name: Name, db: Database, version: Version = None) -> None:
    """Delete a model, or one version of it."""
    with database(db) as con:
        rows = run(con, "SELECT adsql.drop_model($name, $version)", {"name": name, "version": version}, "dropping")
        err.print(f"dropped {name}, version {', '.join(str(number) for number in rows[0][0])}")


@app.command()
def detectors(output_format: OutputFormat = None) -> None:
    """List the algorithms, what they are good for, and their parameters."""
    with database(MEMORY) as con:
        listed = con.sql(query("detectors"))
        _write_all(con, listed, output_format)


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(help="Any SQL; files are tables, and adsql's functions are there.")],
    db: Database = MEMORY,
    output: Output = None,
    output_format: OutputFormat = None,
) -> None:
    """Run SQL with adsql's functions and show the result."""
    with database(db) as con:
        check_output(output, output_format)

        def work() -> None:
            relation = con.sql(statement)
            if relation is not None:
                write(con, relation, output, output_format)

        in_background(con, work, "running")


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--output", "-o", help="Where the picture goes.")] = Path("demo-output"),
) -> None:
    """Find New York's strange days in its taxi rides, and draw them beside what is known to have happened."""
    with database(MEMORY) as con:
        run_demo(con, folder)


def _detect(con: Any, values: dict[str, Any], output: Path | None, wanted: Format | None, only: bool) -> None:  # noqa: ANN401
    started = time.perf_counter()
    run(con, query("detect", con), values, "detecting anomalies")
    rows, anomalies, without = run(con, query("counts"), {}, "counting")[0]
    seconds = time.perf_counter() - started
    result = con.table("adsql_result")
    if only:
        result = result.filter("is_anomaly")
    if chosen_format(output, wanted) is Format.TABLE:
        result = result.order("anomaly_score DESC NULLS LAST")
    in_background(con, lambda: write(con, result, output, wanted), "writing")
    share = f" ({anomalies / rows:.2%})" if rows else ""
    unscored = f", {without:,} without a score" if without else ""
    where = f", written to {output}" if output else ""
    err.print(f"{rows:,} rows, {anomalies:,} anomalies{share}{unscored} in {seconds:.1f} s{where}", soft_wrap=True)


def _write_all(con: Any, relation: Any, wanted: Format | None) -> None:  # noqa: ANN401 - the engine's own types
    """Write a small result whole: a table, even into a pipe, and nothing of it cut."""
    if wanted in (None, Format.TABLE):
        show(relation.columns, relation.fetchall(), most=None)
    else:
        write(con, relation, None, wanted)


def _training_values(
    algorithm: str | None,
    columns: str | None,
    segment_by: str | None,
    contamination: float | None,
    threshold: float | None,
    alert_budget: int | None,
    params: str | None,
    seed: int | None,
    label_column: str | None,
) -> dict[str, Any]:
    return {
        "algorithm": algorithm,
        "columns": _split(columns),
        "segment_by": _split(segment_by),
        "contamination": contamination,
        "threshold": threshold,
        "alert_budget": alert_budget,
        "params": params,
        "seed": seed,
        "label_column": label_column,
    }


def _split(names: str | None) -> list[str] | None:
    return [name.strip() for name in names.split(",") if name.strip()] if names is not None else None
