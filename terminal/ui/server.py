"""The till's HTTP and WebSocket server, built from its services; starting it is the runtime's."""

import socket
import ssl
from typing import Final

from aiohttp import web

from commerce.door import Door, room_for_connections
from commerce.entrance import KEEP_ALIVE_S, LINGER_S, Entrance
from commerce.look import LOOK
from terminal.ui.guard import guard, speak
from terminal.ui.keys import LIVE, SERVICES, TOKENS
from terminal.ui.live import Live
from terminal.ui.pages import STATIC
from terminal.ui.ports import NetworkStatus, StoredReceipt, UiServices, loopback_hosts
from terminal.ui.routes import ROUTES, served
from terminal.ui.tokens import Tokens

__all__ = ["LIVE", "NetworkStatus", "StoredReceipt", "UiServices", "build_server", "loopback_hosts", "open_entrance"]

MAX_BODY_BYTES = 4 * 1024 * 1024
MOST_CONNECTIONS: Final = 64  # pages and programs of one machine


async def open_entrance(
    app: web.Application, listener: socket.socket, tls: ssl.SSLContext | None, door: Door | None = None
) -> web.AppRunner:
    """Serve the application on a bound socket; its runner ends it."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        handler_cancellation=True,  # a PIN of somebody who left is not checked; what has its turn goes on
        keepalive_timeout=KEEP_ALIVE_S,
        lingering_time=LINGER_S,
    )
    await runner.setup()
    await Entrance(runner, listener, tls, door or Door(room_for_connections(MOST_CONNECTIONS))).start()
    return runner


def build_server(services: UiServices) -> web.Application:
    """Return the application. ``app[LIVE].refresh()`` tells pages that a device or the network changed."""
    app = web.Application(middlewares=[speak, guard], client_max_size=MAX_BODY_BYTES)
    app[SERVICES] = services
    app[TOKENS] = Tokens()
    app[LIVE] = Live(services)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, served(route))
    app.router.add_static("/static/look", LOOK, append_version=False)
    app.router.add_static("/static", STATIC, append_version=False)
    app.on_shutdown.append(_let_pages_go)
    return app


async def _let_pages_go(app: web.Application) -> None:
    await app[LIVE].close()
