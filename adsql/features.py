"""Which columns a model uses, how each becomes numbers, and what was left out and why.

Every feature ends on one robust scale: centred on its median, in units of its interquartile range divided by
1.349 (one standard deviation of a normal distribution), clipped at ±1e9. A missing value becomes 0, the median.

=========  ==================================================================================================
kind       encoding
=========  ==================================================================================================
number     the value; booleans are 0 and 1
time       seconds since midnight
timestamp  the time of day as a point on a circle, and the day of the week as another when at least two weeks
           are covered. Not the date itself: it grows for ever, and every future row would look strange.
date       the day of the week as a point on a circle
text       with few distinct values, a category: how rare the value is, -ln(share). Otherwise the rarity of
           its pattern (``AB-1234`` is ``A-9``), if few patterns cover it
=========  ==================================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from adsql.arrow import (
    LARGEST,
    SECONDS_PER_DAY,
    Columns,
    Floats,
    Kind,
    column_named,
    compute,
    is_integer,
    kind_of,
    missing,
    to_float64,
    to_text,
)
from adsql.encodings import (
    ENCODINGS,
    KINDS,
    MAX_CATEGORIES,
    WEEK,
    Feature,
    looks,
    patterns,
    rarity_feature,
    with_robust_scale,
)
from adsql.errors import ColumnTypeChanged, MissingColumn, NoUsableColumn, UnknownColumn, UnusableColumn
from adsql.float_rows import FloatRows
from adsql.kernels.columns import robust_scale, robust_scale_row
from adsql.state import State, require
from adsql.wording import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

LIMIT = 1e9
_MIN_REPEATS = 5  # a category or pattern stands for at least five rows on average
_MIN_KEY_ROWS = 10  # fewer distinct integers are no evidence of a key
_KEY_NAME = re.compile(r"(^|_)(?i:id|key|uuid|guid|pk|rowid|rownum|index)$|[a-z]I[dD]$")  # not: paid, valid


@dataclass(frozen=True)
class LeftOut:
    """A column that the model does not use."""

    column: str
    reason: str


@dataclass(frozen=True)
class FeatureSpec:
    """The fitted encoding of a table.

    Parameters
    ----------
    columns
        The used source columns as they were asked for, else in the source's order: the order of features passed by
        position.
    features
        The encoded features in alphabetical order: a model does not depend on the order of columns.
    left_out
        The columns that were not used, and why.
    """

    columns: tuple[str, ...]
    features: tuple[Feature, ...]
    left_out: tuple[LeftOut, ...]

    @classmethod
    def fit(cls, table: Columns, requested: Sequence[str] | None, n_rows: int, skip: Sequence[str] = ()) -> FeatureSpec:
        """Choose and fit encodings.

        Parameters
        ----------
        table
            A sample of the source, column by column.
        requested
            Columns to use; None for all that can be. Requested columns are used even if they look like keys.
        n_rows
            Rows of the whole source, of which `table` may be a sample.
        skip
            Columns that serve another purpose, such as segments.

        Raises
        ------
        UnknownColumn, UnusableColumn
            For requested columns that are not there, or have no usable value.
        NoUsableColumn
            If nothing is left.

        Examples
        --------
        >>> import pyarrow as pa
        >>> table = {"id": pa.array(range(20)), "amount": pa.array([1.5, 2.0] * 10)}
        >>> spec = FeatureSpec.fit(table, None, 20)
        >>> spec.columns, spec.left_out[0].reason
        (('amount',), 'a key: every value is different and the values are consecutive')
        """
        names = [name for name in table if name not in skip] if requested is None else _resolve(requested, table)
        fitted: dict[str, list[Feature]] = {}
        left_out: list[LeftOut] = []
        constant: dict[str, list[Feature]] = {}
        for name in names:
            candidates, reason = column_features(name, table[name], n_rows, automatic=requested is None)
            if not candidates:
                if requested is not None:
                    raise UnusableColumn(f"column {name!r} cannot be used: {reason}", hint="leave it out of columns")
                left_out.append(LeftOut(name, reason))
                continue
            varying = [f for f in (with_robust_scale(c, table[name]) for c in candidates) if f is not None]
            if varying:
                fitted[name] = varying
            else:
                constant[name] = candidates
        if not fitted:
            # Only constants: they are used, so that a table of equal rows is scored, and nothing in it is strange.
            fitted, constant = constant, {}
        left_out.extend(LeftOut(name, "constant: every value is the same") for name in constant)
        if not fitted:
            raise _nothing_usable(left_out)
        features = sorted((f for column in fitted.values() for f in column), key=lambda f: (f.name, f.column))
        position = {name: index for index, name in enumerate(names)}
        return cls(tuple(fitted), tuple(features), tuple(sorted(left_out, key=lambda item: position[item.column])))

    def select(self, table: Columns) -> Columns:
        """Return the model's columns of a table, matched by name as SQL does: exactly, or regardless of case.

        Raises
        ------
        MissingColumn
            If one is not there.
        ColumnTypeChanged
            If one holds another kind of values than in training.
        """
        kinds = {feature.column: feature.kind for feature in self.features}
        selected: dict[str, pa.Array[Any]] = {}
        for name in self.columns:
            found = column_named(name, table)
            if found is None:
                raise MissingColumn(
                    f"the row has no column {name!r}, which the model was trained on",
                    allowed=f"rows with the columns {listing(self.columns)}; this one has {listing(table)}",
                    hint="select the model's columns, renamed if need be",
                )
            kind = kind_of(table[found].type)
            if kind is Kind.TEXT and kinds[name] is not Kind.TEXT and bool(missing(table[found]).all()):
                selected[name] = pa.nulls(len(table[found]))  # an empty column of a CSV file is one of text
                continue
            if kind not in (kinds[name], Kind.MISSING):
                raise ColumnTypeChanged(
                    f"column {name!r} has type {table[found].type}, in training it held {kinds[name]} values",
                    allowed=f"a {kinds[name]} type",
                    hint="cast the column, or name its type where a file is read; or train the model again",
                )
            selected[name] = table[found]
        return selected

    def transform(self, table: Columns) -> tuple[Floats, NDArray[np.bool_]]:
        """Encode the columns that `select` returned.

        Returns
        -------
        X : ndarray of shape (n, d)
            Finite features, column by column in memory (Fortran order).
        present : ndarray of shape (n,)
            Whether a row has at least one value; rows without any have no score.
        """
        n = len(table[self.features[0].column])
        scaled, present = np.empty((len(self.features), n)), np.zeros(n, dtype=np.bool_)
        for column, feature in zip(scaled, self.features, strict=True):
            raw = feature.raw(table[feature.column])
            raw.setflags(write=False)  # as Arrow's own memory is: numba compiles once for both
            robust_scale(raw, feature.center, 1.0 / feature.scale, LARGEST, LIMIT, column, present)
        return scaled.T, present

    def transform_rows(self, rows: pa.StructArray) -> tuple[Floats, NDArray[np.bool_]] | None:
        """Encode rows of float64 columns: the same as `transform`, at a third of its cost for 2,048 rows.

        Parameters
        ----------
        rows
            Rows of a table, whose columns need not be those of the model alone.

        Returns
        -------
        tuple or None
            See `transform`. None if `select` and `transform` have to look at the rows: some are NULL, a column is
            missing or is not float64, or a feature is not a number as it is.
        """
        return None if self._float_rows is None else self._float_rows.scaled(rows)

    @cached_property
    def _float_rows(self) -> FloatRows | None:
        if not self.are_numbers:
            return None
        return FloatRows([feature.column for feature in self.features], *self._scales, LIMIT)

    @cached_property
    def are_numbers(self) -> bool:
        """Whether every feature is a column of numbers as it is."""
        return all(f.kind is Kind.NUMBER and f.encoding == "value" for f in self.features)

    def transform_values(self, values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Encode one row of raw numbers, NaN where missing: the same as `transform`, at a tenth of its cost.

        Parameters
        ----------
        values
            A number for each feature, in order; for an encoding of which `are_numbers` holds.

        Returns
        -------
        X : ndarray of shape (1, d)
            Finite features.
        present : ndarray of shape (1,)
            Whether the row has at least one value.
        """
        scaled, present = np.empty((len(values), 1)), np.zeros(1, dtype=np.bool_)
        center, per_scale = self._scales
        robust_scale_row(values[None], center, per_scale, LARGEST, LIMIT, scaled, present)
        return scaled.T, present

    @cached_property
    def _scales(self) -> tuple[Floats, Floats]:
        return np.array([f.center for f in self.features]), np.array([1.0 / f.scale for f in self.features])

    def to_state(self) -> State:
        """Return what is stored."""
        fields = self.features
        return State(
            arrays={
                "center": np.array([f.center for f in fields]),
                "scale": np.array([f.scale for f in fields]),
                "unseen": np.array([f.unseen for f in fields]),
                "vocabulary_size": np.array([len(f.vocabulary) for f in fields], dtype=np.int32),
                "rarity": np.array([value for f in fields for value in f.rarities], dtype=np.float64),
            },
            texts={
                "columns": self.columns,
                "name": [f.name for f in fields],
                "column": [f.column for f in fields],
                "kind": [f.kind.value for f in fields],
                "encoding": [f.encoding for f in fields],
                "vocabulary": [value for f in fields for value in f.vocabulary],
                "left_out": [item.column for item in self.left_out],
                "left_out_reason": [item.reason for item in self.left_out],
            },
        )

    @classmethod
    def from_state(cls, state: State) -> FeatureSpec:
        """Restore and check what `to_state` returned."""
        names, columns = state.text("name"), state.text("column")
        kinds, encodings = state.text("kind"), state.text("encoding")
        # Columns of values up to 1e150 have them; what is divided by them is bounded afterwards.
        center, scale = state.floats("center", largest=1e300), state.floats("scale", largest=1e300)
        unseen = state.floats("unseen")
        sizes = state.integers("vocabulary_size", 0, 2**31 - 1)
        rarity, vocabulary = state.floats("rarity"), state.text("vocabulary")
        require(
            len({len(part) for part in (names, columns, kinds, encodings, center, scale, unseen, sizes)}) == 1,
            "features have parts of different lengths",
        )
        require(len(rarity) == len(vocabulary) == int(sizes.sum(dtype=np.int64)), "a vocabulary is incomplete")
        require(bool((scale >= np.finfo(np.float64).tiny).all()), "a scale is not positive, or has no reciprocal")
        require(set(encodings) <= set(ENCODINGS) and set(kinds) <= set(Kind), "an encoding is unknown")
        fitting = all(kind in KINDS[encoding] for kind, encoding in zip(kinds, encodings, strict=True))
        require(fitting, "an encoding does not fit the kind of its column")
        require(len(set(columns)) == len(set(zip(columns, kinds, strict=True))), "a column is of two kinds")
        used = state.text("columns")
        require(bool(names) and set(columns) == set(used), "features and columns differ")
        ends = np.cumsum(sizes, dtype=np.int64)
        features = tuple(
            Feature(
                names[i], columns[i], Kind(kinds[i]), encodings[i], float(center[i]), float(scale[i]),
                tuple(vocabulary[ends[i] - sizes[i] : ends[i]]),
                tuple(rarity[ends[i] - sizes[i] : ends[i]].tolist()), float(unseen[i]),
            )
            for i in range(len(names))
        )  # fmt: skip
        left_out, reasons = state.text("left_out"), state.text("left_out_reason")
        require(len(left_out) == len(reasons), "a column was left out without a reason")
        return cls(tuple(used), features, tuple(map(LeftOut, left_out, reasons)))


def _resolve(requested: Sequence[str], table: Columns) -> list[str]:
    resolved: list[str] = []
    for name in requested:
        found = column_named(name, table)
        if found is None:
            raise UnknownColumn(
                f"column {name!r} does not exist",
                allowed=table,
                hint=did_you_mean(name, table) or "check the spelling",
            )
        if found not in resolved:
            resolved.append(found)
    return resolved


def _nothing_usable(left_out: Iterable[LeftOut]) -> NoUsableColumn:
    reasons = listing((f"{item.column} ({item.reason})" for item in left_out), separator="; ")
    return NoUsableColumn(
        f"no column of the source can be used: {reasons}",
        allowed="at least one number, time, date or category with values",
        hint="name the columns to use with columns => [...], or cast them in a SELECT",
    )


def column_features(name: str, values: pa.Array[Any], n_rows: int, *, automatic: bool) -> tuple[list[Feature], str]:
    """Return unscaled features of a column, or none and the reason."""
    kind = kind_of(values.type)
    if kind is Kind.UNSUPPORTED:
        return [], f"type {values.type} has no encoding"
    if kind is Kind.MISSING or bool(missing(values).all()):
        return [], "every value is NULL"
    if kind is Kind.NUMBER:
        reason = _key_reason(name, values, n_rows) if automatic else ""
        return ([], reason) if reason else ([Feature(name, name, kind, "value")], "")
    if kind is Kind.TEXT:
        return _text_candidates(name, to_text(values), automatic=automatic)
    if kind is Kind.TIME:
        return [Feature(name, name, kind, "value")], ""
    seconds = to_float64(values)
    finite = seconds[np.isfinite(seconds)]
    encodings = ["sin_of_day", "cos_of_day"] if kind is Kind.TIMESTAMP and np.any(finite % SECONDS_PER_DAY) else []
    if kind is Kind.DATE or np.ptp(finite) >= 2 * WEEK:
        encodings += ["sin_of_week", "cos_of_week"]
    if not encodings:
        return [], "dates without a time of day over less than two weeks do not repeat"
    return [Feature(f"{name}:{encoding}", name, kind, encoding) for encoding in encodings], ""


def _key_reason(name: str, values: pa.Array[Any], n_rows: int) -> str:
    if not is_integer(values.type) or values.null_count or len(values) < _MIN_KEY_ROWS:
        return ""
    if compute().count_distinct(values).as_py() < len(values):
        return ""
    numbers = to_float64(values)
    # A sample of consecutive keys of n_rows rows spans at most n_rows values.
    if numbers.max() - numbers.min() < max(n_rows, len(values)) * 1.05:
        return "a key: every value is different and the values are consecutive"
    return "a key: every value is different, and so says its name" if _KEY_NAME.search(name) else ""


def _text_candidates(name: str, text: pa.StringArray, *, automatic: bool) -> tuple[list[Feature], str]:
    if _repeats(text):
        return [rarity_feature(name, "rarity", text)], ""
    shapes = patterns(text)
    if automatic and not _repeats(shapes):
        return [], f"free text or a key: almost every value has its own pattern{_remark(text)}"
    if automatic and compute().count_distinct(shapes).as_py() == 1:
        return [], f"a key: almost every value is different, and all have one pattern{_remark(text)}"
    return [rarity_feature(name, "pattern_rarity", shapes)], ""


def _remark(text: pa.StringArray) -> str:
    return looks(cast("list[str]", text.drop_null()[:MAX_CATEGORIES].to_pylist()))


def _repeats(text: pa.StringArray) -> bool:
    """Return whether the values are few, and stand for several rows each."""
    distinct = int(compute().count_distinct(text).as_py() or 0)
    return distinct <= MAX_CATEGORIES and distinct * _MIN_REPEATS <= len(text)
