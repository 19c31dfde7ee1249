"""Where the application keeps what its handlers use."""

from aiohttp import web

from terminal.ui.live import Live
from terminal.ui.ports import UiServices
from terminal.ui.tokens import Tokens

SERVICES = web.AppKey("SERVICES", UiServices)
TOKENS = web.AppKey("TOKENS", Tokens)
LIVE = web.AppKey("LIVE", Live)
