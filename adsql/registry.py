"""The detectors that exist: an explicit tuple, then those of installed third parties.

A third party offers a detector by an entry point in the group `adsql.detectors`; the object is a class that
follows `adsql.detector.Detector`. Ours are named the same way and imported when they are asked for, so that a
detector can be made of others (`adsql.detectors.ensemble`).
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from adsql.errors import UnknownAlgorithm, did_you_mean

if TYPE_CHECKING:
    from adsql.detector import Detector

GROUP = "adsql.detectors"
BUILTIN = (
    "auto:Auto",
    "autoencoder:Autoencoder",
    "cblof:CBLOF",
    "copod:COPOD",
    "ecod:ECOD",
    "eif:ExtendedIsolationForest",
    "ensemble:Ensemble",
    "gmm:GMM",
    "hbos:HBOS",
    "iforest:IsolationForest",
    "iqr:IQR",
    "kde:KDE",
    "knn:KNN",
    "mad:MAD",
    "mcd:MCD",
    "pca:PCA",
    "zscore:ZScore",
)


@cache
def detectors() -> dict[str, type[Detector]]:
    """Return all detectors by name, the default first.

    Examples
    --------
    >>> list(detectors())[:3]
    ['auto', 'autoencoder', 'cblof']
    """
    own = (EntryPoint(line.partition(":")[0], f"adsql.detectors.{line}", GROUP) for line in BUILTIN)
    classes: list[type[Detector]] = [entry.load() for entry in (*own, *entry_points(group=GROUP))]
    return {cls.spec.name: cls for cls in classes}


def find(name: str) -> type[Detector]:
    """Return the detector of a name or an alias, regardless of case.

    Raises
    ------
    UnknownAlgorithm
        If there is none.

    Examples
    --------
    >>> find("Isolation_Forest").spec.name
    'iforest'
    """
    wanted = name.casefold()
    for cls in detectors().values():
        if wanted in (cls.spec.name, *cls.spec.aliases):
            return cls
    names = [alias for cls in detectors().values() for alias in (cls.spec.name, *cls.spec.aliases)]
    raise UnknownAlgorithm(
        f"algorithm {name!r} does not exist",
        allowed=detectors(),
        hint=did_you_mean(name, names) or "SELECT * FROM detectors()",
    )
