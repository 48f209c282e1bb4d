"""What the table macros become: SQL text, written when DuckDB binds the query.

Pure functions of the call's arguments. Options are checked here, so that a wrong one fails before a row is
read; they travel to the training UDF as JSON.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from adsql import ranking
from adsql.catalog import check_name
from adsql.errors import InvalidOption, UnknownModel
from adsql.model import MAX_FIT_ROWS, MAX_FIT_ROWS_PER_SEGMENT, MAX_SEGMENTS
from adsql.options import TrainingOptions
from adsql.registry import is_ranker, row_wise
from adsql.wording import shown
from adsql_udfs import loaded
from adsql_udfs.duckdb.formulas import committed_model, formula, source_types
from adsql_udfs.duckdb.sources import check_bound, check_not_empty, decoded_plan, filled_query, source_query
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql.alert_cap import AlertCap

MODELS = "adsql.models"
_TRAINING = frozenset(
    {
        "algorithm",
        "columns",
        "segment_by",
        "contamination",
        "params",
        "seed",
        "threshold",
        "alert_budget",
        "label_column",
        "segment_shrinkage",
        "alert_day",
    }
)


def detect(source: str, plan: str | None, options: Mapping[str, Any], token: str, database: str) -> str:
    """Return the SQL that scores a source with a saved model, or with one trained on the way.

    Parameters
    ----------
    source
        As the caller wrote it.
    plan
        DuckDB's plan of it as JSON, or its error.
    options
        The macro's other arguments by name.
    token, database
        The instance and the database in which saved models are.
    """
    check_bound(source, plan)
    given = {name: value for name, value in plain(options).items() if value is not None}
    model, version = given.pop("model", None), given.pop("version", None)
    if model is None:
        if version is not None:
            raise InvalidOption(
                "version goes with model", hint="detect_anomalies(source, model => 'name', version => 1)"
            )
        check_not_empty(plan)
        asked = TrainingOptions.parse(**given)
        if is_ranker(asked.algorithm):
            # One row more than can be ranked: enough to tell, whatever is behind it.
            rows = ranking.MAX_ROWS if asked.segment_by else asked.algorithm.spec.max_rows
            scored = template("detect_rank").substitute(
                source=source_query(source), options=_checked(given), rows=(rows or 0) + 1
            )
        else:
            scored = template("detect_fit").substitute(
                source=source_query(source), options=_checked(given), sample=_sample(given),
                score=_score(),
            )  # fmt: skip
        return _capped(scored, asked.alert_cap, asked.segment_by)
    conflicting = sorted(_TRAINING & set(given))
    if conflicting:
        raise InvalidOption(
            f"{conflicting[0]} cannot be given with model: a saved model has its own",
            allowed="source, model, version",
            hint="train another model, or leave model out",
        )
    name, number = asked_model(model, version)
    types = source_types(decoded_plan(plan))
    saved = committed_model(token, database, name, number)
    written = _formula(saved[0], tuple(types.items())) if saved is not None and types is not None else None
    cap, segment_by = (saved[1].alert_cap, saved[1].segment_by) if saved is not None else (None, ())
    planned = "NULL" if cap is None else literal(cap.plan(segment_by))
    handle = f"__adsql_as_planned({resolve(literal(name), version_text(number))}, {planned})"
    if saved is None or written is None:
        scored = template("detect_saved").substitute(source=source_query(source), handle=handle, score=_score())
    else:
        scored = template("detect_formula").substitute(
            source=source_query(source), handle=handle, number=saved[0], **written
        )
    return _capped(scored, cap, segment_by)


def _capped(scored: str, cap: AlertCap | None, segment_by: Sequence[str]) -> str:
    """Return the SQL that applies a cap, if there is one, to what other SQL returns."""
    if cap is None:
        return scored
    return template("detect_capped").substitute(
        scored=scored, most=cap.most, column=literal(cap.column), segments=literal(json.dumps(segment_by))
    )


def fit(name: str, source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    """Return the SQL that trains a model and returns it as a row of `adsql.models`."""
    return _fit_query("fit_model", name, source, plan, options)


def train(name: str, source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    """Return the SQL that trains a model, stores it, and returns its description as one struct."""
    return _fit_query("train_model", name, source, plan, options)


def update(name: object, source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    """Return the SQL that lets a saved model learn from further rows, stores it, and returns its description."""
    rows = filled_query(source, plan)
    model, _ = asked_model(name, None)
    seed = TrainingOptions.parse(seed=plain(options)["seed"]).seed
    return template("update_model").substitute(
        source=rows, name=literal(model), described=literal(source.strip()), seed=seed,
        handle=resolve(literal(model), "NULL"),
        sample=sample_for_model(seed),
    )  # fmt: skip


def sample_for_model(seed: int) -> str:
    """Return the SQL that draws a sample as large as a saved model wants it, of each of its segments if it has any."""
    return template("sample_update").substitute(
        seed=seed, rows=MAX_FIT_ROWS, segment_rows=MAX_FIT_ROWS_PER_SEGMENT, segments=MAX_SEGMENTS + 1
    )


def asked_model(model: object, version: object) -> tuple[str, int | None]:
    """Return the name and version of a saved model that a caller asked for, checked.

    Raises
    ------
    UnknownModel, InvalidOption
        If the name is NULL, or they are no text and whole number.
    """
    number = plain(version)
    if model is None:
        raise UnknownModel("the model's name is NULL", hint="SELECT * FROM models()")
    if not isinstance(model, str) or isinstance(number, bool) or not isinstance(number, int | None):
        raise InvalidOption(
            f"model = {shown(model)}, version = {shown(number)} cannot be used",
            allowed="a model's name, and a whole number",
        )
    return model, number


def version_text(number: int | None) -> str:
    """Return a version as SQL: NULL for the newest."""
    return "NULL" if number is None else str(number)


def resolve(model: str, version: str, models: str = MODELS) -> str:
    """Return the SQL expression of a saved model's handle; arguments are SQL expressions."""
    return _saved("__adsql_load", ("content_hash", "state"), model, version, models)


def export(model: str, version: str, models: str = MODELS) -> str:
    """Return the SQL expression of a saved model's exported bytes; arguments are SQL expressions."""
    return _saved(
        "__adsql_export_model", ("content_hash", "state", "source", "library_versions"), model, version, models
    )


def _saved(function: str, columns: Sequence[str], model: str, version: str, models: str) -> str:
    """Return the SQL expression of what a UDF makes of columns of a saved model."""
    return template("resolve").substitute(
        function=function, model=model, version=version, models=models,
        values=", ".join(f"adsql_{name}" for name in columns),
        aggregates=", ".join(f"any_value(adsql_{name}) AS adsql_{name}" for name in columns),
        columns=", ".join(f"saved.{name} AS adsql_{name}" for name in columns),
    )  # fmt: skip


@lru_cache(maxsize=128)
def _formula(handle: int, types: tuple[tuple[str, str], ...]) -> dict[str, str] | None:
    """Return `formula` of a stored model, whose handle never gets another: writing it takes half of the planning."""
    return formula(loaded.get(handle), dict(types))


@cache
def template(name: str) -> Template:
    """Return `sql/<name>.sql` without its comments, to substitute."""
    text = (files("adsql_udfs.duckdb") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return Template("\n".join(line for line in text.splitlines() if not line.startswith("--")))


def columns_query(source: object) -> str:
    """Return a SELECT whose plan tells the columns of a source, whatever it is.

    Raises
    ------
    InvalidSource
        As `source_query`.
    """
    return template("columns").substitute(source=source_query(source))


def _fit_query(form: str, name: str, source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    check_name(name)
    rows = filled_query(source, plan)
    given = {option: value for option, value in plain(options).items() if value is not None}
    row_wise(TrainingOptions.parse(**given).algorithm)
    return template(form).substitute(
        source=rows, name=literal(name), described=literal(source.strip()),
        options=_checked(given), sample=_sample(given),
    )  # fmt: skip


def _checked(given: Mapping[str, Any]) -> str:
    """Return training options as an SQL literal of JSON, after checking them."""
    TrainingOptions.parse(**given)
    return literal(json.dumps(given))


def _sample(given: Mapping[str, Any]) -> str:
    seed = int(given.get("seed") or 0)
    segment_by = TrainingOptions.parse(**given).segment_by
    if not segment_by:
        return template("sample").substitute(seed=seed, rows=MAX_FIT_ROWS)
    return template("sample_segments").substitute(
        seed=seed,
        rows=MAX_FIT_ROWS_PER_SEGMENT,
        names=literal(json.dumps(segment_by)),
        segments=MAX_SEGMENTS + 1,
    )


def _score() -> str:
    return template("score").substitute()


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever SQL can pass
    """Return a value without decimals: DuckDB reads 0.05 as one."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
