"""``/api/v1`` of tills: how they are, and enrolment codes."""

from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from central.organisation.service import find_till_within
from central.tills.alarms import ALARMS, list_alarms, mark_seen
from central.tills.api import TILLS
from central.tills.area import SEE_TILLS
from central.tills.fleet import list_fleet
from central.tills.managing import TillManager
from central.tills.registering import add_till
from central.tills.review import Decision, EntryKey
from central.tills.watching import till_state
from central.web.api import MAX_LIST, Answer, ApiRoute, add_api, body_of, query_of
from central.web.context import require_actor
from central.web.keys import database, now
from central.web.paging import decode_cursor, sheet_of
from commerce.bodies.alarm import AlarmCode
from commerce.texts import N_
from commerce.wire import DeviceStatus, Hex32, Hex64


class TillAnswer(Answer):
    """A till; ``reasons`` are stable codes of what needs a person, who is told no more than a thousand of each."""

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
    open_alarms: int


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


class AlarmAnswer(Answer):
    """What a till noticed; ``subject`` is the operator, entry, series or row it is about. Seen: by whom and when."""

    chain: str
    seq: int
    hash: str
    code: AlarmCode
    subject: str
    count: int
    detail: str
    at: datetime
    seen_at: datetime | None
    seen_by: str | None


class AlarmList(Answer):
    """A page of a till's alarms, those that nobody has seen first; ``next`` is None on the last."""

    alarms: list[AlarmAnswer]
    next: str | None


class AlarmQuery(BaseModel):
    """Where a page begins: ``next`` of the one before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: str | None = Field(default=None, max_length=1000)
    limit: int = Field(default=50, ge=1, le=MAX_LIST)


class SeenAlarm(BaseModel):
    """The alarm that somebody has seen, and what is done about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chain: Hex32
    seq: int = Field(ge=1, lt=2**53)
    hash: Hex64
    note: str = Field(default="", max_length=1000)


class CodeAnswer(Answer):
    """A one-time enrolment code."""

    till: str
    code: str


def add_routes(app: web.Application) -> None:
    """Add this area's operations."""
    add_api(
        app,
        ApiRoute("GET", "/api/v1/tills", list_tills, N_("List tills with their state"), TillList),
        ApiRoute("POST", "/api/v1/tills", create_till, N_("Add a till; answers its first enrolment code"), CodeAnswer,
                 body=NewTill),
        ApiRoute("GET", "/api/v1/tills/{till}/alarms", list_till_alarms, N_("A till's alarms"), AlarmList,
                 query=AlarmQuery),
        ApiRoute("POST", "/api/v1/tills/{till}/alarms/seen", see_alarm, N_("Note that somebody saw an alarm"),
                 AlarmList, body=SeenAlarm),
        ApiRoute("POST", "/api/v1/tills/{till}/enrolment-code", issue_code, N_("A fresh enrolment code"), CodeAnswer),
    )  # fmt: skip


async def list_tills(request: web.Request) -> TillList:
    """Give every till."""
    actor, moment = require_actor(request), now(request)
    rows = await database(request).read(lambda conn: list_fleet(conn, actor.scopes(SEE_TILLS)))
    return TillList(tills=[_till(row, moment) for row in rows])


async def create_till(request: web.Request) -> CodeAnswer:
    """Add a till."""
    asked, actor, at = body_of(request, NewTill), require_actor(request), now(request)
    till = await database(request).write(
        lambda conn: add_till(conn, actor, at, asked.shop, asked.code, asked.name, asked.mode)
    )
    return CodeAnswer(till=till, code=await _manager(request).issue_code(till))


async def issue_code(request: web.Request) -> CodeAnswer:
    """Give a fresh enrolment code."""
    till = request.match_info["till"]
    return CodeAnswer(till=till, code=await _manager(request).issue_code(till))


async def list_till_alarms(request: web.Request) -> AlarmList:
    """Give a till's alarms."""
    return await _alarms(request, query_of(request, AlarmQuery))


async def see_alarm(request: web.Request) -> AlarmList:
    """Note that somebody saw an alarm."""
    asked = body_of(request, SeenAlarm)
    key = EntryKey(request.match_info["till"], asked.chain, asked.seq, bytes.fromhex(asked.hash))
    decision = Decision(require_actor(request), now(request), asked.note.strip())
    await database(request).write(lambda conn: mark_seen(conn, key, decision))
    return await _alarms(request, AlarmQuery())


async def _alarms(request: web.Request, query: AlarmQuery) -> AlarmList:
    actor, till = require_actor(request), request.match_info["till"]
    after = tuple(decode_cursor(query.after, 5)) if query.after else None

    def job(conn: Any) -> list[Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        find_till_within(conn, actor, SEE_TILLS, till)
        return list_alarms(conn, till, after, query.limit + 1)

    found = sheet_of(await database(request).read(job), query.limit, ALARMS.place)
    return AlarmList(
        next=found.older or None,
        alarms=[
            AlarmAnswer(
                chain=row.chain,
                seq=row.seq,
                hash=row.hash.hex(),
                code=AlarmCode(row.code),
                subject=row.subject,
                count=row.times,
                detail=row.detail,
                at=row.at,
                seen_at=row.seen_at,
                seen_by=row.seen_by,
            )
            for row in found.rows
        ],
    )


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
        open_alarms=row.open_alarms,
    )
