"""The detectors that exist: an explicit tuple, then those of installed third parties.

A third party offers a detector by an entry point in the group `adsql.detectors`; the object is a class that
follows `adsql.detector.Detector` or `adsql.detector.Ranker`. Ours are named the same way and imported when they
are asked for, so that a detector can be made of others (`adsql.detectors.ensemble`).
"""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

from adsql.detector import Capability
from adsql.errors import NotRowWise, UnknownAlgorithm
from adsql.imports import uncollected
from adsql.wording import did_you_mean, shown

if TYPE_CHECKING:
    from adsql.detector import Detector, Ranker

Algorithm: TypeAlias = "type[Detector | Ranker]"

GROUP = "adsql.detectors"
BUILTIN = (
    "auto:Auto",
    "abod:ABOD",
    "autoencoder:Autoencoder",
    "cblof:CBLOF",
    "cd:CD",
    "cof:COF",
    "copod:COPOD",
    "ecod:ECOD",
    "eif:ExtendedIsolationForest",
    "ensemble:Ensemble",
    "gmm:GMM",
    "hbos:HBOS",
    "hdbscan:HDBSCAN",
    "iforest:IsolationForest",
    "inne:INNE",
    "iqr:IQR",
    "kde:KDE",
    "knn:KNN",
    "kpca:KPCA",
    "lmdd:LMDD",
    "loci:LOCI",
    "loda:LODA",
    "lof:LOF",
    "mad:MAD",
    "mcd:MCD",
    "ocsvm:OCSVM",
    "pca:PCA",
    "qmcd:QMCD",
    "sod:SOD",
    "sos:SOS",
    "zscore:ZScore",
)

_LINES = {line.partition(":")[0]: line for line in BUILTIN}
_IGNORED = str.maketrans("", "", " -_")


@cache
def _builtin(name: str) -> Algorithm:
    with uncollected():
        module, _, cls = _LINES[name].partition(":")
        return cast("Algorithm", getattr(import_module(f"adsql.detectors.{module}"), cls))


@cache
def detectors() -> dict[str, Algorithm]:
    """Return all detectors by name, the default first.

    Examples
    --------
    >>> list(detectors())[:3]
    ['auto', 'abod', 'autoencoder']
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - 30 ms that a known detector need not wait for

    own = {name: _builtin(name) for name in _LINES}
    others: list[Algorithm] = [entry.load() for entry in entry_points(group=GROUP)]
    return own | {cls.spec.name: cls for cls in others if cls.spec.name not in own}


def is_ranker(cls: Algorithm) -> TypeGuard[type[Ranker]]:
    """Return whether a detector can only rank the rows it is given.

    Examples
    --------
    >>> [name for name, cls in detectors().items() if is_ranker(cls)][:2]
    ['cd', 'cof']
    """
    return cls.spec.capability is Capability.FIT_ONLY


def row_wise_detectors() -> dict[str, type[Detector]]:
    """Return the detectors that can be trained and kept, by name."""
    return {name: row_wise(cls) for name, cls in detectors().items() if not is_ranker(cls)}


def row_wise(cls: Algorithm) -> type[Detector]:
    """Return a detector that can be trained and kept.

    Raises
    ------
    NotRowWise
        If it can only rank the rows it is given.
    """
    if is_ranker(cls):
        spec = cls.spec
        raise NotRowWise(
            f"{spec.name} compares the rows of one table with each other and cannot score others, so that there is "
            "nothing to train and keep",
            hint=f"use detect_anomalies(source, algorithm => {spec.name!r}), or train {spec.instead!r}, "
            "which resembles it",
        )
    return cast("type[Detector]", cls)


def find(name: str) -> Algorithm:
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
    if wanted in _LINES:  # the others need not be imported
        return _builtin(wanted)
    for cls in detectors().values():
        if wanted in map(_compact, (cls.spec.name, *cls.spec.aliases)):
            return cls
    names = [alias for cls in detectors().values() for alias in (cls.spec.name, *cls.spec.aliases)]
    raise UnknownAlgorithm(
        f"algorithm {shown(name)} does not exist",
        allowed=", ".join(detectors()),
        hint=did_you_mean(name, names) or "SELECT * FROM detectors()",
    )


def _compact(name: str) -> str:
    return name.casefold().translate(_IGNORED)


def described() -> list[dict[str, Any]]:
    """Return what there is to know about each detector, as rows for `detectors()`.

    Examples
    --------
    >>> described()[0]["algorithm"]
    'auto'
    """
    return [
        {
            "algorithm": cls.spec.name,
            "summary": cls.spec.summary,
            "capability": cls.spec.capability.value,
            "score": cls.spec.score,
            "cost": cls.spec.cost,
            "parameters": json.dumps(cls.spec.json_schema()["properties"]),
            "aliases": list(cls.spec.aliases),
            "reference": list(cls.spec.references),
            "incremental": hasattr(cls, "updated"),
            "explainable": hasattr(cls, "contributions"),
            "exportable": hasattr(cls, "expression"),
            "max_rows": cls.spec.max_rows,
        }
        for cls in detectors().values()
    ]
