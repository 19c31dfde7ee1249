"""Signing in and out, one's own account, and users with their sessions."""

import re
import secrets
from collections.abc import Mapping

from aiohttp import web

from central.identity import audit_pages, people_pages, service
from central.identity.audit import Act
from central.identity.errors import TooManyAttemptsError, WrongCredentialsError
from central.identity.people import stranger
from central.organisation.service import list_companies, office_zones
from central.web.addresses import client_address
from central.web.context import COMPANY_COOKIE, FORM_SECRET, current_actor, language_of, require_actor
from central.web.guards import VISITOR_COOKIE, device_cookie, session_cookie
from central.web.keys import WEB_SETTINGS, database, now
from central.web.once import show_once, shown_once
from central.web.paging import Sheet, place_in, sheet_of
from central.web.refused import write_down
from central.web.rendering import page
from central.web.shell import safe_path
from commerce.errors import BadInputError, PosError
from commerce.texts import translator
from commerce.texts.errors import error_text

_PAGE = 50
_KEY_DAYS = (30, 90, 180, 365)
_DEVICE = re.compile(r"[0-9a-f]{64}")


def add_routes(app: web.Application) -> None:
    """Add the pages of this area."""
    people_pages.add_routes(app)
    app.router.add_get("/sign-in", show_sign_in, name="sign_in")
    app.router.add_post("/sign-in", sign_in)
    app.router.add_post("/sign-out", sign_out)
    app.router.add_get("/account", show_account)
    app.router.add_post("/account/password", change_password)
    app.router.add_post("/account/tokens", add_token)
    app.router.add_post("/account/tokens/{token}/revoke", revoke_own_token)
    app.router.add_post("/sessions/{session}/end", end_session)
    audit_pages.add_routes(app)


async def show_sign_in(request: web.Request) -> web.Response:
    """Show the sign-in; whoever is signed in goes on."""
    wanted = safe_path(request.query.get("next", "/"))
    if current_actor(request) is not None:
        raise web.HTTPSeeOther(wanted)
    return _sign_in_page(request, wanted)


async def sign_in(request: web.Request) -> web.Response:
    """Open a session and go where the person wanted to go."""
    form = await request.post()
    name, password, wanted = (str(form.get(key, "")) for key in ("name", "password", "next"))
    device = _device(request)
    visit = service.Visit(client_address(request), request.headers.get("User-Agent", ""), device)
    try:
        cookie = await service.sign_in(database(request), name, password, visit, now(request))
    except (WrongCredentialsError, TooManyAttemptsError) as error:
        if isinstance(error, WrongCredentialsError):
            subject = await service.find_subject(database(request), name)
            await write_down(request, Act("sign_in.refused", "user", subject, {}), stranger(visit.address))
        return _sign_in_page(request, safe_path(wanted), error, name)
    secure = request.app[WEB_SETTINGS].secure
    answer = web.Response(status=303, headers={"Location": safe_path(wanted)})
    answer.set_cookie(session_cookie(secure=secure), cookie, httponly=True, samesite="Lax", secure=secure)
    answer.set_cookie(
        device_cookie(secure=secure), device, httponly=True, samesite="Lax", secure=secure,
        max_age=int(service.DEVICE_LENGTH.total_seconds()),
    )  # fmt: skip
    answer.del_cookie(VISITOR_COOKIE)
    return answer


async def sign_out(request: web.Request) -> web.Response:
    """End this session."""
    actor = require_actor(request)
    if actor.session:
        await service.end_session(database(request), actor, actor.session, now(request))
    secure = request.app[WEB_SETTINGS].secure
    answer = web.Response(status=303, headers={"Location": "/sign-in"})
    answer.del_cookie(session_cookie(secure=secure), secure=secure, httponly=True, samesite="Lax")
    return answer


async def show_account(request: web.Request) -> web.Response:
    """Show one's own sessions, keys and the form for a new password; a key that was just made, once."""
    return await _account_page(request, token=await shown_once(request))


async def change_password(request: web.Request) -> web.Response:
    """Give oneself a new password, knowing the old one."""
    actor = require_actor(request)
    form = await request.post()
    try:
        await service.change_own_password(
            database(request), actor, str(form.get("current", "")), str(form.get("password", "")), now(request),
            end_keys=form.get("end_keys") == "1",
        )  # fmt: skip
    except PosError as error:
        if isinstance(error, WrongCredentialsError):
            await write_down(request, Act("password.refused", "user", str(actor.id), {}))
        return await _account_page(request, refusal=error)
    raise web.HTTPSeeOther("/sign-in")


async def add_token(request: web.Request) -> web.Response:
    """Make a key for a program; the account's page shows it once."""
    form = await request.post()
    try:
        actor = require_actor(request)
        days = str(form.get("days", "90"))
        length = int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0
        token = await service.add_token(database(request), actor, str(form.get("name", "")), now(request), length)
    except BadInputError as error:
        return await _account_page(request, key_refusal=error, typed={**form})
    return await show_once(request, "/account", token)


async def revoke_own_token(request: web.Request) -> web.Response:
    """Make one of one's own keys worthless."""
    await service.revoke_token(database(request), require_actor(request), request.match_info["token"], now(request))
    raise web.HTTPSeeOther("/account")


async def end_session(request: web.Request) -> web.Response:
    """End a session and go back to the list."""
    form = await request.post()
    await service.end_session(database(request), require_actor(request), request.match_info["session"], now(request))
    raise web.HTTPSeeOther(safe_path(form.get("back")))


async def _zone(request: web.Request) -> str:
    """Return the zone of the company that somebody works for."""
    return (await database(request).read(office_zones)).get(require_actor(request).company, "UTC")


async def _own_companies(request: web.Request) -> dict[str, str]:
    """Return the companies where somebody has a role, by id."""
    grants = require_actor(request).grants
    rows = await database(request).read(list_companies)
    return {row.id: row.name for row in rows if any(grant.company in (None, row.id) for grant in grants)}


def _device(request: web.Request) -> str:
    """Return the browser's own mark, a new one where it has none of ours; only what somebody signed in with counts."""
    kept = request.cookies.get(device_cookie(secure=request.app[WEB_SETTINGS].secure), "")
    return kept if _DEVICE.fullmatch(kept) else secrets.token_hex(32)


def _sign_in_page(request: web.Request, wanted: str, error: PosError | None = None, name: str = "") -> web.Response:
    visitor = request.cookies.get(VISITOR_COOKIE)
    fresh = visitor or secrets.token_hex(16)
    request[FORM_SECRET] = fresh
    answer = page(
        request, "identity/sign_in.html", status=error.status if error else 200, next=wanted, name=name,
        refusal=_words(request, error),
    )  # fmt: skip
    if visitor is None:
        secure = request.app[WEB_SETTINGS].secure
        answer.set_cookie(VISITOR_COOKIE, fresh, httponly=True, samesite="Strict", secure=secure)
    if error and "wait_s" in error.values:
        answer.headers["Retry-After"] = str(error.values["wait_s"])
    return answer


async def _account_page(
    request: web.Request,
    refusal: PosError | None = None,
    token: str = "",
    key_refusal: PosError | None = None,
    typed: Mapping[str, object] | None = None,
) -> web.Response:
    actor = require_actor(request)
    sessions = await _sessions(request)
    tokens = await service.list_tokens(database(request), actor)
    tn = translator(language_of(request)).tn
    key_form = {"name": "", "days": "90", **(typed or {}), "refusal": _words(request, key_refusal), "open": key_refusal}
    refused = refusal or key_refusal
    return page(
        request, "identity/account.html", status=refused.status if refused else 200, sessions=sessions, tokens=tokens,
        token=token, moment=now(request), zone=await _zone(request), refusal=_words(request, refusal),
        key_form=key_form, companies=await _own_companies(request),
        company=request.cookies.get(COMPANY_COOKIE, ""),
        day_options=[(str(days), tn("{count} day", "{count} days", days)) for days in _KEY_DAYS],
    )  # fmt: skip


async def _sessions(request: web.Request) -> Sheet:
    found = await service.list_sessions(
        database(request), require_actor(request), now(request), own=True, after=place_in(request, "sessions", 2),
        limit=_PAGE + 1,
    )  # fmt: skip
    return sheet_of(found, _PAGE, lambda session: session.place)


def _words(request: web.Request, error: PosError | None) -> str:
    return "" if error is None else error_text(translator(language_of(request)), error)
