"""``/api/v1`` of tills: how they are, and enrolment codes."""

from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from central.identity.people import Permission
from central.tills.api import TILLS
from central.tills.fleet import list_fleet
from central.tills.managing import TillManager
from central.tills.registering import add_till
from central.tills.watching import till_state
from central.web.api import Answer, ApiRoute, add_api, read_body, reply
from central.web.context import require_actor
from central.web.keys import database, now
from commerce.wire import DeviceStatus


class TillAnswer(Answer):
    """A till; ``reasons`` are stable codes of what needs a person."""

    id: str
    shop: str
    code: str
    name: str
    mode: str
    state: str
    reasons: list[str]
    last_contact_at: datetime | None
    unsent: int | None
    clock_offset_ms: int | None
    version: str | None
    devices: list[DeviceStatus]
    open_set_aside: int
    open_forks: int


class TillList(Answer):
    """All tills."""

    tills: list[TillAnswer]


class NewTill(BaseModel):
    """A till to be added to a shop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop: str
    code: str
    name: str
    mode: str = "live"


class CodeAnswer(Answer):
    """A one-time enrolment code."""

    till: str
    code: str


def add_routes(app: web.Application) -> None:
    """Add this area's operations."""
    add_api(
        app,
        ApiRoute("GET", "/api/v1/tills", list_tills, "List tills with their state", TillList),
        ApiRoute("POST", "/api/v1/tills", create_till, "Add a till; answers its first enrolment code", CodeAnswer,
                 body=NewTill),
        ApiRoute("POST", "/api/v1/tills/{till}/enrolment-code", issue_code, "A fresh enrolment code", CodeAnswer),
    )  # fmt: skip


async def list_tills(request: web.Request) -> web.Response:
    """Give every till."""
    actor, moment = require_actor(request), now(request)
    actor.require(Permission.READ)
    rows = await database(request).read(lambda conn: list_fleet(conn, actor.company))
    return reply(TillList(tills=[_till(row, moment) for row in rows]))


async def create_till(request: web.Request) -> web.Response:
    """Add a till."""
    asked, actor, at = await read_body(request, NewTill), require_actor(request), now(request)
    till = await database(request).write(
        lambda conn: add_till(conn, actor, at, asked.shop, asked.code, asked.name, asked.mode)
    )
    return reply(CodeAnswer(till=till, code=await _manager(request).issue_code(till)))


async def issue_code(request: web.Request) -> web.Response:
    """Give a fresh enrolment code."""
    till = request.match_info["till"]
    return reply(CodeAnswer(till=till, code=await _manager(request).issue_code(till)))


def _manager(request: web.Request) -> TillManager:
    return TillManager(database(request), request.app[TILLS], require_actor(request), now(request))


def _till(row: Any, moment: datetime) -> TillAnswer:  # noqa: ANN401 - a row of the fleet
    state = till_state(row, moment)
    return TillAnswer(
        id=row.id,
        shop=row.shop,
        code=row.code,
        name=row.name,
        mode=row.mode,
        state=state.state,
        reasons=list(state.reasons),
        last_contact_at=row.last_contact_at,
        unsent=row.unsent,
        clock_offset_ms=row.clock_offset_ms,
        version=row.version or row.app_version,
        devices=row.devices or [],
        open_set_aside=row.open_set_aside,
        open_forks=row.open_forks,
    )
