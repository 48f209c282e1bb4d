"""What the commands take, and how it is read."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from adsql import registry
from adsql.cli.output import Format
from adsql.errors import InvalidOption

_INPUT = "A CSV, JSON or Parquet file, a table of --database, or a SELECT."
Input = Annotated[str | None, typer.Argument(metavar="INPUT", help=_INPUT, show_default=False)]
InputOption = Annotated[str | None, typer.Option("--input", "-i", help="The same as INPUT.")]
Database = Annotated[str, typer.Option("--database", "-d", help="A DuckDB database file.")]
Algorithm = Annotated[
    str | None, typer.Option("--algorithm", "-a", help=f"One of {', '.join(registry.detectors())}. Default: auto.")
]
Columns = Annotated[
    str | None, typer.Option("--columns", "-c", help="Columns to use, as a line of CSV: 'a, \"b, c\"'. Default: all.")
]
SegmentBy = Annotated[
    str | None, typer.Option("--segment-by", help="Columns, separated by commas: one model for each of their values.")
]
SegmentShrinkage = Annotated[
    float | None,
    typer.Option("--segment-shrinkage", help="One model of all segments, which stand for so many rows of each."),
]
Contamination = Annotated[
    float | None, typer.Option("--contamination", help="Expected share of anomalies, above 0 and at most 0.5.")
]
Threshold = Annotated[float | None, typer.Option("--threshold", help="Flag rows with a higher score.")]
AlertBudget = Annotated[int | None, typer.Option("--alert-budget", help="Flag at most so many rows (of each segment).")]
AlertDay = Annotated[
    str | None, typer.Option("--alert-day", help="A column of dates or times: the budget is for each of its days.")
]
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


def chosen_input(argument: str | None, option: str | None) -> str:
    """Return the input, which may be given as an argument or as --input.

    Raises
    ------
    InvalidOption
        If it is given twice, or not at all.
    """
    if argument is not None and option is not None:
        raise InvalidOption(f"two inputs are given: {argument!r} and --input {option!r}", allowed="one")
    chosen = argument if argument is not None else option
    if chosen is None:
        raise InvalidOption("no input is given", hint="name it behind the command, or with --input")
    return chosen


def training_values(
    algorithm: str | None = None,
    columns: str | None = None,
    segment_by: str | None = None,
    contamination: float | None = None,
    threshold: float | None = None,
    alert_budget: int | None = None,
    params: str | None = None,
    seed: int | None = None,
    label_column: str | None = None,
    segment_shrinkage: float | None = None,
    alert_day: str | None = None,
) -> dict[str, Any]:
    """Return the options of training as the values that the SQL functions take."""
    return {
        "algorithm": algorithm,
        "columns": named_columns(columns),
        "segment_by": named_columns(segment_by),
        "contamination": contamination,
        "threshold": threshold,
        "alert_budget": alert_budget,
        "params": params,
        "seed": seed,
        "label_column": label_column,
        "segment_shrinkage": segment_shrinkage,
        "alert_day": alert_day,
    }


def named_columns(names: str | None) -> list[str] | None:
    """Return the names in a line of CSV; None for none."""
    if names is None:
        return None
    [row] = csv.reader([names], skipinitialspace=True)
    return [name.strip() for name in row if name.strip()]
