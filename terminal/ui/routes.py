"""The one table of the API: the server's routes and the OpenAPI document are both made from it."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiohttp import web
from pydantic import BaseModel

from commerce.errors import NotFoundError
from terminal.ui import pages, view_types
from terminal.ui.acts import ACTS, ActRoute
from terminal.ui.answers import json_answer, read_body
from terminal.ui.guard import client_of, require_token
from terminal.ui.keys import LIVE, SERVICES, TOKENS
from terminal.ui.language import language_of
from terminal.ui.page_texts import page_texts, texts_version
from terminal.ui.ports import StoredReceipt
from terminal.ui.receipt_views import receipt_view
from terminal.ui.requests import AskToken
from terminal.ui.tokens import Scope
from terminal.ui.views import Viewer, pick_name

if TYPE_CHECKING:
    from terminal.ui.view_types import ItemView

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST_FOUND: Final = 30
LONGEST_SEARCH: Final = 100


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the table. ``response`` is None where the answer is no JSON."""

    method: str
    path: str
    summary: str
    handler: Handler
    response: Any = None
    request: type[BaseModel] | None = None
    errors: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    token: bool = False
    media_type: str = "application/json"


def act_route(act: ActRoute) -> Route:
    """Return the route of an act: parse, ask the register, answer."""

    async def handler(request: web.Request) -> web.StreamResponse:
        client = require_token(request).client
        body = await read_body(request, act.request, act.max_bytes)
        register = request.app[SERVICES].register
        result = await register.submit(act.command(body, dict(request.match_info), client))
        return json_answer({**result.values, "revision": register.state.revision, "repeated": result.repeated})

    errors = ("bad_input", "request.token", "token.scope", "command.reused", *act.errors)
    return Route("POST", act.path, act.summary, handler, view_types.ActAnswer, act.request, errors, token=True)


async def get_state(request: web.Request) -> web.Response:
    """Answer with the whole view."""
    view = request.app[LIVE].view_bytes(caller_language(request))
    return web.Response(body=view, content_type="application/json")


async def get_live(request: web.Request) -> web.StreamResponse:
    """Open the live channel."""
    token = require_token(request, frozenset(Scope), in_query=True)
    whole = token.scope is not Scope.CUSTOMER_DISPLAY
    return await request.app[LIVE].serve(request, caller_language(request), whole=whole)


async def post_token(request: web.Request) -> web.Response:
    """Issue a token to a page that lost its own, or to a program on this machine."""
    asked = await read_body(request, AskToken, 1024)
    token = request.app[TOKENS].issue(asked.client or client_of(request), asked.scope)
    return json_answer({"token": token, "scope": asked.scope.value})


async def get_search(request: web.Request) -> web.Response:
    """Search items by words or code."""
    words = request.query.get("q", "").strip()[:LONGEST_SEARCH]
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
    from terminal.ui.openapi import openapi_document  # schemas take their time and selling needs none

    return json_answer(openapi_document(ROUTES, request.app[SERVICES].version))


async def get_docs(request: web.Request) -> web.Response:
    """Show the API for people."""
    from terminal.ui.docs_page import docs_page

    return pages.html_answer(docs_page(ROUTES, request.app[SERVICES].version))


def caller_language(request: web.Request) -> str:
    """Return the caller's language, the shop's first by default."""
    return language_of(request, request.app[SERVICES].register.state.operating.shop.languages[0])


def _receipt(request: web.Request, found: StoredReceipt | None, missing: str) -> web.Response:
    if found is None:
        raise NotFoundError(missing)
    zone = request.app[SERVICES].register.state.operating.shop.zone
    return json_answer(receipt_view(Viewer(caller_language(request)), found, zone))


_HTML: Final = "text/html"
_LANG: Final = ("lang", "language of texts and numbers: en or it")

ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/", "The kiosk page, with a fresh token", pages.get_index, query=(_LANG,), media_type=_HTML),
    Route("GET", "/health", "A sign of life", get_health, view_types.HealthAnswer),
    Route("POST", "/api/v1/tokens", "Get a token", post_token, view_types.TokenAnswer, AskToken, ("bad_input",)),
    Route("GET", "/api/v1/state", "The whole view", get_state, view_types.View, query=(_LANG,)),
    Route(
        "GET",
        "/api/v1/live",
        "The live channel (WebSocket)",
        get_live,
        errors=("request.token",),
        query=(("token", "a token; browsers cannot send a header here"), _LANG),
    ),
    Route(
        "GET",
        "/api/v1/search",
        "Items by words or code, best first",
        get_search,
        view_types.SearchAnswer,
        query=(("q", "words, the beginning of words, or a code"), _LANG),
    ),
    Route(
        "GET",
        "/api/v1/receipts/last",
        "The newest receipt",
        get_last_receipt,
        view_types.ReceiptView,
        errors=("receipt.none",),
        query=(_LANG,),
    ),
    Route(
        "GET",
        "/api/v1/receipts/{document}",
        "One receipt",
        get_receipt,
        view_types.ReceiptView,
        errors=("receipt.unknown",),
        query=(_LANG,),
    ),
    Route("GET", "/api/v1/texts", "The page's words", get_texts, view_types.TextsAnswer, query=(_LANG,)),
    Route("GET", "/api/v1/openapi.json", "This API as OpenAPI 3.1", get_openapi, dict[str, Any]),
    Route("GET", "/api/v1/docs", "This API for people", get_docs, media_type=_HTML),
    Route("GET", "/paper", "The virtual printer's paper, newest first", pages.get_papers, media_type=_HTML),
    Route(
        "GET",
        "/paper/{number}.bin",
        "The bytes of one print",
        pages.get_paper_bytes,
        errors=("paper.unknown",),
        media_type="application/octet-stream",
    ),
    Route("GET", "/paper/{number}", "One print", pages.get_paper, errors=("paper.unknown",), media_type=_HTML),
    *(act_route(act) for act in ACTS),
)
