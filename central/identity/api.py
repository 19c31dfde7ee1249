"""``/api/v1`` of keys for programs: whoever has one sees and ends their own.

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
    )  # fmt: skip


async def list_keys(request: web.Request) -> KeyList:
    """Give one's own keys."""
    rows = await service.list_tokens(database(request), require_actor(request))
    return KeyList(keys=[_key(row) for row in rows])


async def revoke_key(request: web.Request) -> KeyList:
    """End a key: one's own, or anybody's for who may manage users."""
    await service.revoke_token(database(request), require_actor(request), request.match_info["key"], now(request))
    return await list_keys(request)


def _key(row: Any) -> KeyAnswer:  # noqa: ANN401 - a row of the table
    return KeyAnswer(id=row.id, name=row.name, created_at=row.created_at, expires_at=row.expires_at)
