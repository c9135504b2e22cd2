"""The API for programs, declared once: each operation is a route of the router and an entry of its description."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from portal.answers import json_answer
from portal.api_shapes import Id, NoQuery, Refusal
from portal.authorize import Action
from portal.failures import BadRequest
from portal.programs import SCOPE_WORDS, Scope
from portal.routing import RouteTable, with_scope

PREFIX = "/api/v1"
Q = TypeVar("Q", bound=msgspec.Struct)
_COMPONENT = "#/components/schemas/{name}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a program can ask for."""

    method: str
    path: str
    name: str
    summary: str
    scope: Scope
    query: type[msgspec.Struct]
    answer: type[msgspec.Struct]
    refusals: tuple[int, ...]


class ProgramApi:
    """Collects operations by decorator, as routes and for the description."""

    def __init__(self) -> None:
        self.routes = RouteTable()
        self.operations: list[Operation] = []

    def operation(
        self,
        method: str,
        path: str,
        summary: str,
        scope: Scope,
        action: Action,
        query: type[Q],
        answer: type[msgspec.Struct],
        *,
        refusals: tuple[int, ...] = (),
    ) -> Callable[[Callable[[web.Request, Q], Awaitable[msgspec.Struct]]], object]:
        """Declares an operation. `refusals`: statuses besides those that every operation can answer with."""

        def declare(handler: Callable[[web.Request, Q], Awaitable[msgspec.Struct]]) -> object:
            async def answered(request: web.Request) -> web.StreamResponse:
                return json_answer(await handler(request, read_query(request, query)))

            access = with_scope(scope, action, listing=method == "GET")
            route = self.routes.get if method == "GET" else self.routes.post
            route(PREFIX + path, access)(answered)
            name = handler.__name__
            self.operations.append(Operation(method, path, name, summary, scope, query, answer, refusals))
            return handler

        return declare


def read_query(request: web.Request, shape: type[Q]) -> Q:
    """The query of a request in that shape. Raises BadRequest that says which part is wrong."""
    given = dict(request.query)
    if len(given) != len(request.query):
        raise BadRequest("A part of the query stands there twice.", code="bad_query")
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"The query is not as expected: {error}.", code="bad_query") from error


@cache
def describe(operations: tuple[Operation, ...], server: str) -> bytes:
    """The API in OpenAPI 3.1, as JSON."""
    shapes = [Refusal, *dict.fromkeys(operation.answer for operation in operations)]
    _, components = msgspec.json.schema_components(shapes, ref_template=_COMPONENT)
    paths: dict[str, dict[str, object]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _entry(operation)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Chalkmesh",
                "version": "1",
                "description": "People, classes, lessons, attendance and recordings of one school, for its programs.",
            },
            "servers": [{"url": server.rstrip("/") + PREFIX}],
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {
                    "token": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A token of the page Programs. Scopes: "
                        + "; ".join(f"{scope.value}: {words}" for scope, words in SCOPE_WORDS.items()),
                    }
                },
            },
        }
    )


def _entry(operation: Operation) -> dict[str, object]:
    statuses = sorted({400, 401, 403, 429, *operation.refusals})
    refusal = {"content": {"application/json": {"schema": {"$ref": _COMPONENT.format(name="Refusal")}}}}
    words = {
        400: "The query is not as expected.",
        401: "No token that works.",
        403: f"The token has not the scope {operation.scope.value}.",
        404: "There is no such thing at this school.",
        409: "Not possible in the present state.",
        429: "Too many requests; Retry-After says for how many seconds to wait.",
    }
    answer = operation.answer.__name__
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{"token": [operation.scope.value]}],
        "parameters": [*_in_path(operation.path), *_in_query(operation.query)],
        "responses": {
            "200": {
                "description": (operation.answer.__doc__ or answer).strip(),
                "content": {"application/json": {"schema": {"$ref": _COMPONENT.format(name=answer)}}},
            },
            **{str(status): {"description": words[status], **refusal} for status in statuses},
        },
    }


def _in_path(path: str) -> list[dict[str, object]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(Id)} for name in names]


def _in_query(query: type[msgspec.Struct]) -> list[dict[str, object]]:
    if query is NoQuery:
        return []
    _, shapes = msgspec.json.schema_components([query], ref_template=_COMPONENT)
    shape: dict[str, Any] = shapes[query.__name__]
    return [
        {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": _without_null(schema)}
        for name, schema in shape["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A part of the query is there or not; nothing in a query is null."""
    kinds: list[dict[str, Any]] = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) == 1:
        return kinds[0]
    return {key: value for key, value in schema.items() if key != "default" or value is not None}
