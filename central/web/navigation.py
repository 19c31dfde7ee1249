"""The sections of head office, named by what people do there: each area declares its own."""

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


SECTIONS: web.AppKey[list[Section]] = web.AppKey("sections", list)
TABS: web.AppKey[dict[str, list[Tab]]] = web.AppKey("tabs", dict)  # by section


def sections_of(app: web.Application) -> list[Section]:
    """Return all sections in their order."""
    declared: list[Section] = app.get(SECTIONS, [])
    return sorted(declared, key=lambda section: section.place)
