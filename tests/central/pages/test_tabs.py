"""The pages of a section stand under headings, as the areas declare them, and each sees those it may."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

from central.app import AREAS, KINDS
from central.identity.scope import Permission
from central.registry.area import SEE_SETTINGS
from central.web.navigation import TABS, Tab, tabs_of

if TYPE_CHECKING:
    from tests.central.head_office import Visitor


def app_with(*tabs: Tab) -> web.Application:
    app = web.Application()
    app[TABS] = {"settings": list(tabs)}
    return app


def test_what_ends_the_list_comes_last_and_what_nobody_may_see_is_not_there() -> None:
    people = Tab("/users", "Users", Permission("people", SEE_SETTINGS.right), "People", last=True)
    tabs = (
        people,
        Tab("/a", "A", SEE_SETTINGS, "Tills"),
        Tab("/b", "B", SEE_SETTINGS),
        Tab("/c", "C", SEE_SETTINGS, "Tills"),
    )
    app = app_with(*tabs)

    def named(may: object) -> list[tuple[str, list[str]]]:
        return [(group, [tab.path for tab in own]) for group, own in tabs_of(app, "settings", may)]  # type: ignore[arg-type]

    assert named(lambda _: True) == [("Tills", ["/a", "/c"]), ("", ["/b"]), ("People", ["/users"])]
    assert named(lambda one: one == SEE_SETTINGS) == [("Tills", ["/a", "/c"]), ("", ["/b"])]
    assert tabs_of(app, "sales", lambda _: True) == []


def test_every_kind_of_the_settings_stands_under_a_heading() -> None:
    assert [kind.name for kind in KINDS if kind.area.name == "settings" and not kind.group] == []


async def test_settings_show_every_page_once_under_its_heading(anna: Visitor) -> None:
    page = (await anna.get("/reasons")).text
    nav = page[page.index('<nav class="tabs"') :].partition("</nav>")[0]
    declared = [tab.path for area in AREAS for tab in area.tabs.get("settings", ())]
    kinds = [f"/{kind.path}" for kind in KINDS if kind.area.name == "settings"]

    assert sorted(re.findall(r'href="([^"]+)"', nav)) == sorted([*declared, *kinds])
    assert re.findall(r'role="group" aria-label="([^"]+)"', nav)[0] == "At the till"
    assert re.findall(r'role="group" aria-label="([^"]+)"', nav)[-1] == "People"
    assert re.search(r'<a href="/reasons" aria-current="page">', nav)


async def test_a_section_of_one_page_has_no_tabs(anna: Visitor) -> None:
    assert '<nav class="tabs"' not in (await anna.get("/customers")).text
    assert '<nav class="tabs"' in (await anna.get("/brands")).text
