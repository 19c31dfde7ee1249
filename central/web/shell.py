"""The shell of the pages: everything that stands around the areas' own routes."""

from pathlib import Path

from aiohttp import web

from central.identity.refusals import Refusals
from central.organisation.service import list_companies
from central.web import failures, guards, keys, live
from central.web.api_docs import add_documentation
from central.web.context import COMPANY_COOKIE, LANGUAGE_COOKIE, require_actor
from central.web.settings import WebSettings
from commerce.errors import NotFoundError
from commerce.look import LOOK
from commerce.texts import LANGUAGES

STATIC = Path(__file__).parent / "static"
MIDDLEWARES = (
    failures.answer_failures,
    guards.check_names,
    guards.check_host,
    guards.check_text,
    guards.identify,
    guards.check_form,
)


def install(app: web.Application, settings: WebSettings) -> None:
    """Prepare an application whose ``DATABASE`` and ``CLOCK`` are set: guards, failures, static files, languages."""
    app[keys.WEB_SETTINGS] = settings
    app[keys.REFUSALS] = Refusals(app[keys.DATABASE])
    app.middlewares.extend(MIDDLEWARES)
    app.on_response_prepare.append(guards.add_headers)
    app.router.add_static("/static/look/", LOOK)
    app.router.add_static("/static/", STATIC, name="static")
    app.router.add_post("/language", choose_language)
    app.router.add_post("/company", choose_company)
    live.add_routes(app)
    add_documentation(app)


async def choose_language(request: web.Request) -> web.Response:
    """Keep a language for this browser and go back to where it was chosen."""
    form = await request.post()
    language = form.get("language")
    back = safe_path(form.get("back"))
    answer = web.Response(status=303, headers={"Location": back})
    if language in LANGUAGES:
        secure = request.app[keys.WEB_SETTINGS].secure
        answer.set_cookie(
            LANGUAGE_COOKIE, str(language), max_age=31_536_000, httponly=True, samesite="Lax", secure=secure
        )
    return answer


async def choose_company(request: web.Request) -> web.Response:
    """Keep for this browser in which of one's companies to work; NotFoundError ``company.unknown`` for any other."""
    actor, form = require_actor(request), await request.post()
    wished = str(form.get("company", ""))
    companies = {row.id for row in await keys.database(request).read(list_companies)}
    if wished not in companies or not any(grant.company in (None, wished) for grant in actor.grants):
        raise NotFoundError("company.unknown")
    answer = web.Response(status=303, headers={"Location": safe_path(form.get("back"))})
    secure = request.app[keys.WEB_SETTINGS].secure
    answer.set_cookie(COMPANY_COOKIE, wished, max_age=31_536_000, httponly=True, samesite="Lax", secure=secure)
    return answer


def safe_path(wanted: object) -> str:
    """Return where a form wants to go on, if that is a page of ours; else the start."""
    if not isinstance(wanted, str) or not wanted.startswith("/") or not wanted.isprintable():
        return "/"
    return "/" if wanted.startswith(("//", "/\\")) else wanted
