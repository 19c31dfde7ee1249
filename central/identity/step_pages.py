"""One's own second step: set up with an app, moved to another phone, recovery codes renewed, turned off."""

from functools import partial

from aiohttp import web

from central.identity import codes, queries, second_steps
from central.identity.audit import Act
from central.identity.entry_pages import STEP_PAGE
from central.identity.errors import WrongCodeError, WrongCredentialsError
from central.identity.qr import qr_of
from central.organisation.service import office_zones
from central.web.context import require_actor
from central.web.guards import session_cookie
from central.web.keys import WEB_SETTINGS, database, now
from central.web.once import show_once, shown_once
from central.web.refused import write_down
from central.web.rendering import page, words_of
from central.web.shell import safe_path
from commerce.errors import PosError
from commerce.texts.errors import error_text


def add_routes(app: web.Application) -> None:
    """Add the pages of one's own second step."""
    app.router.add_get(STEP_PAGE, show_step)
    app.router.add_post(f"{STEP_PAGE}/begin", begin)
    app.router.add_post(f"{STEP_PAGE}/cancel", cancel)
    app.router.add_post(f"{STEP_PAGE}/confirm", confirm)
    app.router.add_post(f"{STEP_PAGE}/recovery-codes", renew_codes)
    app.router.add_post(f"{STEP_PAGE}/remove", remove)


async def show_step(request: web.Request) -> web.Response:
    """Show whether one signs in with a code, and how to; recovery codes that were just made, once."""
    return await _page(request, made=await shown_once(request))


async def begin(request: web.Request) -> web.Response:
    """Offer a secret for an app, to who proves by the password, or by a code, that the account is theirs."""
    proof = await _typed(request, "proof")
    actor, cookie = require_actor(request), _cookie(request)
    try:
        await second_steps.begin(database(request), actor, cookie, proof, now(request), _key(request))
    except PosError as error:
        return await _refused(request, error, "begin")
    raise web.HTTPSeeOther(STEP_PAGE)


async def cancel(request: web.Request) -> web.Response:
    """Leave everything as it was."""
    await database(request).write(partial(second_steps.cancel, cookie=_cookie(request)))
    raise web.HTTPSeeOther(STEP_PAGE)


async def confirm(request: web.Request) -> web.Response:
    """Take the offered secret, proven by its first code, and show the recovery codes."""
    code = await _typed(request, "code")
    actor, cookie = require_actor(request), _cookie(request)
    try:
        made = await second_steps.confirm(database(request), actor, cookie, code, now(request), _key(request))
    except PosError as error:
        return await _refused(request, error, "confirm", code)
    return await show_once(request, STEP_PAGE, "\n".join(made))


async def renew_codes(request: web.Request) -> web.Response:
    """Make fresh recovery codes and show them."""
    code = await _typed(request, "code")
    try:
        made = await second_steps.renew_codes(
            database(request), require_actor(request), code, now(request), _key(request)
        )
    except PosError as error:
        return await _refused(request, error, "renew", code)
    return await show_once(request, STEP_PAGE, "\n".join(made))


async def remove(request: web.Request) -> web.Response:
    """Sign in with the password alone from here on."""
    code = await _typed(request, "code")
    try:
        await second_steps.remove(database(request), require_actor(request), code, now(request), _key(request))
    except PosError as error:
        return await _refused(request, error, "remove", code)
    raise web.HTTPSeeOther(STEP_PAGE)


async def _refused(request: web.Request, error: PosError, form: str, code: str = "") -> web.Response:
    if isinstance(error, WrongCodeError | WrongCredentialsError):
        actor = require_actor(request)
        action = "code.refused" if isinstance(error, WrongCodeError) else "password.refused"
        await write_down(request, Act(action, "user", str(actor.id), {}))
    return await _page(request, error, form, code)


async def _page(
    request: web.Request, error: PosError | None = None, form: str = "", code: str = "", made: str = ""
) -> web.Response:
    actor, db = require_actor(request), database(request)
    secret = await second_steps.offered(db, actor, _cookie(request), now(request), _key(request))
    user = await db.read(lambda conn: queries.find_user(conn, actor.id or ""))
    answer = page(
        request, "identity/second_step.html", status=error.status if error else 200,
        standing=await second_steps.standing(db, actor), required=await second_steps.required(db, actor),
        secret=codes.grouped_secret(secret) if secret else "", recovery_codes=made.splitlines(),
        qr=qr_of(codes.address_of(secret, user.name if user else "")) if secret else "",
        refused=form, refusal=error_text(words_of(request), error) if error else "", code=code,
        next=safe_path(request.query.get("next", "/")), zone=(await db.read(office_zones)).get(actor.company, "UTC"),
    )  # fmt: skip
    if error and "wait_s" in error.values:
        answer.headers["Retry-After"] = str(error.values["wait_s"])
    return answer


async def _typed(request: web.Request, name: str) -> str:
    return str((await request.post()).get(name, ""))


def _key(request: web.Request) -> bytes:
    return request.app[WEB_SETTINGS].sealing_key


def _cookie(request: web.Request) -> str:
    return request.cookies.get(session_cookie(secure=request.app[WEB_SETTINGS].secure), "")
