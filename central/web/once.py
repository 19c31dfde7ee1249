"""A form that makes a secret sends its browser on to the page that shows it: a reload makes and shows no other."""

from functools import partial

from aiohttp import hdrs, web

from central.identity import showing
from central.web.guards import session_cookie
from central.web.keys import WEB_SETTINGS, database, now


async def show_once(request: web.Request, place: str, secret: str) -> web.Response:
    """Send the browser on to a page that shows what was made, once."""
    job = partial(showing.keep, cookie=_cookie(request), place=place, secret=secret, now=now(request))
    await database(request).write(job)
    return web.Response(status=303, headers={"Location": place})


async def shown_once(request: web.Request) -> str:
    """Return what this page has to show, "" for nothing; asking takes it."""
    cookie, place = _cookie(request), request.path
    if request.method != hdrs.METH_GET or not await database(request).read(
        partial(showing.is_kept, cookie=cookie, place=place)
    ):
        return ""
    return await database(request).write(partial(showing.take, cookie=cookie, place=place, now=now(request)))


def _cookie(request: web.Request) -> str:
    return request.cookies.get(session_cookie(secure=request.app[WEB_SETTINGS].secure), "")
