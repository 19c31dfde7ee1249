"""The shell of the pages: everything that stands around the areas' own routes."""

from pathlib import Path

from aiohttp import web

from central.identity.refusals import Refusals
from central.web import failures, guards, keys
from central.web.api import add_documentation
from central.web.context import LANGUAGE_COOKIE
from central.web.settings import WebSettings
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
    app.router.add_static("/static/", STATIC, name="static")
    app.router.add_post("/language", choose_language)
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


def safe_path(wanted: object) -> str:
    """Return where a form wants to go on, if that is a page of ours; else the start."""
    if not isinstance(wanted, str) or not wanted.startswith("/") or not wanted.isprintable():
        return "/"
    return "/" if wanted.startswith(("//", "/\\")) else wanted
