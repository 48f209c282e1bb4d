"""Several detectors as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self, cast

import numpy as np

from adsql import registry
from adsql.abilities import Describes, ToSql
from adsql.calibration import Calibration
from adsql.contributions import Contributions, contributions_of, sampled
from adsql.detector import Capability, Parameter, Params, Spec
from adsql.errors import InvalidParameter, NoSqlForm
from adsql.kernels.columns import upper_half_probability
from adsql.state import SMALLEST_SCALE, State, require
from adsql.training_rows import mean_and_deviation
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats
    from adsql.detector import Detector
    from adsql.expressions import E, Expressions

COMBINATIONS = ("average", "maximum", "rank", "probability")
_FORMULAS = ("average", "maximum")  # of rank it would be a table, and of probability erf, which few databases have


class Member(NamedTuple):
    """A fitted detector, and how its training scores were distributed."""

    detector: Detector
    mean: float
    deviation: float
    calibration: Calibration


@dataclass(frozen=True)
class Ensemble:
    """Several detectors, fitted to the same rows with their default parameters, and their scores combined.

    Detectors are wrong on different rows; what several find strange more often is. The price is the sum of
    their costs, and that a good one is held back by poor ones: choose few, of different kinds. Combinations:

    - `average` and `maximum` of the scores, each standardised by the mean and the deviation of its own training scores.
    - `rank`: the average of the scores' positions among their own training scores. Not moved by a detector
      with extreme scores, but it hardly tells extreme rows apart.
    - `probability`: the average of max(0, erf(z / sqrt(2))) of the standardised scores z: Gaussian scaling.
      The rows that no member finds above its average all have 0.

    Parameters
    ----------
    members : tuple of Member
        In the order of their names.
    combination : str
        One of the above.

    References
    ----------
    C. C. Aggarwal, S. Sathe (2015): Theoretical foundations and algorithms for outlier ensembles. SIGKDD
    Explorations. H.-P. Kriegel, P. Kroeger, E. Schubert, A. Zimek (2011): Interpreting and unifying outlier
    scores. SDM.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, 9.0]]])
    >>> params = Ensemble.spec.resolve({"detectors": ["mad", "knn"]})
    >>> fitted = Ensemble.fit(X, params, 0)
    >>> int(fitted.score(X).argmax()), [member.detector.spec.name for member in fitted.members]
    (200, ['knn', 'mad'])
    """

    members: tuple[Member, ...]
    combination: str

    spec: ClassVar[Spec] = Spec(
        name="ensemble",
        summary="Several detectors combined, by default a distance, a forest and a density.",
        score="average: standard deviations of the members' training scores above their mean; see the parameter",
        parameters=(
            Parameter("detectors", ("auto", "eif", "gmm"), "The members, with their default parameters.",
                      tuple, 2, 10),
            Parameter("combination", "average", "How their scores are combined.", str, choices=COMBINATIONS),
        ),
        capability=Capability.ROWS,
        cost="the sum of the members' costs",
        references=("Aggarwal and Sathe 2015, SIGKDD Explorations", "Kriegel et al. 2011, SDM"),
    )  # fmt: skip

    @classmethod
    def check(cls, params: Params) -> None:
        """Raise unless the members exist, differ, and score row by row."""
        _members(params)

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        members = []
        for algorithm in _members(params):
            detector = algorithm.fit(X, algorithm.spec.resolve({}), seed)
            scores = np.sort(detector.score(X))  # the last bits of a sum depend on the order
            mean, deviation = mean_and_deviation(scores)
            members.append(Member(detector, float(mean), float(deviation), Calibration.fit(scores)))
        return cls(tuple(members), str(params["combination"]))

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return self.members[0].detector.n_features

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        total = np.full(len(X), -np.inf) if self.combination == "maximum" else np.zeros(len(X))
        for member in self.members:
            scores = member.detector.score(X)
            if self.combination == "rank":
                total += member.calibration.severity(scores)
                continue
            standardised = (scores - member.mean) / member.deviation
            if self.combination == "maximum":
                np.maximum(total, standardised, out=total)
            elif self.combination == "probability":
                total += upper_half_probability(standardised)
            else:
                total += standardised
        return total if self.combination == "maximum" else total / len(self.members)

    def contributions(self, X: Floats) -> Contributions:
        """Return the members' contributions as they are combined; those of other combinations are sampled.

        Of an average, their mean; of a maximum, those of the member that has it.
        """
        if self.combination not in _FORMULAS:
            return sampled(self.score, X)
        found = [contributions_of(member.detector, X) for member in self.members]
        parts = np.array([own.parts / m.deviation for own, m in zip(found, self.members, strict=True)])
        bases = np.array([(own.base - m.mean) / m.deviation for own, m in zip(found, self.members, strict=True)])
        expected = np.array([own.expected for own in found])
        conditional = any(own.is_conditional for own in found)
        if self.combination == "average":
            return Contributions(parts.mean(axis=0), float(bases.mean()), expected.mean(axis=0), conditional)
        highest = (parts.sum(axis=2) + bases[:, None]).argmax(axis=0)
        rows = np.arange(len(X))
        base = float(bases.max())
        # One base for all rows: what the chosen member's own lacks is shared evenly.
        chosen = parts[highest, rows] + ((bases[highest] - base) / X.shape[1])[:, None]
        return Contributions(chosen, base, expected[highest, rows], conditional)

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features, if each member has one."""
        if self.combination not in _FORMULAS:
            raise NoSqlForm(
                f"ensemble: the combination {self.combination!r} has no SQL form", allowed=_FORMULAS,
                hint="train with another combination, or score with anomaly_score",
            )  # fmt: skip
        standardised = []
        for member in self.members:
            if not isinstance(member.detector, ToSql):
                classes = registry.row_wise_detectors()
                raise NoSqlForm(
                    f"ensemble: its member {member.detector.spec.name!r} has no SQL form",
                    allowed=[name for name, cls in classes.items() if issubclass(cls, ToSql) and name != "ensemble"],
                    hint="train with other detectors, or score with anomaly_score",
                )
            above = sql.difference(member.detector.expression(features, sql), sql.number(member.mean))
            standardised.append(sql.quotient(above, sql.number(member.deviation)))
        if self.combination == "maximum" and len(standardised) > 1:
            return sql.greatest(standardised)
        return sql.quotient(sql.sum(standardised), sql.number(float(len(standardised))))

    def severities(self, X: Floats) -> dict[str, Floats]:
        """Return each member's severities by its name, for `consensus`."""
        return {m.detector.spec.name: m.calibration.severity(m.detector.score(X)) for m in self.members}

    def description(self) -> dict[str, str]:
        """Return the members, and what each of them chose."""
        facts = {"members": ", ".join(member.detector.spec.name for member in self.members)}
        facts["combination"] = self.combination
        for member in self.members:
            if isinstance(member.detector, Describes):
                name = member.detector.spec.name
                facts |= {f"{name}: {what}": value for what, value in member.detector.description().items()}
        return facts

    def to_state(self) -> State:
        """Return what is stored."""
        own = State(
            {"combination": self.combination},
            {
                "mean": np.array([member.mean for member in self.members]),
                "deviation": np.array([member.deviation for member in self.members]),
            },
            {"member": [member.detector.spec.name for member in self.members]},
        )
        parts = {"ensemble": own}
        for member in self.members:
            name = member.detector.spec.name
            parts[f"detector {name}"] = member.detector.to_state()
            parts[f"calibration {name}"] = member.calibration.to_state()
        return State.joined(parts)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        own = state.child("ensemble")
        names, mean, deviation = own.text("member"), own.floats("mean"), own.floats("deviation")
        combination = own.scalar("combination", str)
        require(len(names) == len(mean) == len(deviation) > 0, "ensemble: members are incomplete")
        require(bool((deviation > SMALLEST_SCALE).all()), "ensemble: a deviation is not positive, or next to zero")
        require(combination in COMBINATIONS, f"ensemble: combination {combination!r} is unknown")
        require(set(names) <= set(registry.row_wise_detectors()) - {"ensemble"}, "ensemble: a member is unknown")
        classes = registry.row_wise_detectors()
        members = tuple(
            Member(
                classes[name].from_state(state.child(f"detector {name}")), float(mean[i]), float(deviation[i]),
                Calibration.from_state(state.child(f"calibration {name}")),
            )
            for i, name in enumerate(names)
        )  # fmt: skip
        require(len({member.detector.n_features for member in members}) == 1, "ensemble: members differ in features")
        return cls(members, combination)


def _members(params: Params) -> list[type[Detector]]:
    """Return the members in the order of their names: the order in which they were given must not matter."""
    given = cast("tuple[str, ...]", params["detectors"])
    allowed = [name for name in registry.row_wise_detectors() if name != "ensemble"]
    members = [registry.row_wise(registry.find(name)) for name in given]
    names = sorted(member.spec.name for member in members)
    if len(set(names)) < len(names) or not set(names) <= set(allowed):
        raise InvalidParameter(
            f"ensemble: detectors = {shown(list(given))} cannot be used",
            allowed=f"different ones of {', '.join(allowed)}",
        )
    return sorted(members, key=lambda member: member.spec.name)
