"""The frame of the till's page about its API."""

from html import escape

from commerce.apis.operations import Json
from commerce.apis.page import api_page
from commerce.texts import LANGUAGES, translator


def docs_page(document: Json, language: str) -> str:
    """Return the page."""
    words, name = translator(language), document["info"]["title"]
    title = escape(words.t(name))
    others = " ".join(f'<a href="?lang={one}" lang="{one}" hreflang="{one}">{one.upper()}</a>' for one in LANGUAGES)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/static/look/icon.svg"><link rel="stylesheet" href="/static/look/tokens.css">'
        '<link rel="stylesheet" href="/static/styles/base.css">'
        '<link rel="stylesheet" href="/static/styles/docs-page.css"></head>'
        f'<body><main><p class="languages">{others}</p>{api_page(document, words)}</main></body></html>'
    )
