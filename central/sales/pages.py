"""Today, the list of sales, and one sale with its receipt and its proof."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from central.identity.people import Actor
from central.identity.scope import only_company
from central.jobs.queue import ask_for
from central.jobs.values import Asked
from central.organisation.service import list_shops, shops_within, tills_within
from central.registry.directory import list_operator_names
from central.sales import cash, reading, showing
from central.sales.area import SEE_SALES
from central.sales.asking import read_filter, read_page
from central.sales.comparing import compare, span_of
from central.sales.daily import change, days_of
from central.sales.exporting import SALES_WORKBOOK, write_sales
from central.sales.queries import SaleFilter, SalePage, sort_keys, tender_kinds
from central.tills.area import SEE_TILLS
from central.tills.fleet import list_fleet
from central.tills.watching import till_state
from central.web.context import language_of, require_actor
from central.web.exports import CSV, NobodyWaitsError, export_folder, send_file, while_wanted
from central.web.keys import database, now
from central.web.paging import encode_cursor
from central.web.rendering import formats, is_partial, page, words_of
from commerce.bodies.effect import FiscalReference
from commerce.dates import business_day, utc_text
from commerce.errors import ConflictError, NotFoundError
from commerce.receipt import Printing
from commerce.receipt_text import receipt_text

_PAGE = 50
_LATEST = 6
_CASH_DAYS = timedelta(days=7)


def add_routes(app: web.Application) -> None:
    """Add the pages of this area."""
    app.router.add_get("/", show_today)
    app.router.add_get("/today/live", live_today)
    app.router.add_get("/sales", show_sales)
    app.router.add_get("/sales/cash/live", show_cash)
    app.router.add_get("/sales/export.csv", export_sales)
    app.router.add_post("/sales/export.xlsx", ask_for_workbook)
    app.router.add_get("/sales/{sale}", show_sale)


async def show_today(request: web.Request) -> web.Response:
    """Show how the shops do now and which tills need somebody, as far as whoever asks may see them."""
    return page(request, "sales/today.html", **await _today(request))


async def live_today(request: web.Request) -> web.Response:
    """Give what of it changes by itself, as it is now."""
    return page(request, "sales/today_body.html", **await _today(request))


async def show_sales(request: web.Request) -> web.Response:
    """Show the sales of a filter, a page at a time, with what they come to and the one that the address opens."""
    wanted, listed = read_filter(request.query), read_page(request.query, _PAGE + 1)
    actor, moment = require_actor(request), now(request)
    scopes, opened = actor.scopes(SEE_SALES), request.query.get("open", "")

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        rows, shops = reading.list_sales(conn, actor, wanted, listed), shops_within(conn, scopes)
        shown, today = rows[:_PAGE], _today_at(shops, moment)
        span = span_of(wanted, today)
        return {
            "rows": shown,
            "more": encode_cursor(*sort_keys(shown[-1], listed.sort)) if len(rows) > _PAGE else None,
            "tenders": tender_kinds(conn, shown),
            "sums": compare(conn, actor, wanted, span, moment),
            "span": span,
            "today": today,
            "shops": shops,
            "tills": tills_within(conn, scopes),
            "operators": list_operator_names(conn, scopes),
            "one": _opened(conn, actor, opened) if opened else None,
        }

    found = await database(request).read(job)
    words, f, query = words_of(request), formats(language_of(request)), _query(request)
    values: dict[str, Any] = {
        "zones": {shop.id: shop.zone for shop in found["shops"]},
        "names": {till.id: till for till in found["tills"]},
        "chips": showing.standing(wanted, query, found, words, f),
        "often": showing.often_asked(query, found["today"], words),
        "compared_days": showing.days_compared(found["span"], f),
        "charts": {one.currency: showing.chart_of_days(one, f) for one in found["sums"]},
        "opened": _sale_values(request, found["one"]) if found["one"] else None,
        "wanted": wanted, "listed": listed, "query": query, "change": change,
    }  # fmt: skip
    return page(request, "sales/table.html" if is_partial(request) else "sales/list.html", **found, **values)


async def export_sales(request: web.Request) -> web.StreamResponse:
    """Give all that a filter lets through as a CSV, whole or not at all; formula cells are escaped."""
    write = partial(write_sales, actor=require_actor(request), query=_query(request), words=words_of(request),
                    workbook=False, watched=partial(while_wanted, request))  # fmt: skip
    with export_folder() as folder:
        try:
            await database(request).report(partial(write, target=folder / "rows"))
        except NobodyWaitsError:
            return web.Response(status=499)
        return await send_file(request, folder / "rows", CSV, "sales.csv")


async def ask_for_workbook(request: web.Request) -> web.Response:
    """Have the same made as a workbook, and go where it is seen coming."""
    query, actor = _query(request), require_actor(request)
    read_filter(query), read_page(query, 1)
    days = " – ".join(filter(None, (query.get("since"), query.get("until"))))
    company = only_company(actor.scopes(SEE_SALES))
    asked = Asked(company=company, input={"query": query, "language": language_of(request)}, actor=actor, label=days)
    job = await database(request).write(partial(ask_for, kind=SALES_WORKBOOK, asked=asked))
    raise web.HTTPSeeOther(f"/jobs/{job}")


async def show_sale(request: web.Request) -> web.Response:
    """Show one sale, or its short form beside the list; where two tills have its id, the list of both."""
    actor, sale_id, till_id = require_actor(request), request.match_info["sale"], request.query.get("till")
    try:
        found = await database(request).read(lambda conn: _find_sale(conn, actor, sale_id, till_id))
    except ConflictError as error:
        raise web.HTTPSeeOther(f"/sales?{urlencode({'number': sale_id})}") from error
    template = "sales/beside.html" if is_partial(request) else "sales/sale.html"
    return page(request, template, **_sale_values(request, found))


async def show_cash(request: web.Request) -> web.Response:
    """Give the closings whose cash did not come out, of all tills or of one: a part of other pages."""
    actor, since = require_actor(request), (now(request) - _CASH_DAYS).date()
    scopes, till = actor.scopes(SEE_SALES), request.query.get("till") or None
    found = await database(request).read(lambda conn: cash.list_differences(conn, scopes, since, _LATEST, till))
    return page(request, "sales/cash.html", differences=found)


def _find_sale(conn: Any, actor: Actor, sale_id: str, till_id: str | None) -> dict[str, Any]:  # noqa: ANN401
    record, scopes = reading.get_sale(conn, actor, sale_id, till_id), actor.scopes(SEE_SALES)
    shop = next((one for one in list_shops(conn, record.sale.company) if one.id == record.sale.shop), None)
    till = next((one for one in tills_within(conn, scopes) if one.id == record.sale.till), None)
    return {"record": record, "sale": record.sale, "shop": shop, "till": till}


def _opened(conn: Any, actor: Actor, opened: str) -> dict[str, Any] | None:  # noqa: ANN401
    """Return the sale that an address has open beside the list (``till/sale``), None for one that is not to be seen."""
    till, _, sale_id = opened.partition("/")
    try:
        return _find_sale(conn, actor, sale_id, till)
    except (NotFoundError, ConflictError):
        return None


def _sale_values(request: web.Request, found: dict[str, Any]) -> dict[str, Any]:
    record, words, f = found["record"], words_of(request), formats(language_of(request))
    sale = record.sale
    printing = Printing(utc_text(sale.at), sale.operator_name or "", _marks(record), fiscal=_fiscal(record))
    receipt = receipt_text(record.body, printing) if record.body else None
    return {**found, "receipt": receipt, "effects": showing.shown_effects(record.effects, words, f)}


def _today_at(shops: Sequence[Any], moment: datetime) -> date:
    """Return the business day it is at the first shop."""
    if not shops:
        return moment.date()
    return business_day(moment, ZoneInfo(shops[0].zone), time.fromisoformat(shops[0].cut_off))


def _marks(record: reading.SaleRecord) -> tuple[str, ...]:
    mode = record.evidence.mode if record.evidence else "live"
    return () if mode == "live" else (mode,)


def _fiscal(record: reading.SaleRecord) -> FiscalReference | None:
    references = [row.reference for row in record.effects if row.kind == "fiscal" and row.outcome == "done"]
    found = next((one for one in reversed(references) if one), None)
    return FiscalReference(**found) if found else None


async def _today(request: web.Request) -> dict[str, Any]:
    actor, moment = require_actor(request), now(request)

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        seen = actor.reach(SEE_SALES)
        return {
            "shops": reading.today(conn, actor, moment),
            "fleet": list_fleet(conn, actor.reach(SEE_TILLS)),
            "latest": reading.list_sales(conn, actor, SaleFilter(), SalePage(limit=_LATEST)) if seen else [],
            "differences": cash.list_differences(conn, seen, (moment - _CASH_DAYS).date(), _LATEST),
            "zones": {shop.id: shop.zone for shop in shops_within(conn, seen)},
        }

    found = await database(request).read(job)
    states = [(till, till_state(till, moment)) for till in found["fleet"]]
    found |= {"days": days_of(found.pop("shops")), "change": change, "moment": moment}
    return {**found, "needing": [(till, state) for till, state in states if state.needs_somebody], "states": states}


def _query(request: web.Request) -> dict[str, str]:
    return {key: value for key, value in request.query.items() if value and key not in ("after", "lang", "open")}
