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
from commerce.errors import BadInputError, InvalidError, Problem
from commerce.texts.problems import CONTENT_TYPE

Model = TypeVar("Model", bound=BaseModel)
MAX_LIST = 500
READ_S = 30
MOST_FAULTS = 100
_MOST_PARTS = 10 * MAX_LIST


class Answer(BaseModel):
    """What the API gives; unknown to nobody, so extra fields are a bug."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FailureField(Answer):
    """One thing that is wrong: where (dotted, as ``items.2.price``), its code, its sentence, the values in it."""

    field: str
    code: str
    detail: str
    values: dict[str, Any]


class Failure(Answer):
    """Any refusal, as RFC 9457 has it: a stable ``code``, its sentence in the caller's language, the values in it.

    ``errors`` is everything that is wrong at once, where it is about fields.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    values: dict[str, Any]
    errors: list[FailureField]


class UnreadableError(InvalidError):
    """What came in is not of the form that the operation takes."""

    status = 400


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
    """Read a request's JSON; UnreadableError ``api.body`` names every field that is wrong."""
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
        raise UnreadableError(*faults(error, "api.body"), whole="api.body") from error


def read_query(request: web.Request, model: type[Model]) -> Model:
    """Read a request's query; UnreadableError ``api.query`` names every parameter that is wrong."""
    try:
        return model.model_validate({key: value for key, value in request.query.items() if key != "lang"})
    except ValidationError as error:
        raise UnreadableError(*faults(error, "api.query"), whole="api.query") from error


def faults(error: ValidationError, code: str) -> list[Problem]:
    """Return where a model's faults are and what they are, the first ``MOST_FAULTS``."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[:MOST_FAULTS]
    places = [(".".join(map(str, one["loc"])), str(one["msg"])) for one in found]
    return [Problem(code, place, {"field": place or "-", "fault": fault}) for place, fault in places]


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
    operation["responses"] = {
        "200": success,
        "default": {"description": "Refused", "content": _content(Failure, CONTENT_TYPE)},
    }
    return operation


def _content(model: type[BaseModel], content_type: str = "application/json") -> Mapping[str, Any]:
    return {content_type: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


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
