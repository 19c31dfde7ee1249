"""``/api/v1`` of sessions and of keys for programs: whoever has one sees and ends their own.

Keys are made on the page alone: one that could make others would have no end.
"""

from datetime import datetime
from typing import Any

from aiohttp import web

from central.identity import service
from central.web.api import Answer, ApiRoute, add_api
from central.web.context import require_actor
from central.web.keys import database, now
from commerce.texts import N_


class KeyAnswer(Answer):
    """A key, never what it opens with."""

    id: str
    name: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_from: str | None
    used_by: str | None


class SessionAnswer(Answer):
    """An open session in a browser; ``used_by`` is what the browser says of itself."""

    id: str
    created_at: datetime
    used_at: datetime
    used_from: str
    used_by: str


class SessionList(Answer):
    """One's own sessions that open doors, used last first."""

    sessions: list[SessionAnswer]


class KeyList(Answer):
    """One's own keys that nobody revoked; one past its end opens nothing."""

    keys: list[KeyAnswer]


def add_routes(app: web.Application) -> None:
    """Add this area's operations."""
    add_api(
        app,
        ApiRoute("GET", "/api/v1/keys", list_keys, N_("List my keys for programs"), KeyList),
        ApiRoute("DELETE", "/api/v1/keys/{key}", revoke_key, N_("Revoke a key; answers those that are left"),
                 KeyList),
        ApiRoute("GET", "/api/v1/sessions", list_sessions, N_("List my open sessions"), SessionList),
        ApiRoute("DELETE", "/api/v1/sessions/{session}", end_session, N_("End a session; answers those that are open"),
                 SessionList),
    )  # fmt: skip


async def list_sessions(request: web.Request) -> SessionList:
    """Give one's own open sessions, the newest hundred."""
    rows = await service.list_sessions(database(request), require_actor(request), now(request), own=True)
    return SessionList(sessions=[
        SessionAnswer(id=row.id, created_at=row.created_at, used_at=row.seen_at, used_from=row.address,
                      used_by=row.agent)
        for row in rows
    ])  # fmt: skip


async def end_session(request: web.Request) -> SessionList:
    """End a session: one's own, or anybody's for who may manage users."""
    await service.end_session(database(request), require_actor(request), request.match_info["session"], now(request))
    return await list_sessions(request)


async def list_keys(request: web.Request) -> KeyList:
    """Give one's own keys."""
    rows = await service.list_tokens(database(request), require_actor(request))
    return KeyList(keys=[_key(row) for row in rows])


async def revoke_key(request: web.Request) -> KeyList:
    """End a key: one's own, or anybody's for who may manage users."""
    await service.revoke_token(database(request), require_actor(request), request.match_info["key"], now(request))
    return await list_keys(request)


def _key(row: Any) -> KeyAnswer:  # noqa: ANN401 - a row of the table
    return KeyAnswer(id=row.id, name=row.name, created_at=row.created_at, expires_at=row.expires_at,
                     used_at=row.used_at, used_from=row.used_from, used_by=row.used_by)  # fmt: skip
