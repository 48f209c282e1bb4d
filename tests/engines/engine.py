"""What differs between the engines: how tables come in, how results are read, what errors look like.

The tests of this folder contain SQL that is the same text on every engine. What an engine cannot do is declared here,
once, and not asked for inside a test.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import duckdb
import psycopg
import pyarrow as pa
import pytest

from adsql.errors import from_message
from adsql.model import Model
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adsql.arrow import Columns

RESULTS = ("anomaly_score", "severity", "is_anomaly")
_NAME = re.compile(r"\w+")


class Engine(ABC):
    """A database with adsql in it.

    Parameters
    ----------
    con
        A connection whose statements commit themselves, and which finds adsql's functions unqualified.
    """

    name: ClassVar[str]
    # The ways to read a whole table's results beside its own columns.
    forms: ClassVar[tuple[str, ...]]
    # How far scores of the table form may be from the library's, relatively: 0 where kernels give them. DuckDB writes
    # models of plain numbers as SQL, which adds in another order.
    tolerance: ClassVar[float]
    error: ClassVar[type[Exception]]
    # Words that only users of other engines can follow.
    foreign: ClassVar[tuple[str, ...]]

    def __init__(self, con: Any) -> None:
        self.con = con
        self.tables: list[str] = []
        self.kept: set[str] = set()

    @abstractmethod
    def create(self, table: str, columns: Columns) -> None:
        """Create a table of Arrow columns, which is dropped after the test."""

    @abstractmethod
    def detected(self, columns: Sequence[str], source: str, options: str = "", form: str | None = None) -> str:
        """Return a SELECT of some columns of a source, the three results beside them.

        Parameters
        ----------
        columns
            Names of the source's columns.
        source
            What detect_anomalies takes: a name or a SELECT.
        options
            Its other arguments, as SQL.
        form
            One of `forms`; by default the first that takes the source.
        """

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        found: list[tuple[Any, ...]] = self.con.execute(query).fetchall()
        return found

    def run(self, statement: str) -> None:
        """Run a statement that returns nothing."""
        self.con.execute(statement)

    def value(self, query: str) -> Any:
        """Return the one value of a query."""
        [(only,)] = self.rows(query)
        return only

    def results(self, columns: Sequence[str], source: str, options: str = "", form: str | None = None) -> Any:
        """Return the rows of `detected` in the order of their columns."""
        return sorted(self.rows(self.detected(columns, source, options, form)), key=lambda row: row[: len(columns)])

    def saved_model(self, name: str) -> Model:
        """Return the newest version of a model from the bytes that the engine stored."""
        query = f"SELECT state, content_hash FROM adsql.models WHERE name = '{name}' ORDER BY version DESC LIMIT 1"
        [(state, content_hash)] = self.rows(query)
        return Model.from_bytes(bytes(state), content_hash)

    @contextmanager
    def raises(self, code: str, *fragments: str) -> Iterator[None]:
        """Expect an error that carries adsql's code, and names what is wrong."""
        with pytest.raises(self.error) as caught:
            yield
        error = from_message(str(caught.value))
        assert error is not None, f"the message carries no code: {caught.value}"
        assert error.code == f"ADSQL_{code}", str(caught.value)
        for fragment in fragments:
            assert fragment in str(error)

    def keep(self) -> None:
        """Keep the tables and models that there are for all tests."""
        self.kept = {name for (name,) in self.rows("SELECT DISTINCT name FROM models()")}
        self.tables.clear()

    def clean(self) -> None:
        """Drop the tables, models and verdicts of a test."""
        self.run("DELETE FROM adsql.feedback")
        for (name,) in self.rows("SELECT DISTINCT name FROM models()"):
            if name not in self.kept:
                self.rows(f"SELECT drop_model('{name}')")
        for table in self.tables:
            self.run(f"DROP TABLE IF EXISTS {identifier(table)} CASCADE")
        self.tables.clear()


class DuckDB(Engine):
    """DuckDB, in this process."""

    name = "duckdb"
    forms = ("table",)
    tolerance = 1e-9
    error = duckdb.Error
    foreign = ("ARRAY[", "search_path", "jsonb")

    def create(self, table: str, columns: Columns) -> None:
        self.tables.append(table)
        self.con.register("arrow_columns", pa.table(dict(columns)))
        self.con.execute(f"CREATE OR REPLACE TABLE {identifier(table)} AS SELECT * FROM arrow_columns")
        self.con.unregister("arrow_columns")

    def detected(self, columns: Sequence[str], source: str, options: str = "", form: str | None = None) -> str:
        assert form in (None, "table")
        selected = ", ".join([*map(identifier, columns), *RESULTS])
        return f"SELECT {selected} FROM detect_anomalies({_text(source)}{options and ', '}{options})"


class PostgreSQL(Engine):
    """PostgreSQL, a server of the tests."""

    name = "postgresql"
    forms = ("typed", "json")
    tolerance = 0.0
    error = psycopg.Error
    foreign = ("read_csv", "EXCLUDE", "USING SAMPLE", "DataFrame", "STRUCT")

    def __init__(self, con: psycopg.Connection) -> None:
        super().__init__(con)
        # The server keeps the type of `NULL::table` in a prepared statement, also when the table is made anew.
        con.prepare_threshold = None

    def create(self, table: str, columns: Columns) -> None:
        self.tables.append(table)
        self.con.execute(f"DROP TABLE IF EXISTS {identifier(table)} CASCADE")
        definitions = ", ".join(f"{identifier(name)} {_postgres_type(column.type)}" for name, column in columns.items())
        self.con.execute(f"CREATE TABLE {identifier(table)} ({definitions})")
        with self.con.cursor() as cursor, cursor.copy(f"COPY {identifier(table)} FROM STDIN") as copy:
            for row in zip(*(column.to_pylist() for column in columns.values()), strict=True):
                copy.write_row(row)

    def detected(self, columns: Sequence[str], source: str, options: str = "", form: str | None = None) -> str:
        form = form or ("typed" if _NAME.fullmatch(source) else "json")
        results = [f"d.{name}" for name in RESULTS]
        if form == "typed":
            own = [f"(d.row).{identifier(name)}" for name in columns]
            given = f"NULL::{source}"
        else:
            own = [f"d.row -> {_text(name)}" for name in columns]
            given = _text(source)
        return f"SELECT {', '.join([*own, *results])} FROM detect_anomalies({given}{options and ', '}{options}) AS d"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_TYPES: Mapping[pa.DataType, str] = {
    pa.bool_(): "boolean", pa.int16(): "smallint", pa.int32(): "integer", pa.int64(): "bigint", pa.float32(): "real",
    pa.float64(): "double precision", pa.string(): "text", pa.date32(): "date", pa.time64("us"): "time",
    pa.timestamp("us"): "timestamp", pa.timestamp("us", "UTC"): "timestamptz",
}  # fmt: skip


def _postgres_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    return _TYPES[kind]
