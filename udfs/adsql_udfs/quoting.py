"""The one place where text becomes part of SQL."""

from __future__ import annotations


def identifier(name: str) -> str:
    """Return a name as a quoted SQL identifier.

    >>> identifier('we"ird; name')
    '"we""ird; name"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return text as an SQL string literal.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"
