"""The tenant's database: its tables, queries on them, and the detectors that there are."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from adsql_server import documented
from adsql_server.access import requires
from adsql_server.answers import rows_of
from adsql_server.caller import Caller, Role
from adsql_server.databases import Call
from adsql_server.gateway import Opened
from adsql_server.requests import Query
from adsql_server.routes.jobs import Reader

router = APIRouter(tags=["database"])
_EXAMPLES = {"models": {"value": {"query": "SELECT name FROM adsql.models()"}}}


class ColumnShown(BaseModel):
    """A column."""

    name: str = Field(examples=["fare"])
    type: str = Field(examples=["DOUBLE"])


class TableShown(BaseModel):
    """A table or view."""

    schema_name: str = Field(alias="schema", serialization_alias="schema", examples=["main"])
    name: str = Field(examples=["trips"])
    columns: list[ColumnShown]


class DetectorShown(BaseModel):
    """An algorithm."""

    algorithm: str = Field(examples=["iforest"])
    aliases: list[str]
    summary: str
    capability: str = Field(examples=["rows"])
    score: str
    cost: str
    parameters: dict[str, Any] = Field(description="By name, each as JSON schema")
    reference: list[str]
    incremental: bool
    explainable: bool
    exportable: bool
    max_rows: int | None


@router.get("/detectors")
async def detectors(gateway: Opened, caller: Reader) -> list[DetectorShown]:
    """List the detectors: `detectors()`."""
    rows = await gateway.work.call(caller.tenant, lambda session: session.call(Call.DETECTORS, {}).rows())
    return [DetectorShown.model_validate(row | {"parameters": json.loads(str(row["parameters"]))}) for row in rows]


@router.get("/tables")
async def tables(gateway: Opened, caller: Reader) -> list[TableShown]:
    """List the tables and views that a source can name, with their columns."""
    rows = await gateway.work.call(caller.tenant, lambda session: session.call(Call.TABLES, {}).rows())
    return [
        TableShown(
            schema=str(schema),
            name=str(name),
            columns=[ColumnShown(name=str(row["column"]), type=str(row["type"])) for row in columns],
        )
        for (schema, name), columns in groupby(rows, key=lambda row: (row["schema"], row["name"]))
    ]


@router.post(
    "/sql",
    response_class=Response,
    responses=documented.rows("The rows of the query"),
    openapi_extra={
        "requestBody": {
            "content": {
                "application/json": {"examples": {"models": {"value": {"query": "SELECT name FROM adsql.models()"}}}}
            }
        }
    },
)
async def sql(
    request: Request, gateway: Opened, caller: Annotated[Caller, Depends(requires(Role.WRITE))], sent: Query
) -> Response:
    """Run one SELECT, which changes nothing."""
    return await rows_of(
        request, gateway.work, caller.tenant, gateway.settings.max_result_rows,
        lambda session: session.select(sent.query),
    )  # fmt: skip
