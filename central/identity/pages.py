"""One's own account: password, sessions, keys for programs, and where mail about it goes."""

from collections.abc import Mapping

from aiohttp import web

from central.identity import audit_pages, entry_pages, people_pages, second_steps, service, step_pages
from central.identity.audit import Act
from central.identity.errors import WrongCredentialsError
from central.identity.programs import show_program
from central.organisation.service import list_companies, office_zones
from central.web.context import COMPANY_COOKIE, language_of, require_actor
from central.web.keys import database, now
from central.web.once import show_once, shown_once
from central.web.paging import Sheet, place_in, sheet_of
from central.web.refused import write_down
from central.web.rendering import page, words_of
from central.web.shell import safe_path
from commerce.errors import BadInputError, PosError
from commerce.texts import translator
from commerce.texts.errors import error_text

_PAGE = 50
_KEY_DAYS = (30, 90, 180, 365)


def add_routes(app: web.Application) -> None:
    """Add the pages of this area."""
    entry_pages.add_routes(app)
    people_pages.add_routes(app)
    step_pages.add_routes(app)
    app.router.add_get("/account", show_account)
    app.router.add_post("/account/password", change_password)
    app.router.add_post("/account/tokens", add_token)
    app.router.add_post("/account/tokens/{token}/revoke", revoke_own_token)
    app.router.add_post("/account/sessions/end-others", end_other_sessions)
    app.router.add_post("/account/mail", change_mail)
    app.router.add_post("/sessions/{session}/end", end_session)
    audit_pages.add_routes(app)


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


async def end_other_sessions(request: web.Request) -> web.Response:
    """End all of one's own sessions but this one."""
    await service.end_other_sessions(database(request), require_actor(request), now(request))
    raise web.HTTPSeeOther("/account")


async def change_mail(request: web.Request) -> web.Response:
    """Say where mail about one's account goes."""
    mail = str((await request.post()).get("mail", ""))
    try:
        await service.set_mail(database(request), require_actor(request), mail, now(request))
    except BadInputError as error:
        return await _account_page(request, mail_refusal=error, typed={"mail": mail})
    raise web.HTTPSeeOther("/account")


async def _zone(request: web.Request) -> str:
    """Return the zone of the company that somebody works for."""
    return (await database(request).read(office_zones)).get(require_actor(request).company, "UTC")


async def _own_companies(request: web.Request) -> dict[str, str]:
    """Return the companies where somebody has a role, by id."""
    grants = require_actor(request).grants
    rows = await database(request).read(list_companies)
    return {row.id: row.name for row in rows if any(grant.company in (None, row.id) for grant in grants)}


async def _account_page(
    request: web.Request,
    refusal: PosError | None = None,
    token: str = "",
    key_refusal: PosError | None = None,
    mail_refusal: PosError | None = None,
    typed: Mapping[str, object] | None = None,
) -> web.Response:
    actor = require_actor(request)
    sessions = await _sessions(request)
    tokens = await service.list_tokens(database(request), actor)
    tn = translator(language_of(request)).tn
    key_form = {"name": "", "days": "90", **(typed or {}), "refusal": _words(request, key_refusal), "open": key_refusal}
    mail = str((typed or {}).get("mail", await service.get_mail(database(request), actor)))
    refused = refusal or key_refusal or mail_refusal
    return page(
        request, "identity/account.html", status=refused.status if refused else 200, sessions=sessions, tokens=tokens,
        token=token, moment=now(request), zone=await _zone(request), refusal=_words(request, refusal),
        standing=await second_steps.standing(database(request), actor), mail=mail,
        mail_refusal=_words(request, mail_refusal), program=lambda agent: show_program(agent, words_of(request)),
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
