"""The API for programs: one typed table of routes, whose models read, answer and are described."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from commerce.apis.operations import JSON_TYPE, Header, Operation
from commerce.bounds import has_many_parts
from commerce.errors import BadInputError, InvalidError, Problem

Model = TypeVar("Model", bound=BaseModel)
MAX_LIST = 500
READ_S = 30
MOST_FAULTS = 100
_MOST_PARTS = 10 * MAX_LIST


class Answer(BaseModel):
    """What the API gives; unknown to nobody, so extra fields are a bug."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UnreadableError(InvalidError):
    """What came in is not of the form that the operation takes."""

    status = 400


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """One operation: ``query`` and ``body`` are read before the handler, ``answer`` is what it returns.

    ``summary`` is a message id; a ``subject`` said before it makes a part of its own, ``tag``, of the description.
    Where ``answer`` is None the handler answers itself. One that ``encodes`` does too, with what ``answer`` describes,
    because it has that in JSON already. ``asks`` are headers of the request, ``gives`` those of the answer.
    """

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[BaseModel | web.StreamResponse]]
    summary: str
    answer: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    media_type: str = JSON_TYPE
    status: int = 200
    encodes: bool = False
    asks: tuple[Header, ...] = ()
    gives: tuple[Header, ...] = ()
    errors: tuple[str, ...] = ()
    tag: str = "programs"
    subject: str = ""
    name: str = ""

    def operation(self) -> Operation:
        """Return the operation as it is described."""
        return Operation(
            method=self.method,
            path=self.path,
            summary=self.summary,
            subject=self.subject,
            name=self.name,
            tag=self.tag,
            status=self.status,
            answer=self.answer,
            media_type=self.media_type,
            query=self.query,
            body=self.body,
            headers=(_COMPANY, *self.asks),
            answer_headers=self.gives,
            errors=self.errors,
            security=("key", "session"),
        )


OPERATIONS = web.AppKey("operations", list[Operation])
API_ROUTES = web.AppKey("api_routes", list[ApiRoute])
_COMPANY = Header("X-Company", "The company that registry operations are about; without it the first of one's own.")
_QUERY: web.RequestKey[BaseModel] = web.RequestKey("query", BaseModel)
_BODY: web.RequestKey[BaseModel] = web.RequestKey("body", BaseModel)


def add_api(app: web.Application, *routes: ApiRoute) -> None:
    """Serve operations and remember them for their description."""
    app.setdefault(API_ROUTES, []).extend(routes)
    describe_also(app, *(route.operation() for route in routes))
    for route in routes:
        app.router.add_route(route.method, route.path, served(route))


def describe_also(app: web.Application, *operations: Operation) -> None:
    """Describe operations that are served in a way of their own."""
    app.setdefault(OPERATIONS, []).extend(operations)


def served(route: ApiRoute) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return what answers a route: its models read what comes in and hold what goes out, as they are described."""

    @wraps(route.handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        if route.query is not None:
            request[_QUERY] = read_query(request, route.query)
        if route.body is not None:
            request[_BODY] = await read_body(request, route.body)
        return _answered(route, await route.handler(request))

    return answer


def _answered(route: ApiRoute, found: object) -> web.StreamResponse:
    """Return an answer as it is described; TypeError for any other: a mistake of ours, not of who asks."""
    encoded = route.encodes or route.answer is None
    if encoded and isinstance(found, web.StreamResponse) and found.status == route.status:
        return found
    if not encoded and isinstance(found, BaseModel) and type(found) is route.answer:
        return web.Response(body=found.model_dump_json().encode(), status=route.status, content_type=JSON_TYPE)
    raise TypeError(f"{route.method} {route.path} answered {type(found).__name__}")


def query_of(request: web.Request, model: type[Model]) -> Model:
    """Return the query, as its route read it."""
    return _of(request, request.get(_QUERY), model)


def body_of(request: web.Request, model: type[Model]) -> Model:
    """Return the body, as its route read it."""
    return _of(request, request.get(_BODY), model)


def _of(request: web.Request, found: object, model: type[Model]) -> Model:
    if not isinstance(found, model):
        raise TypeError(f"{request.path} reads {type(found).__name__}, not {model.__name__}")
    return found


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
