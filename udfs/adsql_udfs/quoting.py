"""The one place where text becomes part of SQL."""

from __future__ import annotations

import re

PART = r'(?:"(?:[^"]|"")+"|[^\W\d]\w*)'
NAME = re.compile(rf"{PART}(?:\s*\.\s*{PART})*$")  # a table's, qualified or not


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


def escaped_literal(text: str) -> str:
    r"""Return text as a string literal of PostgreSQL, whatever its standard_conforming_strings is.

    >>> print(escaped_literal("it's"), escaped_literal("C:\\dir"))
    'it''s' E'C:\\dir'
    """
    return literal(text) if "\\" not in text else "E" + literal(text.replace("\\", "\\\\"))
