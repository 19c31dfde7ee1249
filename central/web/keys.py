"""What every handler finds in its application; the composition root puts it there."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central.db.engine import Database
from central.identity.refusals import Refusals
from central.identity.scope import Area
from central.web.settings import WebSettings

DATABASE: web.AppKey[Database] = web.AppKey("database", Database)
CLOCK: web.AppKey[Callable[[], datetime]] = web.AppKey("clock", Callable)  # type: ignore[arg-type]
REFUSALS = web.AppKey("refusals", Refusals)
RIGHTS: web.AppKey[list[Area]] = web.AppKey("rights", list)  # what no area declares, no role can hold
WEB_SETTINGS = web.AppKey("web_settings", WebSettings)


def database(request: web.Request) -> Database:
    """Return the database."""
    return request.app[DATABASE]


def now(request: web.Request) -> datetime:
    """Return the time as central knows it."""
    return request.app[CLOCK]()
