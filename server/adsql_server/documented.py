"""How bodies and answers with rows appear in OpenAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql_server.formats import Format
from adsql_server.requests import Given
from adsql_server.tables import Upload

if TYPE_CHECKING:
    from pydantic import BaseModel

_BINARY = {"schema": {"type": "string", "format": "binary"}}


def body(model: type[Given], **examples: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a body: JSON with examples, a file with options in the address, or a form.

    Parameters
    ----------
    model
        What the JSON is.
    examples
        Bodies that work, by a name.
    """
    schema = model.model_json_schema()
    options = {name: one for name, one in schema["properties"].items() if name not in Given.model_fields}
    form = {"file": {"type": "string", "format": "binary"}, **options}
    json: dict[str, Any] = {"schema": schema, "examples": {name: {"value": value} for name, value in examples.items()}}
    return {
        "parameters": [
            {
                "name": name, "in": "query", "required": False, "schema": {**one, "title": name},
                "description": f"For a body that is a file. {one.get('description', '')}",
            }
            for name, one in options.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": json,
                "multipart/form-data": {"schema": {"type": "object", "properties": form, "required": ["file"]}},
                **{str(form): _BINARY for form in Upload},
            },
        },
    }  # fmt: skip


def rows(description: str, model: type[BaseModel] | None = None) -> dict[int | str, dict[str, Any]]:
    """Return the description of an answer with rows, in all its forms."""
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["rows", "row_count"],
        "properties": {
            "rows": {"type": "array", "items": {"type": "object"}},
            "row_count": {"type": "integer"},
        },
    }
    content = {str(Format.JSON): {"schema": schema if model is None else model.model_json_schema()}}
    others: dict[str, Any] = {str(form): _BINARY for form in (Format.NDJSON, Format.ARROW)}
    return {200: {"description": description, "content": content | others}}
