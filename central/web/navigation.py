"""The sections of head office, named by what people do there: each area declares its own."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from central.identity.scope import Permission


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the navigation, for who may see it. ``key`` goes there after ``g``."""

    name: str
    path: str
    title: str
    key: str
    place: int  # among the others, from the left
    permission: Permission | None = None


@dataclass(frozen=True, slots=True)
class Tab:
    """A page within a section, declared by what serves it."""

    path: str
    title: str
    permission: Permission
    group: str = ""  # the heading under which it stands
    last: bool = False  # its heading comes after the others


SECTIONS: web.AppKey[list[Section]] = web.AppKey("sections", list)
TABS: web.AppKey[dict[str, list[Tab]]] = web.AppKey("tabs", dict)  # by section


def tabs_of(app: web.Application, section: str, may: Callable[[Permission], bool]) -> list[tuple[str, list[Tab]]]:
    """Return the pages of a section that somebody may see, under their headings; both in the order of declaration."""
    groups: dict[str, list[Tab]] = {}
    for tab in app.get(TABS, {}).get(section, []):
        groups.setdefault(tab.group, []).append(tab)
    seen = ((group, [tab for tab in tabs if may(tab.permission)]) for group, tabs in groups.items())
    return sorted(((group, tabs) for group, tabs in seen if tabs), key=lambda one: one[1][0].last)


def sections_of(app: web.Application) -> list[Section]:
    """Return all sections in their order."""
    declared: list[Section] = app.get(SECTIONS, [])
    return sorted(declared, key=lambda section: section.place)
