"""What head office serves, described: for programs as OpenAPI, for people as a page.

What areas declare is described by their models. What else is routed are pages for people: they are in the document
too, so that nothing is served that it does not name.
"""

import asyncio
from functools import partial
from inspect import getdoc
from typing import Any

from aiohttp import web
from markupsafe import Markup

from central.web.api import OPERATIONS, describe_also
from central.web.rendering import page, words_of
from commerce.apis.document import Description, describe
from commerce.apis.operations import FORM_TYPE, JSON_TYPE, PAGE_TYPE, Api, Json, Operation, Socket
from commerce.apis.page import api_page
from commerce.texts import N_

VERSION = "1"
DESCRIPTION = web.AppKey("description", Description)
SOCKETS: web.AppKey[list[Socket]] = web.AppKey("sockets", list)
PROGRAMS = {"programs": N_("For programs")}
TAGS = {
    "tills": N_("Between tills and head office"),
    "health": N_("A sign of life"),
    "people": N_("Pages for people"),
}
SECURITY: dict[str, Json] = {
    "key": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "central_session"},
    "till": {"type": "http", "scheme": "bearer"},
}
_OPEN = ("/sign-in", "/language")
_KINDS = {".csv": "text/csv", "/live": "text/event-stream", "/file": "application/octet-stream"}


def add_documentation(app: web.Application) -> None:
    """Serve ``/api/v1/openapi.json`` and ``/api/v1/docs``."""
    app.setdefault(SOCKETS, [])
    app[DESCRIPTION] = Description(lambda: openapi(app))
    app.router.add_get("/api/v1/openapi.json", show_openapi)
    app.router.add_get("/api/v1/docs", show_docs)
    of_programs = partial(Operation, method="GET", tag="programs", security=("key", "session"))
    describe_also(
        app,
        of_programs(path="/api/v1/openapi.json", summary=N_("This API as OpenAPI 3.1"), answer=dict[str, Any]),
        of_programs(path="/api/v1/docs", summary=N_("This API for people"), media_type=PAGE_TYPE),
    )


def openapi(app: web.Application) -> Json:
    """Return the document of everything that the application serves but files."""
    told = app[OPERATIONS]
    known = {(one.method, one.path) for one in told}
    sockets: list[Socket] = app[SOCKETS]
    pages = [one for one in _pages(app) if (one.method, one.path) not in known]
    return describe(
        Api(
            title=N_("The API of head office"),
            version=VERSION,
            description=N_("Programs come with a key (Authorization: Bearer). Refusals carry a code and a sentence."),
            operations=(*told, *pages),
            tags={**PROGRAMS, **{one.tag: one.subject for one in told if one.subject}, **TAGS},
            security=SECURITY,
            sockets=tuple(sockets),
        )
    )


async def show_openapi(request: web.Request) -> web.Response:
    """Give the document."""
    description = request.app[DESCRIPTION]
    return web.Response(body=await asyncio.to_thread(lambda: description.encoded), content_type=JSON_TYPE)


async def show_docs(request: web.Request) -> web.Response:
    """Show the API to people."""
    description, words = request.app[DESCRIPTION], words_of(request)
    content = await asyncio.to_thread(lambda: api_page(description.document, words))
    return page(request, "web/api.html", content=Markup(content))  # noqa: S704 - ``api_page`` escapes


def _pages(app: web.Application) -> list[Operation]:
    routed = [
        (route.method, route.resource.canonical, route.handler)
        for route in app.router.routes()
        if route.resource is not None and not isinstance(route.resource, web.StaticResource)
    ]
    return [_page(method, path, handler) for method, path, handler in routed if method != "HEAD"]


def _page(method: str, path: str, handler: object) -> Operation:
    return Operation(
        method=method,
        path=path,
        summary=(getdoc(handler) or path).partition("\n")[0],
        tag="people",
        media_type=next((kind for end, kind in _KINDS.items() if path.endswith(end)), PAGE_TYPE),
        refusal=None,
        body_type=FORM_TYPE if method == "POST" else JSON_TYPE,
        others={303: None},
        security=() if path in _OPEN else ("session",),
    )
