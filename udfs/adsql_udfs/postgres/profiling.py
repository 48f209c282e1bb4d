"""What a source is like before anything is trained on it: counted by the server in a pass beside the sample's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from adsql import profiling
from adsql.profiling import Figures
from adsql.suggestions import suggest_detectors
from adsql_udfs.postgres.columns import aggregates, decoded
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.sources import source
from adsql_udfs.postgres.texts import sql
from adsql_udfs.postgres.training import sample
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql.profiling import ColumnProfile
    from adsql.suggestions import Suggestion
    from adsql_udfs.postgres.columns import Column
    from adsql_udfs.postgres.server import Server
    from adsql_udfs.postgres.sources import Source

_AT_ONCE = 200  # columns, four figures of each: a query has 1,664 at most


class _Form(NamedTuple):
    """SQL about values of a form, `{}` being one: whether it is there, its number, the extremes, a bound's type."""

    there: str
    number: str | None
    smallest: str
    largest: str
    bound: str = "float8"


def profile(plpy: Server, given: object) -> list[ColumnProfile]:
    """Return what each column of a source is like; see `adsql.profiling`."""
    rows = source(plpy, given)
    table, counts = sample(plpy, rows, (), 0, None)
    fences = profiling.fences(table)
    figures: dict[str, Figures] = {}
    for first in range(0, len(rows.columns), _AT_ONCE):
        figures |= _figures(plpy, rows, rows.columns[first : first + _AT_ONCE], fences)
    return interruptible(plpy, lambda: profiling.profile(table, counts[""], figures))


def suggest(plpy: Server, given: object) -> list[Suggestion]:
    """Return which detectors suit a source."""
    table, counts = sample(plpy, source(plpy, given), (), 0, None)
    return interruptible(plpy, lambda: suggest_detectors(table, counts[""]))


def _figures(
    plpy: Server, rows: Source, columns: Sequence[Column], fences: Mapping[str, tuple[float, float]]
) -> dict[str, Figures]:
    counted: list[str] = []
    for place, column in enumerate(columns):
        form, name = _FORMS[column.form], f"adsql_source.{identifier(column.name)}"
        outside = "false"
        if column.name in fences and form.number is not None:
            number = form.number.replace("{}", name)
            low, high = (f"({bound!r})::pg_catalog.{form.bound}" for bound in fences[column.name])
            outside = f"{number} OPERATOR(pg_catalog.<) {low} OR {number} OPERATOR(pg_catalog.>) {high}"
        there = form.there.replace("{}", name)
        counted += [
            f"pg_catalog.count(*) FILTER (WHERE {there}) AS filled_{place}",
            f"pg_catalog.count(*) FILTER (WHERE {there} AND ({outside})) AS outliers_{place}",
            *(
                f"({value.replace('{}', name)} FILTER (WHERE {there}))::{column.sql_type} AS {end}_{place}"
                if column.form != "none" else f"NULL AS {end}_{place}"
                for end, value in (("smallest", form.smallest), ("largest", form.largest))
            ),
        ]  # fmt: skip
    places = range(len(columns))
    found = query(plpy, sql(
        "profile", source=rows.text, figures=",\n".join(counted),
        parts=", ".join(aggregates(columns, "extremes")),
        **{name: ", ".join(f"{name}_{place}" for place in places) for name in ("filled", "outliers")},
        **{
            name: ", ".join(f"{name}_{place} AS {identifier(column.name)}" for place, column in enumerate(columns))
            for name in ("smallest", "largest")
        },
    ))[0]  # fmt: skip
    extremes = decoded(columns, found["parts"], 2)
    return {
        column.name: Figures(
            column.sql_type, found["filled"][place],
            found["outliers"][place] if column.name in fences else None, extremes[column.name],
        )
        for place, column in enumerate(columns)
    }  # fmt: skip


_EXISTS = "{} IS NOT NULL"
_NO_NAN = "{} OPERATOR(pg_catalog.<>) 'NaN'"
_LEAST, _MOST = "pg_catalog.min({})", "pg_catalog.max({})"
_FLOAT = _Form(_NO_NAN, "{}::pg_catalog.float8", _LEAST, _MOST)
_POINT = _Form(_EXISTS, "pg_catalog.date_part('epoch', {})", _LEAST, _MOST)
_FORMS = {
    "float": _FLOAT,
    "single": _FLOAT,
    "whole numeric": _FLOAT,
    # Beyond what a float can be, its cast is an error: the fences are compared as they are.
    "numeric": _FLOAT._replace(number="{}", bound="numeric"),
    "whole": _Form(_EXISTS, "{}::pg_catalog.float8", _LEAST, _MOST),
    "boolean": _Form(_EXISTS, None, "pg_catalog.bool_and({})", "pg_catalog.bool_or({})"),
    "text": _Form(
        _EXISTS, None, 'pg_catalog.min({}::pg_catalog.text COLLATE pg_catalog."C")',
        'pg_catalog.max({}::pg_catalog.text COLLATE pg_catalog."C")',
    ),
    "timestamp": _POINT,
    "timestamptz": _POINT,
    "date": _POINT,
    "time": _POINT,
    "none": _Form(_EXISTS, None, "", ""),
}  # fmt: skip
