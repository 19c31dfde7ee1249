"""What an area of central declares of itself, once: application, navigation, roles and docs read it from here."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from central.db.readers import Reader
from central.identity.scope import Area
from central.jobs.keys import JOB_KINDS
from central.jobs.runner import Handler
from central.jobs.scheduling import Schedule
from central.jobs.values import JobKind
from central.web.finding import FINDERS, Finder
from central.web.keys import RIGHTS
from central.web.navigation import SECTIONS, TABS, Section, Tab


class TwiceDeclaredError(Exception):
    """Two areas declare the same: a mistake in the program, found when it starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One area. A job without a handler, and a reader named only, take settings of the machine: whoever builds the
    server has read those, and hands over what does the work.
    """

    name: str
    rights: tuple[Area, ...] = ()
    sections: tuple[Section, ...] = ()
    tabs: Mapping[str, tuple[Tab, ...]] = field(default_factory=dict)  # pages that are no kind's, by section
    pages: tuple[Callable[[web.Application], None], ...] = ()
    api: tuple[Callable[[web.Application], None], ...] = ()
    kinds: tuple[Any, ...] = ()  # of ``central.kit.kinds.Kind``, which stands above this module
    jobs: Mapping[JobKind, Handler | None] = field(default_factory=dict)
    schedules: tuple[Schedule, ...] = ()
    readers: Mapping[str, Reader | None] = field(default_factory=dict)
    finders: tuple[Finder, ...] = ()  # for the search of everything; records of kinds are found without
    settings: tuple[str, ...] = ()  # the sections of the machine's settings that it is set up by


def declare(app: web.Application, areas: Sequence[Manifest]) -> None:
    """Tell an application what its areas declare, and serve their pages and APIs; TwiceDeclaredError."""
    _refuse_doubles(areas)
    app[RIGHTS] = [right for area in areas for right in area.rights]
    app[SECTIONS] = [section for area in areas for section in area.sections]
    app[FINDERS] = [finder for area in areas for finder in area.finders]
    app[JOB_KINDS] = {kind.name: kind for area in areas for kind in area.jobs}
    tabs = app.setdefault(TABS, {})
    for area in areas:
        for section, own in area.tabs.items():
            tabs.setdefault(section, []).extend(own)
        for add_routes in (*area.api, *area.pages):
            add_routes(app)


def handlers_of(areas: Sequence[Manifest]) -> dict[JobKind, Handler]:
    """Return who does the areas' jobs, as far as that takes no settings."""
    return {kind: handler for area in areas for kind, handler in area.jobs.items() if handler is not None}


def readers_of(areas: Sequence[Manifest]) -> tuple[Reader, ...]:
    """Return who reads of what happened, as far as that takes no settings."""
    return tuple(reader for area in areas for reader in area.readers.values() if reader is not None)


def schedules_of(areas: Sequence[Manifest]) -> tuple[Schedule, ...]:
    """Return what comes by itself."""
    return tuple(schedule for area in areas for schedule in area.schedules)


def _refuse_doubles(areas: Sequence[Manifest]) -> None:
    for what, names in _declared(areas).items():
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice:
            raise TwiceDeclaredError(f"{what}: {', '.join(twice)}")


def _declared(areas: Sequence[Manifest]) -> dict[str, Iterable[str]]:
    sections = [section for area in areas for section in area.sections]
    return {
        "areas": [area.name for area in areas],
        "rights": [right.name for area in areas for right in area.rights],
        "sections": [section.name for section in sections],
        "keys of sections": [section.key for section in sections],
        "kinds": [kind.name for area in areas for kind in area.kinds],
        "paths of kinds": [kind.path for area in areas for kind in area.kinds],
        "jobs": [kind.name for area in areas for kind in area.jobs],
        "schedules": [schedule.name for area in areas for schedule in area.schedules],
        "readers": [name for area in areas for name in area.readers],
    }
