"""Saved models in PostgreSQL, read and written with the caller's own rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adsql.catalog import unknown
from adsql.errors import AmbiguousModel, InvalidOption, UnknownModel
from adsql.exchange import exported
from adsql.wording import listing, shown
from adsql_udfs import loaded
from adsql_udfs.postgres import statement
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.texts import sql

if TYPE_CHECKING:
    from adsql.catalog import ModelRecord
    from adsql.model import Model
    from adsql.restoring import AnyModel
    from adsql.series.model import SeriesModel
    from adsql_udfs.postgres.server import Server


class Saved(NamedTuple):
    """Which row of `adsql.models` a name stands for."""

    owner: str
    name: str
    version: int
    content_hash: str


def find(plpy: Server, name: str | None, version: int | None = None) -> Saved:
    """Return which model a name stands for: the caller's own, else the only one that is shared with the caller.

    Raises
    ------
    UnknownModel, UnknownVersion
        If there is none that the caller may use.
    AmbiguousModel
        If several roles share one of this name, and none is the caller's own.
    """
    if name is None:
        raise UnknownModel("the model's name is NULL", hint="SELECT * FROM adsql.models()")
    rows = [Saved(**row) for row in query(plpy, sql("find_model"), ["text", "integer"], [name, version])]
    if not rows:
        names = [row["name"] for row in query(plpy, sql("model_names"))]
        versions = [row["version"] for row in query(plpy, sql("model_versions"), ["text"], [name])]
        raise unknown(name, version, names, versions)
    owners = {row.owner for row in rows}
    own = [row for row in rows if row.owner == current_role(plpy)]
    if not own and len(owners) > 1:
        raise AmbiguousModel(
            f"model {shown(name)} is shared by {listing(sorted(owners))}",
            hint="train one of your own, or ask one of them to train it under another name",
        )
    return max(own or rows, key=lambda row: row.version)


def current_role(plpy: Server) -> str:
    """Return the role whose rights the caller has."""
    return str(query(plpy, "SELECT current_user AS role")[0]["role"])


def load(plpy: Server, saved: Saved) -> int:
    """Return the handle of a saved model, which is read unless it is in this backend's memory."""
    handle = loaded.known(saved.content_hash)
    if handle is not None:
        return handle
    return loaded.load(saved.content_hash, _row(plpy, "model_state", saved)["state"])


def model(plpy: Server, name: str | None, version: int | None = None) -> Model:
    """Return the saved model of rows that a name stands for; see `find`."""
    return loaded.get(load(plpy, find(plpy, name, version)))


def series_model(plpy: Server, name: str | None, version: int | None = None) -> SeriesModel:
    """Return the saved model of series that a name stands for; see `find`."""
    return loaded.get_series(load(plpy, find(plpy, name, version)))


def either(plpy: Server, name: str | None, version: int | None = None) -> AnyModel:
    """Return the saved model of either kind that a name stands for; see `find`."""
    return loaded.either(load(plpy, find(plpy, name, version)))


def export(plpy: Server, name: str | None, version: int | None) -> bytes:
    """Return a saved model as bytes for other databases."""
    saved = find(plpy, name, version)
    row = _row(plpy, "stored_model", saved)
    return exported(row["source"], row["library_versions"], row["content_hash"], row["state"])


def put(plpy: Server, record: ModelRecord) -> int:
    """Append a version in the caller's transaction and return its number.

    A model equal to the newest version, bit by bit, is not stored again. Sessions that store a model of the same
    name wait for each other.
    """
    statement.forget()
    query(plpy, sql("lock_model"), ["text"], [record.name])
    newest = query(plpy, sql("newest_model"), ["text"], [record.name])
    if newest and newest[0]["content_hash"] == record.content_hash:
        return int(newest[0]["version"])
    version = int(newest[0]["version"]) + 1 if newest else 1
    name, *rest = vars(record).values()
    query(plpy, sql("insert_model"), _TYPES, [name, version, *rest])
    return version


_TYPES = [
    "text", "integer", "text", "text", "text[]", "text[]", "integer", "bigint", "integer", "float8", "text", "bigint",
    "text", "text", "text", "bytea",
]  # fmt: skip


def drop(plpy: Server, name: str | None, version: int | None) -> list[int]:
    """Delete a version of a model that the caller owns, or all; return the versions that were deleted."""
    statement.forget()
    saved = find(plpy, name, version)
    rows = query(plpy, sql("drop_model"), ["text", "text", "integer"], [saved.owner, saved.name, version])
    if not rows:
        raise UnknownModel(
            f"model {shown(saved.name)} belongs to {shown(saved.owner)}, who alone may drop it",
            hint=f"SET ROLE {saved.owner}, if you may",
        )
    query(plpy, sql("forget_shares"), ["text", "text"], [saved.owner, saved.name])
    return sorted(row["version"] for row in rows)


def share(plpy: Server, name: str | None, role: str) -> None:
    """Let another role, or 'public', use a model of the caller's, all versions of it."""
    saved = _own(plpy, name)
    known = query(plpy, sql("role_exists"), ["text"], [role])[0]["known"]
    if role != "public" and not known:
        raise InvalidOption(f"role {shown(role)} does not exist", allowed="a role, or 'public'")
    query(plpy, sql("share_model"), ["text", "text", "text"], [saved.owner, saved.name, role])


def unshare(plpy: Server, name: str | None, role: str) -> None:
    """Take that back."""
    saved = _own(plpy, name)
    statement.forget()
    query(plpy, sql("unshare_model"), ["text", "text", "text"], [saved.owner, saved.name, role])


def _row(plpy: Server, columns: str, saved: Saved) -> dict[str, Any]:
    rows = query(plpy, sql(columns), ["text", "text", "integer"], [saved.owner, saved.name, saved.version])
    if not rows:
        raise UnknownModel(f"model {shown(saved.name)} was dropped", hint="SELECT * FROM adsql.models()")
    return rows[0]


def _own(plpy: Server, name: str | None) -> Saved:
    saved = find(plpy, name)
    if saved.owner != current_role(plpy):
        raise UnknownModel(
            f"model {shown(saved.name)} belongs to {shown(saved.owner)}, who alone may share it",
            hint=f"SET ROLE {saved.owner}, if you may",
        )
    return saved
