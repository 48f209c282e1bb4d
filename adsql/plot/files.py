"""Pictures as files: what kind, the suffix tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsql.errors import InvalidOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from adsql.plot.series import PlottedSeries

SUFFIXES = (".png", ".svg", ".html")
MAX_SHOWN = 8  # series in one picture: of more none is seen


def check_suffix(file: Path) -> str:
    """Return the suffix of a picture's file.

    Raises
    ------
    InvalidOption
        If it is none of `SUFFIXES`.
    """
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidOption(f"--output {str(file)!r} has no suffix of a picture", allowed=SUFFIXES)
    return suffix


def write(file: Path, series: Sequence[PlottedSeries], title: str = "") -> None:
    """Draw series into a file: a PNG or SVG picture, or a page of HTML that needs no network.

    Parameters
    ----------
    file
        Its suffix says which.
    series
        What `read` returned; the first 8 are drawn.
    title
        Above the picture.

    Raises
    ------
    InvalidOption
        For another suffix, a library that is not installed, or a file that cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pyarrow as pa
    >>> from adsql.plot import read
    >>> table = pa.table({"series": ["a", "a"], "ts": [1, 2], "value": [1.0, 9.0], "anomaly_score": [0.1, 4.0],
    ...                   "is_anomaly": [False, True]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder) / "a.svg", read(table))
    ...     (Path(folder) / "a.svg").read_text().startswith("<?xml")
    True
    """
    suffix = check_suffix(file)
    shown = series[:MAX_SHOWN]
    try:
        if suffix == ".html":
            from adsql.plot.page import page  # noqa: PLC0415 - an optional dependency

            data = page(shown, title).encode()
        else:
            from adsql.plot.picture import picture  # noqa: PLC0415 - as above

            data = picture(shown, title, suffix.removeprefix("."))
    except ModuleNotFoundError as error:
        raise InvalidOption(f"{error.name} is not installed", hint="pip install 'adsql[plot]'") from error
    try:
        file.write_bytes(data)
    except OSError as error:
        raise InvalidOption(f"{str(file)!r} cannot be written: {error.strerror}") from error
