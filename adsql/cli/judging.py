"""The commands that judge: sources before training, saved models, and why rows are flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from adsql.cli.arguments import (
    Algorithm,
    Columns,
    Database,
    Input,
    InputOption,
    Name,
    OutputFormat,
    Params,
    Seed,
    Version,
    chosen_input,
    named_columns,
    training_values,
)
from adsql.cli.databases import MEMORY, Access, database
from adsql.cli.failures import reading, reporting
from adsql.cli.output import write_whole
from adsql.cli.running import found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql.cli.output import Format

Label = Annotated[
    str, typer.Option("--label", "-l", help="The column that says which rows are anomalies, by true or 1.")
]
K = Annotated[
    int | None, typer.Option("--k", help="Rows for precision at k. Default: as many as there are known anomalies.")
]
TopK = Annotated[int, typer.Option("--top-k", help="Columns to tell of each anomaly.")]
Key = Annotated[str | None, typer.Option("--key", help="A column that tells rows apart, beside their numbers.")]
Detectors = Annotated[bool, typer.Option("--detectors", help="Which algorithms suit it, instead of its columns.")]
Algorithms = Annotated[
    list[str] | None,
    typer.Option("--algorithm", "-a", help="A detector, as often as there are. Default: five that are unlike."),
]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="The models' names.")]
Rows = Annotated[
    str, typer.Option("--input", "-i", help="A CSV, JSON or Parquet file, a table of --database, or a SELECT.")
]


def evaluate(
    name: Name,
    db: Database,
    label: Label,
    source: Input = None,
    source_option: InputOption = None,
    k: K = None,
    version: Version = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell how well a model finds known anomalies, with confidence intervals."""
    with reporting():
        values = {"name": name, "label": label, "k": k, "version": version}
        show_report("evaluate", db, chosen_input(source, source_option), values, output_format)


def compare(
    names: Names, db: Database, label: Label, source: Rows, k: K = None, output_format: OutputFormat = None
) -> None:
    """Compare models on the same rows with known anomalies."""
    with reporting():
        show_report("compare", db, source, {"names": names, "label": label, "k": k}, output_format)


def thresholds(
    name: Name,
    db: Database,
    source: Input = None,
    source_option: InputOption = None,
    version: Version = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell how many rows each threshold of a model would flag."""
    with reporting():
        show_report(
            "thresholds", db, chosen_input(source, source_option), {"name": name, "version": version}, output_format
        )


def explain(
    name: Name,
    db: Database,
    source: Input = None,
    source_option: InputOption = None,
    top_k: TopK = 3,
    key: Key = None,
    version: Version = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell why the anomalies of a file or table are anomalies."""
    with reporting():
        values = {"name": name, "top_k": top_k, "key": key, "version": version}
        show_report("explain", db, chosen_input(source, source_option), values, output_format)


def suggest_normal(
    name: Name,
    db: Database,
    source: Input = None,
    source_option: InputOption = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell what would have to change for the anomalies of a file or table to be normal."""
    with reporting():
        show_report("suggest_normal", db, chosen_input(source, source_option), {"name": name}, output_format)


def contrast(
    dimensions: Annotated[
        str, typer.Option("--dimensions", help="Columns that groups are made of, separated by commas.")
    ],
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    flag: Annotated[str, typer.Option("--flag", help="The column that says which rows are anomalies.")] = "is_anomaly",
    output_format: OutputFormat = None,
) -> None:
    """Tell which groups the anomalies of rows, as detect and score write them, come from."""
    with reporting():
        values = {"flag": flag, "dimensions": named_columns(dimensions)}
        show_report("contrast", db, chosen_input(source, source_option), values, output_format)


def profile(
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    detectors: Detectors = False,
    output_format: OutputFormat = None,
) -> None:
    """Tell what the columns of a file or table are like, and what to use each for: a check before training."""
    with reporting():
        chosen = chosen_input(source, source_option)
        show_report("suggest" if detectors else "profile", db, chosen, {}, output_format)


def drift(
    name: Name,
    db: Database,
    source: Input = None,
    source_option: InputOption = None,
    version: Version = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell whether the rows of a file or table are still like those that a model was trained on."""
    with reporting():
        show_report("drift", db, chosen_input(source, source_option), {"name": name, "version": version}, output_format)


def stability(
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    algorithm: Algorithm = None,
    columns: Columns = None,
    params: Params = None,
    seed: Seed = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell how much results depend on the seed and on the rows, without labels: this is not accuracy."""
    with reporting():
        given = training_values(algorithm=algorithm, columns=columns, params=params, seed=seed)
        values = {name: given[name] for name in ("algorithm", "columns", "params", "seed")}
        show_report("stability", db, chosen_input(source, source_option), values, output_format)


def agreement(
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    algorithms: Algorithms = None,
    columns: Columns = None,
    seed: Seed = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell how far detectors agree on the rows of a file or table, without labels: this is not accuracy."""
    with reporting():
        given = training_values(columns=columns, seed=seed)
        values = {"algorithms": algorithms or None, "columns": given["columns"], "seed": given["seed"]}
        show_report("agreement", db, chosen_input(source, source_option), values, output_format)


def show_report(statement: str, db: str, source: str, values: Mapping[str, Any], wanted: Format | None) -> None:
    """Print what one of our statements tells of a source."""
    with database(db, Access.READ) as con, reading(source):
        write_whole(con, found(con, statement, {**values, "source": source}, source), wanted)
