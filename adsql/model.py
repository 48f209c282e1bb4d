"""A trained model: one pipeline, or one for each segment, and everything needed to say where it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from adsql import registry
from adsql.alert_cap import AlertCap
from adsql.arrow import struct_columns, taken
from adsql.errors import (
    AdsqlError,
    ColumnError,
    NotIncremental,
    TooFewRows,
    UnknownColumn,
    WrongFeatureCount,
    empty_source,
)
from adsql.facts import Fact, facts
from adsql.options import restored_options
from adsql.segment import Scores, Segment
from adsql.segment_keys import check_kinds, existing_column, key_text, segment_kinds, segment_rows, split_rows
from adsql.shrinkage import shrunken_segments
from adsql.state import State, content_hash, require, verified
from adsql.wording import listing, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from adsql.arrow import Columns
    from adsql.detector import Params
    from adsql.options import TrainingOptions
    from adsql.threshold import ThresholdPolicy

MAX_FIT_ROWS = 25_600
MAX_FIT_ROWS_PER_SEGMENT = 2_560
MAX_SEGMENTS = 1_000
MIN_ROWS = 2


@dataclass(frozen=True)
class Model:
    """A trained model. Immutable; any number of threads may score with it.

    Parameters
    ----------
    algorithm
        The detector's name.
    params
        All of its parameters.
    policy
        How thresholds were set.
    seed
        The seed.
    segment_by
        The columns of the segments; empty for a model of one.
    segments
        Pipelines by segment key; the key of a model of one is the empty text.
    label_column
        The column that said which training rows were anomalies, if any.
    skipped
        Segments without a pipeline, and why. Their rows, like those of segments unknown in training, have no score.
    segment_kinds
        The kinds of the segment columns' values; empty for a model that was stored before they were.
    segment_shrinkage
        For how many rows of a segment all others stand, where one detector serves all; see `adsql.shrinkage`.
    alert_cap
        How many rows of each day may be anomalies, for databases to apply to whole tables; see `adsql.alert_cap`.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from adsql.options import TrainingOptions
    >>> table = {"x": pa.array(np.append(np.random.default_rng(0).normal(size=999), 50.0))}
    >>> model = Model.fit(table, TrainingOptions.parse("mad"))
    >>> model.score({"x": pa.array([0.0, 50.0, None])}).is_anomaly.tolist()
    [False, True, False]
    """

    algorithm: str
    params: Params
    policy: ThresholdPolicy
    seed: int
    segment_by: tuple[str, ...]
    segments: Mapping[str, Segment]
    skipped: Mapping[str, str]
    label_column: str | None = None
    segment_kinds: tuple[str, ...] = ()
    segment_shrinkage: float | None = None
    alert_cap: AlertCap | None = None

    @classmethod
    def fit(cls, table: Columns, options: TrainingOptions, n_rows: Mapping[str, int] | None = None) -> Model:
        """Train on a table, or on a sample of one.

        Parameters
        ----------
        table
            Columns by name.
        options
            Checked options.
        n_rows
            Rows of each whole segment by key, if `table` is a sample; the key of a table without segments is ''.

        Raises
        ------
        EmptySource, TooFewRows
            If there is nothing to learn from.
        ColumnError
            If columns are unknown or unusable.
        NotRowWise
            If the detector can only rank the rows it is given; `adsql.ranking.rank` does.
        """
        algorithm = registry.row_wise(options.algorithm)
        rows = len(next(iter(table.values()))) if table else 0
        if rows == 0:
            raise empty_source()
        if rows < MIN_ROWS:
            raise TooFewRows(
                f"the source has {rows} row",
                allowed=f"at least {MIN_ROWS} rows",
                hint="look at it: a file may be read otherwise than meant, such as with another delimiter",
            )
        skip = [existing_column(name, table) for name in options.segment_by]
        label = None if options.label_column is None else existing_column(options.label_column, table, "label_column")
        cap = None if options.alert_cap is None else options.alert_cap.within(table)
        segments, skipped = dict[str, Segment](), dict[str, str]()
        error: AdsqlError | None = None
        parts = split_rows(table, skip, MAX_SEGMENTS)
        if options.segment_shrinkage is not None:
            segments, parts = shrunken_segments(table, parts, options, skip, n_rows or {}), {}
        for key, part in parts.items():
            size = len(next(iter(part.values())))
            total = n_rows.get(key, size) if n_rows is not None else size
            try:
                if size < MIN_ROWS:
                    raise TooFewRows(f"the segment has {size} row", allowed=f"at least {MIN_ROWS} rows")  # noqa: TRY301
                segments[key] = Segment.fit(
                    part, algorithm, options.params, options.policy, options.seed,
                    columns=options.columns, skip=skip, label=label, n_rows=max(total, size),
                )  # fmt: skip
            except (TooFewRows, ColumnError) as caught:
                if not options.segment_by or isinstance(caught, UnknownColumn):
                    raise
                error, skipped[key] = caught, caught.problem
        if error is not None and not segments:
            name = key_text(next(reversed(skipped)))
            raise type(error)(
                f"none of the {len(skipped)} segments can be trained; segment {shown(name)}: {error.problem}",
                hint="choose a coarser column, or name the columns to use",
            )
        return cls(
            algorithm.spec.name, dict(options.params), options.policy, options.seed,
            options.segment_by, segments, skipped, label, segment_kinds(table, options.segment_by),
            options.segment_shrinkage, cap,
        )  # fmt: skip

    def updated(self, table: Columns, n_rows: Mapping[str, int] | None = None, seed: int = 0) -> Model:
        """Learn from further rows alone, without those of the training.

        Features keep their encoding and scale. The calibration becomes that of old and new rows together, by
        their numbers; so does the threshold, as its policy says. Segments that are new are trained, those
        without new rows stay as they are.

        Parameters
        ----------
        table
            The further rows, columns by name, with the label column if the model was trained with one.
        n_rows
            Rows of each whole segment by key, if `table` is a sample.
        seed
            For what is drawn at random among the new rows.

        Raises
        ------
        NotIncremental
            If the detector needs all rows at once.
        EmptySource, MissingColumn, ColumnTypeChanged
            If the rows do not fit the model.

        Examples
        --------
        >>> import numpy as np, pyarrow as pa
        >>> from adsql.options import TrainingOptions
        >>> model = Model.fit({"x": pa.array(np.arange(99.0))}, TrainingOptions.parse("zscore"))
        >>> model.updated({"x": pa.array([500.0])}).n_rows
        100
        """
        if not table or not len(next(iter(table.values()))):
            raise empty_source()
        algorithm = registry.row_wise(registry.find(self.algorithm))
        if self.segment_shrinkage is not None:
            raise NotIncremental("a model with segment_shrinkage has one detector of all rows", hint="train it again")
        label = None
        if self.label_column is not None:
            label = existing_column(self.label_column, table, "label_column")
        skip = [existing_column(name, table) for name in self.segment_by]
        if self.segment_kinds:
            check_kinds(table, self.segment_by, self.segment_kinds)
        segments, skipped = dict(self.segments), dict(self.skipped)
        for key, part in split_rows(table, skip, MAX_SEGMENTS).items():
            size = len(next(iter(part.values())))
            total = max(n_rows.get(key, size), size) if n_rows is not None else size
            known = segments.get(key)
            if known is not None:
                segments[key] = known.updated(part, self.params, self.policy, seed, label=label, n_rows=total)
                continue
            try:
                segments[key] = Segment.fit(
                    part, algorithm, self.params, self.policy, seed, columns=self.positional_columns[len(skip) :],
                    skip=skip, label=label, n_rows=total,
                )  # fmt: skip
                skipped.pop(key, None)
            except (TooFewRows, ColumnError) as caught:
                skipped[key] = caught.problem
        return replace(self, segments=segments, skipped=skipped)

    def score(self, table: Columns) -> Scores:
        """Score rows given by column name; columns the model does not use are ignored.

        Raises
        ------
        MissingColumn, ColumnTypeChanged
            If the columns do not fit the model.
        """
        if not self.segment_by:
            only = self.segments[""]
            return only.score(only.features.select(table))
        result = Scores.none(len(next(iter(table.values()), ())))
        for rows, segment, columns in self.parts(table):
            if rows is not None:
                result.put(rows, segment.score(columns))
        return result

    def score_rows(self, rows: pa.StructArray) -> Scores:
        """Score an array of rows: the same as `score`, faster where all columns are float64."""
        if not self.segment_by:
            scores = self.segments[""].score_rows(rows)
            if scores is not None:
                return scores
        return self.score(struct_columns(rows))

    def parts(self, table: Columns) -> Iterator[tuple[NDArray[np.int64] | None, Segment, Columns]]:
        """Yield the segments that have rows in a table: which rows, None for all, and their columns that it uses."""
        if not self.segment_by:
            only = self.segments[""]
            yield None, only, only.features.select(table)
            return
        if self.segment_kinds:
            check_kinds(table, self.segment_by, self.segment_kinds)
        for key, rows in segment_rows(table, self.segment_by).items():
            segment = self.segments.get(key)
            if segment is not None:
                yield rows, segment, taken(segment.features.select(table), rows)

    def score_by_position(self, values: Sequence[pa.Array[Any]]) -> Scores:
        """Score rows given by position; see `by_position`."""
        return self.score(self.by_position(values))

    def by_position(self, values: Sequence[pa.Array[Any]]) -> Columns:
        """Return columns by name from columns in order: those of the segments, if any, then the features'."""
        names = self.positional_columns
        if len(values) != len(names):
            raise WrongFeatureCount(
                f"{len(values)} {'feature was' if len(values) == 1 else 'features were'} passed, "
                f"the model has {len(names)}",
                allowed=listing(names),
                hint="pass them in this order, or pass the row of the table",
            )
        return dict(zip(names, values, strict=True))

    @cached_property
    def positional_columns(self) -> tuple[str, ...]:
        """The columns in the order in which features are passed by position."""
        used = {name: None for segment in self.segments.values() for name in segment.features.columns}
        return (*self.segment_by, *used)

    @cached_property
    def n_features(self) -> int:
        """Encoded features, of the widest segment."""
        return max(len(segment.features.features) for segment in self.segments.values())

    @cached_property
    def takes_numbers(self) -> bool:
        """Whether it is a model of one segment, all of whose features are columns of numbers as they are."""
        return not self.segment_by and self.segments[""].features.are_numbers

    @cached_property
    def n_rows(self) -> int:
        """Rows of the training source."""
        return sum(segment.n_rows for segment in self.segments.values())

    @cached_property
    def threshold(self) -> float | None:
        """The threshold of a model of one segment; None where each segment has its own."""
        return None if self.segment_by else self.segments[""].threshold

    @property
    def threshold_policy(self) -> str:
        """How thresholds were set, and how many rows above them may be anomalies, in words."""
        return str(self.policy) if self.alert_cap is None else f"{self.policy}, {self.alert_cap}"

    @cached_property
    def content_hash(self) -> str:
        """The SHA-256 of the stored bytes: the model's identity."""
        return content_hash(self.to_bytes())

    @property
    def size(self) -> int:
        """About the bytes it takes; found without encoding it."""
        states = [segment.to_state() for segment in self.segments.values()]
        arrays = sum(array.nbytes for state in states for array in state.arrays.values())
        return arrays + sum(len(value) for state in states for text in state.texts.values() for value in text)

    def to_bytes(self) -> bytes:
        """Encode for storage. Equal models have equal bytes."""
        keys = list(self.segments)
        # Only where they are given: models that were stored before they existed keep their bytes.
        given = {"label_column": self.label_column, "segment_shrinkage": self.segment_shrinkage}
        own = State(
            {
                "algorithm": self.algorithm,
                "params": json.dumps(self.params, sort_keys=True),
                "policy": self.policy.policy.value,
                "policy_value": self.policy.value,
                "seed": self.seed,
                **{name: value for name, value in given.items() if value is not None},
                **({} if self.alert_cap is None else self.alert_cap.scalars()),
            },
            texts={
                "segment_by": self.segment_by,
                "segment": keys,
                "skipped": list(self.skipped),
                "skipped_reason": list(self.skipped.values()),
                **({"segment_kind": self.segment_kinds} if self.segment_kinds else {}),
            },
        )
        parts, first = {}, dict[int, int]()
        for index, segment in enumerate(self.segments.values()):
            place = first.setdefault(id(segment.detector), index)
            parts[str(index)] = segment.to_state(None if place == index else place)
        return State.joined({"model": own, **parts}).to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes, expected_hash: str | None = None) -> Model:
        """Restore a model; nothing in the bytes is trusted.

        Parameters
        ----------
        data
            What `to_bytes` made.
        expected_hash
            The content hash stored beside the bytes.

        Raises
        ------
        CorruptModel, NewerModel
            If the bytes are not what was saved, or not for this version of adsql.
        """
        return cls.from_state(verified(data, expected_hash), content_hash(data))

    @classmethod
    def from_state(cls, state: State, stored_hash: str) -> Model:
        """Restore a model from what its bytes decode to, and their hash; see `from_bytes`."""
        own = state.child("model")
        algorithm, params, policy = restored_options(own)
        keys, segment_by = own.text("segment"), tuple(own.text("segment_by"))
        require(bool(keys) and (bool(segment_by) or keys == [""]), "the segments are inconsistent")
        segments: dict[str, Segment] = {}
        for index, key in enumerate(keys):
            segments[key] = Segment.from_state(state.child(str(index)), algorithm, list(segments.values()))
        skipped, reasons = own.text("skipped"), own.text("skipped_reason")
        require(len(skipped) == len(reasons), "a segment was skipped without a reason")
        kinds = tuple(own.text("segment_kind")) if "segment_kind" in own.texts else ()
        require(len(kinds) in (0, len(segment_by)), "a segment column has no kind")
        label = own.scalar("label_column", str) if "label_column" in own.scalars else None
        shrinkage = own.scalar("segment_shrinkage", float) if "segment_shrinkage" in own.scalars else None
        model = cls(
            algorithm.spec.name, params, policy, own.scalar("seed", int), segment_by, segments,
            dict(zip(skipped, reasons, strict=True)), label, kinds, shrinkage, AlertCap.restored(own),
        )  # fmt: skip
        # Another version of Arrow may encode it in other bytes.
        vars(model)["content_hash"] = stored_hash
        return model

    def info(self) -> list[Fact]:
        """Return what there is to know: about the model, then about each segment."""
        return facts(self)
