"""What a detector is: its `Spec`, the parameters as data, and the two protocols that algorithms follow.

A `Spec` is the single source of an algorithm's SQL signature, JSON schema, command-line help, documentation
and invalid-input tests. What a detector may offer besides is in `adsql.abilities`.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeAlias, runtime_checkable

from adsql.errors import InvalidParameter, TooManyRows, UnknownParameter
from adsql.wording import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql.arrow import Floats
    from adsql.state import State

ParameterValue: TypeAlias = str | int | float | bool | tuple[str, ...] | None
Params: TypeAlias = dict[str, Any]  # a detector knows its own types

MAX_SECONDS = 60.0  # that ranking one source may be estimated to take: nobody waits longer for a query to refuse


class Capability(StrEnum):
    """What a detector can promise about a row's score."""

    ROWS = "rows"  # depends on that row and the model alone
    SERIES = "series"  # needs a whole ordered partition
    FIT_ONLY = "fit_only"  # ranks only the rows it was fitted on


@dataclass(frozen=True)
class Parameter:
    """A detector's parameter: its type and range as data.

    Parameters
    ----------
    name
        As PyOD or scikit-learn spell it.
    default
        Used where the caller gives none. Its type is not the parameter's where a word such as 'auto' is.
    description
        One sentence.
    kind
        `int`, `float` or `bool` for values outside `choices`; `str` for words only; `tuple` for a list of
        detectors' names, of which `minimum` and `maximum` bound the number.
    minimum, maximum
        Inclusive bounds, except that `exclusive_minimum` leaves out the lower one.
    choices
        Words that are accepted, instead of or besides numbers.

    Examples
    --------
    >>> Parameter("n_neighbors", 5, "Neighbours.", int, minimum=1).checked("knn", 0)
    Traceback (most recent call last):
    adsql.errors.InvalidParameter: [ADSQL_INVALID_PARAMETER] knn: n_neighbors = 0 cannot be used. \
Allowed: a whole number of at least 1
    """

    name: str
    default: ParameterValue
    description: str
    kind: type[int | float | bool | str | tuple[str, ...]]
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    choices: tuple[str, ...] = ()

    def checked(self, algorithm: str, value: object) -> ParameterValue:
        """Return a value in the parameter's type, or raise `InvalidParameter`."""
        if isinstance(value, str) and value in self.choices:
            return value
        number = self._names(value) if self.kind is tuple else self._number(value)
        if number is None or not self._in_range(number):
            raise InvalidParameter(f"{algorithm}: {self.name} = {shown(value)} cannot be used", allowed=self.allowed())
        return number

    def _names(self, value: object) -> ParameterValue:
        if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
            return None
        return tuple(value)

    def _number(self, value: object) -> ParameterValue:
        if self.kind is str:
            return None
        if self.kind is bool or isinstance(value, bool):
            return value if isinstance(value, bool) and self.kind is bool else None
        if not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
            return None
        if self.kind is float:
            return float(value)
        return int(value) if float(value).is_integer() else None

    def _in_range(self, value: ParameterValue) -> bool:
        if isinstance(value, bool | str) or value is None:
            return True
        value = len(value) if isinstance(value, tuple) else value
        if self.minimum is not None and (value < self.minimum or (self.exclusive_minimum and value == self.minimum)):
            return False
        return self.maximum is None or value <= self.maximum

    def allowed(self) -> str:
        """Return what is accepted, in words."""
        names = {int: "a whole number", float: "a number", bool: "true or false", str: ""}
        if self.kind is tuple:
            return f"a list of {self.minimum:g} to {self.maximum:g} names of detectors"
        text = names[self.kind]
        if self.minimum is not None:
            text += f" above {self.minimum:g}" if self.exclusive_minimum else f" of at least {self.minimum:g}"
        if self.maximum is not None:
            text += f"{' and' if self.minimum is not None else ' of'} at most {self.maximum:g}"
        words = " or ".join(f"'{choice}'" for choice in self.choices)
        return " or ".join(part for part in (text, words) if part)

    def rejected_examples(self) -> list[object]:
        """Return values that `checked` must refuse, for the tests of every detector."""
        examples: list[object] = ["no such word", [1], {"a": 1}, math.nan]
        if self.kind is not bool:
            examples.append(True)
        if self.kind is tuple:
            return [*examples, [], ["knn"] * 100, "knn", 5]
        if self.kind is int:
            examples.append(1.5)
        if self.minimum is not None:
            examples.append(self.minimum if self.exclusive_minimum else self.minimum - 1)
        if self.maximum is not None:
            examples.append(self.maximum + 1)
        return examples

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the value."""
        schemas: list[dict[str, Any]] = []
        if self.kind is tuple:
            schemas.append(
                {"type": "array", "items": {"type": "string"}, "minItems": self.minimum, "maxItems": self.maximum}
            )
        elif self.kind is not str:
            schema: dict[str, Any] = {"type": {int: "integer", float: "number", bool: "boolean"}[self.kind]}
            if self.minimum is not None:
                schema["exclusiveMinimum" if self.exclusive_minimum else "minimum"] = self.minimum
            if self.maximum is not None:
                schema["maximum"] = self.maximum
            schemas.append(schema)
        if self.choices:
            schemas.append({"enum": list(self.choices)})
        shape = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        return {**shape, "default": default, "description": self.description}


@dataclass(frozen=True)
class Effort:
    """What it costs to rank rows that are all compared with each other: one measurement, and how it grows.

    Parameters
    ----------
    seconds
        For 1,000 rows of 8 features, on one slow core.
    power
        Time grows with this power of the rows, and in proportion to the features above 8.
    matrices
        Arrays of rows x rows float64 that are in memory at once.

    Examples
    --------
    >>> effort = Effort(seconds=0.5, power=2.0, matrices=1.0)
    >>> effort.seconds_for(10_000, 8), effort.bytes_for(10_000, 8) > 8e8
    (50.0, True)
    """

    seconds: float
    power: float
    matrices: float = 0.0

    def seconds_for(self, n: int, d: int) -> float:
        """Return the estimated time for n rows of d features."""
        return float(self.seconds * (n / 1_000.0) ** self.power * max(d / 8.0, 1.0))

    def bytes_for(self, n: int, d: int) -> float:
        """Return the estimated memory: the matrices, and three copies of the features."""
        return 8.0 * n * (self.matrices * n + 3.0 * d)


@dataclass(frozen=True)
class Spec:
    """What there is to know about an algorithm before fitting it.

    Parameters
    ----------
    name
        The short name in SQL; also the name of the file.
    summary
        One sentence for people who choose.
    score
        What the score means and its unit.
    parameters
        In the order of the documentation.
    capability
        What it promises about scores.
    cost
        Time to fit and to score, with n rows, d features.
    references
        The paper or source.
    aliases
        Other names that SQL accepts.
    max_rows
        The most rows that a `FIT_ONLY` detector takes; None for all others.
    effort
        What ranking them costs, for the same ones.
    instead
        The row-wise detector that resembles a `FIT_ONLY` one.
    """

    name: str
    summary: str
    score: str
    parameters: tuple[Parameter, ...]
    capability: Capability
    cost: str
    references: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    max_rows: int | None = None
    effort: Effort | None = None
    instead: str = "auto"

    def resolve(self, given: Mapping[str, object]) -> Params:
        """Return all parameters, checked, with defaults where none was given.

        Raises
        ------
        UnknownParameter, InvalidParameter
            For a name or a value that the algorithm does not have.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise UnknownParameter(
                    f"{self.name} has no parameter {name!r}", allowed=known, hint=did_you_mean(name, known)
                )
        return {
            name: parameter.checked(self.name, given[name]) if name in given else parameter.default
            for name, parameter in known.items()
        }

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON schema of `params`."""
        properties = {parameter.name: parameter.json_schema() for parameter in self.parameters}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def check_size(self, n: int, d: int) -> None:
        """Refuse to rank a table that would take too long, before anything quadratic starts.

        Parameters
        ----------
        n, d
            Rows and features of the table.

        Raises
        ------
        TooManyRows
            If there are more than `max_rows`, or so many features that the estimate exceeds a minute.
        """
        if self.max_rows is None or self.effort is None:
            return
        seconds = self.effort.seconds_for(n, d)
        if n <= self.max_rows and seconds <= MAX_SECONDS:
            return
        most = min(self.max_rows, int(n * (MAX_SECONDS / seconds) ** (1.0 / self.effort.power)))
        raise TooManyRows(
            f"{self.name} compares all rows with each other: {n} rows of {d} columns would take about "
            f"{_duration(seconds)} and {_size(self.effort.bytes_for(n, d))}",
            allowed=f"at most {most} rows of that many columns",
            hint=f"rank a sample, 'FROM ... USING SAMPLE {most} ROWS (reservoir, 1)', or use {self.instead!r}, which "
            "resembles it and scores row by row",
        )


def _duration(seconds: float) -> str:
    for size, unit in ((86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2.0 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _size(count: float) -> str:
    for size, unit in ((1e12, "TB"), (1e9, "GB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{max(count / 1e6, 1.0):.0f} MB"


class Fitted(Protocol):
    """What scores rows, however it was made: a detector, or one that has learned from verdicts."""

    @property
    def spec(self) -> Spec:
        """The algorithm."""
        ...

    @property
    def n_features(self) -> int:
        """Columns of X; kernels rely on it."""
        ...

    def score(self, X: Floats) -> Floats:
        """Return the anomaly scores, shape (n,): finite, higher is stranger, each from its own row alone."""
        ...

    def to_state(self) -> State:
        """Return what is stored."""
        ...


@runtime_checkable
class Detector(Protocol):
    """A fitted algorithm. Instances do not change: any number of threads may score with one."""

    spec: ClassVar[Spec]

    @property
    def n_features(self) -> int:
        """Columns of X; kernels rely on it."""
        ...

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit on finite features of shape (n, d), with parameters from `Spec.resolve`."""
        ...

    def score(self, X: Floats) -> Floats:
        """Return the anomaly scores, shape (n,): finite, higher is stranger, each from its own row alone."""
        ...

    def to_state(self) -> State:
        """Return what is stored."""
        ...

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore, after checking everything that a kernel relies on."""
        ...


@runtime_checkable
class Ranker(Protocol):
    """An algorithm that can only rank the rows it is given: it has no state that another row could be held against.

    Its `Spec` has the capability `FIT_ONLY`, `max_rows`, `effort` and `instead`.
    """

    spec: ClassVar[Spec]

    @classmethod
    def rank(cls, X: Floats, params: Params, seed: int) -> Floats:
        """Return the scores of finite features of shape (n, d), n at least 2: shape (n,), finite, higher is stranger.

        The caller has sorted the rows, and gives rows that are equal the mean of their scores.
        """
        ...
