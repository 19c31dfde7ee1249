"""Years of business in a minute: sales written into a ledger by the till's own functions, many to a transaction."""

from datetime import date, timedelta
from typing import Any

from bench import shop
from commerce.basket import Line, LineKind, apply, lines_added, price_line, sale_started, start, tender_added
from commerce.dates import business_day, document_date, offset_text, utc_text
from commerce.documents import IntendedEffect, IssuedNumber, Layout, SaleContext, Seller, sale_body
from commerce.ids import new_id
from commerce.ledger import Kind
from commerce.money import parse_decimal
from commerce.numbering import format_number, period_of
from commerce.tender import Tender, TenderKind
from commerce.vat import VatMode
from terminal.db import commands, documents, effects
from terminal.services.chains import Moment, Write
from terminal.services.commands import CloseSession
from terminal.services.effect_bodies import effect_settled
from terminal.services.operating import OperatingSet
from terminal.services.till_core import TillCore

LINES = 10
DAY = 1_000
_TOGETHER = 1000
_PACE = timedelta(milliseconds=100)


async def write_days(core: TillCore, count: int) -> None:
    """Append so many sales in sessions of a day each, closed by the till itself; half a day's are in the open one."""
    left = count
    while left > DAY // 2:
        day = min(DAY, left - DAY // 2)
        await write_sales(core, day)
        left -= day
        await core.register.submit(CloseSession(new_id(), 0))
        for effect in core.register.state.prints:  # the Z's own
            await core.register.start_effect(effect.id)
            await core.register.settle_effect(effect.id, "done")
        await shop.begin_selling(core.register)
    await write_sales(core, left)


async def write_sales(core: TillCore, count: int) -> None:
    """Append so many sales, printed and done, to the current session of an open till."""
    operating = core.register.state.operating
    moment = core.now() - _PACE * count
    for first in range(0, count, _TOGETHER):
        moments = [moment + _PACE * number for number in range(first, min(first + _TOGETHER, count))]
        session = core.register.state.session
        written = [
            Moment(
                at, offset_text(at, operating.shop.zone), business_day(at, operating.shop.zone),
                session.id if session else None, shop.OPERATOR, new_id(),
            )
            for at in moments
        ]  # fmt: skip
        await core.chains.write(lambda write, moments=written: _write_many(core, operating, write, moments))  # type: ignore[misc]


def _write_many(core: TillCore, operating: OperatingSet, write: Write, moments: list[Moment]) -> None:
    for number, moment in enumerate(moments):
        _write_one(core, operating, write, moment, number)


def _write_one(core: TillCore, operating: OperatingSet, write: Write, moment: Moment, seed: int) -> None:
    series = core.chains.series(operating)
    day = document_date(moment.at, operating.shop.zone)
    period = period_of(series, day)
    number = documents.take_number(write.tx, series.id, period, day)
    issued = IssuedNumber(
        new_id(), "receipt", series.id, series.code, period, number, format_number(series, number, day), day
    )
    intended = [IntendedEffect(new_id(), "print"), IntendedEffect(new_id(), "drawer")]
    entry = write.append(moment, Kind.SALE_COMPLETED, completed_sale(operating, issued, intended, seed))
    documents.add_document(write.tx, issued, write.origin.chain, entry.seq)
    created = utc_text(moment.at)
    rows = [effects.NewEffect(e.id, e.kind, issued.document, issued.formatted, issued.kind, created) for e in intended]
    effects.add_effects(write.tx, rows)
    for effect in intended:
        found = effects.find_effect(write.tx, effect.id)
        assert found
        write.record(moment, effect_settled(found, "done", "", None))
        effects.settle(write.tx, found, "done", "", None, waits=False)
    commands.add_command(write.tx, moment.command_id or "", bytes(32), {"document": issued.document}, created)


def completed_sale(
    operating: OperatingSet, number: IssuedNumber, intended: list[IntendedEffect], seed: int
) -> dict[str, Any]:
    """Return the body of a sale of ten lines, paid in cash and by card."""
    sale, begun = new_id(), "2026-01-02T09:00:00.000000Z"
    basket = start(sale_started(sale, "EUR", "it", begun, vat_mode=VatMode.GROSS, cash_step=None))
    basket = apply(basket, lines_added([_line(operating, seed + place * 37) for place in range(LINES)]))
    half = basket.total // 2
    for code, kind, amount in (("card", TenderKind.CARD, half), ("cash", TenderKind.CASH, basket.total - half)):
        basket = apply(basket, tender_added(Tender(new_id(), code, kind, {"it": code, "en": code}, "EUR", amount)))
    return sale_body(basket, number, "CF1.code", _CONTEXT, intended)


def _line(operating: OperatingSet, number: int) -> Line:
    code = ("22", "10", "4")[number % 3]
    vat = operating.vat_codes[code].on(_DAY)
    one, unit_price = parse_decimal("1", 6), parse_decimal(f"{1 + number % 40}.{number % 100:02d}", 8)
    names = {"it": f"articolo numero {number}", "en": f"item number {number}"}
    line = Line(
        new_id(), LineKind.ITEM, names, one, "pc", unit_price, vat, 0, listed_price=unit_price, price_version="1",
        item=f"01900000-0000-7000-9000-{number:012d}", sku=f"A{number:07d}", code=shop.code_of(number),
        operator=shop.OPERATOR, added_at="2026-01-02T09:00:00.000000Z",
    )  # fmt: skip
    return price_line(line, one, "EUR")


_SELLER = Seller("Emporio Prova", "01234567897", "IT", "Centro", ("Via Roma 1",), "Cassa 1")
_DAY = date(2026, 1, 2)
_CONTEXT = SaleContext(_SELLER, Layout("standard", 1, ("Grazie",), ()), "RECEIPT", 1, "main", "main", "Europe/Rome")
