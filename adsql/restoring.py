"""Models from their stored bytes, whichever kind they are: of rows, or of series."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from adsql.model import Model
from adsql.state import content_hash, verified

if TYPE_CHECKING:
    from adsql.series.model import SeriesModel

AnyModel: TypeAlias = "Model | SeriesModel"


def restored(data: bytes, expected_hash: str | None = None) -> AnyModel:
    """Restore a model; nothing in the bytes is trusted.

    Parameters
    ----------
    data
        What `to_bytes` made.
    expected_hash
        The content hash stored beside the bytes.

    Raises
    ------
    CorruptModel, NewerModel
        If the bytes are not what was saved, or not for this version of adsql.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.options import TrainingOptions
    >>> model = Model.fit({"x": pa.array([1.0, 2.0, 3.0, 4.0])}, TrainingOptions.parse("iqr"))
    >>> restored(model.to_bytes()).algorithm
    'iqr'
    """
    state = verified(data, expected_hash)
    if "model/kind" not in state.scalars:
        return Model.from_state(state, content_hash(data))
    from adsql.series.model import SeriesModel  # noqa: PLC0415 - what models of rows need not wait for

    return SeriesModel.from_state(state, content_hash(data))
