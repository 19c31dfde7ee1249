"""The pages that are served as HTML: the kiosk page and the virtual printer's paper."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web

from commerce.errors import NotFoundError
from terminal.ui.guard import CLIENT_COOKIE, CLIENT_KEPT_S, client_of
from terminal.ui.keys import SERVICES, TOKENS
from terminal.ui.language import language_of
from terminal.ui.page_texts import page_texts

if TYPE_CHECKING:
    from terminal.ui.ports import DrawPaper, PaperReader

STATIC: Final = Path(__file__).parent / "static"
MOST_PAPERS: Final = 30


async def get_index(request: web.Request) -> web.Response:
    """Serve the kiosk page with a fresh token and its first words."""
    language, client = _language(request), client_of(request)
    page = (
        _index()
        .replace("{token}", request.app[TOKENS].issue(client))
        .replace("{language}", language)
        .replace("{title}", escape(page_texts(language)["title"]))
        .replace("{loading}", escape(page_texts(language)["loading"]))
    )
    answer = html_answer(page)
    answer.set_cookie(
        CLIENT_COOKIE, client, max_age=CLIENT_KEPT_S, httponly=True, samesite="Strict", secure=request.secure
    )
    return answer


async def get_papers(request: web.Request) -> web.Response:
    """Show the newest prints; the page asks again by itself."""
    words = page_texts(_language(request))
    printer = _printer(request)
    if printer is None:
        return _paper_page(request, f"<p>{escape(words['paper_no_printer'])}</p>")
    paper, draw = printer
    numbers = (await asyncio.to_thread(paper.job_numbers))[::-1][:MOST_PAPERS]
    jobs = [(number, await asyncio.to_thread(paper.read_job, number)) for number in numbers]
    drawn = "".join(_sheet(number, job, draw, words) for number, job in jobs if job is not None)
    return _paper_page(request, drawn or f"<p>{escape(words['paper_none'])}</p>", fresh=True)


async def get_paper(request: web.Request) -> web.Response:
    """Show one print."""
    number, job, draw = await _job(request)
    return _paper_page(request, _sheet(number, job, draw, page_texts(_language(request))))


async def get_paper_bytes(request: web.Request) -> web.Response:
    """Serve the bytes of one print as they went to the printer."""
    _, job, _ = await _job(request)
    return web.Response(body=job, content_type="application/octet-stream")


def html_answer(page: str) -> web.Response:
    """Return a page."""
    return web.Response(text=page, content_type="text/html")


async def _job(request: web.Request) -> tuple[int, bytes, DrawPaper]:
    printer = _printer(request)
    text = request.match_info["number"]
    if printer is None or not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise NotFoundError("paper.unknown")
    job = await asyncio.to_thread(printer[0].read_job, int(text))
    if job is None:
        raise NotFoundError("paper.unknown")
    return int(text), job, printer[1]


def _printer(request: web.Request) -> tuple[PaperReader, DrawPaper] | None:
    services = request.app[SERVICES]
    return None if services.paper is None or services.draw_paper is None else (services.paper, services.draw_paper)


def _sheet(number: int, job: bytes, draw: DrawPaper, words: dict[str, str]) -> str:
    told = {"cut": words["paper_cut"], "drawer_opened": words["paper_drawer"], "picture": words["paper_picture"]}
    title = escape(words["paper_number"].format(number=number))
    return (
        f'<article class="sheet" id="print-{number}"><header><h2><a href="/paper/{number}">{title}</a></h2>'
        f'<a href="/paper/{number}.bin" download>{escape(words["paper_bytes"])}</a></header>'
        f"{draw(job, told)}</article>"
    )


def _paper_page(request: web.Request, content: str, *, fresh: bool = False) -> web.Response:
    language = _language(request)
    words = page_texts(language)
    again = '<script type="module" src="/static/paper.js"></script>' if fresh else ""
    title = escape(words["paper_title"])
    return html_answer(
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>{again}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/static/look/icon.svg"><link rel="stylesheet" href="/static/look/tokens.css">'
        '<link rel="stylesheet" href="/static/styles/base.css">'
        '<link rel="stylesheet" href="/static/styles/paper-page.css">'
        f'</head><body><header class="top"><h1>{title}</h1></header><main class="sheets">{content}</main></body></html>'
    )


@lru_cache(maxsize=1)
def _index() -> str:
    return (STATIC / "index.html").read_text(encoding="utf-8")


def _language(request: web.Request) -> str:
    return language_of(request, request.app[SERVICES].register.state.operating.shop.languages[0])
