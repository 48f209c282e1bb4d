"""Series in PostgreSQL: the SQL that gathers each, and the verdicts on one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adsql.arrow import column_named, unbounded_float64
from adsql.errors import InvalidOption, UnusableColumn
from adsql.segment_keys import existing_column
from adsql.series.columns import whole_times
from adsql.series.detection import Judged, detect
from adsql.series.horizon import texts_behind
from adsql.series.options import SeriesOptions, check_others, days_among_numbers, gap
from adsql.wording import shown
from adsql_udfs.postgres import holidays
from adsql_udfs.postgres.columns import aggregates, decoded
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.scoring import array_text, described, described_columns
from adsql_udfs.postgres.sources import source
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import escaped_literal, identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql_udfs.postgres.columns import Column
    from adsql_udfs.postgres.server import Server
    from adsql_udfs.postgres.sources import Source

_TIMES = ("date", "timestamp", "timestamptz")
TS, INT8 = "pg_catalog.timestamptz", "pg_catalog.int8"
_NUMERIC = (*holidays.NUMBERS, "boolean")
_OF_RESULTS = ("series", "ts", "value", "expected_value", "anomaly_score", "severity", "is_anomaly")
_OF_TIME, _OF_VALUE = "timestamps and dates", "numbers and booleans"


class JudgedArrays(NamedTuple):
    """The verdicts on n rows, each as the text of an array."""

    value: str
    expected: str
    lower: str
    upper: str
    score: str
    severity: str
    is_anomaly: str
    status: str
    asked: str


def planned(
    plpy: Server,
    given: str,
    time_column: str | None,
    value_columns: Sequence[str] | None,
    series: Sequence[str] | None,
    options: Mapping[str, Any],
) -> tuple[SeriesRows, str]:
    """Return the rows of a source, and the SQL that judges every row of every series of it.

    Parameters
    ----------
    plpy
        The server.
    given
        The source as the caller wrote it.
    time_column, value_columns, series
        Names of its columns.
    options
        The other arguments by name, without those that are NULL.

    Raises
    ------
    OptionError, SourceError, ColumnError
        For anything that cannot be used.
    """
    rows = SeriesRows.of(plpy, given, time_column, value_columns, series, options)
    asked = SeriesOptions.parse(len(rows.values), **rows.given)
    if rows.holidays is not None:
        asked.require_expectation("holidays")
    return rows, sql(
        "series_judged", groups=rows.groups(rows.columns), verdicts=sql("series_verdicts"),
        options=escaped_literal(json.dumps(rows.given)), columns=escaped_literal(described(rows.columns)),
        later_ts=of_kind("result.adsql_later", rows.time, TS),
        later_number=of_kind("result.adsql_later", rows.time, INT8),
    )  # fmt: skip


@dataclass(frozen=True)
class SeriesRows:
    """The rows of a source as series: columns that were checked, and what is left of a call's options.

    Parameters
    ----------
    source
        What the caller named.
    time, values, keys
        Its columns.
    excluded
        SQL that tells whether a row is excluded.
    given
        The options without sources.
    holidays
        SQL of the series' holidays, if there are any.
    covariates
        Columns of what is known beside the values.
    """

    source: Source
    time: Column
    values: Sequence[Column]
    keys: Sequence[Column]
    excluded: str
    given: Mapping[str, Any]
    holidays: str | None = None
    covariates: Sequence[Column] = ()

    @classmethod
    def of(
        cls,
        plpy: Server,
        given: str,
        time_column: str | None,
        value_columns: Sequence[str] | None,
        series: Sequence[str] | None,
        options: Mapping[str, Any],
    ) -> SeriesRows:
        """Check the arguments of `planned`."""
        asked = dict(options)
        exclude, excluded, days = asked.pop("exclude", None), "false", asked.pop("holidays", None)
        rows = source(plpy, given)
        [time] = named(rows, "time_column", None if time_column is None else [time_column])
        values = named(rows, "value_columns", value_columns)
        keys = named(rows, "series", series) if series is not None else []
        check_forms("time_column", [time], (*_TIMES, holidays.WHOLE), f"{_OF_TIME}, whole numbers")
        check_forms("value_columns", values, _NUMERIC, _OF_VALUE)
        if exclude is not None:
            excluded = _excluded(plpy, exclude, time, key_of(keys), by_series=bool(keys))
        own = None if days is None else _holidays(plpy, days, time, keys)
        beside = named(rows, "covariates", asked["covariates"]) if "covariates" in asked else []
        check_others("covariates", [column.name for column in beside], [column.name for column in (time, *values)])
        check_forms("covariates", beside, _NUMERIC, _OF_VALUE)
        return cls(rows, time, values, keys, excluded, asked, own, beside)

    @property
    def columns(self) -> list[Column]:
        """The columns of time, values and covariates."""
        return [self.time, *self.values, *self.covariates]

    def groups(self, columns: Sequence[Column]) -> str:
        """Return the SQL that makes each series a group with the binary parts of some columns."""
        time = f"points.{identifier(self.time.name)}"
        return sql(
            "series_groups", source=self.source.text, ts=of_kind(time, self.time, TS),
            number=of_kind(time, self.time, INT8), key=key_of(self.keys),
            parts=",\n".join(aggregates(columns, "points")), excluded=self.excluded,
            holidays=self.holidays or "NULL::pg_catalog.text",
        )  # fmt: skip


def kind_of(time: Column) -> str:
    """Return what times are in results."""
    return INT8 if time.form == holidays.WHOLE else TS


def of_kind(expression: str, time: Column, kind: str) -> str:
    """Return SQL of an expression of times where they are of a kind, else of NULL."""
    own = kind_of(time)
    return f"{expression if kind == own else 'NULL'}::{kind}"


def plan_incidents(plpy: Server, given: str, max_gap: int | None) -> str:
    """Return the SQL that puts consecutive anomalous points of a source of results together.

    Raises
    ------
    OptionError, SourceError, ColumnError
        If the source has no results of series, or the gap is negative.
    """
    rows = source(plpy, given)
    named(rows, "source", _OF_RESULTS)
    return sql("incidents", source=rows.text, max_gap=str(gap(max_gap)))


def judge(
    plpy: Server, options: str, columns: str, n: int, parts: Sequence[bytes], days: str | None
) -> tuple[Any, ...]:
    """Judge the rows of one series, from their binary parts, the last of which rows are excluded, and its holidays.

    Returns
    -------
    tuple
        `JudgedArrays`, and behind them which algorithm judged each row, the algorithms' names, the season, what
        each column has to do with each row, as JSON, and the times of points that are forecast.
    """
    known_columns = described_columns(columns)
    given = json.loads(options)
    beside = len(given.get("covariates", []))
    names = known_columns[1 : len(known_columns) - beside]
    time, *numbers = decoded(known_columns, parts[:-1], n).values()
    asked = SeriesOptions.parse(len(names), **given)
    times, known = whole_times(time)
    table = np.column_stack([unbounded_float64(column) for column in numbers])
    X, covariates = table[:, : len(names)], table[:, len(names) :] if beside else None
    excluded = np.frombuffer(parts[-1], np.uint8).astype(np.bool_)

    def arrays() -> tuple[Any, ...]:
        found = detect(times, known, X, excluded, asked, holidays.calendar(days), covariates)
        season = None if found.season is None else list(found.season)
        shares = None if found.shares is None else _objects([column.name for column in names], found.shares)
        return (
            *judged_arrays(X, found),
            array_text(found.algorithm),
            list(found.algorithms),
            season,
            shares,
            texts_behind(len(found.score), found.later, time.type),
        )

    return interruptible(plpy, arrays)


def _objects(names: Sequence[str], shares: np.ndarray[Any, Any]) -> list[str | None]:
    return [None if np.isnan(row[0]) else json.dumps(dict(zip(names, row.tolist(), strict=True))) for row in shares]


def judged_arrays(X: np.ndarray[Any, Any], judged: Judged) -> JudgedArrays:
    """Return verdicts as the texts of arrays."""
    value = X[:, 0] if X.shape[1] == 1 else np.full(len(X), np.nan)
    floats = (value, judged.expected, judged.lower, judged.upper, judged.score, judged.severity)
    return JudgedArrays._make(
        [
            *(array_text(values, np.isnan(values)) for values in floats),
            array_text(judged.is_anomaly, np.isnan(judged.score)),
            array_text(judged.status),
            array_text(judged.asked),
        ]
    )


def named(rows: Source, option: str, names: Sequence[str] | None) -> list[Column]:
    """Return columns of a source in the order of the names that an option gives."""
    if not names or not all(names):
        raise InvalidOption(f"{option} = {shown(names)} cannot be used", allowed="names of columns")
    if len({name.casefold() for name in names}) < len(names):
        raise InvalidOption(f"{option} = {shown(names)} has a column twice", allowed="each column once")
    columns = {column.name: column for column in reversed(rows.columns)}  # of two with one name, the first
    return [columns[existing_column(name, columns, option)] for name in names]


def check_forms(option: str, columns: Sequence[Column], forms: Sequence[str], allowed: str) -> None:
    """Raise if a column is of another form."""
    for column in columns:
        if column.form not in forms:
            raise UnusableColumn(
                f"{option}: column {column.name!r} is of type {column.sql_type}", allowed=allowed,
                hint="convert it in the source, which may be a SELECT",
            )  # fmt: skip


def check_keys(columns: Sequence[Column]) -> None:
    """Raise if a column of a series is of a type whose values have no text that is the same on every engine."""
    for column in columns:
        if column.form == "none":
            raise UnusableColumn(
                f"series: column {column.name!r} is of type {column.sql_type}", allowed="text, numbers and times",
                hint="cast it to text in the source, which may be a SELECT",
            )  # fmt: skip


def key_of(keys: Sequence[Column]) -> str:
    """Return the SQL of a row's series as text, as results show it."""
    columns = [f"adsql_source.{identifier(column.name)}" for column in keys]
    if not columns:
        return "NULL::pg_catalog.text"
    if len(columns) == 1:
        return f"{columns[0]}::pg_catalog.text"
    pairs = (f"{escaped_literal(key.name)}, {column}" for key, column in zip(keys, columns, strict=True))
    return f"pg_catalog.jsonb_build_object({', '.join(pairs)})::pg_catalog.text"


def _holidays(plpy: Server, given: str, time: Column, keys: Sequence[Column]) -> str:
    rows = source(plpy, given)
    ranges = column_named("started_at", [column.name for column in rows.columns]) is not None
    columns = named(rows, "holidays", ["started_at", "ended_at"] if ranges else ["date"])
    if time.form == holidays.WHOLE and not ranges:
        raise days_among_numbers()
    whole = time.form == holidays.WHOLE
    check_forms("holidays", columns, [holidays.WHOLE] if whole else _TIMES, "whole numbers" if whole else _OF_TIME)
    key = holidays.series_text("points.adsql_key", keys) if keys else None
    return holidays.times(rows, columns, time.form, key)


def _excluded(plpy: Server, exclude: str, time: Column, key: str, *, by_series: bool) -> str:
    rows = source(plpy, exclude)
    named(rows, "exclude", ["started_at", "ended_at", "series"] if by_series else ["started_at", "ended_at"])
    theirs = "adsql_exclude.series::pg_catalog.text"
    return sql(
        "excluded_points",
        exclude=rows.text,
        time=identifier(time.name),
        type=kind_of(time),
        same_series=f"({theirs} OPERATOR(pg_catalog.=) {key} OR ({theirs} IS NULL AND {key} IS NULL))"
        if by_series
        else "true",
    )
