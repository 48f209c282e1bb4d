"""What the gateway asks of a database, the same on DuckDB and PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa


class Call(StrEnum):
    """The SQL calls that endpoints make; each is a file in `sql/duckdb` and one in `sql/postgres`."""

    DETECT = "detect"
    DETECT_SAVED = "detect_saved"
    SCORE = "score"
    TRAIN = "train"
    EVALUATE = "evaluate"
    COMPARE = "compare"
    THRESHOLDS = "thresholds"
    EXPLAIN = "explain"
    SUGGEST_NORMAL = "suggest_normal"
    STABILITY = "stability"
    AGREEMENT = "agreement"
    PROFILE = "profile"
    DRIFT = "drift"
    CONTRAST = "contrast"
    GIVE_FEEDBACK = "give_feedback"
    PREVIEW_FEEDBACK = "preview_feedback"
    APPLY_FEEDBACK = "apply_feedback"
    MODELS = "models"
    MODEL_INFO = "model_info"
    DROP = "drop"
    DETECTORS = "detectors"
    TABLES = "tables"

    @property
    def writes(self) -> bool:
        """Whether it changes the database."""
        return self in (Call.TRAIN, Call.DROP, Call.GIVE_FEEDBACK, Call.APPLY_FEEDBACK)


@dataclass(frozen=True)
class Result:
    """Rows that come as they are read.

    Parameters
    ----------
    schema
        Their columns.
    batches
        The rows; whatever fails in the database is raised here as well.
    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]

    def rows(self) -> list[dict[str, object]]:
        """Read all rows of a result that is known to be short."""
        return [row for batch in self.batches for row in batch.to_pylist()]


class Session(Protocol):
    """A connection of one tenant, used by one request. All of it blocks, but for `cancel`."""

    def lend(self, rows: pa.Table) -> str:
        """Make rows readable as a source until the session ends, and return the source's name."""

    def call(self, call: Call, values: Mapping[str, object]) -> Result:
        """Run one of the gateway's calls; values are bound by name."""

    def select(self, statement: str) -> Result:
        """Run a SELECT of a caller's, which changes nothing."""

    def score_rows(self, model: str, rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
        """Return the three results of a few rows by the newest version of a model: the short way.

        The rows have the same columns, with values of the same types.
        """

    def cancel(self) -> None:
        """Stop what runs, from any thread. What has not begun yet is not stopped: call it again."""


class Databases(Protocol):
    """All tenants' databases."""

    def session(self, tenant: str, *, unlimited: bool = False) -> AbstractContextManager[Session]:
        """Return a session of a tenant, whose database is created if it is not there yet.

        `unlimited` is for jobs: the server's own clock does not stop them.
        """

    def check_source(self, source: str) -> None:
        """Raise if a source is a statement that callers may not send."""

    def opened(self) -> list[str]:
        """Return the tenants whose databases have been used since the start."""

    def check(self) -> None:
        """Ask for a sign of life; what fails is raised."""

    def close(self) -> None:
        """Let go of all databases."""


@cache
def call_sql(engine: str, name: str) -> str:
    """Return the text of a call, or of another file beside them."""
    folder = files("adsql_server.databases") / "sql" / engine
    text = (folder / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))
