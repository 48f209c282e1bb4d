"""The commands about series: verdicts, incidents, pictures, models, change points, backtests."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads the annotations while it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adsql.cli.arguments import (
    AlertBudget,
    Contamination,
    Database,
    Input,
    InputOption,
    Name,
    OnlyAnomalies,
    Output,
    OutputFormat,
    Params,
    Seed,
    Version,
    chosen_input,
    named_columns,
)
from adsql.cli.databases import MEMORY, Access, database
from adsql.cli.failures import err, reading, reporting
from adsql.cli.output import STORED, check_folder, check_output, show, write
from adsql.cli.running import found, query, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql.cli.output import Format

Time = Annotated[str, typer.Option("--time", "-t", help="The column of times.")]
Value = Annotated[str, typer.Option("--value", help="The column of values.")]
Series = Annotated[
    str | None, typer.Option("--series", "-s", help="Columns, separated by commas, whose values each are a series.")
]
Season = Annotated[
    str | None, typer.Option("--season", help="Seasons in points, separated by commas; none. Default: found.")
]
Sensitivity = Annotated[
    float | None, typer.Option("--sensitivity", help="Share of normal points outside of the bounds. Default: 0.001.")
]
Direction = Annotated[str | None, typer.Option("--direction", help="both, up or down. Default: both.")]
MinDeviation = Annotated[float | None, typer.Option("--min-deviation", help="How far off a value must be at least.")]
SeriesAlgorithm = Annotated[
    str | None, typer.Option("--algorithm", "-a", help="decomposition, window_neighbours, ... Default: auto.")
]
Incidents = Annotated[
    str | None, typer.Option("--incidents", help="What is known to have happened: started_at, ended_at, series.")
]

Mode = Annotated[str | None, typer.Option("--mode", help="retrospective or causal. Default: retrospective.")]
Horizon = Annotated[int | None, typer.Option("--horizon", help="Points to forecast behind the last ones.")]
Holidays = Annotated[
    str | None, typer.Option("--holidays", help="When there are: date, or started_at and ended_at; name; series.")
]
Covariates = Annotated[
    str | None,
    typer.Option("--covariates", help="Columns of known quantities that explain values, separated by commas."),
]


def detect(
    time: Time,
    value: Annotated[str, typer.Option("--value", help="The column of values; several, separated by commas.")],
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    series: Series = None,
    algorithm: SeriesAlgorithm = None,
    season: Season = None,
    sensitivity: Sensitivity = None,
    contamination: Contamination = None,
    alert_budget: AlertBudget = None,
    direction: Direction = None,
    min_deviation: MinDeviation = None,
    exclude: Annotated[
        str | None, typer.Option("--exclude", help="What teaches nothing: started_at, ended_at, series.")
    ] = None,
    holidays: Holidays = None,
    covariates: Covariates = None,
    only_last_n: Annotated[int | None, typer.Option("--only-last-n", help="Judge the last points alone.")] = None,
    horizon: Horizon = None,
    mode: Mode = None,
    params: Params = None,
    seed: Seed = None,
    output: Output = None,
    output_format: OutputFormat = None,
    only_anomalies: OnlyAnomalies = False,
) -> None:
    """Tell of every point of series what was expected, and whether it is strange."""
    with reporting():
        chosen = chosen_input(source, source_option)
        columns = named_columns(value) or [value]
        values = {
            **_rows(chosen, time, columns if len(columns) > 1 else value, series), "algorithm": algorithm,
            "season": _season(season), "sensitivity": sensitivity, "contamination": contamination,
            "alert_budget": alert_budget, "direction": direction, "min_deviation": min_deviation, "exclude": exclude,
            "holidays": holidays, "covariates": named_columns(covariates), "only_last_n": only_last_n,
            "horizon": horizon, "mode": mode, "params": params, "seed": seed,
        }  # fmt: skip
        kept = "is_anomaly" if only_anomalies else None
        _write("series_detect", db, chosen, values, output, output_format, kept)


def incidents(
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    max_gap: Annotated[int | None, typer.Option("--max-gap", help="Usual points that may lie within.")] = None,
    output: Output = None,
    output_format: OutputFormat = None,
) -> None:
    """Put consecutive anomalous points, as detect-series writes them, together."""
    with reporting():
        chosen = chosen_input(source, source_option)
        _write("found_incidents", db, chosen, {"max_gap": max_gap}, output, output_format)


def plot(
    time: Time,
    value: Value,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A .png, .svg or .html file.")],
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    series: Series = None,
    incidents: Incidents = None,
    algorithm: SeriesAlgorithm = None,
    season: Season = None,
    sensitivity: Sensitivity = None,
    contamination: Contamination = None,
    alert_budget: AlertBudget = None,
    direction: Direction = None,
    min_deviation: MinDeviation = None,
    holidays: Holidays = None,
    covariates: Covariates = None,
    horizon: Horizon = None,
    mode: Mode = None,
    title: Annotated[str, typer.Option("--title", help="Above the picture.")] = "",
) -> None:
    """Draw series: values, what was expected, anomalies, and known incidents."""
    from adsql.plot import files, read  # noqa: PLC0415 - no other command needs them

    with reporting():
        chosen = chosen_input(source, source_option)
        files.check_suffix(output)
        check_folder(output, chosen, db)
        values = {
            **_rows(chosen, time, value, series), "algorithm": algorithm, "season": _season(season),
            "sensitivity": sensitivity, "contamination": contamination, "alert_budget": alert_budget,
            "direction": direction, "min_deviation": min_deviation, "holidays": holidays,
            "covariates": named_columns(covariates), "mode": mode, "exclude": None, "only_last_n": None,
            "horizon": horizon, "params": None, "seed": None,
        }  # fmt: skip
        with database(db, Access.READ) as con:
            results = _table(con, "series_detect", values, chosen)
            known = None
            if incidents is not None:
                known = _table(con, "series_incidents", {"incidents": incidents}, incidents)
        drawn = read(results, known)
        files.write(output, drawn, title)
        strange = sum(int(each.is_anomaly.sum()) for each in drawn)
        err.print(
            f"{len(results):,} points of {len(drawn):,} series, {strange:,} anomalous; drawn to {output}",
            soft_wrap=True,
        )
        if len(drawn) > files.MAX_SHOWN:
            err.print(f"drawn are the {files.MAX_SHOWN} series with the strangest points; choose others in a SELECT")


def train_series(
    name: Name,
    db: Database,
    time: Time,
    value: Value,
    source: Input = None,
    source_option: InputOption = None,
    series: Series = None,
    season: Season = None,
    sensitivity: Sensitivity = None,
    direction: Direction = None,
    min_deviation: MinDeviation = None,
    holidays: Holidays = None,
) -> None:
    """Keep what later points of series are judged by."""
    with reporting():
        chosen = chosen_input(source, source_option)
        values = {
            **_rows(chosen, time, value, series), "name": name, "season": _season(season), "sensitivity": sensitivity,
            "direction": direction, "min_deviation": min_deviation, "holidays": holidays,
        }  # fmt: skip
        with database(db, Access.KEEP) as con, reading(chosen):
            rows = run(con, query("series_train"), values, f"training {name}")
        show(STORED, rows)


def score_series(
    name: Name,
    db: Database,
    source: Input = None,
    source_option: InputOption = None,
    version: Version = None,
    output: Output = None,
    output_format: OutputFormat = None,
) -> None:
    """Judge points of series by a saved model."""
    with reporting():
        chosen = chosen_input(source, source_option)
        _write("series_score", db, chosen, {"name": name, "version": version}, output, output_format)


def changes(
    time: Time,
    value: Value,
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    series: Series = None,
    kind: Annotated[str | None, typer.Option("--kind", help="any, level, trend or variance. Default: any.")] = None,
    season: Season = None,
    sensitivity: Annotated[
        float | None, typer.Option("--sensitivity", help="Share of series with a false alarm. Default: 0.01.")
    ] = None,
    output: Output = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell when series changed for good: their level, trend or variance."""
    with reporting():
        chosen = chosen_input(source, source_option)
        values = {
            **_rows(chosen, time, value, series), "kind": kind, "season": _season(season), "sensitivity": sensitivity
        }  # fmt: skip
        _write("series_changes", db, chosen, values, output, output_format)


def backtest(
    time: Time,
    value: Value,
    source: Input = None,
    source_option: InputOption = None,
    db: Database = MEMORY,
    series: Series = None,
    step: Annotated[str | None, typer.Option("--step", help="hour, day, week, ..., or a number. Default: day.")] = None,
    incidents: Incidents = None,
    algorithm: SeriesAlgorithm = None,
    season: Season = None,
    sensitivity: Sensitivity = None,
    direction: Direction = None,
    min_deviation: MinDeviation = None,
    holidays: Holidays = None,
    covariates: Covariates = None,
    output: Output = None,
    output_format: OutputFormat = None,
) -> None:
    """Tell what would have been flagged on each past day, by what was known then."""
    with reporting():
        chosen = chosen_input(source, source_option)
        values = {
            **_rows(chosen, time, value, series), "incidents": incidents, "algorithm": algorithm,
            "step": int(step) if step is not None and step.isdecimal() else step, "season": _season(season),
            "sensitivity": sensitivity, "direction": direction, "min_deviation": min_deviation,
            "holidays": holidays, "covariates": named_columns(covariates),
        }  # fmt: skip
        _write("series_backtest", db, chosen, values, output, output_format)


def _rows(source: str, time: str, value: str | list[str], series: str | None) -> dict[str, Any]:
    return {"source": source, "time": time, "value": value, "series": named_columns(series)}


def _season(text: str | None) -> object:
    """Return seasons as numbers where they are, else the word, which the library checks."""
    parts = named_columns(text) or []
    return [int(part) for part in parts] if parts and all(part.isdecimal() for part in parts) else text


def _table(con: Any, statement: str, values: Mapping[str, Any], source: str) -> Any:  # noqa: ANN401 - engine's types
    with reading(source):
        return found(con, statement, values, source).to_arrow_table()


def _write(
    statement: str,
    db: str,
    source: str,
    values: Mapping[str, Any],
    output: Path | None,
    wanted: Format | None,
    condition: str | None = None,
) -> None:
    check_output(output, wanted, source, db)
    with database(db, Access.READ) as con, reading(source):
        rows = found(con, statement, {**values, "source": source}, source)
        write(con, rows if condition is None else rows.filter(condition), output, wanted)
