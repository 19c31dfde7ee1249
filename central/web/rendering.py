"""Puts a page's values into its template, in the language of whoever reads it."""

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from central.web.context import csrf_token, current_actor, language_of
from central.web.formats import Formats
from central.web.navigation import Tab, sections_of, tabs_of
from central.web.states import reason_text, wording
from commerce.texts import LANGUAGES, translator

if TYPE_CHECKING:
    from commerce.texts import Translator

CENTRAL = Path(__file__).resolve().parent.parent


def page(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """Return a page; ``template`` is ``area/name.html``."""
    return web.Response(text=render(request, template, **values), status=status, content_type="text/html")


def render(request: web.Request, template: str, **values: object) -> str:
    """Return a template's text with what every page knows: who reads, in which language, where they are."""
    language = language_of(request)
    words = translator(language)
    return (
        environment()
        .get_template(template)
        .render(
            t=words.t,
            tn=words.tn,
            f=formats(language),
            language=language,
            languages=LANGUAGES,
            actor=current_actor(request),
            csrf=csrf_token(request),
            sections=sections_of(request.app),
            tabs_in=partial(_tabs_in, request),
            here=request.path_qs,
            **values,
        )
    )


def _tabs_in(request: web.Request, section: str) -> list[tuple[str, list[Tab]]]:
    actor = current_actor(request)
    return [] if actor is None else tabs_of(request.app, section, actor.may)


def words_of(request: web.Request) -> "Translator":
    """Return the translator of the reader's language."""
    return translator(language_of(request))


def is_partial(request: web.Request) -> bool:
    """Tell whether htmx asks for a part of the page instead of the whole."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


@lru_cache(maxsize=8)
def formats(language: str) -> Formats:
    """Return a language's formats, made once."""
    return Formats(language)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the one template environment: escaped everywhere, and a missing value is an error."""
    folders = CENTRAL.glob("*/templates")  # an area's stand in its own package, and are found there
    loader = PrefixLoader({folder.parent.name: FileSystemLoader(folder) for folder in folders})
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals["text_of"] = text_of
    made.globals["wording"] = wording
    made.globals["reason_text"] = reason_text
    return made


def text_of(names: Mapping[str, str], language: str) -> str:
    """Return a name in a language, or in whichever it has."""
    return names.get(language) or next(iter(names.values()), "")
