"""What a detector may be able to do besides scoring: each ability is a protocol of one method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql.arrow import Floats
    from adsql.contributions import Contributions
    from adsql.detector import Params
    from adsql.expressions import E, Expressions


@runtime_checkable
class Incremental(Protocol):
    """A fitted detector that can learn from further rows without those it was fitted to."""

    def updated(self, X: Floats, weight: float, params: Params, seed: int) -> Self:
        """Return a detector of the old and the new rows.

        Parameters
        ----------
        X
            New rows, shape (n, d), on the scale of the old features.
        weight
            The share of the new rows among all that have been seen, in (0, 1).
        params, seed
            As for `Detector.fit`.
        """
        ...


@runtime_checkable
class ChecksParams(Protocol):
    """A detector whose parameters depend on each other, or on what is installed."""

    @classmethod
    def check(cls, params: Params) -> None:
        """Raise an `OptionError` for parameters from `Spec.resolve` that cannot be used together."""
        ...


@runtime_checkable
class Describes(Protocol):
    """A fitted detector that can tell what it chose or learned, for `model_info`."""

    def description(self) -> Mapping[str, str]:
        """Return facts by name, in words that need no knowledge of the code."""
        ...


@runtime_checkable
class Combines(Protocol):
    """A detector made of several, whose members can be asked one by one."""

    def severities(self, X: Floats) -> Mapping[str, Floats]:
        """Return each member's severities by its name, each of shape (n,); the names are the same for every X."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A detector whose scores are made of parts that belong to features; others have theirs sampled."""

    def contributions(self, X: Floats) -> Contributions:
        """Return what each feature of n rows contributes; a row's add up to its score less a base."""
        ...


@runtime_checkable
class ToSql(Protocol):
    """A detector whose score is a formula of the row's features, which every database can evaluate."""

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return what `score` computes, to about 1e-9.

        Parameters
        ----------
        features
            An expression for each column of X: finite, scaled, never NULL.
        sql
            Builds expressions.

        Raises
        ------
        NoSqlForm
            If the formula of this instance is too large.
        """
        ...


@runtime_checkable
class Bounds(Protocol):
    """A detector whose score tells how far out a row can be at most."""

    def trusted_score(self, limit: float) -> float:
        """Return the largest score of rows whose features surely all lie within ±limit."""
        ...


@runtime_checkable
class Rescales(Protocol):
    """A detector that can be stated for features before they are centred and scaled."""

    def unscaled(self, center: Floats, scale: Floats) -> Self:
        """Return the detector whose score of raw rows is this one's of (raw - center) / scale."""
        ...
