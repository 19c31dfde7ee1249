"""What every request passes: who asks (host, origin, token), which words an error gets, which headers go out."""

import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from commerce.entrance import has_left
from commerce.errors import ForbiddenError, PosError
from terminal.ui.answers import InternalError, error_answer, from_http, log
from terminal.ui.keys import SERVICES, TOKENS
from terminal.ui.language import language_of
from terminal.ui.tokens import ACTING, Scope, Token, new_client

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
OWN_SITES: Final = frozenset({"same-origin", "none"})
CLIENT_COOKIE: Final = "till_client"
CLIENT_KEPT_S: Final = 400 * 86_400  # the longest that browsers keep one
CLIENT_NAME: Final = re.compile(r"[0-9a-f]{32}")
LONGEST_NAME: Final = 60
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@web.middleware
async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals into status and words, log a bug once, and put the headers on."""
    try:
        response = await handler(request)
    except PosError as error:
        response = error_answer(error, _language(request))
    except web.HTTPException as error:
        response = error_answer(from_http(error), _language(request))
    except Exception as error:  # the boundary: what reaches it is a bug
        if isinstance(error, ConnectionError) and has_left(request):
            raise
        log.exception("a request failed: %s %s", request.method, request.path)
        response = error_answer(InternalError(), _language(request))
    _put_headers(request, response)
    return response


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a Host that is not ours (DNS rebinding), and what another page, hostile perhaps, asks, loads or leads to.

    Browsers say where a request comes from (``Sec-Fetch-Site``): from this page, from a person, or from elsewhere.
    """
    hosts = request.app[SERVICES].hosts
    if request.headers.get("Host", "").lower() not in hosts:
        raise ForbiddenError("request.host")
    origin = request.headers.get("Origin")
    if origin is not None and not _is_ours(origin, hosts):
        raise ForbiddenError("request.origin")
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN_SITES:
        raise ForbiddenError("request.origin")
    if request.path.startswith("/static/") and any(len(part) > LONGEST_NAME for part in request.path.split("/")):
        raise web.HTTPNotFound  # no file has such a name, and the disk would say so in its own way
    return await handler(request)


def require_token(request: web.Request, scopes: frozenset[Scope] = ACTING, text: str | None = None) -> Token:
    """Refuse an act of someone who was not given a token, or one for something else; the socket says it as ``text``."""
    token = request.app[TOKENS].find(request.headers.get("X-Till-Token") if text is None else text)
    if token is None:
        raise ForbiddenError("request.token")
    if token.scope not in scopes:
        raise ForbiddenError("token.scope", scope=token.scope.value)
    return token


def client_of(request: web.Request) -> str:
    """Return by which name this browser is known: that of its cookie, or a new one."""
    known = request.cookies.get(CLIENT_COOKIE, "")
    return known if CLIENT_NAME.fullmatch(known) else new_client()


def _is_ours(origin: str, hosts: frozenset[str]) -> bool:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc in hosts and not parts.path


def _language(request: web.Request) -> str:
    return language_of(request, request.app[SERVICES].register.state.operating.shop.languages[0])


def _put_headers(request: web.Request, response: web.StreamResponse) -> None:
    if response.prepared:
        return
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    kept = request.path.startswith("/static/")
    response.headers.setdefault("Cache-Control", "no-cache" if kept else "no-store")
