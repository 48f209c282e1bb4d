"""Models on their way from one database to another: bytes for a file or a column, which any engine reads.

They hold the stored bytes of the model as they are, so that its content hash and its scores stay the same, and what
`adsql.models` keeps besides. Nothing in them is trusted: a digest tells damage, and everything that a program could
have forged is checked as if it were.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np

from adsql.catalog import ModelRecord, check_name
from adsql.errors import CorruptModel, NewerModel, UnknownAlgorithm
from adsql.restoring import restored
from adsql.state import State, verified
from adsql.wording import shown

FORMAT_VERSION = 1
_INT64 = 2**63
_HINT = "export the model again with export_model, and copy the file as binary"


def exported(source: str, library_versions: str, stored_hash: str, state: bytes) -> bytes:
    """Return a stored model as bytes to import elsewhere.

    Parameters
    ----------
    source, library_versions, stored_hash, state
        Columns of its row in `adsql.models`; the hash is `content_hash`.

    Raises
    ------
    CorruptModel
        If the stored bytes do not match their content hash.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.catalog import ModelRecord, check_name
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> model = Model.fit({"fare": pa.array([1.0, 2.0, 3.0, 4.0])}, TrainingOptions.parse("iqr"))
    >>> row = ModelRecord.of("fares", model, "trips", "duckdb")
    >>> data = exported(row.source, row.library_versions, row.content_hash, row.state)
    >>> imported("fares", data) == row
    True
    """
    verified(state, stored_hash)
    return State(
        {
            "exported_format": FORMAT_VERSION,
            "source": source,
            "library_versions": library_versions,
            "content_hash": stored_hash,
            "digest": _digest(source, library_versions, stored_hash),
        },
        {"model": np.frombuffer(state, np.uint8)},
    ).to_bytes()


def imported(name: object, data: object) -> ModelRecord:
    """Return an exported model as a row to store under a name.

    Parameters
    ----------
    name
        The model's name in this database.
    data
        What `exported` made.

    Raises
    ------
    InvalidModelName
        If the name cannot be given to a model.
    CorruptModel
        If the bytes are not what was exported: cut, altered, or of something else.
    NewerModel
        If a newer adsql than this one exported or trained the model.
    """
    if not isinstance(data, bytes):
        raise CorruptModel(f"{shown(data)} is no exported model", allowed="the bytes that export_model returns")
    try:
        outer = State.from_bytes(data)
    except CorruptModel as error:
        raise CorruptModel("the bytes do not decode as an exported model", hint=_HINT) from error
    if "exported_format" not in outer.scalars:
        raise CorruptModel("the bytes hold something else than an exported model", hint=_HINT)
    version = outer.scalar("exported_format", int)
    if version > FORMAT_VERSION:
        raise NewerModel(
            f"the model was exported in format version {version}",
            allowed=f"up to {FORMAT_VERSION}",
            hint="upgrade adsql with pip, or export the model with this version",
        )
    source, versions, stored_hash, digest = (
        outer.scalar(part, str) for part in ("source", "library_versions", "content_hash", "digest")
    )
    if digest != _digest(source, versions, stored_hash):
        raise CorruptModel("the exported bytes were damaged: their digest differs", hint=_HINT)
    state = outer.octets("model")
    try:
        record = ModelRecord.described(check_name(name), restored(state, stored_hash), source, versions, state)
    except UnknownAlgorithm as error:
        raise NewerModel(
            f"the model cannot be used here: {error.problem}", hint="install what has this detector, or upgrade adsql"
        ) from error
    _check_storable(record)
    return record


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps([FORMAT_VERSION, *parts]).encode()).hexdigest()


def _check_storable(record: ModelRecord) -> None:
    """Raise for what no database would store, and would tell in words of its own."""
    for text in (record.source, record.library_versions, record.params, *record.columns, *record.segment_by):
        # PostgreSQL's text has no NUL; half of a surrogate pair is no character of UTF-8.
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise CorruptModel(f"the text {shown(text)} cannot be stored", allowed="text of Unicode without NUL")
    for what in ("seed", "n_rows"):
        number = getattr(record, what)
        if not -_INT64 <= number < _INT64:
            raise CorruptModel(f"{what} = {number} cannot be stored", allowed="whole numbers of 64 bits")
