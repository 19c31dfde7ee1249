"""Signing in and out: name and password, then a code where one is asked for, or setting that up first."""

import re
import secrets
from functools import partial
from urllib.parse import urlencode

from aiohttp import web

from central.identity import codes, service, showing, waiting
from central.identity.attempts import DEVICE_LENGTH, Visit
from central.identity.audit import Act
from central.identity.errors import PendingOverError, SecondStepError, TooManyAttemptsError, WrongCredentialsError
from central.identity.people import stranger
from central.identity.qr import qr_of
from central.web.addresses import client_address
from central.web.context import FORM_SECRET, current_actor, require_actor
from central.web.guards import VISITOR_COOKIE, device_cookie, pending_cookie, session_cookie
from central.web.keys import WEB_SETTINGS, database, now
from central.web.refused import write_down
from central.web.rendering import page, words_of
from central.web.shell import safe_path
from commerce.errors import BadInputError, PosError
from commerce.texts.errors import error_text

_DEVICE = re.compile(r"[0-9a-f]{64}")
STEP_PAGE = "/account/second-step"


def add_routes(app: web.Application) -> None:
    """Add the pages of signing in and out."""
    app.router.add_get("/sign-in", show_sign_in, name="sign_in")
    app.router.add_post("/sign-in", sign_in)
    app.router.add_get("/sign-in/code", show_code)
    app.router.add_post("/sign-in/code", give_code)
    app.router.add_get("/sign-in/set-up", show_set_up)
    app.router.add_post("/sign-in/set-up", set_up)
    app.router.add_post("/sign-out", sign_out)


async def show_sign_in(request: web.Request) -> web.Response:
    """Show the sign-in; whoever is signed in goes on."""
    wanted = safe_path(request.query.get("next", "/"))
    if current_actor(request) is not None:
        raise web.HTTPSeeOther(wanted)
    return _sign_in_page(request, wanted)


async def sign_in(request: web.Request) -> web.Response:
    """Open a session and go where the person wanted to go, or ask for the second step."""
    form = await request.post()
    name, password, wanted = (str(form.get(key, "")) for key in ("name", "password", "next"))
    visit = _visit(request)
    try:
        cookie = await service.sign_in(database(request), name, password, visit, now(request))
    except SecondStepError as step:
        return _ask_on(request, step, visit, safe_path(wanted))
    except (WrongCredentialsError, TooManyAttemptsError) as error:
        if isinstance(error, WrongCredentialsError):
            subject = await service.find_subject(database(request), name)
            await write_down(request, Act("sign_in.refused", "user", subject, {}), stranger(visit.address))
        return _sign_in_page(request, safe_path(wanted), error, name)
    return _let_in(request, cookie, visit, safe_path(wanted))


async def show_code(request: web.Request) -> web.Response:
    """Ask whoever gave the right password for a code."""
    return await _code_page(request, safe_path(request.query.get("next", "/")))


async def give_code(request: web.Request) -> web.Response:
    """Open a session with the code of an app, or a recovery code."""
    form, visit = await request.post(), _visit(request)
    code, wanted = str(form.get("code", "")), safe_path(form.get("next"))
    key = request.app[WEB_SETTINGS].sealing_key
    try:
        cookie = await waiting.finish(database(request), _pending(request), code, visit, now(request), key)
    except PendingOverError as error:
        return _sign_in_page(request, wanted, error)
    except PosError as error:
        await _note_wrong(request, error, visit)
        return await _code_page(request, wanted, error, code)
    return _let_in(request, cookie, visit, wanted)


async def show_set_up(request: web.Request) -> web.Response:
    """Have whoever must sign in with a code set that up first."""
    return await _set_up_page(request, safe_path(request.query.get("next", "/")))


async def set_up(request: web.Request) -> web.Response:
    """Open a session with the first code of a second step that was just set up, and show the recovery codes."""
    form, visit, db = await request.post(), _visit(request), database(request)
    code, wanted = str(form.get("code", "")), safe_path(form.get("next"))
    key = request.app[WEB_SETTINGS].sealing_key
    try:
        cookie, made = await waiting.finish_set_up(db, _pending(request), code, visit, now(request), key)
    except PendingOverError as error:
        return _sign_in_page(request, wanted, error)
    except PosError as error:
        await _note_wrong(request, error, visit)
        return await _set_up_page(request, wanted, error, code)
    await db.write(partial(showing.keep, cookie=cookie, place=STEP_PAGE, secret="\n".join(made), now=now(request)))
    return _let_in(request, cookie, visit, _path(STEP_PAGE, wanted))


async def sign_out(request: web.Request) -> web.Response:
    """End this session."""
    actor = require_actor(request)
    if actor.session:
        await service.end_session(database(request), actor, actor.session, now(request))
    secure = request.app[WEB_SETTINGS].secure
    answer = web.Response(status=303, headers={"Location": "/sign-in"})
    answer.del_cookie(session_cookie(secure=secure), secure=secure, httponly=True, samesite="Lax")
    return answer


def _ask_on(request: web.Request, step: SecondStepError, visit: Visit, wanted: str) -> web.Response:
    """Send the browser on to the second step; it alone can go on with this sign-in."""
    secure = request.app[WEB_SETTINGS].secure
    where = _path("/sign-in/set-up" if step.set_up else "/sign-in/code", wanted)
    answer = web.Response(status=303, headers={"Location": where})
    answer.set_cookie(
        pending_cookie(secure=secure), step.pending, httponly=True, samesite="Strict", secure=secure,
        max_age=int(waiting.WAITS.total_seconds()),
    )  # fmt: skip
    _keep_device(request, answer, visit)
    return answer


def _let_in(request: web.Request, cookie: str, visit: Visit, wanted: str) -> web.Response:
    secure = request.app[WEB_SETTINGS].secure
    answer = web.Response(status=303, headers={"Location": wanted})
    answer.set_cookie(session_cookie(secure=secure), cookie, httponly=True, samesite="Lax", secure=secure)
    answer.del_cookie(pending_cookie(secure=secure), secure=secure, httponly=True, samesite="Strict")
    answer.del_cookie(VISITOR_COOKIE)
    _keep_device(request, answer, visit)
    return answer


def _keep_device(request: web.Request, answer: web.Response, visit: Visit) -> None:
    secure = request.app[WEB_SETTINGS].secure
    answer.set_cookie(
        device_cookie(secure=secure), visit.device, httponly=True, samesite="Lax", secure=secure,
        max_age=int(DEVICE_LENGTH.total_seconds()),
    )  # fmt: skip


def _visit(request: web.Request) -> Visit:
    """Return where a sign-in comes from: with the browser's own mark, a new one where it has none of ours.

    Only a mark that somebody signed in with counts.
    """
    kept = request.cookies.get(device_cookie(secure=request.app[WEB_SETTINGS].secure), "")
    device = kept if _DEVICE.fullmatch(kept) else secrets.token_hex(32)
    return Visit(client_address(request), request.headers.get("User-Agent", ""), device)


def _pending(request: web.Request) -> str:
    return request.cookies.get(pending_cookie(secure=request.app[WEB_SETTINGS].secure), "")


async def _note_wrong(request: web.Request, error: PosError, visit: Visit) -> None:
    if isinstance(error, BadInputError):
        user, _ = await waiting.who_waits(database(request), _pending(request), visit, now(request))
        await write_down(request, Act("sign_in.code_refused", "user", user.id, {}), stranger(visit.address))


def _sign_in_page(request: web.Request, wanted: str, error: PosError | None = None, name: str = "") -> web.Response:
    visitor = request.cookies.get(VISITOR_COOKIE)
    fresh = visitor or secrets.token_hex(16)
    request[FORM_SECRET] = fresh
    answer = _entry_page(request, "identity/sign_in.html", wanted, error, name=name)
    if visitor is None:
        secure = request.app[WEB_SETTINGS].secure
        answer.set_cookie(VISITOR_COOKIE, fresh, httponly=True, samesite="Strict", secure=secure)
    return answer


async def _code_page(request: web.Request, wanted: str, error: PosError | None = None, code: str = "") -> web.Response:
    try:
        _, has_step = await waiting.who_waits(database(request), _pending(request), _visit(request), now(request))
    except PendingOverError:
        raise web.HTTPSeeOther(_path("/sign-in", wanted)) from None
    if not has_step:
        raise web.HTTPSeeOther(_path("/sign-in/set-up", wanted))
    return _entry_page(request, "identity/code.html", wanted, error, code=code,
                       recovery=codes.is_recovery_code(code))  # fmt: skip


async def _set_up_page(
    request: web.Request, wanted: str, error: PosError | None = None, code: str = ""
) -> web.Response:
    db, visit, key = database(request), _visit(request), request.app[WEB_SETTINGS].sealing_key
    try:
        user, has_step = await waiting.who_waits(db, _pending(request), visit, now(request))
        if has_step:
            raise web.HTTPSeeOther(_path("/sign-in/code", wanted))
        secret = await waiting.offer(db, _pending(request), visit, now(request), key)
    except PendingOverError:
        raise web.HTTPSeeOther(_path("/sign-in", wanted)) from None
    return _entry_page(
        request, "identity/code_set_up.html", wanted, error, code=code, secret=codes.grouped_secret(secret),
        qr=qr_of(codes.address_of(secret, user.name)),
    )  # fmt: skip


def _entry_page(
    request: web.Request, template: str, wanted: str, error: PosError | None, **values: object
) -> web.Response:
    refusal = "" if error is None else error_text(words_of(request), error)
    answer = page(request, template, status=error.status if error else 200, next=wanted, refusal=refusal, **values)
    if error and "wait_s" in error.values:
        answer.headers["Retry-After"] = str(error.values["wait_s"])
    return answer


def _path(path: str, wanted: str) -> str:
    return f"{path}?{urlencode({'next': wanted})}"
