"""What a request was refused goes into the record of changes, under whoever asked."""

from aiohttp import web

from central.identity.audit import Act
from central.identity.people import Actor, stranger
from central.web.addresses import client_address
from central.web.context import current_actor
from central.web.keys import REFUSALS, now


async def write_down(request: web.Request, act: Act, actor: Actor | None = None) -> None:
    """Write a refusal down, within ``Refusals``' bounds; a stranger goes by the address."""
    address = client_address(request)
    who = actor or current_actor(request) or stranger(address)
    refusals = request.app.get(REFUSALS)
    if refusals is not None:
        await refusals.note(who, act, who.id or address, now(request))
