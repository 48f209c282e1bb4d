"""The SQL that adsql runs inside PostgreSQL: files in `sql`, with parts to fill in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template


def sql(name: str, /, **parts: str) -> str:
    """Return the text of `sql/<name>.sql` without its comments.

    Parameters
    ----------
    name
        The file.
    **parts
        What stands for `$part` in it: SQL, never a value of the caller's.
    """
    return _template(name).substitute(parts) if parts else _template(name).template


@cache
def _template(name: str) -> Template:
    text = (files("adsql_udfs.postgres") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return Template("\n".join(line for line in text.splitlines() if not line.startswith("--")))
