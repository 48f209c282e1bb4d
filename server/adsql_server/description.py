"""What the OpenAPI document says beyond what follows from the endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.routing import iter_route_contexts

from adsql_server.access import Open, Requirement
from adsql_server.caller import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant

DESCRIPTION = """Anomaly detection inside the database. Every request becomes the SQL call that a user could type.

Log in with `POST /api/v1/auth/token` and send the access token as `Authorization: Bearer ...`, or send an API key as
`X-API-Key`. Errors are `application/problem+json` with a stable `code`."""

_SCHEMES = {
    "password": {
        "type": "oauth2",
        "flows": {
            "password": {
                "tokenUrl": "/api/v1/auth/token",
                "refreshUrl": "/api/v1/auth/refresh",
                "scopes": {
                    "read": "Score rows and look at models",
                    "write": "Also train, evaluate and drop models",
                    "admin": "Also manage users and keys",
                },
            }
        },
    },
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:adsql:problem:ADSQL_UNKNOWN_MODEL"]},
        "title": {"type": "string", "examples": ["No model of this name is saved"]},
        "status": {"type": "integer", "examples": [404]},
        "detail": {"type": "string", "examples": ["model 'fare' does not exist"]},
        "code": {"type": "string", "examples": ["ADSQL_UNKNOWN_MODEL"]},
        "allowed": {"type": "string", "examples": ["fares"]},
        "hint": {"type": "string", "examples": ["SELECT * FROM models()"]},
        "request_id": {"type": "string", "examples": ["5e0d3b1c9a7f4e21"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "where": {"type": "array", "items": {"type": "string"}},
                    "what": {"type": "string"},
                },
            },
        },
    },
}


def declared(app: FastAPI) -> Iterator[tuple[str, str, Requirement | Open | None]]:
    """Yield method, path and what is asked of callers, for every endpoint; None where it is not declared."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is None:
            continue
        for method in sorted(route.methods or ()):
            yield method, str(route.path), next(_declarations(dependant), None)


def describe(app: FastAPI) -> None:
    """Have an application's OpenAPI tell what each endpoint asks of callers, and what problems look like."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = plain()
        _complete(document, app)
        return document

    # FastAPI's documented way to extend the document.
    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any], app: FastAPI) -> None:
    components = document.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for method, path, declaration in declared(app):
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is None:
            continue
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = {"description": "A problem", "content": problem}
        if isinstance(declaration, Requirement):
            scopes = [str(role) for role in Role if declaration.role.includes(role)]
            operation["security"] = [{"password": scopes[-1:]}, {"key": []}]
            operation["x-role"] = str(declaration.role)


def _declarations(dependant: Dependant) -> Iterator[Requirement | Open]:
    if isinstance(dependant.call, Requirement | Open):
        yield dependant.call
    for one in dependant.dependencies:
        yield from _declarations(one)
