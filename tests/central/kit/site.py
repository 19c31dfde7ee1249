"""Head office with all declared kinds, those of tests too, as browsers and programs meet it."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import aiohttp

from central.identity.service import NewUser, add_user
from tests.central.head_office import PASSWORD, Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from central.identity.people import Role
    from tests.central.head_office import Page
    from tests.central.office import Office


@dataclass
class Site:
    """The server and a browser that anna has signed in with."""

    office: Office
    anna: Visitor

    @asynccontextmanager
    async def visitor(self, name: str, role: Role) -> AsyncIterator[Visitor]:
        """Somebody else's browser."""
        new = NewUser(name, PASSWORD, role, "en", name.title())
        await add_user(self.office.database, new, self.office.clock())
        jar, address = aiohttp.CookieJar(unsafe=True), self.anna.session._base_url
        async with aiohttp.ClientSession(address, cookie_jar=jar) as session:
            visitor = Visitor(session)
            await visitor.sign_in(name)
            yield visitor

    async def form(self, path: str) -> dict[str, str]:
        """What a browser would send if somebody pressed Save."""
        return inputs((await self.anna.get(path)).text)

    async def send(self, path: str, form: dict[str, str]) -> Page:
        return await self.anna.post(path, **{name: text for name, text in form.items() if name != "csrf"})

    async def ask(self, method: str, path: str, said: object = None, **headers: str) -> tuple[int, Any, Any]:
        """What a program is answered: status, JSON, headers."""
        options: dict[str, Any] = {"headers": {"X-CSRF-Token": self.anna.token, **headers}}
        if said is not None:
            options["json"] = said
        async with self.anna.session.request(method, path, **options) as answer:
            text = await answer.text()
            return answer.status, (await answer.json()) if text else None, answer.headers


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._form = self._area = self._select = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = given.get("id", "-")
        if self._form != "record-form":
            return
        name = given.get("name", "")
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.found[name] = given.get("value", "")
        elif tag == "textarea":
            self._area, self._text = name, []
        elif tag == "select":
            self._select = name
            self.found[name] = ""
        elif tag == "option" and self._select and "selected" in given:
            self.found[self._select] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self.found[self._area] = "".join(self._text).removeprefix("\n")
            self._area = ""
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._form = ""


def inputs(page: str) -> dict[str, str]:
    """The inputs of a page's record form with what stands in them."""
    parser = _Inputs()
    parser.feed(page)
    return parser.found


def rows(page: str) -> list[str]:
    """The ids of the rows of a page's table."""
    return re.findall(r'<tr id="r-([^"]+)"', page)


def next_page(page: str) -> str:
    """Where a page's "Next page" leads."""
    found = re.search(r'rel="next" href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else ""
