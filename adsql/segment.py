"""One fitted pipeline: features, detector, threshold, calibration. A model has one, or one for each segment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from adsql.abilities import Incremental
from adsql.arrow import taken
from adsql.calibration import Calibration
from adsql.errors import NotIncremental, TooFewRows
from adsql.features import FeatureSpec
from adsql.labels import best_threshold, label_values
from adsql.linear_algebra import on_one_thread
from adsql.reference import Reference
from adsql.reranked import Reranked
from adsql.state import State, require
from adsql.threshold import Policy, clean_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats
    from adsql.detector import Detector, Fitted, Params
    from adsql.reranked import Verdicts
    from adsql.threshold import ThresholdPolicy

_MIN_NORMAL_ROWS = 2


@dataclass(frozen=True)
class Segment:
    """A fitted pipeline.

    Parameters
    ----------
    features
        How rows become numbers.
    detector
        The fitted algorithm.
    threshold
        Rows with a higher score are anomalies.
    calibration
        From score to severity.
    n_rows
        Rows of the source.
    n_fit_rows
        Rows of the sample that was fitted to.
    reference
        What those rows were like; None for a model that was stored before this was kept.
    """

    features: FeatureSpec
    detector: Fitted
    threshold: float
    calibration: Calibration
    n_rows: int
    n_fit_rows: int
    reference: Reference | None = None

    @classmethod
    @on_one_thread
    def fit(
        cls,
        table: Columns,
        algorithm: type[Detector],
        params: Params,
        policy: ThresholdPolicy,
        seed: int,
        *,
        columns: Sequence[str] | None,
        skip: Sequence[str],
        label: str | None,
        n_rows: int,
    ) -> Segment:
        """Fit to a sample of rows; see `Model.fit`."""
        labels, normal = None, table
        if label is not None:
            labels, skip = label_values(label, table[label]), [*skip, label]
            normal = _normal_rows(table, labels)
        features = FeatureSpec.fit(normal, columns, n_rows, skip)
        X = _sorted_rows(features, normal)
        detector = algorithm.fit(X, params, seed)
        scores = detector.score(X)

        threshold = None
        if labels is not None and policy.policy is Policy.LABELS:
            threshold = _labelled_threshold(features, detector, table, labels)
        if threshold is None:
            threshold = policy.fit(scores, n_rows, _clean_scores(algorithm, X, params, seed))
        return cls(
            features,
            detector,
            threshold,
            Calibration.fit(scores),
            n_rows,
            len(X),
            Reference.fit(features, features.select(normal)),
        )

    @classmethod
    @on_one_thread
    def of_rows(
        cls, features: FeatureSpec, X: Floats, algorithm: type[Detector], params: Params, policy: ThresholdPolicy,
        seed: int, *, n_rows: int,
    ) -> Segment:  # fmt: skip
        """Fit to rows that are features already, in any order."""
        X = _in_order(X)
        detector = algorithm.fit(X, params, seed)
        scores = detector.score(X)
        threshold = policy.fit(scores, n_rows, _clean_scores(algorithm, X, params, seed))
        return cls(features, detector, threshold, Calibration.fit(scores), n_rows, len(X))

    @on_one_thread
    def updated(
        self, table: Columns, params: Params, policy: ThresholdPolicy, seed: int, *, label: str | None, n_rows: int
    ) -> Segment:
        """Learn from a sample of further rows; see `Model.updated`."""
        labels, normal = None, table
        if label is not None:
            labels = label_values(label, table[label])
            normal = _normal_rows(table, labels)
        X = _sorted_rows(self.features, normal)
        if not len(X):
            return self
        if isinstance(self.detector, Reranked):
            raise NotIncremental(
                "a model that has learned from verdicts cannot learn from further rows alone",
                hint="apply_feedback(model, source) with the old rows and the new: it learns from all verdicts again",
            )
        if not isinstance(self.detector, Incremental):
            raise NotIncremental(
                f"{self.detector.spec.name} cannot learn from further rows alone",
                allowed="models whose algorithm is marked incremental in SELECT * FROM detectors()",
                hint="train the model again on all rows",
            )
        weight = n_rows / (self.n_rows + n_rows)
        detector = cast("Detector", self.detector.updated(X, weight, params, seed))
        scores = detector.score(X)
        calibration = self.calibration.merged(Calibration.fit(scores), weight)
        share = policy.flagged_share(self.n_rows + n_rows)
        if share is not None:
            threshold = calibration.score_at(1.0 - share)
        else:
            new: float | None = None
            if policy.policy is not Policy.LABELS:
                new = policy.fit(scores, n_rows, _clean_scores(type(detector), X, params, seed))
            elif labels is not None:
                new = _labelled_threshold(self.features, detector, table, labels)
            threshold = self.threshold if new is None else (1.0 - weight) * self.threshold + weight * new
        n_fit_rows = self.n_fit_rows + len(X)
        reference = self.reference and self.reference.merged(self.features, self.features.select(normal))
        return Segment(self.features, detector, threshold, calibration, self.n_rows + n_rows, n_fit_rows, reference)

    @on_one_thread
    def reranked(self, table: Columns, verdicts: Verdicts) -> Segment:
        """Learn from verdicts; `table` has the rows that the segment was fitted to."""
        X = _sorted_rows(self.features, table)
        detector = Reranked.fit(self.detector, X, verdicts, self.threshold)
        calibration = Calibration.fit(detector.score(X))
        return replace(self, detector=detector, threshold=detector.threshold(verdicts), calibration=calibration)

    def score(self, table: Columns) -> Scores:
        """Score the model's columns of n rows, as `FeatureSpec.select` returned them."""
        X, present = self.features.transform(table)
        scores = self.detector.score(X)
        return Scores(scores, present, [(None, self)])

    def score_rows(self, rows: pa.StructArray) -> Scores | None:
        """Score rows of float64 columns; None if only `score` can. See `FeatureSpec.transform_rows`."""
        transformed = self.features.transform_rows(rows)
        if transformed is None:
            return None
        X, present = transformed
        return Scores(self.detector.score(X), present, [(None, self)])

    def score_values(self, values: Floats) -> Scores:
        """Score one row given as raw numbers, one for each feature in order; the same as `score`, without Arrow."""
        X, present = self.features.transform_values(values)
        return Scores(self.detector.score(X), present, [(None, self)])

    def to_state(self, same_as: int | None = None) -> State:
        """Return what is stored; `same_as` is the place of a segment before it that has the same detector."""
        # Only where they are: models that were stored before keep their bytes.
        reranked = {"is_reranked": True} if isinstance(self.detector, Reranked) else {}
        same = {} if same_as is None else {"same_as": same_as}
        numbers = {"threshold": self.threshold, "n_rows": self.n_rows, "n_fit_rows": self.n_fit_rows}
        parts = {"segment": State({**numbers, **reranked, **same}), "features": self.features.to_state()}
        if same_as is None:
            parts |= {"detector": self.detector.to_state(), "calibration": self.calibration.to_state()}
        if self.reference is not None:
            parts["reference"] = self.reference.to_state()
        return State.joined(parts)

    @classmethod
    def from_state(cls, state: State, algorithm: type[Detector], before: Sequence[Segment] = ()) -> Segment:
        """Restore and check that the parts fit together; `before` are the segments that were stored before it."""
        own = state.child("segment")
        features, kept = FeatureSpec.from_state(state.child("features")), state.child("reference")
        detector: Fitted
        if "same_as" in own.scalars:
            place = own.scalar("same_as", int)
            require(0 <= place < len(before), "a segment has the detector of one that is not there")
            detector, calibration = before[place].detector, before[place].calibration
        else:
            fitted = state.child("detector")
            is_reranked = "is_reranked" in own.scalars
            detector = Reranked.from_state(fitted, algorithm) if is_reranked else algorithm.from_state(fitted)
            calibration = Calibration.from_state(state.child("calibration"))
        threshold = own.scalar("threshold", float)
        require(bool(np.isfinite(threshold)), "the threshold is not finite")
        segment = cls(
            features,
            detector,
            threshold,
            calibration,
            own.scalar("n_rows", int),
            own.scalar("n_fit_rows", int),
            Reference.from_state(kept, features) if kept.scalars or kept.arrays or kept.texts else None,
        )
        require(
            detector.n_features == len(features.features),
            f"the detector has {detector.n_features} features, the encoding {len(features.features)}",
        )
        return segment


def _clean_scores(algorithm: type[Detector], X: Floats, params: Params, seed: int) -> Callable[[], Floats]:
    """Return a function that scores clean data like X by a detector that was fitted to as many of them."""

    def scores() -> Floats:
        clean = clean_rows(X, seed)
        return algorithm.fit(np.asfortranarray(clean[: len(X)]), params, seed).score(clean)

    return scores


def _labelled_threshold(features: FeatureSpec, detector: Detector, table: Columns, labels: Floats) -> float | None:
    X, present = features.transform(features.select(table))
    return best_threshold(detector.score(X)[present], labels[present])


def _sorted_rows(features: FeatureSpec, table: Columns) -> Floats:
    """Return the rows that have any value, sorted: a fit that draws rows must not depend on their order."""
    X, present = features.transform(features.select(table))
    return _in_order(X[present])


def _in_order(X: Floats) -> Floats:
    return np.asfortranarray(X[np.lexsort(X.T[::-1])])


def _normal_rows(table: Columns, labels: Floats) -> Columns:
    """Return the rows that are not labelled as anomalies."""
    rows = np.flatnonzero(labels != 1.0)
    if len(rows) < _MIN_NORMAL_ROWS:
        raise TooFewRows(
            f"{len(rows)} of {len(labels)} rows are not labelled as anomalies",
            allowed=f"at least {_MIN_NORMAL_ROWS} rows to learn what is normal from",
            hint="TRUE or 1 in label_column stands for an anomaly: check that it is not the other way round",
        )
    return taken(table, rows)


class Scale(NamedTuple):
    """What turns scores into severities and verdicts, for scores that no model made."""

    threshold: float
    calibration: Calibration


@dataclass
class Scores:
    """The results of n rows; severity and verdict are computed when they are asked for.

    Parameters
    ----------
    anomaly_score
        Shape (n,).
    present
        False where a row has no score (NULL in SQL); its other results mean nothing.
    parts
        Which rows were scored by which segment, or on which scale; None stands for all rows.
    """

    anomaly_score: Floats
    present: NDArray[np.bool_]
    parts: Sequence[tuple[NDArray[np.int64] | None, Segment | Scale]]

    @classmethod
    def none(cls, n: int) -> Scores:
        """Return n rows without a score."""
        return cls(np.full(n, np.nan), np.zeros(n, dtype=np.bool_), [])

    def put(self, rows: NDArray[np.int64], scores: Scores) -> None:
        """Write the results of some rows."""
        self.anomaly_score[rows], self.present[rows] = scores.anomaly_score, scores.present
        moved = ((rows if part is None else rows[part], segment) for part, segment in scores.parts)
        self.parts = [*self.parts, *moved]

    @cached_property
    def severity(self) -> Floats:
        """From 0 to 1, comparable across detectors and models."""
        result = np.full(len(self.anomaly_score), np.nan)
        for rows, segment in self.parts:
            where = slice(None) if rows is None else rows
            result[where] = segment.calibration.severity(self.anomaly_score[where])
        return result

    @cached_property
    def is_anomaly(self) -> NDArray[np.bool_]:
        """Whether the score is above the threshold."""
        result = np.zeros(len(self.anomaly_score), dtype=np.bool_)
        for rows, segment in self.parts:
            where = slice(None) if rows is None else rows
            result[where] = self.anomaly_score[where] > segment.threshold
        return result & self.present
