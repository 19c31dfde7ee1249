"""The till's HTTP and WebSocket server, built from its services; starting it is the runtime's."""

from aiohttp import web

from terminal.ui.guard import guard, speak
from terminal.ui.keys import LIVE, SERVICES, TOKENS
from terminal.ui.live import Live
from terminal.ui.pages import STATIC
from terminal.ui.ports import NetworkStatus, StoredReceipt, UiServices, loopback_hosts
from terminal.ui.routes import ROUTES
from terminal.ui.tokens import Tokens

__all__ = ["LIVE", "NetworkStatus", "StoredReceipt", "UiServices", "build_server", "loopback_hosts"]

MAX_BODY_BYTES = 4 * 1024 * 1024


def build_server(services: UiServices) -> web.Application:
    """Return the application. ``app[LIVE].refresh()`` tells pages that a device or the network changed."""
    app = web.Application(middlewares=[speak, guard], client_max_size=MAX_BODY_BYTES)
    app[SERVICES] = services
    app[TOKENS] = Tokens()
    app[LIVE] = Live(services)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler)
    app.router.add_static("/static", STATIC, append_version=False)
    app.on_shutdown.append(_let_pages_go)
    return app


async def _let_pages_go(app: web.Application) -> None:
    await app[LIVE].close()
