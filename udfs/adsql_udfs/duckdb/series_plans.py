"""What detect_series_anomalies becomes: SQL text, written when DuckDB binds the query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adsql.arrow import column_named
from adsql.errors import InvalidOption, UnusableColumn
from adsql.segment_keys import existing_column
from adsql.series.options import SeriesOptions, check_others, days_among_numbers, gap
from adsql.wording import shown
from adsql_udfs.duckdb.formulas import source_types
from adsql_udfs.duckdb.plans import plain, template
from adsql_udfs.duckdb.sources import check_bound, decoded_plan, source_query
from adsql_udfs.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NUMERIC = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "NULL",
)  # fmt: skip
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")
_COARSE = {"TIMESTAMP_S": "second", "TIMESTAMP_MS": "millisecond"}  # what casts round to, and not down
_OWN_HOLIDAYS = " WHERE adsql_series IS NULL OR adsql_series = adsql_whose"
_OF_RESULTS = ("series", "ts", "value", "expected_value", "anomaly_score", "severity", "is_anomaly")
POINTS = 2**18  # that are judged in one call: some tens of megabytes


def detect_series(
    source: str,
    plan: str | None,
    plans: Mapping[str, str | None],
    time_column: object,
    value_columns: object,
    series: object,
    options: Mapping[str, Any],
) -> str:
    """Return the SQL that judges every row of every series of a source.

    Parameters
    ----------
    source
        As the caller wrote it.
    plan
        DuckDB's plan of it as JSON, or its error.
    plans
        The same of the `columns_query` of the sources that are options, by the option's name, and of the source.
    time_column, value_columns, series
        Names of its columns; the last two may be lists.
    options
        The macro's other arguments by name.
    """
    rows = SeriesRows.of(source, plan, plans, time_column, value_columns, series, options)
    asked = SeriesOptions.parse(len(rows.values), **rows.given)
    if rows.holidays is not None:
        asked.require_expectation("holidays")
    return template("detect_series").substitute(
        lists=rows.lists(key_of(rows.keys)), value=_value(rows.values), options=literal(json.dumps(rows.given)),
        contribution=_contribution(rows.values),
    )  # fmt: skip


@dataclass(frozen=True)
class SeriesRows:
    """The rows of a source as series: columns that were checked, and what is left of a call's options.

    Parameters
    ----------
    source
        As the caller wrote it.
    time, values, keys
        Names of its columns.
    excluded
        SQL that tells whether a row is excluded.
    given
        The options without those that are NULL, and without sources.
    holidays
        When there are holidays, if that is known.
    covariates
        Names of columns of what is known beside the values.
    """

    source: str
    time: str
    values: Sequence[str]
    keys: Sequence[str]
    excluded: str
    given: Mapping[str, Any]
    holidays: Holidays | None = None
    covariates: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        source: str,
        plan: str | None,
        plans: Mapping[str, str | None],
        time_column: object,
        value_columns: object,
        series: object,
        options: Mapping[str, Any],
    ) -> SeriesRows:
        """Check the arguments of `detect_series`."""
        check_bound(source, plan)
        # Of files only the names count: text is cast, an empty column is one of text.
        types = source_types(decoded_plan(plan))
        there = bound_types(source, plans["source"]) or types
        [time] = columns_of("time_column", time_column, there, most=1)
        values = columns_of("value_columns", value_columns, there)
        keys = columns_of("series", series, there) if series is not None else []
        check_numbers("value_columns", values, types)
        given = {name: value for name, value in plain(dict(options)).items() if value is not None}
        exclude, excluded = given.pop("exclude", None), "false"
        if exclude is not None:
            known = bound_types(exclude, plans["exclude"])
            columns_of("exclude", ["started_at", "ended_at", *(["series"] if keys else [])], known)
            excluded = _excluded(exclude, time, key_of(keys), by_series=bool(keys))
        days = given.pop("holidays", None)
        holidays = None
        if days is not None:
            holidays = Holidays.of(days, plans["holidays"], time, kind_of(time, there), keys)
        covariates: list[str] = []
        if "covariates" in given:
            covariates = columns_of("covariates", given["covariates"], there)
            check_others("covariates", covariates, [time, *values])
            check_numbers("covariates", covariates, types)
        return cls(source, time, values, keys, excluded, given, holidays, covariates)

    def lists(self, key: str) -> str:
        """Return the SQL that makes each series a list; `key` is SQL that tells series apart."""
        columns = {f"v{place}": column for place, column in enumerate(self.values)}
        columns |= {f"c{place}": column for place, column in enumerate(self.covariates)}
        return template("series_lists").substitute(
            source=source_query(self.source),
            key=key,
            time=identifier(self.time),
            values=", ".join(
                f"CAST(adsql_source.{identifier(column)} AS DOUBLE) AS {name}" for name, column in columns.items()
            ),
            fields=", ".join(f"'{name}': {name}" for name in columns),
            excluded=self.excluded,
            points=POINTS,
            whose="NULL::VARCHAR" if self.holidays is None else key_of(self.keys),
            whose_text="NULL::VARCHAR" if self.holidays is None else self.holidays.whose,
            holidays="" if self.holidays is None else self.holidays.times,
            own_holidays="NULL" if self.holidays is None else self.holidays.of_series,
        )


@dataclass(frozen=True)
class Holidays:
    """SQL of when there are holidays.

    Parameters
    ----------
    times
        The definition of a table of all of them.
    of_series
        An expression of those of one series.
    whose
        What tells this series from others there, as an expression of its key `adsql_whose`.
    """

    times: str
    of_series: str
    whose: str

    @classmethod
    def of(cls, source: object, plan: str | None, time: str, kind: str | None, keys: Sequence[str]) -> Holidays:
        """Check the source of holidays, whole days or times from one to another, for times of a kind, if known."""
        known = bound_types(source, plan)
        ranges = column_named("started_at", known or {}) is not None
        columns = columns_of("holidays", ["started_at", "ended_at"] if ranges else ["date"], known)
        if not ranges and kind in WHOLE:
            raise days_among_numbers()
        _check_times(columns, known, kind)
        day = "CAST(CAST(adsql_holiday.date AS DATE) AS TIMESTAMP)"
        last = "adsql_holiday.ended_at" if ranges else f"{day} + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND"
        if kind in _COARSE:
            last = f"date_trunc({literal(_COARSE[kind])}, CAST({last} AS TIMESTAMP))"
        first = "adsql_holiday.started_at" if ranges else day
        if known is not None:  # else there may be texts that are no dates, which TRY would be silent about
            first, last = f"TRY({first})", f"TRY({last})"
        own = kind_of("series", known)
        return cls(
            template("holidays").substitute(
                source=source_query(source),
                time=identifier(time),
                first=first,
                last=last,
                series=_series_text("adsql_holiday.series", keys, own),
            ),
            template("holidays_of_series").substitute(same_series=_OWN_HOLIDAYS if keys else ""),
            _series_text("adsql_whose", keys, own),
        )


def _check_times(columns: Sequence[str], types: Mapping[str, str] | None, time: str | None) -> None:
    """Raise if columns of holidays, where their types are known, are not as times of a kind are."""
    numbers = "date" not in columns and (time is None or time in WHOLE)
    kinds = (*(_TIMES if time not in WHOLE else ()), *(WHOLE if numbers else ()), "NULL")
    for name in columns:
        found = kind_of(name, types)
        if found is not None and found not in kinds:
            raise UnusableColumn(
                f"holidays: column {name!r} is of type {found}",
                allowed="whole numbers" if time in WHOLE else "timestamps and dates",
                hint="convert it in the source, which may be a SELECT",
            )


def bound_types(source: object, plan: str | None) -> dict[str, str] | None:
    """Return the types of the columns of a source from the plan of its `columns_query`, or None where it has none.

    One that reads a CTE of the calling statement has none, and neither has any where this optimisation is disabled.
    """
    if isinstance(source, str):
        check_bound(source, plan)
    operators = decoded_plan(plan).get("plans") or [{}]
    for row in operators[0].get("return_types", []):
        return {field["first"]: str(field["second"]["id"]) for field in row["type_info"]["child_types"]}
    return None


def kind_of(column: str, types: Mapping[str, str] | None) -> str | None:
    """Return the type of a column, or None if it is not known."""
    return {name.casefold(): kind for name, kind in (types or {}).items()}.get(column.casefold())


def incidents(source: str, plan: str | None, max_gap: object) -> str:
    """Return the SQL that puts consecutive anomalous points of results together; `plan` tells the columns."""
    columns_of("source", _OF_RESULTS, bound_types(source, plan))
    return template("incidents").substitute(source=source_query(source), max_gap=gap(plain(max_gap)))


def key_of(keys: Sequence[str]) -> str:
    """Return the SQL of a row's series, as results show it."""
    columns = [f"adsql_source.{identifier(name)}" for name in keys]
    if not columns:
        return "NULL::VARCHAR"
    if len(columns) == 1:
        return columns[0]
    return "{" + ", ".join(f"{literal(name)}: {column}" for name, column in zip(keys, columns, strict=True)) + "}"


def _series_text(series: str, keys: Sequence[str], own: str | None) -> str:
    """Return the SQL of a series, of which holidays have a type, as text that equal values of any type share."""
    if len(keys) > 1 and own == "STRUCT":
        return f"__adsql_segment_key({series}, {literal(json.dumps(list(keys)))})"
    if len(keys) == 1:
        return f"__adsql_segment_key({{'series': {series}}}, {literal(json.dumps(['series']))})"
    return f"CAST({series} AS VARCHAR)"


def _value(values: Sequence[str]) -> str:
    if len(values) == 1:
        return "adsql_row.v0"
    fields = (f"{literal(column)}: adsql_row.v{place}" for place, column in enumerate(values))
    return "{" + ", ".join(fields) + "}"


def _contribution(values: Sequence[str]) -> str:
    if len(values) == 1:
        return "NULL::DOUBLE"
    fields = (f"{literal(column)}: adsql_shares[{place + 1}]" for place, column in enumerate(values))
    return "{" + ", ".join(fields) + "}"


def _excluded(exclude: object, time: str, key: str, *, by_series: bool) -> str:
    return template("excluded_points").substitute(
        exclude=source_query(exclude),
        time=identifier(time),
        same_series=f" AND adsql_exclude.series IS NOT DISTINCT FROM {key}" if by_series else "",
    )


def columns_of(option: str, value: object, types: Mapping[str, str] | None, most: int | None = None) -> list[str]:
    """Return the columns that an option names, checked against those of the source."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) and name for name in names):
        allowed = "the name of a column" if most == 1 else "the name of a column, or a list of them"
        raise InvalidOption(f"{option} = {shown(value)} cannot be used", allowed=allowed)
    if most is not None and len(names) > most:
        raise InvalidOption(f"{option} = {shown(value)} cannot be used", allowed="the name of one column")
    if len({name.casefold() for name in names}) < len(names):
        raise InvalidOption(f"{option} = {shown(value)} has a column twice", allowed="each column once")
    if types is not None:
        for name in names:
            existing_column(name, types, option)
    return list(names)


def check_numbers(option: str, names: Sequence[str], types: Mapping[str, str] | None) -> None:
    """Raise if a column that an option names holds no numbers."""
    for name in names:
        kind = kind_of(name, types) or "DOUBLE"
        if not kind.startswith(_NUMERIC):
            raise UnusableColumn(
                f"{option}: column {name!r} is of type {kind}", allowed="numbers and booleans",
                hint="cast it in the source: 'SELECT CAST(... AS DOUBLE) AS ... FROM ...'",
            )  # fmt: skip
