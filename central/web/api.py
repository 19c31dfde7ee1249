"""The documented API: one typed table of routes, from which OpenAPI is made out of the same pydantic models."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import models_json_schema

from commerce.bounds import has_many_parts
from commerce.errors import BadInputError

Model = TypeVar("Model", bound=BaseModel)
MAX_LIST = 500
READ_S = 30
_MOST_PARTS = 10 * MAX_LIST


class Answer(BaseModel):
    """What the API gives; unknown to nobody, so extra fields are a bug."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Failure(Answer):
    """Any refusal: a stable code, its sentence in the caller's language, the values in it."""

    code: str
    message: str
    values: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """One operation: ``query`` and ``body`` are read before the handler, ``answer`` is what it returns."""

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    summary: str
    answer: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None


API_ROUTES = web.AppKey("api_routes", list[ApiRoute])


def add_api(app: web.Application, *routes: ApiRoute) -> None:
    """Serve operations and remember them for the documentation."""
    app.setdefault(API_ROUTES, []).extend(routes)
    for route in routes:
        app.router.add_route(route.method, route.path, route.handler)


def add_documentation(app: web.Application) -> None:
    """Serve ``/api/v1/openapi.json``."""
    app.setdefault(API_ROUTES, [])
    app.router.add_get("/api/v1/openapi.json", _documentation)


async def _documentation(request: web.Request) -> web.Response:
    return web.json_response(openapi(request.app[API_ROUTES]), dumps=lambda value: orjson.dumps(value).decode())


def reply(answer: BaseModel, status: int = 200) -> web.Response:
    """Return a model as JSON."""
    return web.Response(body=answer.model_dump_json().encode(), status=status, content_type="application/json")


async def read_body(request: web.Request, model: type[Model]) -> Model:
    """Read a request's JSON; BadInputError ``api.body`` names the first field that is wrong."""
    try:
        async with asyncio.timeout(READ_S):
            raw = await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    if has_many_parts(raw, _MOST_PARTS):
        raise BadInputError("api.body", field="-", fault="too many parts")
    if b"\\u0000" in raw:
        raise BadInputError("api.body", field="-", fault="NUL")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise BadInputError("api.body", **first_fault(error)) from error


def read_query(request: web.Request, model: type[Model]) -> Model:
    """Read a request's query; BadInputError ``api.query`` names the first parameter that is wrong."""
    try:
        return model.model_validate({key: value for key, value in request.query.items() if key != "lang"})
    except ValidationError as error:
        raise BadInputError("api.query", **first_fault(error)) from error


def first_fault(error: ValidationError) -> dict[str, str]:
    """Return where a model's first fault is and what it is."""
    fault = error.errors(include_url=False)[0]
    return {"field": ".".join(map(str, fault["loc"])) or "-", "fault": str(fault["msg"])}


def openapi(routes: list[ApiRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of the routes."""
    models = {model for route in routes for model in (route.answer, route.body) if model} | {Failure}
    _, schema = models_json_schema(
        [(model, "serialization") for model in sorted(models, key=lambda m: m.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Cassaforte central", "version": "1"},
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schema.get("$defs", {}),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "central_session"},
            },
        },
    }


def _operation(route: ApiRoute) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": route.summary, "parameters": [*_path(route.path), *_query(route.query)]}
    if route.body:
        operation["requestBody"] = {"required": True, "content": _content(route.body)}
    success = {"description": route.summary, **({"content": _content(route.answer)} if route.answer else {})}
    operation["responses"] = {"200": success, "default": {"description": "Refused", "content": _content(Failure)}}
    return operation


def _content(model: type[BaseModel]) -> Mapping[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def _path(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema.get("properties", {}).items()
    ]
