"""How one column becomes one number, on a robust scale."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from adsql.arrow import (
    LARGEST,
    SECONDS_PER_DAY,
    Floats,
    Kind,
    compute,
    missing,
    to_float64,
    to_text,
    unbounded_float64,
)
from adsql.arrow_memory import numbers, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

WEEK = 7 * SECONDS_PER_DAY
MAX_CATEGORIES = 1_000
MONDAY = 4 * SECONDS_PER_DAY  # 1970-01-01 was a Thursday
CIRCLE_STEPS = 1e12  # coordinates are rounded to this share of the radius: a hundred nanoseconds of a week
_FEW = 16  # rows that Python looks up sooner than Arrow begins to
NORMAL_IQR = 1.349  # interquartile range of a standard normal distribution
_PATTERN_STEPS = ((r"\p{Lu}+", "A"), (r"[\p{L}]*\p{Ll}[\p{L}]*", "a"), (r"[0-9]+", "9"))
_MOST = 0.8
_DATE = re.compile(r"[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{1,4}([ T].*)?")
_CURRENCY = "([$€£¥]|CHF|EUR|GBP|USD)?"
_NUMBER = re.compile(rf"{_CURRENCY} ?[-+]?([0-9]+([.'][0-9]+)*(,[0-9]+)?|[0-9]+(,[0-9]+)*(\.[0-9]+)?) ?(%|{_CURRENCY})")
_NO_NUMBER = re.compile(r"[0-9]+([.'][0-9]+){3,}")  # an address of the internet


@dataclass(frozen=True)
class Feature:
    """One number made from one column.

    Parameters
    ----------
    name
        The column's name, with the encoding behind a colon where one column gives several.
    column
        The source column.
    kind
        The kind of values that the column must hold.
    encoding
        A key of `ENCODINGS`.
    center, scale
        The robust scale.
    vocabulary, rarities
        For rarity encodings: known values, and their -ln(share).
    unseen
        The rarity of a value that is not in the vocabulary.
    """

    name: str
    column: str
    kind: Kind
    encoding: str
    center: float = 0.0
    scale: float = 1.0
    vocabulary: tuple[str, ...] = ()
    rarities: tuple[float, ...] = ()
    unseen: float = 0.0

    def raw(self, values: pa.Array[Any]) -> Floats:
        """Encode a column of n values without the scale; NaN where missing, not yet bounded."""
        if self.encoding in _CIRCLES:
            return self.coordinates(to_float64(values))
        return ENCODINGS[self.encoding](values, self)

    def coordinates(self, seconds: Floats) -> Floats:
        """Encode points in time, given in seconds since 1970, on the feature's circle."""
        # Sines differ in their last bit between processors and databases: without this, the earliest hour of
        # training, seen again elsewhere, would lie outside of what training saw.
        rounded: Floats = np.floor(_CIRCLES[self.encoding](seconds) * CIRCLE_STEPS + 0.5) / CIRCLE_STEPS
        return rounded

    @cached_property
    def table(self) -> tuple[pa.Array[Any], Floats]:
        """The vocabulary, and the rarity of each value in it; the last one is of all others."""
        return texts(self.vocabulary), np.array([*self.rarities, self.unseen])

    def rarity_of(self, value: str | None) -> float:
        """Return the rarity of one value; NaN for NULL."""
        return math.nan if value is None else self._rarities.get(value, self.unseen)

    @cached_property
    def _rarities(self) -> dict[str, float]:
        return dict(zip(self.vocabulary, self.rarities, strict=True))

    def description(self) -> str:
        """Return the encoding in words, for `model_info`."""
        usual = f"usual {self.center:.6g}, spread {self.scale:.6g}"
        return f"{_DESCRIPTIONS[self.encoding]}; {usual}{looks(self.vocabulary)}"


def rarity_feature(name: str, encoding: str, text: pa.StringArray) -> Feature:
    """Return an unscaled feature from the shares of a column's values, the thousand most frequent at most."""
    counts = compute().value_counts(text.drop_null())
    values = cast("list[str]", counts.field("values").to_pylist())
    numbers = cast("list[int]", counts.field("counts").to_pylist())
    pairs = sorted(zip(values, numbers, strict=True), key=lambda pair: (-pair[1], pair[0]))[:MAX_CATEGORIES]
    n = len(text) - text.null_count
    rarities = -np.log(np.array([count for _, count in pairs]) / n)
    return Feature(
        name,
        name,
        Kind.TEXT,
        encoding,
        vocabulary=tuple(value for value, _ in pairs),
        rarities=tuple(rarities.tolist()),
        unseen=float(np.log(n + 1.0)),
    )


def with_robust_scale(feature: Feature, values: pa.Array[Any]) -> Feature | None:
    """Return the feature with its robust scale, or None if it does not vary."""
    raw = np.clip(ENCODINGS[feature.encoding](values, feature), -LARGEST, LARGEST) + 0.0
    raw = np.sort(raw[np.isfinite(raw)])  # a sum's last bits depend on the order, in which engines are free
    # Categories of equal size have one rarity, and still vary: an unknown one would be strange.
    varies = len(feature.vocabulary) > 1 if feature.encoding in _RARITIES else raw.size > 0 and raw[0] < raw[-1]
    if not varies:
        return None
    low, center, high = np.quantile(raw, [0.25, 0.5, 0.75])
    # Half of the rows on one value leave no interquartile range: the standard deviation stands in.
    spread = (high - low) / NORMAL_IQR if high > low else raw.std()
    circle = np.sqrt(2.0) if feature.encoding in _CIRCLES else 1.0  # two coordinates weigh as one column
    scale = float(max(spread * circle, _MIN_SCALES.get(feature.encoding, np.finfo(np.float64).tiny)))
    return replace(feature, center=float(center), scale=scale)


def patterns(text: pa.StringArray) -> pa.StringArray:
    """Return the shape of texts: runs of capitals become A, of letters a, of digits 9."""
    for pattern, replacement in _PATTERN_STEPS:
        text = compute().replace_substring_regex(text, pattern=pattern, replacement=replacement)
    return text


def looks(values: Sequence[str]) -> str:
    """Return a remark where most texts look like numbers or dates that were not read as such, else nothing.

    >>> looks(["12,50", "1.250,00", "unknown", "USD 7", "8%", "9"]), looks(["REF-0001", "REF-0002"])
    (', and most look like numbers', '')
    """
    for what, pattern in (("dates", _DATE), ("numbers", _NUMBER)):
        alike = sum(
            pattern.fullmatch(value.strip()) is not None and not _NO_NUMBER.fullmatch(value) for value in values
        )
        if values and alike >= _MOST * len(values):
            return f", and most look like {what}"
    return ""


def _value(values: pa.Array[Any], _: Feature) -> Floats:
    return unbounded_float64(values)


def _rarity(values: pa.Array[Any], feature: Feature) -> Floats:
    text = to_text(values)
    if feature.encoding == "pattern_rarity":
        text = patterns(text)
    if len(text) <= _FEW:
        return np.array([feature.rarity_of(value) for value in text.to_pylist()], np.float64)
    vocabulary, rarities = feature.table
    known = compute().index_in(text, value_set=vocabulary)
    result: Floats = rarities[np.where(missing(known), len(vocabulary), numbers(known))]
    result[missing(text)] = np.nan
    return result


def _circle(function: Callable[[Floats], Floats], period: float, start: float) -> Callable[[Floats], Floats]:
    return lambda seconds: function((seconds - start) % period * (2.0 * np.pi / period))


def _on_circle(values: pa.Array[Any], feature: Feature) -> Floats:
    return _CIRCLES[feature.encoding](to_float64(values))


_CIRCLES = {
    "sin_of_day": _circle(np.sin, SECONDS_PER_DAY, 0.0),
    "cos_of_day": _circle(np.cos, SECONDS_PER_DAY, 0.0),
    "sin_of_week": _circle(np.sin, WEEK, MONDAY),
    "cos_of_week": _circle(np.cos, WEEK, MONDAY),
}
ENCODINGS: dict[str, Callable[[pa.Array[Any], Feature], Floats]] = {
    "value": _value,
    **dict.fromkeys(_CIRCLES, _on_circle),
    "rarity": _rarity,
    "pattern_rarity": _rarity,
}
KINDS: dict[str, frozenset[Kind]] = {
    "value": frozenset({Kind.NUMBER, Kind.TIME}),
    "sin_of_day": frozenset({Kind.TIMESTAMP}),
    "cos_of_day": frozenset({Kind.TIMESTAMP}),
    "sin_of_week": frozenset({Kind.TIMESTAMP, Kind.DATE}),
    "cos_of_week": frozenset({Kind.TIMESTAMP, Kind.DATE}),
    "rarity": frozenset({Kind.TEXT}),
    "pattern_rarity": frozenset({Kind.TEXT}),
}
_RARITIES = {"rarity", "pattern_rarity"}
_MIN_SCALES = {
    # In nats: categories of nearly equal size must not blow up a small difference.
    **dict.fromkeys(_RARITIES, 0.5),
    # About a second of the day: where a coordinate hardly varies, its rounding must not count.
    **dict.fromkeys(_CIRCLES, 1e-4),
}
_DESCRIPTIONS = {
    "value": "its value",
    "sin_of_day": "time of day on a circle (sine)",
    "cos_of_day": "time of day on a circle (cosine)",
    "sin_of_week": "day of the week on a circle (sine)",
    "cos_of_week": "day of the week on a circle (cosine)",
    "rarity": "rarity of its category, -ln(share)",
    "pattern_rarity": "rarity of its pattern, -ln(share)",
}
