"""Scores of single rows, inside any query: what takes a row apart for a model is made once a statement."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from adsql.consensus import consensus
from adsql.errors import InvalidSource
from adsql.json_rows import json_columns
from adsql.segment import Scores
from adsql.segment_keys import existing_column
from adsql_udfs import loaded
from adsql_udfs.postgres import store
from adsql_udfs.postgres.cells import Cells, cells
from adsql_udfs.postgres.columns import MAX_TEXT, Column, decoded, describe, no_rows
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.records import fields, layout, number, parts
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.statement import Statement, current
from adsql_udfs.postgres.texts import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from struct import Struct

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats
    from adsql.model import Model
    from adsql_udfs.postgres.server import Rows, Server

NumberReader: TypeAlias = "Callable[[bytes], float]"

# Those whose names Python does not know.
_CODECS = {"SQL_ASCII": "latin-1", "UTF8": "utf-8", "WIN1252": "cp1252"}


@dataclass(frozen=True)
class Numbers:
    """Reads the features of a model all of whose features are numbers.

    Parameters
    ----------
    fields
        Of each feature, its field and what reads it.
    whole
        What unpacks all of them at once from a record without NULLs, if its columns allow.
    order
        Of each feature, its place among what `whole` unpacks.
    """

    fields: tuple[tuple[int, NumberReader], ...]
    whole: Struct | None
    order: NDArray[np.intp]

    def values(self, data: bytes) -> Floats:
        """Return a number for each feature, NaN for NULL."""
        if self.whole is not None and len(data) == self.whole.size:
            return np.array(self.whole.unpack(data), np.float64)[self.order]
        found = fields(data)
        given = ((read, found[position][1]) for position, read in self.fields)
        return np.array([np.nan if value is None else read(value) for read, value in given], np.float64)


@dataclass
class Reader:
    """Takes rows of one type apart for one model, and keeps the result of the last one.

    Parameters
    ----------
    model
        The model.
    numbers
        What reads the features off a row, if the model has one segment.
    columns
        The columns that the model needs, and their fields.
    encoding
        Of the server's text.
    """

    model: Model
    numbers: Numbers | Cells | None
    columns: tuple[tuple[Column, int], ...]
    encoding: str
    _last: tuple[bytes, Scores] | None = None

    def scores(self, data: bytes) -> Scores:
        """Return the result of a row, which is computed once if a query asks for score, severity and verdict."""
        if self._last is None or self._last[0] != data:
            self._last = data, self._scored(data)
        return self._last[1]

    def _scored(self, data: bytes) -> Scores:
        if self.numbers is not None:
            return self.model.segments[""].score_values(self.numbers.values(data))
        return self.model.score(self.table(fields(data)))

    def table(self, found: Sequence[tuple[int, bytes | None]]) -> Mapping[str, pa.Array[Any]]:
        """Return a row as columns of one value."""
        values = [
            part
            for column, position in self.columns
            for part in parts(column.form, column.base, found[position][1], self.encoding)
        ]
        return decoded([column for column, _ in self.columns], values, 1)


def score_row(
    plpy: Server, model: str | None, data: bytes | None, row_type: int, names: Sequence[str] | None,
    started: float, snapshot: str, role: str,
) -> Scores:  # fmt: skip
    """Score a row in binary form.

    Parameters
    ----------
    plpy
        The server.
    model
        The name of a saved model.
    data
        What `record_send` made of the row; None for NULL.
    row_type
        The OID of the row's type.
    names
        The names of its columns, where the type has none.
    started, snapshot, role
        When the client's statement arrived, what it sees, and whose rights it has.
    """
    statement = current(started, snapshot, role)
    handle = _handle(plpy, statement, model)
    if data is None:
        return _nothing()
    return _reader(plpy, statement, handle, data, row_type, names).scores(data)


def score_values(
    plpy: Server, model: str | None, values: Sequence[float | None] | None, started: float, snapshot: str, role: str
) -> Scores:
    """Score features given by position, as numbers."""
    scorer = loaded.get(_handle(plpy, current(started, snapshot, role), model))
    if values is None:
        return _nothing()
    if scorer.takes_numbers and len(values) == len(scorer.positional_columns):
        only = scorer.segments[""]
        given = dict(zip(scorer.positional_columns, values, strict=True))
        ordered = [given[feature.column] for feature in only.features.features]
        return only.score_values(np.array(ordered, np.float64))
    return scorer.score_by_position([pa.array([value], pa.float64()) for value in values])


def score_json(plpy: Server, model: str | None, row: str | None, started: float, snapshot: str, role: str) -> Scores:
    """Score a row given as a JSON object."""
    scorer = loaded.get(_handle(plpy, current(started, snapshot, role), model))
    if row is None:
        return _nothing()
    return scorer.score(json_columns(scorer, row, MAX_TEXT))


def explained(plpy: Server, form: str, model: str | None, *given: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 - as the functions of the forms
    """Return why a row, given in one of the forms of `calls.row_result`, has its score."""
    scorer, table = _given(plpy, form, model, *given)
    if table is None:
        return None
    from adsql.explanation import explain  # noqa: PLC0415 - scores of rows need not wait for it

    reasons = explain(scorer, table)[0]
    return None if reasons is None else [reason._asdict() for reason in reasons]


def suggested(plpy: Server, form: str, model: str | None, *given: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 - as above
    """Return what makes a row normal."""
    scorer, table = _given(plpy, form, model, *given)
    if table is None:
        return None
    from adsql.counterfactual import suggest_normal  # noqa: PLC0415 - as above

    changes = interruptible(plpy, lambda: suggest_normal(scorer, table))[0]
    return None if changes is None else [change._asdict() for change in changes]


def _given(plpy: Server, form: str, model: str | None, *given: Any) -> tuple[Model, Columns | None]:  # noqa: ANN401 - as above
    """Return a model, and a row as columns; None where it is NULL."""
    place = current(*given[-3:])
    handle = _handle(plpy, place, model)
    scorer = loaded.get(handle)
    if given[0] is None:
        return scorer, None
    if form == "row":
        data, row_type, names = given[:3]
        return scorer, _reader(plpy, place, handle, data, row_type, names).table(fields(data))
    if form == "values":
        return scorer, scorer.by_position([pa.array([value], pa.float64()) for value in given[0]])
    return scorer, json_columns(scorer, given[0], MAX_TEXT)


def consensus_of(
    plpy: Server, model: str | None, data: bytes | None, row_type: int, names: Sequence[str] | None,
    started: float, snapshot: str, role: str,
) -> dict[str, Any] | None:  # fmt: skip
    """Return how far the members of an ensemble agree about a row."""
    statement = current(started, snapshot, role)
    handle = _handle(plpy, statement, model)
    if data is None:
        return None
    reader = _reader(plpy, statement, handle, data, row_type, names)
    said = consensus(reader.model, reader.table(fields(data)))
    if not said.present[0]:
        return None
    members = {name: float(severities[0]) for name, severities in said.members.items()}
    return {
        "consensus": float(said.consensus[0]),
        "disagreement": float(said.disagreement[0]),
        "members": json.dumps(members),
    }


def _handle(plpy: Server, statement: Statement, model: str | None) -> int:
    handle = statement.handles.get(model) if model is not None else None
    if handle is None:
        handle = store.load(plpy, store.find(plpy, model))
        statement.handles[str(model)] = handle
    return handle


def _reader(
    plpy: Server, statement: Statement, handle: int, data: bytes, row_type: int, names: Sequence[str] | None
) -> Reader:
    """Return what takes rows of a type apart for a model; it is made of the first row that a statement has."""
    key = (handle, row_type, None if names is None else tuple(names))
    reader = statement.readers.get(key)
    if reader is None:
        reader = statement.readers[key] = _new_reader(plpy, loaded.get(handle), data, row_type, names)
    return reader


def _new_reader(plpy: Server, model: Model, data: bytes, row_type: int, names: Sequence[str] | None) -> Reader:
    known = list(names) if names is not None else [row["name"] for row in _attributes(plpy, row_type)]
    types = [oid for oid, _ in fields(data)]
    if len(known) != len(types):
        raise InvalidSource(
            "the row's columns have no names", hint="pass the row of a table or of a subquery: anomaly_score('m', t)"
        )
    every = describe(plpy, known, types, [-1] * len(types))
    list(model.parts(no_rows(every)))  # raises for columns that are missing, or not of the kind that they were
    needed = [existing_column(name, no_rows(every)) for name in model.positional_columns]
    columns = tuple((column, position) for position, column in enumerate(every) if column.name in needed)
    encoding = query(plpy, "SELECT pg_catalog.current_setting('client_encoding') AS name")[0]["name"]
    codec = _CODECS.get(encoding, encoding)
    return Reader(model, _numbers(model, columns, types, codec), columns, codec)


def _attributes(plpy: Server, row_type: int) -> Rows:
    return query(plpy, sql("attributes"), ["oid"], [row_type])


def _numbers(
    model: Model, columns: Sequence[tuple[Column, int]], types: Sequence[int], encoding: str
) -> Numbers | Cells | None:
    if model.segment_by:
        return None
    if not model.takes_numbers:
        return cells(model.segments[""].features.features, columns, encoding)
    found = {column.name.casefold(): (position, number(column.base)) for column, position in columns}
    given = [found[feature.column.casefold()] for feature in model.segments[""].features.features]
    readers = tuple((position, read) for position, read in given if read is not None)
    wanted = sorted(position for position, _ in readers)
    order = np.array([wanted.index(position) for position, _ in readers])
    return Numbers(readers, layout(types, wanted), order)


def _nothing() -> Scores:
    return Scores.none(1)
