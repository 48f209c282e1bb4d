"""Named arrays and scalars as Arrow IPC bytes: how models are stored.

One record batch of one row; each array is a list column, scalars are JSON in the schema's metadata. No
pickle, nothing is executed on reading. Equal states have equal bytes, so a hash of the bytes names the content.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa

from adsql.arrow_memory import array_of, numbers, one_list, texts
from adsql.errors import CorruptModel, NewerModel
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Scalar: TypeAlias = str | int | float | bool | None
T = TypeVar("T", str, int, float, bool)

FORMAT_VERSION = 1
# Features lie within ±1e9. What a detector learns from them lies in these bounds, between which the square of a
# quotient is finite: no forged number may make a score infinite.
LARGEST_VALUE = 1e50
LARGEST_SINGLE = 1e15  # the square of a distance to it is finite in float32
SMALLEST_SCALE = 1e-100
_METADATA_KEY = b"adsql.state"
_DTYPES = frozenset({"float64", "float32", "int64", "int32", "uint8"})


@dataclass(frozen=True)
class State:
    """What a fitted object needs to be restored.

    Parameters
    ----------
    scalars
        Numbers, text, booleans or None by name.
    arrays
        float64, float32, int64, int32 or uint8 arrays of any shape by name.
    texts
        Sequences of text by name.

    Examples
    --------
    >>> import numpy as np
    >>> state = State({"k": 5}, {"x": np.eye(2)}, {"names": ["a", "b"]})
    >>> State.from_bytes(state.to_bytes()).floats("x", 2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def joined(cls, children: Mapping[str, State]) -> State:
        """Combine states into one; `child` takes them apart again."""
        return cls(
            {f"{name}/{key}": value for name, child in children.items() for key, value in child.scalars.items()},
            {f"{name}/{key}": value for name, child in children.items() for key, value in child.arrays.items()},
            {f"{name}/{key}": value for name, child in children.items() for key, value in child.texts.items()},
        )

    def child(self, name: str) -> State:
        """Return the part that was joined under a name."""
        prefix = f"{name}/"
        cut = len(prefix)
        return State(
            {key[cut:]: value for key, value in self.scalars.items() if key.startswith(prefix)},
            {key[cut:]: value for key, value in self.arrays.items() if key.startswith(prefix)},
            {key[cut:]: value for key, value in self.texts.items() if key.startswith(prefix)},
        )

    def to_bytes(self) -> bytes:
        """Encode as one Arrow IPC stream; cost is linear in the size of the arrays."""
        names, columns, shapes = [], [], {}
        for name, array in sorted(self.arrays.items()):
            if array.dtype.name not in _DTYPES:
                raise TypeError(f"an array of {array.dtype} is not stored")
            columns.append(one_list(array_of(array.reshape(-1))))
            names.append(f"array:{name}")
            shapes[name] = list(array.shape)
        for name, kept in sorted(self.texts.items()):
            columns.append(one_list(texts(kept)))
            names.append(f"text:{name}")
        header = {"version": FORMAT_VERSION, "scalars": dict(self.scalars), "shapes": shapes}
        metadata: dict[bytes | str, bytes | str] = {
            _METADATA_KEY: json.dumps(header, sort_keys=True, allow_nan=True).encode()
        }
        schema = pa.schema([pa.field(name, column.type) for name, column in zip(names, columns, strict=True)], metadata)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_batch(pa.record_batch(columns, schema=schema))
        return sink.getvalue().to_pybytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> State:
        """Decode and check what `to_bytes` made.

        Raises
        ------
        CorruptModel
            If the bytes are no state: cut, altered, or of something else.
        NewerModel
            If a newer format than this code knows was used.
        """
        try:
            with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
                batch = reader.read_next_batch()
            batch.validate(full=True)
            header = json.loads((batch.schema.metadata or {})[_METADATA_KEY])
            version = int(header["version"])
        except (
            pa.ArrowException, OSError, StopIteration, KeyError, TypeError, ValueError, OverflowError, RecursionError
        ) as error:  # fmt: skip
            raise _corrupt(f"the stored bytes do not decode ({error})") from error
        if version > FORMAT_VERSION:
            raise NewerModel(
                f"the model is stored in format version {version}",
                allowed=f"up to {FORMAT_VERSION}",
                hint="upgrade adsql with pip, or train the model again with this version",
            )
        try:
            return cls(dict(header["scalars"]), *_read_columns(batch, header["shapes"]))
        except (pa.ArrowException, KeyError, TypeError, ValueError, OverflowError) as error:
            raise _corrupt(f"the stored columns are inconsistent ({error})") from error

    def scalar(self, name: str, kind: type[T]) -> T:
        """Return a scalar of a type; an int is accepted where a float is asked for."""
        value = self.scalars.get(name)
        # A whole number beyond all floats stays one, and is refused below.
        if kind is float and type(value) is int and abs(value) <= sys.float_info.max:
            value = float(value)
        if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
            raise _corrupt(f"scalar {name!r} is {shown(value)} instead of a {kind.__name__}")
        return value

    def floats(self, name: str, ndim: int = 1, *, largest: float = LARGEST_VALUE) -> NDArray[np.float64]:
        """Return a float64 array of a number of dimensions, with all values within ±largest."""
        array = self._array(name, np.float64, ndim)
        if not (np.abs(array) <= largest).all():
            raise _corrupt(f"array {name!r} holds NaN or values beyond ±{largest:g}")
        return array

    def scales(self, name: str) -> NDArray[np.float64]:
        """Return a flat float64 array of what a detector divides by."""
        array = self.floats(name)
        if not (array >= SMALLEST_SCALE).all():
            raise _corrupt(f"array {name!r} has values below {SMALLEST_SCALE:g}")
        return array

    def singles(self, name: str, ndim: int, *, largest: float = LARGEST_SINGLE) -> NDArray[np.float32]:
        """Return a float32 array of a number of dimensions, with all values within ±largest."""
        array: NDArray[np.float32] = self._array(name, np.float32, ndim)
        if not (np.abs(array) <= largest).all():
            raise _corrupt(f"array {name!r} holds NaN or values beyond ±{largest:g}")
        return array

    def integers(self, name: str, low: int, high: int) -> NDArray[np.int32]:
        """Return a flat int32 array with all values in [low, high): indices that kernels follow unchecked."""
        array: NDArray[np.int32] = self._array(name, np.int32, 1)
        if array.size and (array.min() < low or array.max() >= high):
            raise _corrupt(f"array {name!r} has values outside [{low}, {high})")
        return array

    def wholes(self, name: str) -> NDArray[np.int64]:
        """Return a flat int64 array: any numbers, no indices."""
        array: NDArray[np.int64] = self._array(name, np.int64, 1)
        return array

    def octets(self, name: str) -> bytes:
        """Return a flat uint8 array as bytes."""
        return bytes(self._array(name, np.uint8, 1))

    def text(self, name: str) -> list[str]:
        """Return a sequence of text."""
        if name not in self.texts:
            raise _corrupt(f"text {name!r} is missing")
        return list(self.texts[name])

    def _array(self, name: str, dtype: type[Any], ndim: int) -> NDArray[Any]:
        array = self.arrays.get(name)
        if array is None or array.dtype != dtype or array.ndim != ndim:
            found = "missing" if array is None else f"{array.dtype} with {array.ndim} dimensions"
            raise _corrupt(f"array {name!r} is {found} instead of {np.dtype(dtype)} with {ndim}")
        # Arrow's memory is read-only, for which numba would compile kernels a second time: fitted arrays are not.
        return array.copy()


def content_hash(data: bytes) -> str:
    """Return the SHA-256 of a state's bytes as 64 hexadecimal digits: the model's identity."""
    return hashlib.sha256(data).hexdigest()


def verified(data: bytes, expected_hash: str | None = None) -> State:
    """Return the state that stored bytes decode to, after comparing them with the hash stored beside them.

    Raises
    ------
    CorruptModel, NewerModel
        If the bytes are not what was saved, or not for this version of adsql.
    """
    if expected_hash is not None and content_hash(data) != expected_hash:
        raise CorruptModel(
            "the stored bytes do not match their content hash", hint="train the model again, or restore a backup"
        )
    return State.from_bytes(data)


def require(holds: bool, what: str) -> None:
    """Raise `CorruptModel` unless a property of a restored state holds."""
    if not holds:
        raise _corrupt(what)


def _corrupt(what: str) -> CorruptModel:
    return CorruptModel(f"the model cannot be restored: {what}", hint="train the model again, or restore a backup")


def _read_columns(
    batch: pa.RecordBatch, shapes: Mapping[str, list[int]]
) -> tuple[dict[str, NDArray[Any]], dict[str, list[str]]]:
    arrays: dict[str, NDArray[Any]] = {}
    found: dict[str, list[str]] = {}
    for index, column_name in enumerate(batch.schema.names):
        kind, _, name = column_name.partition(":")
        column: Any = batch.column(index)
        if not isinstance(column, pa.ListArray) or len(column) != 1 or column.null_count:
            raise TypeError(f"column {column_name!r} is not one list")
        values = column[0].values  # not flatten(), which imports pyarrow.compute: see adsql.arrow.compute
        if values.null_count or (kind == "text" and values.type != pa.string()):
            raise TypeError(f"column {column_name!r} holds NULL, or no text")
        if kind == "text":
            found[name] = [str(value) for value in values.to_pylist()]
        else:
            array = np.array(numbers(values)).reshape(shapes[name])
            array.flags.writeable = False
            arrays[name] = array
    return arrays, found
