"""Saved models: rows of `adsql.models`, the same on every engine. The queries are files in `adsql/sql`."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from adsql.errors import InvalidModelName, UnknownModel, UnknownVersion
from adsql.restoring import restored
from adsql.state import content_hash
from adsql.wording import did_you_mean, listing, shown

if TYPE_CHECKING:
    from adsql.migrations import Execute
    from adsql.restoring import AnyModel

MAX_NAME = 200


@dataclass(frozen=True)
class ModelRecord:
    """A model as a row, without its version and time, which the table gives it.

    The fields stand in the order of the table's columns.
    """

    name: str
    algorithm: str
    params: str
    columns: list[str]
    segment_by: list[str]
    n_segments: int
    n_rows: int
    n_features: int
    threshold: float | None
    threshold_policy: str
    seed: int
    source: str
    library_versions: str
    content_hash: str
    state: bytes

    @classmethod
    def of(cls, name: str, model: AnyModel, source: str, engine: str) -> ModelRecord:
        """Describe a model for storage.

        Parameters
        ----------
        name
            The model's name.
        model
            The model.
        source
            What it was trained on, as the caller wrote it.
        engine
            The database and its version.
        """
        return cls.described(name, model, source, library_versions(engine), model.to_bytes())

    @classmethod
    def described(cls, name: str, model: AnyModel, source: str, versions: str, state: bytes) -> ModelRecord:
        """Describe a model whose bytes are given: of another version of Arrow, it may encode in others.

        Parameters
        ----------
        name, model, source
            As for `of`.
        versions
            The versions it was trained with, as JSON.
        state
            The bytes that it was restored from.
        """
        return cls(
            check_name(name), model.algorithm, json.dumps(model.params), list(model.positional_columns),
            list(model.segment_by), len(model.segments), model.n_rows, model.n_features, model.threshold,
            model.threshold_policy, model.seed, source, versions, content_hash(state), state,
        )  # fmt: skip


@cache
def library_versions(engine: str) -> str:
    """Return the versions that a model was trained with, as JSON."""
    from importlib.metadata import version as installed  # noqa: PLC0415 - 30 ms that scoring need not wait for

    names = ("adsql", "numpy", "scikit-learn", "pyarrow", "numba")
    versions = {name: installed(name) for name in names}
    return json.dumps({**versions, "python": platform.python_version(), "engine": engine})


def check_name(name: object) -> str:
    """Return a model's name if it can be one.

    Raises
    ------
    InvalidModelName
        If it is empty, no text, longer than 200 characters, or has control characters.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidModelName(
            f"{shown(name)} cannot name a model", allowed=f"printable text of 1 to {MAX_NAME} characters"
        )
    return name


def named_query(name: str) -> str:
    """Return the text of `adsql/sql/<name>.sql`."""
    return (files("adsql") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


class Catalog:
    """The models of one database, through a function that runs SQL on it.

    Parameters
    ----------
    execute
        Takes a query with parameters `$1`, `$2`, ... and their values; returns the rows.
    """

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def put(self, record: ModelRecord) -> int:
        """Append a version and return its number.

        A model equal to the newest version, bit by bit, is not stored again: training the same data with the
        same options twice is one version, whose number is returned.
        """
        newest = self._execute(named_query("latest_version"), [record.name])
        if newest and newest[0][1] == record.content_hash:
            return int(str(newest[0][0]))
        version = int(str(newest[0][0])) + 1 if newest else 1
        name, *rest = vars(record).values()
        self._execute(named_query("insert_model"), [name, version, *rest])
        return version

    def get(self, name: str, version: int | None = None) -> AnyModel:
        """Return a model, the newest version unless one is named.

        Raises
        ------
        UnknownModel, UnknownVersion
            If it is not there.
        CorruptModel, NewerModel
            If it cannot be restored.
        """
        return restored(*self.stored(name, version))

    def stored(self, name: str, version: int | None = None) -> tuple[bytes, str]:
        """Return a model's bytes and their content hash, unread.

        Raises
        ------
        UnknownModel, UnknownVersion
            If it is not there.
        """
        rows = self._execute(named_query("select_model"), [name, version])
        if not rows:
            raise unknown(name, version, self.names(), self.versions(name))
        state, stored_hash = rows[0]
        return bytes(state) if isinstance(state, bytes | bytearray) else b"", str(stored_hash)

    def names(self) -> list[str]:
        """Return the names of all models."""
        return [str(row[0]) for row in self._execute(named_query("model_names"), [])]

    def versions(self, name: str) -> list[int]:
        """Return the versions of a model, oldest first."""
        return [int(str(row[0])) for row in self._execute(named_query("model_versions"), [name])]

    def drop(self, name: str, version: int | None = None) -> list[int]:
        """Delete a version, or all; return the versions that were deleted.

        Raises
        ------
        UnknownModel, UnknownVersion
            If there is nothing to delete.
        """
        dropped = self._execute(named_query("drop_model"), [name, version])
        if not dropped:
            raise unknown(name, version, self.names(), self.versions(name))
        return sorted(int(str(row[0])) for row in dropped)


def unknown(name: str, version: int | None, names: list[str], versions: list[int]) -> UnknownModel | UnknownVersion:
    """Return the error for a model, or a version of it, that does not exist."""
    if version is not None and versions:
        return UnknownVersion(
            f"model {shown(name)} has no version {version}", allowed=listing(str(number) for number in versions)
        )
    return UnknownModel(
        f"model {shown(name)} does not exist",
        allowed=names,
        hint=did_you_mean(name, names) or "SELECT * FROM models(); train it with train_model(name, source)",
    )
