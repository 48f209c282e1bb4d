"""The detectors that exist: an explicit tuple, then those of installed third parties.

A third party offers a detector by an entry point in the group `adsql.detectors`; the object is a class that
follows `adsql.detector.Detector`.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from adsql.detectors.auto import Auto
from adsql.detectors.ecod import ECOD
from adsql.detectors.hbos import HBOS
from adsql.detectors.iforest import IsolationForest
from adsql.detectors.iqr import IQR
from adsql.detectors.knn import KNN
from adsql.detectors.mad import MAD
from adsql.detectors.zscore import ZScore
from adsql.errors import UnknownAlgorithm, did_you_mean

if TYPE_CHECKING:
    from adsql.detector import Detector

BUILTIN: tuple[type[Detector], ...] = (
    Auto,
    ECOD,
    HBOS,
    IsolationForest,
    IQR,
    KNN,
    MAD,
    ZScore,
)

_IGNORED = str.maketrans("", "", " -_")


@cache
def detectors() -> dict[str, type[Detector]]:
    """Return all detectors by name, the default first.

    Examples
    --------
    >>> list(detectors())[:3]
    ['auto', 'ecod', 'hbos']
    """
    offered = (entry.load() for entry in entry_points(group="adsql.detectors"))
    return {cls.spec.name: cls for cls in (*BUILTIN, *offered)}


def find(name: str) -> type[Detector]:
    """Return the detector of a name or an alias, regardless of case, spaces, hyphens and underscores.

    Raises
    ------
    UnknownAlgorithm
        If there is none.

    Examples
    --------
    >>> find("Isolation Forest").spec.name
    'iforest'
    """
    wanted = _compact(name)
    for cls in detectors().values():
        if wanted in map(_compact, (cls.spec.name, *cls.spec.aliases)):
            return cls
    names = [alias for cls in detectors().values() for alias in (cls.spec.name, *cls.spec.aliases)]
    raise UnknownAlgorithm(
        f"algorithm {name!r} does not exist",
        allowed=detectors(),
        hint=did_you_mean(name, names) or "SELECT * FROM detectors()",
    )


def _compact(name: str) -> str:
    return name.casefold().translate(_IGNORED)
