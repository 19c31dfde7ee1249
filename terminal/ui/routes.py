"""The one table of the API: the server's routes and the OpenAPI document are both made from it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from aiohttp import web
from pydantic import BaseModel

from commerce.apis.operations import JSON_TYPE, PAGE_TYPE, Operation
from commerce.errors import NotFoundError
from commerce.texts import N_
from terminal.ui import pages, view_types
from terminal.ui.acts import ACTS, ActRoute
from terminal.ui.answers import json_answer, read_body, read_query
from terminal.ui.guard import client_of, require_token
from terminal.ui.keys import LIVE, SERVICES, TOKENS
from terminal.ui.language import language_of
from terminal.ui.page_texts import page_texts, texts_version
from terminal.ui.ports import StoredReceipt
from terminal.ui.receipt_views import receipt_view
from terminal.ui.requests import AskToken, LiveQuery, SearchQuery
from terminal.ui.tokens import Scope
from terminal.ui.views import Viewer, pick_name

if TYPE_CHECKING:
    from commerce.apis.document import Description
    from terminal.ui.view_types import ItemView

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Model = TypeVar("Model", bound=BaseModel)
MOST_FOUND: Final = 30
_ASKED: Final = web.RequestKey("asked", BaseModel)
_SMALL: Final = 1024


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the table. ``response`` is None where the answer is no JSON; ``query`` and ``request`` are read before.

    ``summary`` is a message id.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    response: Any = None
    request: type[BaseModel] | None = None
    errors: tuple[str, ...] = ()
    query: type[BaseModel] | None = None
    token: bool = False
    media_type: str = JSON_TYPE
    tag: str = "reading"
    status: int = 200

    def operation(self) -> Operation:
        """Return the route as it is described."""
        return Operation(
            method=self.method,
            path=self.path,
            summary=self.summary,
            tag=self.tag,
            answer=self.response,
            media_type=self.media_type,
            query=self.query,
            body=self.request,
            errors=self.errors,
            status=self.status,
            security=("token",) if self.token else (),
        )


def served(route: Route) -> Handler:
    """Return what answers a route: what it takes is read here, by the models that are described."""
    query, body = route.query, route.request
    if route.tag == "acts" or (query is None and body is None):  # an act has a size and a token of its own
        return route.handler

    async def handler(request: web.Request) -> web.StreamResponse:
        if query is not None:
            request[_ASKED] = read_query(request, query)
        if body is not None:
            request[_ASKED] = await read_body(request, body, _SMALL)
        return await route.handler(request)

    return handler


def asked(request: web.Request, model: type[Model]) -> Model:
    """Return what was asked, as its route read it."""
    found = request[_ASKED]
    if not isinstance(found, model):
        raise TypeError(f"{request.path} reads {type(found).__name__}, not {model.__name__}")
    return found


def act_route(act: ActRoute) -> Route:
    """Return the route of an act: parse, ask the register, answer."""

    async def handler(request: web.Request) -> web.StreamResponse:
        client = require_token(request).client
        body = await read_body(request, act.request, act.max_bytes)
        register = request.app[SERVICES].register
        result = await register.submit(act.command(body, dict(request.match_info), client))
        return json_answer({**result.values, "revision": register.state.revision, "repeated": result.repeated})

    errors = ("bad_input", "request.token", "token.scope", "command.reused", *act.errors)
    return Route("POST", act.path, act.summary, handler, view_types.ActAnswer, act.request, errors, token=True,
                 tag="acts")  # fmt: skip


async def get_state(request: web.Request) -> web.Response:
    """Answer with the whole view."""
    view = request.app[LIVE].view_bytes(caller_language(request))
    return web.Response(body=view, content_type="application/json")


async def get_live(request: web.Request) -> web.StreamResponse:
    """Open the live channel."""
    token = require_token(request, frozenset(Scope), asked(request, LiveQuery).token)
    whole = token.scope is not Scope.CUSTOMER_DISPLAY
    return await request.app[LIVE].serve(request, caller_language(request), whole=whole)


async def post_token(request: web.Request) -> web.Response:
    """Issue a token to a page that lost its own, or to a program on this machine."""
    wanted = asked(request, AskToken)
    token = request.app[TOKENS].issue(wanted.client or client_of(request), wanted.scope)
    return json_answer({"token": token, "scope": wanted.scope.value})


async def get_search(request: web.Request) -> web.Response:
    """Search items by words or code."""
    words = asked(request, SearchQuery).q
    language = caller_language(request)
    services = request.app[SERVICES]
    found = await services.search(words, language, MOST_FOUND) if words else ()
    viewer, currency = Viewer(language), services.register.state.operating.company.currency
    items: list[ItemView] = [
        {
            "id": item.id,
            "sku": item.sku,
            "name": pick_name(item.names, language),
            "unit": item.unit,
            "price": None if item.price is None else viewer.formats.price(item.price, currency),
        }
        for item in found
    ]
    return json_answer({"items": items})


async def get_last_receipt(request: web.Request) -> web.Response:
    """Answer with the newest receipt."""
    return _receipt(request, await request.app[SERVICES].receipts.find_last(), "receipt.none")


async def get_receipt(request: web.Request) -> web.Response:
    """Answer with one receipt."""
    found = await request.app[SERVICES].receipts.find(request.match_info["document"])
    return _receipt(request, found, "receipt.unknown")


async def get_texts(request: web.Request) -> web.Response:
    """Answer with the page's words, and how it takes keys."""
    language, typing = caller_language(request), request.app[SERVICES].typing
    words = {"language": language, "texts_version": texts_version(language), "texts": page_texts(language)}
    return json_answer({**words, "typing": asdict(typing)})


async def get_health(request: web.Request) -> web.Response:
    """Give a sign of life."""
    services = request.app[SERVICES]
    return json_answer({"status": "ok", "version": services.version, "revision": services.register.state.revision})


async def get_openapi(request: web.Request) -> web.Response:
    """Answer with the OpenAPI document."""
    made = await asyncio.to_thread(lambda: _description(request).encoded)
    return web.Response(body=made, content_type=JSON_TYPE)


async def get_docs(request: web.Request) -> web.Response:
    """Show the API for people."""
    from terminal.ui.docs_page import docs_page

    language = caller_language(request)
    return pages.html_answer(await asyncio.to_thread(lambda: docs_page(_description(request).document, language)))


def caller_language(request: web.Request) -> str:
    """Return the caller's language, the shop's first by default."""
    return language_of(request, request.app[SERVICES].register.state.operating.shop.languages[0])


def _description(request: web.Request) -> "Description":
    from terminal.ui.openapi import description  # schemas take their time and selling needs none

    return description(request.app[SERVICES].version)


def _receipt(request: web.Request, found: StoredReceipt | None, missing: str) -> web.Response:
    if found is None:
        raise NotFoundError(missing)
    zone = request.app[SERVICES].register.state.operating.shop.zone
    return json_answer(receipt_view(Viewer(caller_language(request)), found, zone))


ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/", N_("The kiosk page, with a fresh token"), pages.get_index, media_type=PAGE_TYPE, tag="pages"),
    Route("GET", "/health", N_("A sign of life"), get_health, view_types.HealthAnswer),
    Route("POST", "/api/v1/tokens", N_("Get a token"), post_token, view_types.TokenAnswer, AskToken, ("bad_input",)),
    Route("GET", "/api/v1/state", N_("The whole view"), get_state, view_types.View),
    Route(
        "GET",
        "/api/v1/live",
        N_("The live channel (WebSocket)"),
        get_live,
        errors=("request.token",),
        query=LiveQuery,
        status=101,
    ),
    Route(
        "GET",
        "/api/v1/search",
        N_("Items by words or code, best first"),
        get_search,
        view_types.SearchAnswer,
        query=SearchQuery,
    ),
    Route(
        "GET",
        "/api/v1/receipts/last",
        N_("The newest receipt"),
        get_last_receipt,
        view_types.ReceiptView,
        errors=("receipt.none",),
    ),
    Route(
        "GET",
        "/api/v1/receipts/{document}",
        N_("One receipt"),
        get_receipt,
        view_types.ReceiptView,
        errors=("receipt.unknown",),
    ),
    Route("GET", "/api/v1/texts", N_("The page's words, and how it takes keys"), get_texts, view_types.TextsAnswer),
    Route("GET", "/api/v1/openapi.json", N_("This API as OpenAPI 3.1"), get_openapi, dict[str, Any]),
    Route("GET", "/api/v1/docs", N_("This API for people"), get_docs, media_type=PAGE_TYPE, tag="pages"),
    Route(
        "GET",
        "/paper",
        N_("The virtual printer's paper, newest first"),
        pages.get_papers,
        media_type=PAGE_TYPE,
        tag="pages",
    ),
    Route(
        "GET",
        "/paper/{number}.bin",
        N_("The bytes of one print"),
        pages.get_paper_bytes,
        errors=("paper.unknown",),
        media_type="application/octet-stream",
        tag="pages",
    ),
    Route(
        "GET",
        "/paper/{number}",
        N_("One print"),
        pages.get_paper,
        errors=("paper.unknown",),
        media_type=PAGE_TYPE,
        tag="pages",
    ),
    *(act_route(act) for act in ACTS),
)
