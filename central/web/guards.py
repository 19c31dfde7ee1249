"""The gate before every handler: who may ask at all, and what browsers are told about each answer.

Tills come by ``/sync/`` with tokens of their own and pass here untouched but for ``Host``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import SplitResult, urlsplit

from aiohttp import hdrs, web

from central.identity.attempts import Visit
from central.identity.audit import Act
from central.identity.errors import SignInNeededError
from central.identity.passwords import form_token_matches
from central.identity.service import find_actor, find_token_actor, peek_actor
from central.web.addresses import client_address
from central.web.context import ACTOR, FORM_SECRET, current_actor
from central.web.keys import WEB_SETTINGS, database, now
from central.web.refused import write_down
from commerce.entrance import is_text
from commerce.errors import BadInputError, ForbiddenError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
VISITOR_COOKIE = "central_visitor"
FORM_FIELD = "csrf"
FORM_HEADER = "X-CSRF-Token"
STREAMED = "_takes_files"  # marks a handler that looks at its form's token itself: it is too large to be read here
MAX_FORM_BYTES = 1024 * 1024
_READ_S = 30
_LONGEST_NAME = 60
_OPEN = ("/static/", "/sync/", "/health", "/metrics")
_WITHOUT_SIGN_IN = ("/sign-in", "/language")
_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Tell browsers what they may do with an answer; signed in, nothing is kept by anyone between."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.app[WEB_SETTINGS].secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def check_names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse addresses of files with names that no file has."""
    if request.path.startswith("/static/") and any(len(part) > _LONGEST_NAME for part in request.path.split("/")):
        raise web.HTTPNotFound
    return await handler(request)


@web.middleware
async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a name that is not ours: a hostile page that had its name point here gets nothing."""
    allowed = request.app[WEB_SETTINGS].hosts
    name = _split(f"//{request.host}").hostname or ""
    if not (request.host in allowed or name in allowed or (not allowed and name in _LOOPBACK)):
        raise web.HTTPMisdirectedRequest(text="This server does not go by that name.")
    return await handler(request)


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks; pages send strangers to the sign-in, the API answers 401."""
    if request.path.startswith(_OPEN):
        return await handler(request)
    await _recognise(request)
    if current_actor(request) is None and not request.path.startswith(_WITHOUT_SIGN_IN):
        if request.path.startswith("/api/"):
            raise SignInNeededError
        return _to_sign_in(request)
    return await handler(request)


@web.middleware
async def check_text(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what no keyboard types and no database stores: a NUL in the address, or a text that is no text."""
    if request.path.startswith(_OPEN):  # the wire has words of its own
        return await handler(request)
    parts = (request.path, *request.query.keys(), *request.query.values())
    if any("\x00" in part or not is_text(part) for part in parts):
        raise BadInputError("bad_input")
    return await handler(request)


@web.middleware
async def check_form(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let nothing change on behalf of another site: the form's token and the browser's word on the origin."""
    if request.method in _SAFE or request.path.startswith(_OPEN) or _has_bearer(request):
        return await handler(request)
    if not _same_origin(request):
        raise ForbiddenError("forbidden.origin")
    given = request.headers.get(FORM_HEADER) or ""
    if not given and getattr(request.match_info.handler, STREAMED, False):
        return await handler(request)
    if not given and request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        if request.content_length is None or request.content_length > MAX_FORM_BYTES:
            raise web.HTTPRequestEntityTooLarge(MAX_FORM_BYTES, request.content_length or 0)
        form = await _form(request)
        if any(isinstance(value, str) and ("\x00" in value or not is_text(value)) for value in form.values()):
            raise BadInputError("bad_input")
        value = form.get(FORM_FIELD)
        given = value if isinstance(value, str) else ""
    secret = request.get(FORM_SECRET)
    if not secret or not form_token_matches(secret, given):
        raise ForbiddenError("forbidden.form")
    return await handler(request)


async def _form(request: web.Request) -> Mapping[str, object]:
    try:
        async with asyncio.timeout(_READ_S):
            return await request.post()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


def session_cookie(*, secure: bool) -> str:
    """Return the name of the session's cookie; over TLS browsers hold a ``__Host-`` name to its rules."""
    return "__Host-central_session" if secure else "central_session"


def device_cookie(*, secure: bool) -> str:
    """Return the name of the cookie by which a browser is known again after its session."""
    return "__Host-central_device" if secure else "central_device"


def pending_cookie(*, secure: bool) -> str:
    """Return the name of the cookie of a sign-in that waits for its second step."""
    return "__Host-central_pending" if secure else "central_pending"


async def _recognise(request: web.Request) -> None:
    cookie = request.cookies.get(session_cookie(secure=request.app[WEB_SETTINGS].secure))
    actor = None
    if _has_bearer(request):
        key = request.headers[hdrs.AUTHORIZATION].removeprefix("Bearer ")
        visit = Visit(client_address(request), request.headers.get(hdrs.USER_AGENT, ""))
        actor = await find_token_actor(database(request), key, now(request), visit)
        if actor is None:
            await write_down(request, Act("key.refused", "key", "-", {}))
    elif cookie:
        find = peek_actor if request.path.endswith("/live") else find_actor  # an open page is nobody's doing
        actor = await find(database(request), cookie, now(request))
    if actor is not None:
        request[ACTOR] = actor
    secret = cookie if actor is not None else request.cookies.get(VISITOR_COOKIE)
    if secret:
        request[FORM_SECRET] = secret


def _split(address: str) -> SplitResult:
    """Take an address apart; one that is none has no parts."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _has_bearer(request: web.Request) -> bool:
    return request.path.startswith("/api/") and request.headers.get(hdrs.AUTHORIZATION, "").startswith("Bearer ")


def _same_origin(request: web.Request) -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is None or _split(origin).netloc == request.host


def _to_sign_in(request: web.Request) -> web.Response:
    wanted = request.path_qs if request.method == hdrs.METH_GET else "/"
    target = str(request.app.router["sign_in"].url_for().with_query({"next": wanted}))
    if "HX-Request" in request.headers:
        return web.Response(headers={"HX-Redirect": target})
    raise web.HTTPSeeOther(target)
