"""Today, the list of sales, and one sale with its receipt and its proof."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from central.organisation.service import list_companies, list_shops, list_tills
from central.registry.directory import list_operator_names
from central.sales import reading
from central.sales.printing import receipt_text
from central.sales.queries import SORTS, SaleFilter, SalePage, check_place, sort_keys, tender_kinds
from central.tills.fleet import list_fleet
from central.tills.watching import till_state
from central.web.context import require_actor
from central.web.exports import (
    Cell,
    NobodyWaitsError,
    export_folder,
    make_workbook,
    send_file,
    while_wanted,
    write_csv,
    write_workbook_rows,
)
from central.web.keys import database, now
from central.web.live import stream
from central.web.paging import decode_cursor, encode_cursor
from central.web.rendering import is_partial, page, render, words_of
from commerce.bodies.effect import FiscalReference
from commerce.dates import utc_text
from commerce.errors import BadInputError, ConflictError
from commerce.money import cents_decimal
from commerce.receipt import Printing

_PAGE = 50
_FILE_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def add_routes(app: web.Application) -> None:
    """Add the pages of this area."""
    app.router.add_get("/", show_today)
    app.router.add_get("/today/live", live_today)
    app.router.add_get("/sales", show_sales)
    app.router.add_get("/sales/export.{kind:csv|xlsx}", export_sales)
    app.router.add_get("/sales/{sale}", show_sale)


async def show_today(request: web.Request) -> web.Response:
    """Show how the shops do now and which tills need somebody."""
    return page(request, "sales/today.html", **await _today(request))


async def live_today(request: web.Request) -> web.StreamResponse:
    """Send the same again whenever it changes."""

    async def draw() -> str:
        return render(request, "sales/today_body.html", **await _today(request))

    return await stream(request, "today", draw)


async def show_sales(request: web.Request) -> web.Response:
    """Show the sales of a filter, a page at a time."""
    wanted, listed = _filter(request), _page(request)
    actor = require_actor(request)

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        rows = reading.list_sales(conn, actor, wanted, listed)
        shown = rows[:_PAGE]
        return {
            "rows": shown,
            "more": encode_cursor(*sort_keys(shown[-1], listed.sort)) if len(rows) > _PAGE else None,
            "tenders": tender_kinds(conn, shown),
            "sums": reading.sum_sales(conn, actor, wanted),
            "shops": list_shops(conn, actor.company),
            "tills": list_tills(conn, actor.company),
            "operators": list_operator_names(conn, actor.company),
        }

    found = await database(request).read(job)
    zones = {shop.id: shop.zone for shop in found["shops"]}
    names = {till.id: till for till in found["tills"]}
    values = {**found, "zones": zones, "names": names, "wanted": wanted, "listed": listed, "query": _query(request)}
    return page(request, "sales/table.html" if is_partial(request) else "sales/list.html", **values)


async def export_sales(request: web.Request) -> web.StreamResponse:
    """Give all that a filter lets through as a file, whole or not at all; formula cells are escaped."""
    kind, t = request.match_info["kind"], words_of(request).t
    wanted, page_from, actor = _filter(request), replace(_page(request), after=()), require_actor(request)
    header = [t("Business day"), t("Time (UTC)"), t("Number"), t("Till"), t("Operator"), t("Lines"), t("Total"),
              t("Currency"), t("Sale")]  # fmt: skip
    with export_folder() as folder:

        def job(conn: Any) -> None:  # noqa: ANN401 - SQLAlchemy's connection, passed on
            tills = {till.id: till.code for till in list_tills(conn, actor.company)}
            write = write_csv if kind == "csv" else write_workbook_rows
            with reading.each_sale(conn, actor, wanted, page_from) as rows:
                write(folder / "rows", header, (_cells(row, tills) for row in while_wanted(request, rows)))

        try:
            await database(request).report(job)
        except NobodyWaitsError:
            return web.Response(status=499)
        made = folder / "rows"
        if kind == "xlsx":
            made = folder / "sales.xlsx"
            await make_workbook(t("Sales"), folder / "rows", made)
        return await send_file(request, made, _FILE_TYPES[kind], f"sales.{kind}")


def _cells(row: Any, tills: Mapping[str, str]) -> list[Cell]:  # noqa: ANN401 - a row of the table
    return [
        row.business_day, row.at.isoformat(), row.formatted, tills.get(row.till, row.till), row.operator_name,
        row.lines, cents_decimal(row.total, row.currency), row.currency, row.id,
    ]  # fmt: skip


async def show_sale(request: web.Request) -> web.Response:
    """Show one sale; where two tills have its id, the list of both."""
    actor, sale_id, till_id = require_actor(request), request.match_info["sale"], request.query.get("till")

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        record = reading.get_sale(conn, actor, sale_id, till_id)
        shop = next((one for one in list_shops(conn, record.sale.company) if one.id == record.sale.shop), None)
        till = next((one for one in list_tills(conn, record.sale.company) if one.id == record.sale.till), None)
        return {"record": record, "sale": record.sale, "shop": shop, "till": till}

    try:
        found = await database(request).read(job)
    except ConflictError as error:
        raise web.HTTPSeeOther(f"/sales?{urlencode({'number': sale_id})}") from error
    record = found["record"]
    sale = record.sale
    printing = Printing(utc_text(sale.at), sale.operator_name or "", _marks(record), fiscal=_fiscal(record))
    receipt = receipt_text(record.body, printing) if record.body else None
    return page(request, "sales/sale.html", **found, receipt=receipt)


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
        latest = reading.list_sales(conn, actor, SaleFilter(), SalePage(limit=8))
        return {
            "shops": reading.today(conn, actor, moment),
            "fleet": list_fleet(conn, actor.company),
            "latest": latest,
            "zones": {shop.id: shop.zone for shop in list_shops(conn, actor.company)},
            "companies": list_companies(conn),
        }

    found = await database(request).read(job)
    states = [(till, till_state(till, moment)) for till in found["fleet"]]
    return {**found, "needing": [(till, state) for till, state in states if state.needs_somebody], "states": states}


def _filter(request: web.Request) -> SaleFilter:
    query = request.query
    return SaleFilter(
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
        shop=query.get("shop") or None,
        till=query.get("till") or None,
        operator=query.get("operator") or None,
        number=query.get("number", "").strip()[:100],
    )


def _page(request: web.Request) -> SalePage:
    sort = request.query.get("sort", "at")
    if sort not in SORTS:
        raise BadInputError("page.sort", sort=sort[:40])
    after = request.query.get("after")
    keys = check_place(sort, decode_cursor(after, len(SORTS[sort]) + 2)) if after else ()
    return SalePage(sort, request.query.get("order", "down") != "up", keys, _PAGE + 1)


def _query(request: web.Request) -> dict[str, str]:
    return {key: value for key, value in request.query.items() if value and key not in ("after", "lang")}


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInputError("date.unreadable", value=text[:40]) from error
