"""What a call asks for that looks at what causal detection would have told."""

from __future__ import annotations

from types import MappingProxyType

from adsql.errors import InvalidOption
from adsql.wording import shown

CAUSAL = MappingProxyType({"mode": "causal"})  # nothing later than a point has a part in its verdict
STEPS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
STEP = "day"
LONGEST = 2**63 - 1  # databases count with 64 bits


def period_step(value: object, *, whole: bool | None) -> str | int:
    """Return the length of a period: a word for points in time, a number for times that are whole numbers.

    Parameters
    ----------
    value
        As the caller gave it; None for a day.
    whole
        Whether times are whole numbers; None if that is not known.

    Raises
    ------
    InvalidOption
        If it is neither, or does not suit the times.

    Examples
    --------
    >>> period_step(None, whole=False), period_step(100, whole=True)
    ('day', 100)
    """
    given = STEP if value is None else value
    if isinstance(given, int) and not isinstance(given, bool) and 0 < given <= LONGEST and whole is not False:
        return given
    if isinstance(given, str) and given in STEPS and not whole:
        return given
    number, word = f"a whole number from 1 to {LONGEST} for whole numbers", f"for points in time {', '.join(STEPS)}"
    raise InvalidOption(f"step = {shown(value)} cannot be used", allowed=number if whole else f"{word}; {number}")
