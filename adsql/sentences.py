"""What is strange about a value, in a sentence for people; one class for each way in which columns are encoded."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql.arrow import LARGEST, Kind, to_text
from adsql.segment_keys import value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats
    from adsql.contributions import Contributions
    from adsql.encodings import Feature

_FAR = 6.0  # spreads from what is expected: more than that is far
_USUAL = 2.0  # spreads around the median that hold most rows
_NEAR = 0.5  # spreads from what is expected that are nothing to speak of
_COMMON = 0.1  # the share of rows from which on a category is usual
_DIGITS = 4
_LARGE, _SMALL = 1e15, 1e-4


class Teller(ABC):
    """Tells about the values of a column, row by row."""

    @abstractmethod
    def expected(self, row: int) -> str | None:
        """Return what would not be strange, as text."""

    @abstractmethod
    def sentence(self, row: int) -> str:
        """Return what is strange about the value, if anything is."""


def column_of(
    features: Sequence[Feature],
    values: pa.Array[Any],
    found: Contributions,
    places: Sequence[int],
    extremes: tuple[float, float],
) -> Teller:
    """Return what tells about a column.

    Parameters
    ----------
    features
        The features it became, d of them.
    values
        The column, of length n.
    found
        The contributions of all features.
    places
        Which of them are the column's.
    extremes
        The smallest and the largest number of the training: nothing beyond them is usual.
    """
    first = features[0]
    if first.encoding == "value":
        return _Numbers(first, values, found, places[0], extremes)
    if first.kind is Kind.TEXT:
        return _Categories(first, values)
    return _Moments(features, values, found.parts[:, places])


class _Numbers(Teller):
    def __init__(
        self,
        feature: Feature,
        values: pa.Array[Any],
        found: Contributions,
        place: int,
        extremes: tuple[float, float],
    ) -> None:
        self._feature, self._parts, self._is_conditional = feature, found.parts[:, place], found.is_conditional
        self._expected = feature.center + feature.scale * found.expected[:, place]
        self._values = np.clip(feature.raw(values), -LARGEST, LARGEST)
        self._is_boolean = pa.types.is_boolean(values.type)
        reach = _USUAL * feature.scale
        self._usual = max(feature.center - reach, extremes[0]), min(feature.center + reach, extremes[1])

    def expected(self, row: int) -> str:
        return self._shown(float(f"{self._expected[row]:.6g}"), "")

    def sentence(self, row: int) -> str:
        name, spread, center = self._feature.column, self._feature.scale, self._feature.center
        value, expected = float(self._values[row]), float(self._expected[row])
        if math.isnan(value):
            return f"{name} is missing, and counts as its median"
        text, wanted = self._shown(value), self._shown(expected)
        distance = (value - expected) / spread
        if self._is_boolean:
            return f"{name} is {text}, {'as expected' if text == wanted else f'and {wanted} is usual'}"
        if abs(distance) < _NEAR or self._parts[row] <= 0.0:
            return f"{name} {text} is usual: {wanted} is expected"
        how = f"{'far ' if abs(distance) > _FAR else ''}{'above' if distance > 0 else 'below'}"
        if self._is_conditional and abs(value - center) <= _USUAL * spread:
            return f"{name} {text} is usual by itself, but {how} the {wanted} that goes with the other columns"
        low, high = (self._shown(end) for end in self._usual)
        return f"{name} {text} is {how} the {wanted} expected (usual: {low} to {high})"

    def _shown(self, value: float, separator: str = ",") -> str:
        if self._is_boolean:
            return "true" if value >= 0.5 else "false"  # noqa: PLR2004 - halfway
        if self._feature.kind is Kind.TIME:
            minutes = round(value / 60.0)
            return f"{minutes // 60:02d}:{minutes % 60:02d}"
        return number_text(value, separator)


class _Categories(Teller):
    def __init__(self, feature: Feature, values: pa.Array[Any]) -> None:
        self._feature = feature
        self._texts = to_text(values).to_pylist()
        self._rarities = feature.raw(values)

    def expected(self, row: int) -> str:  # noqa: ARG002 - one for all rows
        return self._feature.vocabulary[0]

    def sentence(self, row: int) -> str:
        name, text, rarity = self._feature.column, self._texts[row], float(self._rarities[row])
        if text is None:
            return f"{name} is missing, and counts as a category of usual rarity"
        usual = f"{self._feature.vocabulary[0]!r} is most frequent"
        shape = " has a shape that" if self._feature.encoding == "pattern_rarity" else ""
        if rarity == self._feature.unseen:
            return f"{name} {text!r}{shape} was never seen in training; {usual}"
        share = math.exp(-rarity)
        how = "is usual" if share >= _COMMON else "is rare"
        return f"{name} {text!r}{shape} {how}: {number_text(100.0 * share)}% of the training rows; {usual}"


class _Moments(Teller):
    def __init__(self, features: Sequence[Feature], values: pa.Array[Any], parts: Floats) -> None:
        self._name = features[0].column
        self._texts = value_text(values).to_pylist()
        periods = sorted({feature.encoding.rpartition("_")[2] for feature in features})
        self._parts = {
            period: parts[:, [i for i, f in enumerate(features) if f.encoding.endswith(period)]].sum(axis=1)
            for period in periods
        }

    def expected(self, row: int) -> None:  # noqa: ARG002 - none for any
        return None

    def sentence(self, row: int) -> str:
        if self._texts[row] is None:
            return f"{self._name} is missing, and counts as its median"
        period, part = max(((period, float(own[row])) for period, own in self._parts.items()), key=lambda pair: pair[1])
        how = "an unusual" if part > 0.0 else "a usual"
        return f"{self._name} {self._texts[row]} is {how} time of the {period}"


def number_text(value: float, separator: str = ",") -> str:
    """Return a number for people: four digits that count, thousands set apart.

    >>> number_text(9412.3), number_text(48.5), number_text(0.012345), number_text(-3.0), number_text(2e20)
    ('9,412', '48.5', '0.01235', '-3', '2e+20')
    """
    size = abs(value)
    if size >= LARGEST:
        return "infinity" if value > 0.0 else "-infinity"
    if size >= _LARGE or (0.0 < size < _SMALL):
        return f"{value:.{_DIGITS}g}"
    digits = math.floor(math.log10(size)) + 1 if size > 0.0 else 1
    text = f"{value:{separator}.{max(_DIGITS - digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
