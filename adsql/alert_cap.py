"""A cap on alerts: of the rows above the threshold, the strangest of each day and segment are anomalies.

Scores and severities know nothing of it, and a row alone cannot know the others of its day: the cap is on whole tables.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from adsql.arrow import Kind, column_named, compute, kind_of, missing, to_text
from adsql.errors import ColumnTypeChanged, InvalidOption, MissingColumn, ModelChanged, UnusableColumn
from adsql.segment_keys import existing_column, segment_keys
from adsql.state import require
from adsql.threshold import ThresholdPolicy
from adsql.wording import listing, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adsql.arrow import Columns
    from adsql.state import State

MAX_A_DAY = 1_000_000_000
_DAYS = (Kind.DATE, Kind.TIMESTAMP)
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class AlertCap:
    """At most so many anomalies on each calendar day; build one with `choose`.

    Parameters
    ----------
    column
        The column of dates or timestamps whose days count.
    most
        So many rows of a day, and of a segment if there are segments.

    Examples
    --------
    >>> print(AlertCap.choose("pickup_at", 5))
    at most 5 a day of pickup_at
    """

    column: str
    most: int

    def __str__(self) -> str:
        return f"at most {self.most} a day of {self.column}"

    @classmethod
    def choose(cls, alert_day: object, alert_budget: object) -> AlertCap:
        """Check the options of a call that has an `alert_day`.

        Raises
        ------
        InvalidOption
            If it is no name, or there is no budget to go with it.
        """
        if not (isinstance(alert_day, str) and alert_day):
            raise InvalidOption(
                f"alert_day = {shown(alert_day)} cannot be used",
                allowed="the name of a column of dates or timestamps, or NULL for none",
            )
        if alert_budget is None:
            raise InvalidOption(
                f"alert_day = {shown(alert_day)} needs an alert_budget",
                allowed="alert_day with alert_budget: so many anomalies a day at most",
                hint="add alert_budget => 5, or leave alert_day out",
            )
        most = ThresholdPolicy.choose(alert_budget=alert_budget).value or 0.0
        if most > MAX_A_DAY:
            raise InvalidOption(f"alert_budget = {most:g} cannot be used", allowed=f"at most {MAX_A_DAY:,} a day")
        return cls(alert_day, int(most))

    def within(self, table: Columns) -> AlertCap:
        """Return the cap with the table's own spelling of its column's name.

        Raises
        ------
        UnknownColumn, UnusableColumn
            If there is no such column, or it has no days.
        """
        name = existing_column(self.column, table, "alert_day")
        kind = kind_of(table[name].type)
        if kind not in _DAYS:
            usable = [other for other, values in table.items() if kind_of(values.type) in _DAYS]
            raise UnusableColumn(
                f"alert_day: column {name!r} has type {table[name].type}, which has no days",
                allowed=usable or "a column of dates or timestamps",
                hint="" if usable else "make one in a SELECT: CAST(... AS DATE) AS day",
            )
        return replace(self, column=name)

    def scalars(self) -> dict[str, str | int]:
        """Return what is stored with a model."""
        return {"alert_day": self.column, "alert_budget": self.most}

    @classmethod
    def restored(cls, state: State) -> AlertCap | None:
        """Return the cap that a model was stored with, if any."""
        if "alert_day" not in state.scalars:
            return None
        most = state.scalar("alert_budget", int)
        require(0 < most <= MAX_A_DAY, "the cap on alerts is out of range")
        return cls(state.scalar("alert_day", str), most)

    def plan(self, segment_by: Sequence[str]) -> str:
        """Return all that the SQL which applies the cap is made from, as JSON."""
        return json.dumps([self.column, self.most, *segment_by])


def check_planned(cap: AlertCap | None, segment_by: Sequence[str], planned: str | None) -> None:
    """Raise if SQL was written for another cap than the model has that it finds when it runs.

    Parameters
    ----------
    cap, segment_by
        The model's.
    planned
        What `AlertCap.plan` returned when the SQL was written; None if it applies no cap.

    Raises
    ------
    ModelChanged
        If they differ.
    """
    if planned != (None if cap is None else cap.plan(segment_by)):
        raise ModelChanged(
            "the model has another alert_day, alert_budget or segment_by than when this view or statement was written",
            hint="create the view again; commit a model that has an alert_day before it is applied",
        )


def days_of(table: Columns, column: str) -> pa.Array[Any]:
    """Return the column of the days of rows that a model is applied to.

    Raises
    ------
    MissingColumn, ColumnTypeChanged
        If they have no such column, or it has no days.
    """
    name = column_named(column, table)
    if name is None:
        raise missing_days(column, table)
    days = table[name]
    kind = kind_of(days.type)
    if kind is Kind.MISSING or (kind is Kind.TEXT and bool(missing(days).all())):
        return pa.nulls(len(days), pa.date32())  # an empty column of a CSV file is one of text
    if kind not in _DAYS:
        raise no_days(column, str(days.type))
    return days


def missing_days(column: str, names: Iterable[str]) -> MissingColumn:
    """Return the error of rows without the column of the days."""
    return MissingColumn(
        f"the source has no column {column!r}, whose days the model's alert_budget is for",
        allowed=f"sources with a column of dates or timestamps of this name; this one has {listing(names)}",
        hint="select it too, renamed if need be",
    )


def no_days(column: str, kind: str) -> ColumnTypeChanged:
    """Return the error of a column of another type."""
    return ColumnTypeChanged(
        f"alert_day: column {column!r} has type {kind}, which has no days",
        allowed="a column of dates or timestamps",
        hint="cast the column",
    )


def alert_groups(days: pa.Array[Any], table: Columns, segment_by: Sequence[str]) -> pa.StringArray:
    r"""Return what tells the day and segment of each row from all others, shape (n,).

    Parameters
    ----------
    days
        Dates, or timestamps: those with a time zone have the days of that. Missing ones are a day of their own.
    table
        Those of the segments by name, n rows.
    segment_by
        Their names, if there are any.

    Examples
    --------
    >>> import datetime as dt
    >>> alert_groups(pa.array([dt.datetime(2024, 3, 1, 23), None]), {}, []).to_pylist()
    ['2024-03-01', '']
    """
    if pa.types.is_timestamp(days.type):
        local = days if days.type.tz is None else compute().local_timestamp(days)
        days = local.cast(pa.date32())
    text: Any = to_text(days).fill_null("")
    if segment_by:
        text = compute().binary_join_element_wise(text, segment_keys(table, segment_by), _SEPARATOR)
    return cast("pa.StringArray", text)
