"""What requests may say, and where it may stand: JSON, or a file with options in the address or in a form."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

_INT4, _INT8 = 2**31 - 1, 2**63 - 1
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=1_000_000)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=1_000)]
Version: TypeAlias = Annotated[int, Field(ge=1, le=_INT4)]
Seed: TypeAlias = Annotated[int, Field(ge=-_INT8, le=_INT8)]
# The SQL functions take them as text.
Params: TypeAlias = Annotated[dict[str, Any], PlainSerializer(json.dumps, return_type=str)]
# Options that a form or an address writes as text.
_LISTS, _JSON = ("columns", "segment_by", "models", "versions", "dimensions", "algorithms"), "params"


class Given(BaseModel):
    """What a request works on: rows in the request, or a source in the tenant's database."""

    model_config = ConfigDict(extra="forbid")

    source: Text | None = Field(
        None, description="A table or view by its name, or a SELECT (for which `write` is needed)"
    )
    rows: list[dict[str, Any]] | None = Field(None, min_length=1, description="Records: numbers, texts, booleans, null")

    @model_validator(mode="after")
    def _one_of_them(self) -> Given:
        if self.source is not None and self.rows is not None:
            raise ValueError("give rows or a source, not both")
        return self


class Options(Given):
    """How a model is trained, as the SQL functions have it."""

    algorithm: Name | None = Field(None, description="A detector: `GET /detectors`; by default `auto`")
    columns: list[str] | None = Field(None, description="The columns to use; by default all that can be")
    segment_by: list[str] | None = Field(None, description="A model of its own for each value of these columns")
    contamination: float | None = Field(None, description="The share of training rows to flag")
    threshold: float | None = Field(None, description="Flag rows with a higher score")
    alert_budget: Annotated[int, Field(ge=-_INT8, le=_INT8)] | None = Field(
        None, description="Flag at most so many training rows of each segment"
    )
    params: Params | None = Field(None, description="The detector's parameters")
    seed: Seed | None = Field(None, description="For everything drawn at random")
    label_column: Name | None = Field(None, description="Which training rows are known to be anomalies")
    segment_shrinkage: float | None = Field(
        None, description="One detector for all segments, which stand for so many rows of each"
    )
    alert_day: Name | None = Field(None, description="Whose days alert_budget is for: dates or timestamps")

    def options(self) -> dict[str, object]:
        """Return the values of the call's arguments."""
        return self.model_dump(include=set(Options.model_fields) - set(Given.model_fields))


class Asynchronous(BaseModel):
    """Whether a job is to do it."""

    run_async: bool = Field(
        False, alias="async", description="Answer 202 at once and do it as a job; so does `Prefer: respond-async`"
    )


class Detection(Options, Asynchronous):
    """Rows to look for anomalies in: with a model trained on the way, or with a saved one."""

    model: Name | None = Field(None, description="A saved model; options of training then have no place")
    version: Version | None = Field(None, description="Of the model; by default the newest")

    @model_validator(mode="after")
    def _model_or_options(self) -> Detection:
        if self.version is not None and self.model is None:
            raise ValueError("version goes with model")
        if self.model is not None:
            options = [name for name, value in self.options().items() if value is not None]
            if options:
                raise ValueError(f"{options[0]} cannot be given with model: a saved model has its own")
        return self


class Training(Options, Asynchronous):
    """Rows to train a model on."""

    model: Name = Field(description="The model's name; one that exists gets a further version")


class Reported(Given):
    """Rows to look at with a model."""

    version: Version | None = Field(None, description="Of the model; by default the newest")


class Scoring(Reported):
    """Rows to score."""


class Evaluation(Given, Asynchronous):
    """Labelled rows to evaluate a model on."""

    label: Name = Field(description="The column that says which rows are anomalies")
    k: Annotated[int, Field(ge=1, le=_INT8)] | None = Field(None, description="For metrics at the k strangest rows")
    version: Version | None = Field(None, description="Of the model; by default the newest")


class Explanation(Reported):
    """Rows whose anomalies are to be explained."""

    top_k: Annotated[int, Field(ge=1, le=_INT4)] = Field(3, description="Features of each anomaly")
    key: Name | None = Field(None, description="A column to tell rows by, besides their numbers")


class Comparison(Given):
    """Labelled rows to compare models on."""

    models: list[Name] = Field(min_length=1, description="Their names")
    label: Name = Field(description="The column that says which rows are anomalies")
    k: Annotated[int, Field(ge=1, le=_INT8)] | None = Field(None, description="For metrics at the k strangest rows")
    versions: list[Version] | None = Field(None, description="Of each model; by default the newest")


class Stability(Given):
    """Rows to train models on that differ in the seed or in the rows."""

    algorithm: Name | None = Field(None, description="A detector: `GET /detectors`; by default `auto`")
    columns: list[str] | None = Field(None, description="The columns to use; by default all that can be")
    params: Params | None = Field(None, description="The detector's parameters")
    seed: Seed | None = Field(None, description="For everything drawn at random")


class Agreement(Given):
    """Rows that detectors are compared on."""

    algorithms: list[Name] | None = Field(None, description="Detectors; by default five that are unlike")
    columns: list[str] | None = Field(None, description="The columns to use; by default all that can be")
    seed: Seed | None = Field(None, description="For everything drawn at random")


class Contrast(Given):
    """Rows of which some are flagged."""

    flag: Name = Field(description="The column that says which")
    dimensions: list[Name] = Field(min_length=1, description="The columns whose values are groups")


class Feedback(BaseModel):
    """A verdict on a row."""

    model_config = ConfigDict(extra="forbid")

    row: dict[str, Any] = Field(min_length=1, description="The row, as it was scored")
    verdict: Literal["anomaly", "normal"]
    key: Name | None = Field(None, description="What tells the row from others: a newer verdict replaces an older one")
    note: Text | None = Field(None, description="Why")


class Learning(Given, Asynchronous):
    """Rows to train on, beside the verdicts that a model was given."""

    version: Version | None = Field(None, description="Of the model; by default the newest")


class Query(BaseModel):
    """A query."""

    model_config = ConfigDict(extra="forbid")

    query: Text = Field(description="One SELECT")


M = TypeVar("M", bound=Given)


def from_texts(model: type[M], texts: list[tuple[str, str]]) -> M:
    """Return a request whose options are texts: of a form, or of the address.

    Lists are written as several options of one name, or as JSON; parameters are JSON.
    """
    options: dict[str, Any] = {}
    for name, text in texts:
        if name in _LISTS:
            options[name] = options.get(name, []) + (_parsed(text) if text.startswith("[") else [text])
        elif name == _JSON:
            options[name] = _parsed(text)
        else:
            options[name] = text
    return model.model_validate(options)


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
