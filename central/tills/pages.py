"""The tills: how each is, and what of it waits for a person."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central.identity.people import Actor
from central.identity.scope import Permission, Scope
from central.organisation.service import find_till_within, get_shop, shops_within
from central.registry.service import operator_names
from central.tills import queries
from central.tills.alarms import ALARMS, list_alarms, mark_seen
from central.tills.api import TILLS
from central.tills.area import APPROVE_AT_TILLS, MANAGE_TILLS, SEE_TILLS
from central.tills.fleet import list_fleet
from central.tills.managing import TillManager
from central.tills.naming import EntryName, about
from central.tills.registering import add_till
from central.tills.review import Decision, EntryKey
from central.tills.watching import till_state
from central.web.context import require_actor
from central.web.keys import database, now
from central.web.once import show_once, shown_once
from central.web.paging import place_in, sheet_of
from central.web.rendering import page, words_of
from commerce.errors import BadInputError, ConflictError, PosError
from commerce.texts.errors import error_text

_PAGE = 50


def add_routes(app: web.Application) -> None:
    """Add the pages of this area."""
    app.router.add_get("/tills", show_tills)
    app.router.add_get("/tills/live", live_tills)
    app.router.add_post("/tills", create_till)
    app.router.add_get("/tills/{till}", show_till)
    app.router.add_post("/tills/{till}/code", issue_code)
    app.router.add_post("/tills/{till}/revoke", revoke)
    app.router.add_post("/tills/{till}/entries", decide)
    app.router.add_post("/tills/{till}/alarms", see_alarm)


async def show_tills(request: web.Request) -> web.Response:
    """Show every till with its state."""
    return await _tills_page(request)


async def live_tills(request: web.Request) -> web.Response:
    """Give the table as it is now."""
    return page(request, "tills/table.html", **await _fleet(request))


async def create_till(request: web.Request) -> web.Response:
    """Add a till; its page shows its first enrolment code, once."""
    form = {key: str(value) for key, value in (await request.post()).items()}
    actor, at = require_actor(request), now(request)
    try:
        till = await database(request).write(
            lambda conn: add_till(
                conn, actor, at, form.get("shop", ""), form.get("code", "").strip().upper(), form.get("name", "")
            )
        )
    except PosError as error:
        return await _tills_page(request, error, form)
    return await show_once(request, f"/tills/{till}", await _manager(request).issue_code(till))


async def show_till(request: web.Request) -> web.Response:
    """Show one till; an enrolment code that was just made, once."""
    return await _till_page(request, request.match_info["till"], code=await shown_once(request))


async def issue_code(request: web.Request) -> web.Response:
    """Make a fresh enrolment code; the till's page shows it once."""
    till = request.match_info["till"]
    return await show_once(request, f"/tills/{till}", await _manager(request).issue_code(till))


async def revoke(request: web.Request) -> web.Response:
    """Shut a till out."""
    till, form = request.match_info["till"], await request.post()
    try:
        await _manager(request).revoke(till, str(form.get("note", "")))
    except BadInputError as error:
        return await _till_page(request, till, refusal=error)
    raise web.HTTPSeeOther(f"/tills/{till}")


async def see_alarm(request: web.Request) -> web.Response:
    """Note that somebody saw an alarm."""
    till, form = request.match_info["till"], await request.post()
    decision = Decision(require_actor(request), now(request), str(form.get("note", "")).strip())
    key = _entry_key(till, form)
    try:
        await database(request).write(lambda conn: mark_seen(conn, key, decision))
    except ConflictError as error:
        return await _till_page(request, till, refusal=error)
    raise web.HTTPSeeOther(f"/tills/{till}")


async def decide(request: web.Request) -> web.Response:
    """Resolve an entry that was set aside or forked."""
    till, form = request.match_info["till"], await request.post()
    key = _entry_key(till, form)
    try:
        await _manager(request).decide(str(form.get("act", "")), key, str(form.get("note", "")))
    except PosError as error:
        return await _till_page(request, till, refusal=error)
    raise web.HTTPSeeOther(f"/tills/{till}")


def _entry_key(till: str, form: Mapping[str, object]) -> EntryKey:
    try:
        digest = bytes.fromhex(str(form.get("hash", "")))
    except ValueError as error:
        raise BadInputError("bad_input") from error
    return EntryKey(till, str(form.get("chain", "")), _sequence(str(form.get("seq", ""))), digest or None)


def _sequence(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise BadInputError("bad_input")
    return int(text)


def _may(actor: Actor, permission: Permission, till: Any) -> bool:  # noqa: ANN401 - a row of the fleet
    return any(scope.covers(till.company, till.shop) for scope in actor.reach(permission))


def _manager(request: web.Request) -> TillManager:
    return TillManager(database(request), request.app[TILLS], require_actor(request), now(request))


async def _fleet(request: web.Request) -> dict[str, Any]:
    actor, moment = require_actor(request), now(request)
    scopes = actor.scopes(SEE_TILLS)
    fleet, shops = await database(request).read(lambda conn: (list_fleet(conn, scopes), shops_within(conn, scopes)))
    states = [(till, till_state(till, moment)) for till in fleet]
    return {
        "states": sorted(states, key=lambda one: one[1].urgency),
        "needing": sum(state.needs_somebody for _, state in states),
        "connected": sum(state.state == "connected" for _, state in states),
        "unsent": sum(till.unsent or 0 for till in fleet),
        "zones": {shop.id: shop.zone for shop in shops},
        "moment": moment,
    }


async def _tills_page(
    request: web.Request, refusal: PosError | None = None, form: dict[str, str] | None = None
) -> web.Response:
    actor = require_actor(request)
    shops = await database(request).read(lambda conn: shops_within(conn, actor.reach(MANAGE_TILLS)))
    return page(
        request,
        "tills/list.html",
        status=refusal.status if refusal else 200,
        **await _fleet(request),
        shops=shops,
        form={"code": "", "name": "", "shop": "", **(form or {})},
        refusal=error_text(words_of(request), refusal) if refusal else "",
    )


async def _till_page(
    request: web.Request, till_id: str, *, code: str = "", refusal: PosError | None = None
) -> web.Response:
    actor, moment = require_actor(request), now(request)
    alarms, aside, forks = place_in(request, "alarms", 5), place_in(request, "aside", 4), place_in(request, "forks", 5)

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        known = find_till_within(conn, actor, SEE_TILLS, till_id)
        here = [Scope(actor, known.company, frozenset({known.shop}))]
        till = next(one for one in list_fleet(conn, here) if one.id == till_id)
        noticed = sheet_of(list_alarms(conn, till_id, alarms, _PAGE + 1), _PAGE, ALARMS.place)
        return {
            "till": till,
            "zone": get_shop(conn, till.shop).zone,
            "may_decide": _may(actor, APPROVE_AT_TILLS, till),
            "may_manage": _may(actor, MANAGE_TILLS, till),
            "state": till_state(till, moment),
            "chains": queries.list_chains(conn, till_id),
            "credentials": queries.list_credentials(conn, till_id),
            "alarms": noticed,
            "abouts": [about(conn, till.company, till_id, row.code, row.subject, row.detail) for row in noticed.rows],
            "people": operator_names(conn, till.company),
            "set_aside": sheet_of(
                queries.list_set_aside(conn, till_id, aside, _PAGE + 1), _PAGE, queries.SET_ASIDE.place
            ),
            "forks": sheet_of(queries.list_forks(conn, till_id, forks, _PAGE + 1), _PAGE, queries.FORKS.place),
        }

    found = await database(request).read(job)
    text = error_text(words_of(request), refusal) if refusal else ""
    status = refusal.status if refusal else 200
    return page(
        request,
        "tills/till.html",
        status=status,
        **found,
        code=code,
        refusal=text,
        moment=moment,
        entry_name=EntryName.of,
    )
