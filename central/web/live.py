"""Live parts of pages: one stream a browser announces that something changed, and each tab fetches its parts anew."""

import asyncio
from contextlib import suppress

from aiohttp import web

from central.db.signals import ACCESS, EVENT, FEED, JOB, PROGRESS
from central.identity.scope import Permission
from central.identity.service import peek_actor
from central.web.context import require_actor
from central.web.guards import session_cookie
from central.web.keys import WEB_SETTINGS, database, now
from commerce.errors import StorageError

ENDED = "ended"  # the pages load anew and find the sign-in
TOPICS = (EVENT, FEED, JOB, PROGRESS)
SEEN_BY: web.AppKey[dict[str, Permission]] = web.AppKey("topics", dict)  # further topics: who may hear of them
POLL_S = 15.0  # time alone makes a till silent, and a signal may be lost
# A shop that sells every second must not make every open page redraw for each sale.
QUIET_S = 0.4


def add_routes(app: web.Application) -> None:
    """Serve the stream that all tabs of a browser share."""
    app.router.add_get("/live", announce)


async def announce(request: web.Request) -> web.StreamResponse:
    """Send the event ``changed`` with its topics each time something changed in a company of whoever asks.

    No content is sent: each page asks for its own, with what its reader may see then. The end of the session is told
    as the event ``ended``, and nothing is sent after it.
    """
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    response.headers["X-Accel-Buffering"] = "no"
    with suppress(ConnectionResetError):  # the browser went elsewhere in the middle of a line
        await _announce_changes(request, response)
    return response


async def _announce_changes(request: web.Request, response: web.StreamResponse) -> None:
    actor = require_actor(request)
    topics = (*TOPICS, *(topic for topic, right in request.app.get(SEEN_BY, {}).items() if actor.may(right)))
    with database(request).signals.subscribe(*topics, ACCESS, companies=actor.companies) as subscription:
        await response.prepare(request)
        await response.write(b": listening\n\n")
        while not _gone(request):
            woken = await subscription.wait(POLL_S)
            heard = subscription.take_heard() - {ACCESS} if woken else topics
            with suppress(StorageError):  # the database is away: pages stay as they are
                if not await _may_still_see(request):
                    await response.write(_event(ENDED, "session"))
                    return
                if heard:
                    await response.write(_event("changed", " ".join(sorted(heard))))
            await asyncio.sleep(QUIET_S)


async def _may_still_see(request: web.Request) -> bool:
    """Tell whether the session that opened the stream is open, and its owner may still do the same."""
    cookie = request.cookies.get(session_cookie(secure=request.app[WEB_SETTINGS].secure), "")
    return await peek_actor(database(request), cookie, now(request)) == require_actor(request)


def _event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
