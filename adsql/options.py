"""What a call asks for, checked once for SQL, Python and the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adsql import registry
from adsql.abilities import ChecksParams
from adsql.alert_cap import AlertCap
from adsql.errors import AdsqlError, CorruptModel, InvalidOption, UnknownAlgorithm
from adsql.threshold import Policy, ThresholdPolicy
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql.detector import Detector, Params
    from adsql.registry import Algorithm
    from adsql.state import State

MAX_SHRINKAGE = 1e6


@dataclass(frozen=True)
class TrainingOptions:
    """What a call asks for, checked; build one with `parse`.

    Parameters
    ----------
    algorithm
        The detector.
    params
        All of its parameters.
    columns
        Columns to use; None for all that can be.
    segment_by
        Columns whose values each get a pipeline of their own.
    policy
        How the threshold is set.
    seed
        For everything drawn at random.
    label_column
        The column that says which rows are anomalies.
    segment_shrinkage
        For how many rows of a segment all others stand; None for a detector of each segment.
    alert_cap
        How many rows of each day may be anomalies; None for all that are above the threshold.
    """

    algorithm: Algorithm
    params: Params
    columns: tuple[str, ...] | None = None
    segment_by: tuple[str, ...] = ()
    policy: ThresholdPolicy = field(default_factory=ThresholdPolicy)
    seed: int = 0
    label_column: str | None = None
    segment_shrinkage: float | None = None
    alert_cap: AlertCap | None = None

    @classmethod
    def parse(
        cls,
        algorithm: object = None,
        columns: object = None,
        segment_by: object = None,
        contamination: object = None,
        params: object = None,
        seed: object = None,
        threshold: object = None,
        alert_budget: object = None,
        label_column: object = None,
        segment_shrinkage: object = None,
        alert_day: object = None,
    ) -> TrainingOptions:
        """Check the options of the SQL contract.

        Raises
        ------
        OptionError
            For anything that cannot be used; the message names it.

        Examples
        --------
        >>> TrainingOptions.parse("knn", params='{"n_neighbors": 3}').params["n_neighbors"]
        3
        """
        if not isinstance(algorithm, str | None):
            raise InvalidOption(f"algorithm = {shown(algorithm)} cannot be used", allowed="a name, or NULL for 'auto'")
        detector = registry.find(algorithm if algorithm is not None else "auto")
        names = _names("columns", columns)
        if columns is not None and not names:
            raise InvalidOption("columns is an empty list", allowed="a list of column names, or NULL for all")
        resolved = detector.spec.resolve({} if params is None else parse_params(params))
        if issubclass(detector, ChecksParams):
            detector.check(resolved)
        cap = None if alert_day is None else AlertCap.choose(alert_day, alert_budget)
        policy = ThresholdPolicy.choose(contamination, threshold, alert_budget if cap is None else None)
        label = _label(label_column)
        if label is not None and registry.is_ranker(detector):
            raise InvalidOption(
                f"label_column needs a detector that is trained, and {detector.spec.name} only ranks rows",
                allowed="a label_column with any other algorithm",
                hint=f"leave it out, or use {detector.spec.instead!r}",
            )
        if label is not None and policy.policy is Policy.AUTOMATIC:
            policy = ThresholdPolicy(Policy.LABELS)
        segments = _names("segment_by", segment_by)
        shrinkage = _shrinkage(segment_shrinkage)
        if shrinkage is not None and (not segments or label is not None or registry.is_ranker(detector)):
            raise InvalidOption(
                "segment_shrinkage cannot be used here",
                allowed="with segment_by, a detector that is trained, and no label_column",
            )
        return cls(detector, resolved, names or None, segments, policy, _seed(seed), label, shrinkage, cap)


def restored_options(state: State) -> tuple[type[Detector], Params, ThresholdPolicy]:
    """Return the detector, its parameters and the policy of the threshold that a model was stored with.

    Raises
    ------
    UnknownAlgorithm, CorruptModel
        If the detector is not installed, or what is stored does not decode.
    """
    try:
        algorithm = registry.row_wise(registry.find(state.scalar("algorithm", str)))
        params = algorithm.spec.resolve(parse_params(state.scalar("params", str)))
        value = state.scalars["policy_value"]
        value = float(value) if isinstance(value, int | float) else None
        return algorithm, params, ThresholdPolicy(Policy(state.scalar("policy", str)), value)
    except UnknownAlgorithm:
        raise
    except (AdsqlError, ValueError, KeyError, OverflowError) as error:
        raise CorruptModel(f"the model's description does not decode ({error})") from error


def _shrinkage(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value <= MAX_SHRINKAGE:
        raise InvalidOption(
            f"segment_shrinkage = {shown(value)} cannot be used",
            allowed="a number of rows above 0 and at most 1,000,000: those of a segment that all others stand for",
        )
    return float(value)


def _label(value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and value):
        raise InvalidOption(f"label_column = {shown(value)} cannot be used", allowed="a column name, or NULL for none")
    return value


def _names(option: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise InvalidOption(f"{option} = {shown(value)} cannot be used", allowed="a column name, or a list of them")
    return tuple(names)


def parse_params(value: object) -> Mapping[str, object]:
    """Return the parameters that a caller gave, as JSON text or a mapping.

    Raises
    ------
    InvalidOption
        If they are no mapping of names to values.
    """
    allowed = """a JSON object such as '{"n_neighbors": 5}'"""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise InvalidOption(f"params does not parse as JSON: {error}", allowed=allowed) from error
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise InvalidOption(f"params = {shown(value)} cannot be used", allowed=allowed)
    return value


def _seed(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise InvalidOption(f"seed = {shown(value)} cannot be used", allowed="a whole number from 0 to 4294967295")
    return value
