"""The company that a request is about: the one that ``X-Company`` or the browser names, else the first of one's own."""

from aiohttp import web

from central.identity.people import Actor
from central.identity.scope import Permission, Scope
from central.organisation.service import companies_within, list_companies
from central.web.context import COMPANY_COOKIE, require_actor
from central.web.keys import database
from commerce.errors import NotFoundError


async def scope_in(request: web.Request, permission: Permission) -> Scope:
    """Return where in the company that a request is about something may be done, by its id in ``company``.

    ForbiddenError ``forbidden.role`` where it may not be done; NotFoundError ``company.unknown`` where ``X-Company``
    names what is none of the actor's. A browser's choice that no longer holds is passed over.
    """
    actor, named = require_actor(request), request.headers.get("X-Company")
    return actor.scope(
        permission, await (_named(request, actor, named) if named else _chosen(request, actor, permission))
    )


async def _named(request: web.Request, actor: Actor, named: str) -> str:
    companies = {row.id for row in await database(request).read(list_companies)}
    if named not in companies or not any(grant.company in (None, named) for grant in actor.grants):
        raise NotFoundError("company.unknown")
    return named


async def _chosen(request: web.Request, actor: Actor, permission: Permission) -> str:
    scopes = actor.scopes(permission)
    found = [str(row.id) for row in await database(request).read(lambda conn: companies_within(conn, scopes))]
    if not found:
        raise NotFoundError("company.unknown")
    kept = request.cookies.get(COMPANY_COOKIE)
    return kept if kept in found else found[0]
