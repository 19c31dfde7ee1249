"""Who asks, for which company, with all that an edit needs; the kinds of a server."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from aiohttp import web

from central.identity.people import Actor
from central.kit.kinds import Kind, Kinds
from central.kit.proposals import Edit
from central.organisation.service import office_zones
from central.web.context import language_of, require_actor
from central.web.keys import database, now
from central.web.scoping import scope_in

KINDS = web.AppKey("kinds", Kinds)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """One request: who asks, and the company whose records they see."""

    request: web.Request
    actor: Actor
    company: str
    language: str

    @property
    def edit(self) -> Edit:
        """Return what a change is made by; warnings that were read are in the query or the form."""
        accepted = frozenset(filter(None, self.request.query.get("accept", "").split(",")))
        return Edit(self.actor, self.company, now(self.request), self.request.app[KINDS], accepted)

    def may_edit(self, kind: Kind) -> bool:
        """Tell whether they may change records of a kind: all shops share them, so it takes all of the company."""
        return any(one.shops is None and one.covers(self.company) for one in self.actor.reach(kind.edit))

    async def read(self, job: Callable[..., T], kind: Kind, **values: Any) -> T:  # noqa: ANN401
        """Run a job that reads a kind for a page."""
        return await database(self.request).read(partial(job, kind=kind, company=self.company, **values))

    async def write(self, job: Callable[..., T], **values: Any) -> T:  # noqa: ANN401
        """Run a job that writes."""
        return await database(self.request).write(partial(job, **values))

    async def zone(self) -> str:
        """Return the zone in which times are shown."""
        zones = await database(self.request).read(office_zones)
        return zones.get(self.company) or zones.get(None) or "UTC"


async def asking(request: web.Request, kind: Kind) -> Asking:
    """Return who asks; ForbiddenError where they may not see this kind. What all shops share, each of them sees."""
    scope = await scope_in(request, kind.see)
    return Asking(request, require_actor(request), str(scope.company), language_of(request))
