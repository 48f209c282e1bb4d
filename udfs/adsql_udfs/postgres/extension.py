"""The extension's files: a control file, the script of the current version, and scripts that upgrade older ones.

A script is the migrations of `migrations/postgres`, then the functions of `sql/functions`. An upgrade applies the
migrations that are new and replaces the functions; a migration drops functions that are no more. So the schema is the
same whichever way it came about, and views that call functions stay.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version as installed
from importlib.resources import files

from adsql import migrations

# How many migrations each released version had: from these there is an upgrade to the current one.
RELEASES: dict[str, int] = {}

_OPTIONS = (
    "algorithm", "columns", "segment_by", "contamination", "params", "seed", "model", "version", "threshold",
    "alert_budget", "label_column", "segment_shrinkage", "alert_day",
)  # fmt: skip
_ROW_FUNCTIONS = {
    "anomaly_score": ("anomaly_score", "double precision"),
    "severity": ("severity", "double precision"),
    "is_anomaly": ("is_anomaly", "boolean"),
    "detect_anomalies": ("detect", "adsql.detection"),
    "explain_anomaly": ("explain", "adsql.explanation[]"),
    "suggest_normal": ("suggest", "adsql.suggestion[]"),
}
# With text for a row it would be taken for detect_anomalies(source, algorithm).
_NOT_OF_TEXT = "detect_anomalies"
# When the client's statement arrived, what it sees, and whose rights it has: see `statement`.
_STATEMENT = """
    pg_catalog.date_part('epoch', pg_catalog.statement_timestamp()),
    pg_catalog.pg_current_snapshot()::pg_catalog.text,
    current_user
"""
_RECORD = f"""
    pg_catalog.record_send($2),
    pg_catalog.pg_typeof($2)::pg_catalog.oid,
    CASE WHEN pg_catalog.pg_typeof($2)::pg_catalog.oid OPERATOR(pg_catalog.=) 2249 THEN adsql.__names($2) END,
    {_STATEMENT}
"""
# What there is to know of a model that was just stored.
_STORED = """OUT name text,
    OUT version integer,
    OUT algorithm text,
    OUT n_rows bigint,
    OUT n_features integer,
    OUT threshold double precision"""
_CONTROL = """comment = 'Anomaly detection inside the database, called from SQL'
default_version = '{version}'
schema = adsql
relocatable = false
superuser = true
trusted = false
requires = 'plpython3u'
"""
_FIRST_LINE = '\\echo Use "CREATE EXTENSION adsql" or "ALTER EXTENSION adsql UPDATE" to load this file. \\quit\n'


def extension_files(releases: dict[str, int] | None = None) -> dict[str, str]:
    """Return the text of every file of the extension by its name.

    Parameters
    ----------
    releases
        Older versions, and how many migrations each had; those that were released if not given.

    Examples
    --------
    >>> sorted(extension_files({"0.0.1": 1}))[0]
    'adsql--0.0.1--0.1.0.sql'
    """
    version = installed("adsql")
    every = [migration.sql for migration in migrations.migrations("postgres")]
    found = {
        "adsql.control": _CONTROL.format(version=version),
        f"adsql--{version}.sql": _script([*every, functions()]),
    }
    for older, applied in (RELEASES if releases is None else releases).items():
        found[f"adsql--{older}--{version}.sql"] = _script([*every[applied:], functions()])
    return found


@cache
def functions() -> str:
    """Return the SQL that creates all functions."""
    folder = files("adsql_udfs.postgres") / "sql" / "functions"
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".sql")}
    each, each_of_text = texts.pop("each_row_function.sql"), texts.pop("each_row_function_of_text.sql")
    parts = [text for _, text in sorted(texts.items())]
    rows = [
        (each if name == _NOT_OF_TEXT else each + each_of_text)
        .replace("@name@", name)
        .replace("@what@", what)
        .replace("@type@", returns)
        for name, (what, returns) in _ROW_FUNCTIONS.items()
    ]
    last = parts.pop()  # privileges of everything before them
    return _filled("\n".join([*parts, *rows, last]))


def _filled(text: str) -> str:
    training = (name for name in _OPTIONS if name not in ("model", "version"))
    replaced = {
        "@options@": _object({name: name for name in _OPTIONS}),
        # By number: inside an SQL function a name that is both in and out is the result's.
        "@training_options@": _object({name: f"${place}" for place, name in enumerate(training, 3)}),
        "@stored@": _STORED,
        "@record@": _RECORD,
        "@statement@": _STATEMENT,
    }
    for mark, sql in replaced.items():
        text = text.replace(mark, sql)
    return text


def _object(values: dict[str, str]) -> str:
    pairs = ", ".join(f"'{name}', {value}" for name, value in values.items())
    return f"pg_catalog.jsonb_build_object({pairs})"


def _script(parts: list[str]) -> str:
    return "\n".join([_FIRST_LINE, *parts])
