"""Live parts of pages by server-sent events: drawn on the server, sent when they have changed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from central.db.signals import ACCESS, EVENT, FEED
from central.identity.service import peek_actor
from central.web.context import require_actor
from central.web.guards import session_cookie
from central.web.keys import WEB_SETTINGS, database, now
from commerce.errors import StorageError

ENDED = "ended"  # the pages load anew and find the sign-in
POLL_S = 5.0
# A shop that sells every second must not make every open page redraw for each sale.
QUIET_S = 0.4


async def stream(
    request: web.Request, name: str, draw: Callable[[], Awaitable[str]], topics: tuple[str, ...] = (EVENT, FEED)
) -> web.StreamResponse:
    """Send what ``draw`` returns as the event ``name`` each time it differs, until the browser or its session goes.

    It is drawn again when one of the ``topics`` is signalled, to whoever works for the company that it is about.

    The end of the session is told as the event ``ended``, and nothing is drawn after it.
    """
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    response.headers["X-Accel-Buffering"] = "no"
    with suppress(ConnectionResetError):  # the browser went elsewhere in the middle of a line
        await _send_changes(request, response, name, draw, topics)
    return response


async def _send_changes(
    request: web.Request,
    response: web.StreamResponse,
    name: str,
    draw: Callable[[], Awaitable[str]],
    topics: tuple[str, ...],
) -> None:
    sent = text = ""
    companies = require_actor(request).companies
    with database(request).signals.subscribe(*topics, ACCESS, companies=companies) as subscription:
        with suppress(StorageError):
            text = await draw()  # before the stream begins: who may not see it is answered as on any page
        await response.prepare(request)
        while not _gone(request):
            await response.write(_event(name, text) if text != sent else b": still here\n\n")
            sent = text
            await asyncio.sleep(QUIET_S)
            await subscription.wait(POLL_S)
            with suppress(StorageError):  # the database is away: what stands there stays
                if not await _may_still_see(request):
                    await response.write(_event(ENDED, "session"))
                    return
                text = await draw()


async def _may_still_see(request: web.Request) -> bool:
    """Tell whether the session that opened the page is open, and its owner may do what was allowed then."""
    cookie = request.cookies.get(session_cookie(secure=request.app[WEB_SETTINGS].secure), "")
    return await peek_actor(database(request), cookie, now(request)) == require_actor(request)


def _event(name: str, text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n".encode()


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
