"""What a call about series asks for, checked once for SQL, Python and the command line."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from adsql.errors import InvalidOption, UnknownAlgorithm
from adsql.options import parse_params
from adsql.series.algorithms import ALGORITHMS, AUTO, AUTO_OF_SEVERAL, DECOMPOSITION, Mode, SeriesAlgorithm, named
from adsql.series.forecasts import HORIZONS
from adsql.threshold import Policy, ThresholdPolicy
from adsql.wording import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adsql.detector import Params

Word = TypeVar("Word", bound=StrEnum)

SENSITIVITY = 0.001
MAX_SEASON = 100_000
MAX_HORIZON = int(HORIZONS[-1])


class Direction(StrEnum):
    """Which side of what was expected is strange."""

    BOTH = "both"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class SeriesOptions:
    """What a call about series asks for, checked; build one with `parse`.

    Parameters
    ----------
    algorithm
        With all of its parameters in `params`.
    periods
        Seasons in points; None to find them.
    sensitivity
        The share of normal points that may lie outside of the bounds.
    policy
        A share or a number of points to flag instead.
    direction, min_deviation
        Which deviations count: on which side, and from which size on in the value's own unit.
    mode
        What a result may use.
    only_last_n
        Judge the last points of each series alone; None for all.
    horizon
        How many points after the last one of each series to forecast.
    seed
        For everything drawn at random.
    covariates
        Names of what is known beside the values.
    """

    algorithm: SeriesAlgorithm
    params: Params
    periods: tuple[int, ...] | None = None
    sensitivity: float = SENSITIVITY
    policy: ThresholdPolicy = field(default_factory=ThresholdPolicy)
    direction: Direction = Direction.BOTH
    min_deviation: float = 0.0
    mode: Mode = Mode.RETROSPECTIVE
    only_last_n: int | None = None
    horizon: int = 0
    seed: int = 0
    covariates: tuple[str, ...] = ()

    @classmethod
    def parse(
        cls,
        n_channels: int = 1,
        algorithm: object = None,
        season: object = None,
        sensitivity: object = None,
        contamination: object = None,
        alert_budget: object = None,
        direction: object = None,
        min_deviation: object = None,
        mode: object = None,
        only_last_n: object = None,
        horizon: object = None,
        params: object = None,
        seed: object = None,
        covariates: object = None,
    ) -> SeriesOptions:
        """Check the options of the SQL contract; None means not given.

        Raises
        ------
        OptionError
            For anything that cannot be used; the message names it.

        Examples
        --------
        >>> SeriesOptions.parse(season=[7, 24], direction="up").periods
        (7, 24)
        """
        side = _word("direction", direction, Direction, Direction.BOTH)
        least = number_option("min_deviation", min_deviation, 0.0, sys.float_info.max)
        of_values = side is not Direction.BOTH or least > 0.0
        given_mode = _word("mode", mode, Mode, Mode.RETROSPECTIVE)
        chosen = _algorithm(algorithm, n_channels, given_mode, of_values=of_values)
        asked_mode = chosen.modes[0] if mode is None else given_mode
        if asked_mode not in chosen.modes:
            able = [name for name, other in ALGORITHMS.items() if asked_mode in other.modes]
            raise InvalidOption(f"{chosen.spec.name} is not {asked_mode}", allowed=f"for it: {', '.join(able)}")
        if n_channels > 1 and not chosen.several:
            able = [name for name, other in ALGORITHMS.items() if other.several]
            raise InvalidOption(
                f"{chosen.spec.name} takes one value column, not {n_channels}",
                allowed=f"several with {' and '.join(able)}",
                hint="leave algorithm out, or detect one column at a time",
            )
        given: Mapping[str, object] = {} if params is None else parse_params(params)
        policy = ThresholdPolicy.choose(contamination=contamination, alert_budget=alert_budget)
        if policy.policy is not Policy.AUTOMATIC and sensitivity is not None:
            raise InvalidOption(f"{policy.policy} and sensitivity exclude each other", allowed="one of them, or none")
        if of_values and chosen.expect is None:
            raise InvalidOption(
                f"{chosen.spec.name} expects no value that a deviation could be measured from",
                allowed=f"direction and min_deviation with {DECOMPOSITION.spec.name!r}",
            )
        ahead = _whole("horizon", horizon, 1, MAX_HORIZON) or 0
        if ahead and chosen.forecast is None:
            raise _unable(f"{chosen.spec.name} forecasts nothing", "horizon", lambda other: other.forecast is not None)
        return cls(
            chosen,
            chosen.spec.resolve(given),
            periods_option(season),
            number_option("sensitivity", sensitivity, SENSITIVITY, 0.5, above_zero=True),
            policy,
            side,
            least,
            asked_mode,
            _whole("only_last_n", only_last_n, 1, sys.maxsize),
            ahead,
            _whole("seed", seed, 0, 2**32 - 1) or 0,
            _explaining(covariates, chosen, ahead),
        )

    def require_expectation(self, option: str) -> None:
        """Raise unless the algorithm expects values, which an option says something about.

        Raises
        ------
        InvalidOption
            If it expects none.
        """
        if self.algorithm.expect is None:
            wrong = f"{self.algorithm.spec.name} expects no value that {option} could change"
            raise _unable(wrong, option, lambda other: other.expect is not None)


def gap(value: object) -> int:
    """Return how many other points may part those of one incident, checked.

    Raises
    ------
    InvalidOption
        If it is no whole number of at least 0.

    Examples
    --------
    >>> gap(None), gap(2)
    (0, 2)
    """
    return _whole("max_gap", value, 0, sys.maxsize) or 0


def _algorithm(value: object, n_channels: int, mode: Mode, *, of_values: bool) -> SeriesAlgorithm:
    if value is None or value == AUTO.spec.name:
        if n_channels > 1:
            return AUTO_OF_SEVERAL[mode]
        # Of a stretch nobody can say on which side or by how much it is off.
        return DECOMPOSITION if of_values else AUTO
    found = named(value) if isinstance(value, str) else None
    if found is None:
        raise UnknownAlgorithm(
            f"no algorithm for series is called {shown(value)}",
            allowed=[AUTO.spec.name, *ALGORITHMS],
            hint=did_you_mean(value, ALGORITHMS) if isinstance(value, str) else "",
        )
    return found


def _unable(wrong: str, option: str, can: Callable[[SeriesAlgorithm], bool]) -> InvalidOption:
    """Return the error of an option that an algorithm cannot take, with those that can."""
    able = [AUTO.spec.name, *(name for name, other in ALGORITHMS.items() if can(other))]
    return InvalidOption(wrong, allowed=f"{option} with {', '.join(able)}", hint="of one value column")


def _explaining(value: object, chosen: SeriesAlgorithm, ahead: int) -> tuple[str, ...]:
    """Return the names of covariates, which an algorithm has to make use of."""
    given = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) and name for name in given):
        raise InvalidOption(f"covariates = {shown(value)} cannot be used", allowed="names of columns")
    names = tuple(given)
    if names and not chosen.explains:
        raise _unable(f"{chosen.spec.name} makes no use of covariates", "covariates", lambda other: other.explains)
    if names and ahead:
        raise InvalidOption(
            "covariates and horizon exclude each other: nobody knows the covariates of points to come",
            allowed="one of them, or none",
        )
    return names


def check_others(option: str, names: Sequence[str], used: Sequence[str]) -> None:
    """Raise if an option names a column of times or values again.

    Raises
    ------
    InvalidOption
        Naming the column.
    """
    taken = {name.casefold() for name in used}
    for name in names:
        if name.casefold() in taken:
            raise InvalidOption(
                f"{option} has the column {name!r}, which is the time or what is judged",
                allowed="columns of other quantities",
            )


def days_among_numbers() -> InvalidOption:
    """Return the error of days that are holidays, of a series whose times are no points in time."""
    return InvalidOption(
        "holidays have a date, and the times of the series are whole numbers",
        allowed="holidays with started_at and ended_at, as such numbers",
    )


def periods_option(value: object) -> tuple[int, ...] | None:
    """Return seasons in points: 'auto' finds them, 'none' or an empty list has none."""
    if value is None or value == "auto":
        return None
    if value == "none":
        return ()
    periods = value if isinstance(value, list | tuple) else [value]
    checked = [_whole("season", period, 2, MAX_SEASON) for period in periods]
    return tuple(sorted({period for period in checked if period is not None}))


def _whole(option: str, value: object, least: int, most: int) -> int | None:
    if value is None:
        return None
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        limit = "" if most == sys.maxsize else f" and at most {most}"
        words = ", a list of them, 'auto' or 'none'" if option == "season" else ""
        raise InvalidOption(
            f"{option} = {shown(value)} cannot be used", allowed=f"a whole number of at least {least}{limit}{words}"
        )
    return number


def number_option(option: str, value: object, default: float, most: float, *, above_zero: bool = False) -> float:
    """Return an option that is a number from 0 on, or above it; the default for None."""
    if value is None:
        return default
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= most
    if not isinstance(value, int | float) or not usable or (above_zero and value <= 0.0):
        least = "above 0" if above_zero else "of at least 0"
        limit = "" if most == sys.float_info.max else f" and at most {most:g}"
        raise InvalidOption(f"{option} = {shown(value)} cannot be used", allowed=f"a number {least}{limit}")
    return float(value)


def _word(option: str, value: object, words: type[Word], default: Word) -> Word:
    if value is None:
        return default
    if not isinstance(value, str) or value not in list(words):
        raise InvalidOption(f"{option} = {shown(value)} cannot be used", allowed=list(words))
    return words(value)
