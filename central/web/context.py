"""What a request carries for its page: the signed-in person, the language, the form token."""

from aiohttp import web

from central.identity.passwords import form_token
from central.identity.people import Actor
from commerce.errors import ForbiddenError
from commerce.texts import LANGUAGES

ACTOR = web.RequestKey("actor", Actor)
# The secret behind forms: the session's cookie, or the visitor's before sign-in.
FORM_SECRET = web.RequestKey("form_secret", str)
LANGUAGE_COOKIE = "central_language"
COMPANY_COOKIE = "central_company"


def current_actor(request: web.Request) -> Actor | None:
    """Return who is signed in, or None."""
    return request.get(ACTOR)


def require_actor(request: web.Request) -> Actor:
    """Return who is signed in; ForbiddenError ``forbidden.sign_in`` if nobody is."""
    actor = current_actor(request)
    if actor is None:
        raise ForbiddenError("forbidden.sign_in")
    return actor


def csrf_token(request: web.Request) -> str:
    """Return the token that this reader's forms carry."""
    secret = request.get(FORM_SECRET)
    return "" if secret is None else form_token(secret)


def language_of(request: web.Request) -> str:
    """Return the language: asked for here, chosen before, the person's own, or the browser's."""
    actor = current_actor(request)
    wished = [request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE), actor.language if actor else None]
    for language in wished:
        if language in LANGUAGES:
            return language
    return _from_header(request.headers.get("Accept-Language", ""))


def _from_header(header: str) -> str:
    for part in header.split(","):
        language = part.split(";")[0].strip()[:2].lower()
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]
