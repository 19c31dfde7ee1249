"""Live parts of pages by server-sent events: drawn on the server, sent when they have changed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from central.db.signals import EVENT, FEED
from central.web.keys import database

POLL_S = 5.0
# A shop that sells every second must not make every open page redraw for each sale.
QUIET_S = 0.4


async def stream(request: web.Request, name: str, draw: Callable[[], Awaitable[str]]) -> web.StreamResponse:
    """Send what ``draw`` returns as the event ``name`` each time it differs, until the browser goes."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    response.headers["X-Accel-Buffering"] = "no"
    with suppress(ConnectionResetError):  # the browser went elsewhere in the middle of a line
        await _send_changes(request, response, name, draw)
    return response


async def _send_changes(
    request: web.Request, response: web.StreamResponse, name: str, draw: Callable[[], Awaitable[str]]
) -> None:
    await response.prepare(request)
    sent = ""
    with database(request).signals.subscribe(EVENT, FEED) as subscription:
        while not _gone(request):
            text = await draw()
            await response.write(_event(name, text) if text != sent else b": still here\n\n")
            sent = text
            await asyncio.sleep(QUIET_S)
            await subscription.wait(POLL_S)


def _event(name: str, text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n".encode()


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
