"""The search of everything: records of every kind that somebody may see, and whatever areas declare besides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from central.identity.scope import Permission, Scope
from central.kit import records
from central.kit.addresses import path_of
from central.kit.kinds import Kind, Kinds
from central.web.context import require_actor
from central.web.finding import FINDERS, Finder, Hit
from central.web.keys import database
from central.web.rendering import is_partial, page
from central.web.scoping import scope_in
from commerce.errors import ForbiddenError, NotFoundError

_EACH = 6
_MOST_TYPED = 100


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one thing; ``more`` is its list of all that fits, "" where it has none or shows all."""

    title: str
    hits: Sequence[Hit]
    more: str = ""


class SearchPages:
    """The handlers of the search."""

    def __init__(self, kinds: Kinds) -> None:
        """Remember what there is."""
        self.kinds = kinds

    def add_routes(self, app: web.Application) -> None:
        """Serve it."""
        app.router.add_get("/search", self.show)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show what fits what is typed; the only thing that does is gone to at once."""
        typed = request.query.get("q", "").strip()[:_MOST_TYPED]
        finders = request.app.get(FINDERS, [])
        scopes = await _scopes(request, [*(kind.see for kind in self.kinds), *(one.permission for one in finders)])
        job = partial(_find, kinds=self.kinds, finders=finders, scopes=scopes, typed=typed)
        groups = await database(request).read(job) if typed else []
        hits = [hit for group in groups for hit in group.hits]
        if len(hits) == 1 and not is_partial(request):
            raise web.HTTPSeeOther(hits[0].path)
        return page(request, f"kit/{'found' if is_partial(request) else 'search'}.html", groups=groups, typed=typed)


async def _scopes(request: web.Request, permissions: Sequence[Permission]) -> dict[Permission, Scope]:
    """Return where somebody may see what, for whatever they may see."""
    actor, found = require_actor(request), dict[Permission, Scope]()
    for permission in dict.fromkeys(permissions):
        if actor.may(permission):
            try:
                found[permission] = await scope_in(request, permission)
            except (ForbiddenError, NotFoundError):  # not in the company that they work in now
                continue
    return found


def _find(
    conn: Connection, kinds: Sequence[Kind], finders: Sequence[Finder], scopes: Mapping[Permission, Scope], typed: str
) -> list[Group]:
    of_kinds = [_of_kind(conn, kind, str(scopes[kind.see].company), typed) for kind in kinds if kind.see in scopes]
    allowed = [(one, scopes[one.permission]) for one in finders if one.permission in scopes]
    besides = [Group(one.title, one.find(conn, scope, typed, _EACH)) for one, scope in allowed]
    return [group for group in (*of_kinds, *besides) if group.hits]


def _of_kind(conn: Any, kind: Kind, company: str, typed: str) -> Group:  # noqa: ANN401 - SQLAlchemy's connection
    found = records.called(conn, kind, company, typed, _EACH + 1)
    hits = [Hit(kind.title(one.card), f"/{kind.path}/{one.id}") for one in found[:_EACH]]
    more = path_of(f"/{kind.path}", {"q": typed}) if len(found) > _EACH else ""
    return Group(kind.words.many, hits, more)
