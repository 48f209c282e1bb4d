"""Every error that adsql raises on purpose.

The message has one form everywhere: ``[CODE] what is wrong. Allowed: ... Do: ...``. Engines put a UDF's
exception into their own, as text; the code in brackets survives that, so that a program can rely on it
whether it calls Python, SQL or the command line. `from_message` reads it back.

A code is the name of its class; `docs/errors.md`, which is written from the classes, tells what each means. These
are the families::

    AdsqlError
    ├── OptionError                     the call itself                              exit code 2
    ├── SourceError                     the table, query or file                     exit code 3
    ├── ColumnError                     its columns                                  exit code 3
    ├── ModelError                      saved models                                 exit code 4
    └── DatabaseError                   the database adsql is installed in           exit code 5
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, ClassVar

from adsql.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable

_CODE = re.compile(r"\[(ADSQL_[A-Z_]+)\] (.*)", re.DOTALL)


class AdsqlError(ValueError):
    """Base of all errors that adsql raises on purpose.

    Parameters
    ----------
    problem
        What is wrong, naming the offending value.
    allowed
        What would have been accepted: a sentence, or names to list.
    hint
        What to do about it.

    Attributes
    ----------
    code : str
        Stable identifier; it does not change when a message is reworded.
    exit_code : int
        What the command line exits with.
    problem, allowed, hint : str
        The parts of the message.

    Examples
    --------
    >>> from adsql.errors import UnknownModel
    >>> print(UnknownModel("model 'fare' does not exist", allowed=["fares"], hint="SELECT * FROM models()"))
    [ADSQL_UNKNOWN_MODEL] model 'fare' does not exist. Allowed: fares. Do: SELECT * FROM models()
    """

    code: ClassVar[str] = "ADSQL_ERROR"
    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, *, allowed: str | Iterable[str] | None = None, hint: str = "") -> None:
        self.problem = problem
        self.allowed = allowed if isinstance(allowed, str) or allowed is None else listing(allowed)
        self.hint = hint
        parts = [f"[{self.code}] {problem}"]
        if self.allowed is not None:
            parts.append(f"Allowed: {self.allowed}")
        if hint:
            parts.append(f"Do: {hint}")
        super().__init__(". ".join(parts))

    def __reduce__(self) -> tuple[object, ...]:
        # An exception would be made again from its message, which has the code already.
        return functools.partial(type(self), self.problem, allowed=self.allowed, hint=self.hint), ()


class OptionError(AdsqlError):
    """The call has an option that cannot be used."""

    code = "ADSQL_OPTION"
    exit_code = 2


class UnknownAlgorithm(OptionError):
    """No detector of this name is registered."""

    code = "ADSQL_UNKNOWN_ALGORITHM"


class UnknownParameter(OptionError):
    """The detector has no parameter of this name."""

    code = "ADSQL_UNKNOWN_PARAMETER"


class InvalidParameter(OptionError):
    """A detector's parameter has a value outside what it allows."""

    code = "ADSQL_INVALID_PARAMETER"


class InvalidOption(OptionError):
    """An option of the call (`contamination`, `seed`, ...) has a value outside what it allows."""

    code = "ADSQL_INVALID_OPTION"


class NotIncremental(OptionError):
    """A model cannot learn from further rows alone: its detector needs all of them at once."""

    code = "ADSQL_NOT_INCREMENTAL"


class NotRowWise(OptionError):
    """A detector that ranks only the rows it was fitted on was asked to score others."""

    code = "ADSQL_NOT_ROW_WISE"


class UnknownDialect(OptionError):
    """A model was asked for in an SQL dialect that adsql does not write."""

    code = "ADSQL_UNKNOWN_DIALECT"


class SourceError(AdsqlError):
    """The source cannot be read or is not enough."""

    code = "ADSQL_SOURCE"
    exit_code = 3


class UnknownSource(SourceError):
    """No table, view, file or DataFrame of this name is visible."""

    code = "ADSQL_UNKNOWN_SOURCE"


class InvalidSource(SourceError):
    """The source is not a single SELECT: two statements, a write, or text that does not parse or bind."""

    code = "ADSQL_INVALID_SOURCE"


class EmptySource(SourceError):
    """The source has no rows."""

    code = "ADSQL_EMPTY_SOURCE"


class TooFewRows(SourceError):
    """The source has fewer rows than any model needs."""

    code = "ADSQL_TOO_FEW_ROWS"


class TooManyRows(SourceError):
    """The source has more rows than an algorithm that compares all of them with each other takes."""

    code = "ADSQL_TOO_MANY_ROWS"


class ResultColumnExists(SourceError):
    """The source already has a column named as one of the result's."""

    code = "ADSQL_RESULT_COLUMN_EXISTS"


class ColumnError(AdsqlError):
    """A column cannot be used."""

    code = "ADSQL_COLUMN"
    exit_code = 3


class UnknownColumn(ColumnError):
    """The source has no column of this name."""

    code = "ADSQL_UNKNOWN_COLUMN"


class NoUsableColumn(ColumnError):
    """No column of the source tells rows apart in a way a detector can use."""

    code = "ADSQL_NO_USABLE_COLUMN"


class UnusableColumn(ColumnError):
    """A column that was asked for by name cannot be used."""

    code = "ADSQL_UNUSABLE_COLUMN"


class MissingColumn(ColumnError):
    """A row lacks a column that the model was trained on."""

    code = "ADSQL_MISSING_COLUMN"


class ColumnTypeChanged(ColumnError):
    """A column's type is of another kind than in training."""

    code = "ADSQL_COLUMN_TYPE_CHANGED"


class WrongFeatureCount(ColumnError):
    """Features were passed by position, and their number differs from the model's."""

    code = "ADSQL_WRONG_FEATURE_COUNT"


class ModelError(AdsqlError):
    """A saved model cannot be used."""

    code = "ADSQL_MODEL"
    exit_code = 4


class UnknownModel(ModelError):
    """No model of this name is saved."""

    code = "ADSQL_UNKNOWN_MODEL"


class UnknownVersion(ModelError):
    """The model exists, this version of it does not."""

    code = "ADSQL_UNKNOWN_VERSION"


class AmbiguousModel(ModelError):
    """Several roles share a model of this name, and none is the caller's own."""

    code = "ADSQL_AMBIGUOUS_MODEL"


class InvalidModelName(ModelError):
    """The name cannot be given to a model."""

    code = "ADSQL_INVALID_MODEL_NAME"


class CorruptModel(ModelError):
    """The stored bytes are not what was saved, or no model at all."""

    code = "ADSQL_CORRUPT_MODEL"


class NewerModel(ModelError):
    """The model was written by a newer adsql than this one."""

    code = "ADSQL_NEWER_MODEL"


class NoReference(ModelError):
    """The model was stored before models kept what their training rows were like."""

    code = "ADSQL_NO_REFERENCE"


class WrongKindOfModel(ModelError):
    """A model of series was asked about rows, or a model of rows about series."""

    code = "ADSQL_WRONG_KIND_OF_MODEL"


class ModelChanged(ModelError):
    """The model's cap on alerts is not the one that the statement or view was written for."""

    code = "ADSQL_MODEL_CHANGED"


class NoSqlForm(ModelError):
    """The model cannot be written as plain SQL, or not in this dialect."""

    code = "ADSQL_NO_SQL_FORM"


class DatabaseError(AdsqlError):
    """The database is not ready for adsql."""

    code = "ADSQL_DATABASE"
    exit_code = 5


class NewerDatabase(DatabaseError):
    """The database's tables were made by a newer adsql than this one."""

    code = "ADSQL_NEWER_DATABASE"


class VersionMismatch(DatabaseError):
    """The extension in the database and the Python package are of different versions."""

    code = "ADSQL_VERSION_MISMATCH"


class IncompleteInstallation(DatabaseError):
    """Something is missing on the server: a program, a package, an extension, a privilege."""

    code = "ADSQL_INCOMPLETE_INSTALLATION"


class NotRegistered(DatabaseError):
    """No open connection of this database is known to adsql."""

    code = "ADSQL_NOT_REGISTERED"


class ReadOnlyDatabase(DatabaseError):
    """The call writes, and the database was opened read-only."""

    code = "ADSQL_READ_ONLY_DATABASE"


class UnusableDatabase(DatabaseError):
    """The file is no DuckDB database, cannot be opened, or would keep nothing."""

    code = "ADSQL_UNUSABLE_DATABASE"


class MigrationChanged(DatabaseError):
    """A migration that this database has applied differs from the file of the same number."""

    code = "ADSQL_MIGRATION_CHANGED"


class UnknownEngine(DatabaseError):
    """No installed package offers this database engine."""

    code = "ADSQL_UNKNOWN_ENGINE"


def empty_source() -> EmptySource:
    """Return the error of a source without rows."""
    return EmptySource("the source has no rows", hint="check its filter")


def from_message(text: str) -> AdsqlError | None:
    """Read an error back from the text of a database's exception; None where it carries no code of ours.

    Examples
    --------
    >>> type(from_message("Invalid Input Error: ... [ADSQL_EMPTY_SOURCE] the source has no rows")).__name__
    'EmptySource'
    """
    found = _CODE.search(text)
    if found is None:
        return None
    cls = class_of(found[1])
    # DuckDB appends where in the statement it was.
    return None if cls is None else cls(found[2].partition("\n\nLINE ")[0].strip())


def class_of(code: str) -> type[AdsqlError] | None:
    """Return the class of a code; None if it is none of those above, as others may need more than a message.

    >>> class_of("ADSQL_EMPTY_SOURCE").__name__
    'EmptySource'
    """
    own = (cls for cls in globals().values() if isinstance(cls, type) and issubclass(cls, AdsqlError))
    return next((cls for cls in own if cls.code == code), None)
