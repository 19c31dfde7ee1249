"""Where a daemon's connections come in: past its door, and past what no handler should have to look at.

aiohttp looks at some headers itself before anything of ours runs, and takes a peer that left for a bug of the handler:
both are dealt with here, once for all routes of both daemons.
"""

import logging
import socket
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_request import BaseRequest

from commerce.door import Door, open_door

KEEP_ALIVE_S = 60
LINGER_S = 1

Handler = Callable[[BaseRequest], Awaitable[web.StreamResponse]]
log = logging.getLogger(__name__)


class Entrance(web.SockSite):
    """A listening socket whose connections pass a door; aiohttp has no limit of its own for any of this."""

    def __init__(self, runner: web.AppRunner, listener: socket.socket, tls: ssl.SSLContext | None, door: Door) -> None:
        super().__init__(runner, listener, ssl_context=tls)
        self._door = door

    async def start(self) -> None:
        """Listen."""
        await web.BaseSite.start(self)
        server = self._runner.server
        assert server is not None  # noqa: S101 - the runner was set up
        server.request_handler = received(server.request_handler)
        self._server = await open_door(self._door, self._sock, self._ssl_context, server, self._backlog)


def received(handler: Handler) -> Handler:
    """Return what stands before every handler: headers that are no text are refused, and who left is let go."""

    async def receive(request: BaseRequest) -> web.StreamResponse:
        if not all(map(is_text, request.headers.values())):
            raise web.HTTPBadRequest(text="A header of the request is no text.")
        try:
            return await handler(request)
        except ConnectionError as error:
            if not has_left(request):
                raise
            log.debug("a client left while it was answered: %s %s (%s)", request.method, request.path, error)
            return web.Response()  # for nobody

    return receive


def has_left(request: BaseRequest) -> bool:
    """Tell whether nobody is there any more to be answered."""
    return request.transport is None or request.transport.is_closing()


def is_text(value: str) -> bool:
    """Tell whether a header's value was UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
