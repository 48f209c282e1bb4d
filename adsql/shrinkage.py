"""One detector for all segments, that sees each row against what is usual in its own segment.

A model of all rows misses that one shop sells a fifth of what it always sells, where others sell as little every day. A
model of each segment needs many rows of each. Here rows are centred and scaled by their segment first, and one detector
is fitted to all of them; what is usual in a segment is estimated from its rows, and the fewer these are, the more from
all. Nothing but location and spread differs between segments.

The scale of a segment of n rows is n / (n + k) its own, the rest that of rows within segments in general. Its centre
counts more, where segments are unlike: k is multiplied by the share of the spread that lies within segments, as in a
random effects model, so that five rows of a shop that is ten times as large do not all look strange.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from adsql import registry
from adsql.encodings import NORMAL_IQR
from adsql.errors import TooFewRows
from adsql.features import FeatureSpec
from adsql.reference import Reference
from adsql.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql.arrow import Columns, Floats
    from adsql.options import TrainingOptions

_VALUE = "value"  # the encoding of numbers as they are: categories and patterns keep the scale of all rows
_NARROWEST = 0.01  # of the scale of all rows: a segment in which a value never changed
_QUARTILES = (0.25, 0.5, 0.75)


def shrunken_segments(
    table: Columns,
    parts: Mapping[str, Columns],
    options: TrainingOptions,
    skip: Sequence[str],
    n_rows: Mapping[str, int],
) -> dict[str, Segment]:
    """Fit one detector and return a pipeline for each segment, which differ in their scales alone.

    Parameters
    ----------
    table
        All rows, columns by name.
    parts
        The same by segment.
    options
        Checked options; `segment_shrinkage` is k above.
    skip
        The columns of the segments, as the table spells them.
    n_rows
        Rows of each whole segment; those in `parts` for segments that are missing.

    Raises
    ------
    TooFewRows, ColumnError
        If all rows together cannot be trained on.
    """
    algorithm, strength = registry.row_wise(options.algorithm), options.segment_shrinkage or 0.0
    sizes = {key: len(next(iter(part.values()))) for key, part in parts.items()}
    sizes = {key: max(size, n_rows.get(key, size)) for key, size in sizes.items()}
    total = sum(sizes.values())
    pooled = FeatureSpec.fit(table, options.columns, total, skip)
    rows = {}
    for key, part in parts.items():
        X, present = pooled.transform(pooled.select(part))
        rows[key] = np.sort(X[present], axis=0) if present.any() else X[:0]
    features = _features(pooled, rows, strength)
    conditional = []
    for key, part in parts.items():
        X, present = features[key].transform(features[key].select(part))
        conditional.append(X[present])
    X = np.vstack(conditional)
    if len(X) < 2:  # noqa: PLR2004 - as for any model
        raise TooFewRows(f"the source has {len(X)} rows with a value", allowed="at least 2 rows")
    fitted = Segment.of_rows(pooled, X, algorithm, options.params, options.policy, options.seed, n_rows=total)
    segments = {}
    for key, part in parts.items():
        own = features[key]
        segments[key] = replace(
            fitted, features=own, n_rows=sizes[key], n_fit_rows=len(rows[key]),
            reference=Reference.fit(own, own.select(part)),
        )  # fmt: skip
    return segments


def _features(pooled: FeatureSpec, rows: Mapping[str, Floats], strength: float) -> dict[str, FeatureSpec]:
    """Return the encoding of each segment, from its rows on the scale of all rows, each column sorted."""
    centers, scales = {}, {}
    for key, X in rows.items():
        if len(X):
            low, centers[key], high = np.quantile(X, _QUARTILES, axis=0)
            scales[key] = (high - low) / NORMAL_IQR
    if not centers:
        return dict.fromkeys(rows, pooled)
    residuals = np.sort(np.vstack([rows[key] - center for key, center in centers.items()]), axis=0)
    low, _, high = np.quantile(residuals, _QUARTILES, axis=0)
    within = np.maximum((high - low) / NORMAL_IQR, _NARROWEST)
    between = np.array(list(centers.values())).std(axis=0)
    share_within = within**2 / (within**2 + between**2)
    result = {}
    for key, X in rows.items():
        if key not in centers:
            result[key] = pooled
            continue
        n = len(X)
        own_center, own_scale = n / (n + strength * share_within), n / (n + strength)
        scale = np.maximum(own_scale * scales[key] + (1.0 - own_scale) * within, _NARROWEST)
        center = own_center * centers[key]
        moved = tuple(
            replace(feature, center=feature.center + float(c) * feature.scale, scale=feature.scale * float(s))
            if feature.encoding == _VALUE
            else feature
            for feature, c, s in zip(pooled.features, center, scale, strict=True)
        )
        result[key] = replace(pooled, features=moved)
    return result
