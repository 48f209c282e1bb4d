"""A model of many series: what is kept of each, to judge points that come later."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from adsql.errors import (
    AdsqlError,
    ColumnTypeChanged,
    CorruptModel,
    InvalidOption,
    MissingColumn,
    TooFewRows,
    empty_source,
)
from adsql.options import parse_params
from adsql.segment_keys import key_text
from adsql.series.bounds import deviate_of
from adsql.series.columns import NUMBER, TIME, microseconds
from adsql.series.detection import Judged, Status, verdict
from adsql.series.facts import facts
from adsql.series.forecasts import Forecasts
from adsql.series.later_holidays import LaterHolidays
from adsql.series.later_points import LaterPoints
from adsql.series.training import parsed
from adsql.state import State, content_hash, require
from adsql.wording import listing, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.facts import Fact
    from adsql.series.options import SeriesOptions

KIND = "series"  # in the bytes of a model, where that of rows has none
MAX_SERIES = 100_000
_WORDS = {TIME: "points in time", NUMBER: "whole numbers"}


@dataclass(frozen=True)
class SeriesColumns:
    """Which columns of a source are what.

    Parameters
    ----------
    time
        The column of times.
    values
        The columns of values.
    series
        The columns whose values each are a series; empty if the source is one.
    """

    time: str
    values: tuple[str, ...]
    series: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeriesModel:
    """A model of series. Immutable; any number of threads may score with it.

    A point's result depends on the point and the model alone: on nothing that comes with it, nor on its order.

    Parameters
    ----------
    options
        How points are judged.
    columns
        The columns of the source it was trained on.
    time_kind
        What its times are: `time`, in microseconds, or `number`.
    keys
        The series by their text.
    skipped
        Series of which nothing is kept, and why.
    last
        The time of each series' last point; shape (N,).
    step
        The time between two points of each series, on average; shape (N,).
    n_rows
        Rows of the training source.
    forecasts
        What is kept of the series.
    holidays
        What is kept of holidays to come, if the model was told of any.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.series.training import fit_series, parsed
    >>> options = parsed({"season": 4})
    >>> days = pa.array(range(120))
    >>> values = np.tile([1.0, 5.0, 9.0, 5.0], 30) + np.random.default_rng(0).normal(0.0, 0.1, 120)
    >>> part = fit_series("", days, values[:, np.newaxis], np.zeros(120, dtype=bool), options)
    >>> model = SeriesModel.of([part], options, SeriesColumns("day", ("sold",)))
    >>> judged = model.judge([""] * 3, pa.array([120, 121, 122]), np.array([[1.0], [9.0], [9.0]]))
    >>> judged.expected.round().tolist(), judged.is_anomaly.tolist()
    ([1.0, 5.0, 9.0], [False, True, False])
    """

    options: SeriesOptions
    columns: SeriesColumns
    time_kind: str
    keys: tuple[str, ...]
    skipped: Mapping[str, str]
    last: NDArray[np.int64]
    step: Floats
    n_rows: int
    forecasts: Forecasts
    holidays: LaterHolidays | None = None

    @classmethod
    def of(cls, parts: Sequence[bytes], options: SeriesOptions, columns: SeriesColumns) -> SeriesModel:
        """Make a model of what `fit_series` returned for each series.

        Raises
        ------
        EmptySource
            If there is none.
        TooFewRows
            If none of them can be kept.
        InvalidOption
            If there are more than 100,000.
        """
        if not parts:
            raise empty_source()
        if len(parts) > MAX_SERIES:
            raise InvalidOption(
                f"the source has {len(parts):,} series", allowed=f"at most {MAX_SERIES:,}", hint="train several models"
            )
        states = [State.from_bytes(part) for part in parts]
        halves = [(state.child("series"), state) for state in states]
        every = sorted(halves, key=lambda pair: pair[0].scalar("key", str))
        skipped = {own.scalar("key", str): own.scalar("reason", str) for own, _ in every if "reason" in own.scalars}
        kept = [(own, rest) for own, rest in every if "reason" not in own.scalars]
        if not kept:
            key, reason = next(iter(skipped.items()))
            raise TooFewRows(
                f"none of the {len(skipped)} series can be kept; series {shown(key_text(key))}: {reason}",
                hint="train on more points of each",
            )
        return cls(
            options,
            columns,
            kept[0][0].scalar("time_kind", str),
            tuple(own.scalar("key", str) for own, _ in kept),
            skipped,
            np.array([own.scalar("last", int) for own, _ in kept], np.int64),
            np.array([own.scalar("step", float) for own, _ in kept]),
            sum(own.scalar("n_rows", int) for own, _ in every),
            Forecasts.stacked([Forecasts.from_state(rest.child("kept")) for _, rest in kept]),
            LaterHolidays.stacked([LaterHolidays.from_state(rest.child("holidays")) for _, rest in kept]),
        )

    def judge(self, keys: Sequence[str | None], time: pa.Array[Any], X: Floats) -> Judged:
        """Judge points by what was kept of their series.

        Parameters
        ----------
        keys
            The series of each row, as text.
        time
            The times of the rows, of the kind that the model was trained on.
        X
            Values of shape (n, d), NaN where there is none.

        Returns
        -------
        Judged
            Rows without a score have a status; nothing is raised for them.

        Raises
        ------
        ColumnTypeChanged
            If the times are of another kind than those of the training.

        Notes
        -----
        O(n), and as much for each distinct series of the rows.
        """
        times, known, kind = microseconds(time)
        if kind != self.time_kind:
            raise ColumnTypeChanged(
                f"the time column holds {_WORDS[kind]}, in training it held {_WORDS[self.time_kind]}",
                allowed=_WORDS[self.time_kind],
                hint="convert it in the source, which may be a SELECT",
            )
        n = len(X)
        owners = np.fromiter((self._places.get(key, -1) for key in keys), np.int64, n)
        owner = np.maximum(owners, 0)
        # As floats, which no distance of two times can exceed.
        distance = (times.astype(np.float64) - self.last[owner]) / self.step[owner]
        ahead = np.clip(np.rint(distance), 1, float(self.forecasts.reach.max()) + 1.0).astype(np.int64)
        status = np.full(n, None, dtype=object)
        status[ahead > self.forecasts.reach[owner]] = Status.TOO_FAR
        status[times <= self.last[owner]] = Status.NOT_NEW
        status[owners < 0] = Status.UNKNOWN_SERIES
        status[[key in self.skipped for key in keys]] = Status.TOO_SHORT
        status[~np.isfinite(X[:, 0])] = Status.NO_VALUE
        status[~known] = Status.NO_TIME
        rows = np.flatnonzero(status == None)  # noqa: E711 - element by element
        missing, asked = np.ones(n, dtype=bool), np.ones(n, dtype=bool)
        missing[rows] = False
        found = LaterPoints.of(
            self.forecasts, owner[rows], ahead[rows], times[rows], X[rows, 0], self.options, self.holidays
        ).spread(rows, n)
        return verdict(found, X[:, 0], ~missing, missing, status, asked, self.threshold, self.options)

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise unless these are the columns it was trained on, in any order.

        Raises
        ------
        MissingColumn
            If they are others: a query was written for a version before this one.
        """
        if sorted(map(str.casefold, names)) != sorted(map(str.casefold, self.positional_columns)):
            raise MissingColumn(
                "the model was trained anew, on other columns, since the query was planned",
                allowed=listing(self.positional_columns),
                hint="run it again",
            )

    @cached_property
    def _places(self) -> dict[str | None, int]:
        return {key: place for place, key in enumerate(self.keys)}

    @property
    def algorithm(self) -> str:
        """The algorithm's name."""
        return self.options.algorithm.spec.name

    @property
    def params(self) -> dict[str, Any]:
        """The algorithm's parameters, and the options of the judgement beside them."""
        options = self.options
        return {
            **options.params,
            "season": "auto" if options.periods is None else list(options.periods),
            "sensitivity": options.sensitivity,
            "direction": options.direction.value,
            "min_deviation": options.min_deviation,
        }

    @property
    def positional_columns(self) -> tuple[str, ...]:
        """The columns it was trained on: of the series, of time, of values."""
        return (*self.columns.series, self.columns.time, *self.columns.values)

    @property
    def segment_by(self) -> tuple[str, ...]:
        """The columns of the series."""
        return self.columns.series

    @property
    def segments(self) -> tuple[str, ...]:
        """The series that are kept."""
        return self.keys

    @property
    def n_features(self) -> int:
        """How many columns of values there are."""
        return len(self.columns.values)

    @property
    def threshold(self) -> float:
        """The score from which on a point is an anomaly."""
        return deviate_of(self.options.sensitivity)

    @property
    def threshold_policy(self) -> str:
        """How the threshold is set."""
        return f"sensitivity = {self.options.sensitivity:g}"

    @property
    def seed(self) -> int:
        """The seed."""
        return self.options.seed

    @cached_property
    def content_hash(self) -> str:
        """The SHA-256 of the stored bytes: the model's identity."""
        return content_hash(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Encode for storage. Equal models have equal bytes."""
        own = State(
            {
                "kind": KIND,
                "algorithm": self.algorithm,
                "options": json.dumps({**self.params, "seed": self.seed}, sort_keys=True),
                "time": self.columns.time,
                "time_kind": self.time_kind,
                "n_rows": self.n_rows,
            },
            {"last": self.last, "step": self.step},
            {
                "values": self.columns.values,
                "series": self.columns.series,
                "key": self.keys,
                "skipped": list(self.skipped),
                "skipped_reason": list(self.skipped.values()),
            },
        )
        return State.joined({"model": own, **self._kept()}).to_bytes()

    def _kept(self) -> dict[str, State]:
        """Return what is kept of the series."""
        holidays = {} if self.holidays is None else {"holidays": self.holidays.to_state()}
        return {"kept": self.forecasts.to_state(), **holidays}

    @property
    def size(self) -> int:
        """About the bytes it takes."""
        return sum(array.nbytes for state in self._kept().values() for array in state.arrays.values())

    @classmethod
    def from_state(cls, state: State, stored_hash: str) -> SeriesModel:
        """Restore a model from what its bytes decode to, and their hash; nothing in them is trusted.

        Raises
        ------
        CorruptModel
            If they are not what was saved.
        """
        own = state.child("model")
        try:
            given = parse_params(own.scalar("options", str))
            options = parsed({"algorithm": own.scalar("algorithm", str), **given})
        except AdsqlError as error:
            raise CorruptModel(f"the model's description does not decode ({error})") from error
        keys, skipped, reasons = own.text("key"), own.text("skipped"), own.text("skipped_reason")
        last, step, kept = own.wholes("last"), own.floats("step"), Forecasts.from_state(state.child("kept"))
        require(len(keys) == len(last) == len(step) == len(kept) > 0, "the series are inconsistent")
        require(bool((step > 0.0).all()), "a series has no step")
        holidays = LaterHolidays.from_state(state.child("holidays"))
        require(holidays is None or len(holidays.counts) == len(keys), "holidays are of other series")
        require(len(skipped) == len(reasons), "a series was skipped without a reason")
        kind, values = own.scalar("time_kind", str), own.text("values")
        require(kind in _WORDS and len(values) == 1, "the columns are inconsistent")
        model = cls(
            options, SeriesColumns(own.scalar("time", str), tuple(values), tuple(own.text("series"))), kind,
            tuple(keys), dict(zip(skipped, reasons, strict=True)), last, step, own.scalar("n_rows", int), kept,
            holidays,
        )  # fmt: skip
        # Another version of Arrow may encode it in other bytes.
        vars(model)["content_hash"] = stored_hash
        return model

    def info(self) -> list[Fact]:
        """Return what there is to know: about the model, then about each series."""
        return facts(self)
