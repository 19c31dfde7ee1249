"""Where connections come in: bound, counted, and closed when they send nothing."""

import socket
import ssl

from aiohttp import web

from commerce.door import Door, open_door

MOST_CONNECTIONS = 8_000  # a live channel and a push for each of thousands of tills
KEEP_ALIVE_S = 60.0
LINGER_S = 1.0


class Entrance(web.SockSite):
    """A listening socket whose connections pass a door; aiohttp has no limit of its own for any of this."""

    def __init__(self, runner: web.AppRunner, listener: socket.socket, tls: ssl.SSLContext | None, door: Door) -> None:
        super().__init__(runner, listener, ssl_context=tls)
        self._door = door

    async def start(self) -> None:
        """Listen."""
        await web.BaseSite.start(self)
        serve = self._runner.server
        assert serve is not None  # noqa: S101 - the runner was set up
        self._server = await open_door(self._door, self._sock, self._ssl_context, serve, self._backlog)
