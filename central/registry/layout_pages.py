"""What only receipt layouts have: the paper as it would be, and which shops' tills print so."""

from dataclasses import replace
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from central.kit import service as kit
from central.organisation.service import shops_within
from central.registry import queries, service
from central.registry.area import EDIT_SETTINGS, SEE_SETTINGS
from central.registry.forms import MAX_LAYOUT_LINES
from central.registry.receipt_layouts import RECEIPT_LAYOUTS, ReceiptLayout
from central.registry.sample_sale import PRINTING, sample_sale
from central.registry.service import Edit
from central.web.keys import database, now
from central.web.rendering import page
from central.web.scoping import scope_in
from commerce.receipt_text import WIDTH, receipt_text
from commerce.texts import LANGUAGES


def add_routes(app: web.Application) -> None:
    """Add them."""
    app.router.add_post("/receipt-layouts/preview", show_preview)
    app.router.add_get("/receipt-layouts/{record}/shops", show_shops)
    app.router.add_post("/receipt-layouts/{record}/shops/{shop}", give)


async def show_preview(request: web.Request) -> web.Response:
    """Show a sample sale on paper, dressed as it is being typed, in each language."""
    await scope_in(request, SEE_SETTINGS)
    sent = await request.post()
    header, footer = (_lines(str(sent.get(name, ""))) for name in ("header", "footer"))
    papers = [(one, receipt_text(sample_sale(one, header, footer), PRINTING)) for one in LANGUAGES]
    return page(request, "registry/layout_preview.html", papers=papers)


async def show_shops(request: web.Request) -> web.Response:
    """Show to which shops' tills a layout can be given, and which have it."""
    scope = await scope_in(request, EDIT_SETTINGS)
    company, record = str(scope.company), request.match_info["record"]

    def job(conn: Connection) -> list[tuple[Any, bool]]:
        card = kit.get(conn, RECEIPT_LAYOUTS, company, record).card
        shops = [shop for shop in shops_within(conn, [scope]) if queries.find_settings(conn, company, shop.id)]
        return [(shop, _has(conn, company, shop.id, card)) for shop in shops]

    shops = await database(request).read(job)
    return page(request, "registry/layout_shops.html", shops=shops, place=f"/receipt-layouts/{record}")


async def give(request: web.Request) -> web.Response:
    """Give a layout to the tills of a shop."""
    scope = await scope_in(request, EDIT_SETTINGS)
    edit = Edit(scope.actor, str(scope.company), now(request))
    record, shop = request.match_info["record"], request.match_info["shop"]

    def job(conn: Connection) -> None:
        card = kit.get(conn, RECEIPT_LAYOUTS, edit.company, record).card
        settings, version = service.get_settings(conn, edit.company, shop)
        service.save_settings(conn, edit, shop, replace(settings, header=card.header, footer=card.footer), version)

    await database(request).write(job)
    raise web.HTTPSeeOther(f"/receipt-layouts/{record}?saved=1")


def _has(conn: Connection, company: str, shop: str, card: ReceiptLayout) -> bool:
    settings, _ = service.get_settings(conn, company, shop)
    return (settings.header, settings.footer) == (card.header, card.footer)


def _lines(typed: str) -> list[str]:
    """Return what can be printed of what is being typed: the form says what is wrong with the rest."""
    printable = ("".join(filter(str.isprintable, line))[:WIDTH] for line in typed.splitlines())
    return list(filter(str.strip, printable))[:MAX_LAYOUT_LINES]
