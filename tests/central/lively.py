"""A company as it is in the middle of a Monday: two shops that have sold for two weeks, and what is off there."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.identity.passwords import hash_pin
from central.identity.people import COMMAND_LINE, EVERYWHERE
from central.kit import service as kit
from central.kit.kinds import Kinds
from central.kit.proposals import Edit, Proposal
from central.registry.customers import CUSTOMERS, Customer, Destination
from central.registry.directory import list_operator_names
from central.registry.service import OperatorCard, save_item, save_operator
from central.registry.values import ItemCard
from central.tills.registering import add_till
from commerce.basket import Line, LineKind, apply, lines_added, price_line, sale_started, start, tender_added
from commerce.bodies.session import SessionClosed, SessionOpened, ZTotals
from commerce.dates import utc_text
from commerce.documents import IntendedEffect, IssuedNumber, Layout, SaleContext, Seller, sale_body
from commerce.ids import new_id
from commerce.ledger import Kind, Signer
from commerce.tender import Tender, TenderKind
from commerce.vat import VatMode, VatRate
from commerce.wire import DeviceStatus, Heartbeat
from tests.central.head_office import CHEAP_PIN, Visitor
from tests.fakes.till import FakeTill

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice
    from tests.central.office import Office

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 16, 40, tzinfo=UTC)
DAYS = 15
GOODS = [
    ("Caffè macinato 250 g", "Ground coffee 250 g", "3.49", "10"), ("Pane casereccio", "Country bread", "2.30", "4"),
    ("Latte fresco intero 1 l", "Fresh whole milk 1 l", "1.79", "4"), ("Acqua 1,5 l", "Water", "0.65", "22"),
    ("Olio extravergine di oliva 0,75 l", "Extra virgin olive oil", "11.90", "4"),
    ("Parmigiano Reggiano 24 mesi, porzionato e sottovuoto, 500 g", "Parmigiano Reggiano, 500 g", "9.95", "4"),
    ("Spaghetti n. 5 500 g", "Spaghetti 500 g", "1.15", "4"), ("Detersivo piatti limone", "Dish soap", "2.49", "22"),
    ("Vino rosso 0,75 l", "Red wine", "5.80", "22"), ("Biscotti integrali 400 g", "Biscuits", "2.95", "10"),
]  # fmt: skip
TENDERS = [
    ("cash", TenderKind.CASH, {"it": "Contanti", "en": "Cash"}),
    ("card", TenderKind.CARD, {"it": "Carta", "en": "Card"}),
]
FOOTER = ("Grazie e arrivederci",)
CUSTOMERS_OF_IT = [
    ("C0001", "Trattoria da Gino s.r.l.", "Milano", "MI"), ("C0002", "Bar Centrale di Rossi Paolo", "Monza", "MB"),
    ("C0003", "Albergo Belvedere", "Como", "CO"), ("C0004", "Mensa aziendale Officine Riunite s.p.a.", "Milano", "MI"),
    ("C0005", "Pizzeria Vesuvio", "Lodi", "LO"), ("C0006", "Enoteca La Botte", "Pavia", "PV"),
]  # fmt: skip


@dataclass
class Shop:
    """A till at work: the days that it has sold, from two weeks ago until now."""

    till: FakeTill
    name: str
    code: str
    operator: str
    dice: random.Random
    short: int = 0
    at: datetime = NOW

    def days(self, upto: datetime) -> None:
        for back in range(DAYS - 1, -1, -1):
            day = TODAY - timedelta(days=back)
            self._day(day, upto)

    def _day(self, day: date, upto: datetime) -> None:
        opened = datetime(day.year, day.month, day.day, 7, 30, tzinfo=UTC)
        self.till.session = new_id()
        body = SessionOpened(self.till.session, "d-1", "EUR", 15_000, day.isoformat(), "Europe/Rome").as_body()
        self._write(Kind.SESSION_OPENED, body, opened, day)
        moments = sorted(opened + timedelta(minutes=self.dice.choice(BUSY)) for _ in range(self.dice.randint(11, 17)))
        for at in moments:
            if at < upto:
                self._write(Kind.SALE_COMPLETED, self._sale(day, at), at, day)
        if day < TODAY:
            self._close(day, opened + timedelta(hours=12))

    def _write(self, kind: Kind, body: Any, at: datetime, day: date) -> None:  # noqa: ANN401
        self.till.write(kind, body, at=at, business_day=day, operator=self.operator)

    def _sale(self, day: date, at: datetime) -> dict[str, Any]:
        self.till.number += 1
        event = sale_started(
            new_id(), "EUR", "it", f"{at:%Y-%m-%dT%H:%M:%S}.000000Z", vat_mode=VatMode.GROSS, cash_step=None
        )
        chosen = self.dice.sample(GOODS, self.dice.randint(1, 6))
        basket = apply(start(event), lines_added([self._line(one) for one in chosen]))
        code, kind, names = self.dice.choice(TENDERS)
        basket = apply(basket, tender_added(Tender(new_id(), code, kind, names, "EUR", basket.total)))
        number = self.till.number
        issued = IssuedNumber(
            new_id(), "receipt", "s-1", self.code, "2026", number, f"{self.code}/26/{number:06d}", day
        )
        seller = Seller("Bottega Prova s.r.l.", "IT01234567897", "IT", self.name, (f"{self.name} 1", "20121 Milano MI"),
                        "Cassa 1")  # fmt: skip
        context = SaleContext(seller, Layout("receipt", 1, (), FOOTER), "RECEIPT", 1, None, None, "Europe/Rome")
        return sale_body(basket, issued, "CF1.code", context, [IntendedEffect(new_id(), "print")])

    def _line(self, one: tuple[str, str, str, str]) -> Any:  # noqa: ANN401
        italian, english, price, rate = one
        quantity = Decimal(self.dice.choice((1, 1, 1, 2, 3)))
        number = GOODS.index(one)
        line = Line(new_id(), LineKind.ITEM, {"it": italian, "en": english}, quantity, "pc", Decimal(price),
                    VatRate(rate, Decimal(rate)), 0, item=new_id(), sku=f"A{number + 10}",
                    code=f"80012345{number:05d}")  # fmt: skip
        return price_line(line, quantity, "EUR")

    def _close(self, day: date, at: datetime) -> None:
        over = self.short if day == TODAY - timedelta(days=1) else self.dice.choice((0, 0, 0, 0, 0, -50, 20))
        closed = SessionClosed(
            session=self.till.session or "", drawer="d-1", z_number=DAYS - (TODAY - day).days, currency="EUR",
            business_day=day.isoformat(), zone="Europe/Rome", language="it", layout=Layout("z", 1, (), ()),
            seller=Seller("Bottega Prova s.r.l.", "IT01234567897", "IT", self.name, (self.name,), "Cassa 1"),
            opened_at=f"{day.isoformat()}T07:30:00.000000Z", opening_cash=15_000, sales=self.till.number, voids=0,
            totals=ZTotals(0, 0, 0, 0), tenders=(), taxes=(), expected_cash=40_000, counted_cash=40_000 + over,
            over_short=over, unknown_effects=(), left_out=(), first_chain=self.till.chain, first_seq=1,
            last_seq=self.till.head.seq,
        )  # fmt: skip
        self._write(Kind.SESSION_CLOSED, closed.as_body(), at, day)


# minutes after the opening: few early, many around noon and in the evening
BUSY = [minute for minute in range(720) for _ in range(1 + 3 * (180 < minute < 330) + 4 * (510 < minute < 680))]


async def make_lively(site: HeadOffice) -> dict[str, str]:
    """Fill a head office with two weeks; returns addresses of pages about single things, by what they are."""
    office = site.office
    corso = await office.add_shop("Corso Buenos Aires")
    operators = await _people(site, corso)
    office.clock.at = NOW
    tills = [
        await _till(office, number, shop) for number, shop in enumerate((office.shop, office.shop, corso), start=1)
    ]
    places = (("Via Roma", office.shop, "Anna", 0), ("Via Roma", office.shop, "Marco", -480),
              ("Corso Buenos Aires", corso, "Giulia", 0))  # fmt: skip
    for number, (till, (name, _, who, short)) in enumerate(zip(tills, places, strict=True), start=1):
        shop = Shop(till, name, f"T{number}", operators[who], random.Random(number), short)
        shop.days(NOW - timedelta(minutes=9 if number != 2 else 70))
        await site.deliver(till)
    await _hear(site, tills)
    changed = await _changes(site)
    return {"till": f"/tills/{tills[1].till}", "customer": f"/customers/{changed}"}


async def _people(site: HeadOffice, corso: str) -> dict[str, str]:
    office, edit = site.office, site.edit
    pin = await hash_pin("1470", CHEAP_PIN)
    for name, shop in (("Marco", office.shop), ("Giulia", corso)):
        await office.database.write(partial(save_operator, edit=edit, card=OperatorCard(name, shop, pin=pin)))
    for number, (italian, english, price, rate) in enumerate(GOODS):
        card = ItemCard(
            f"A{number + 10}", {"it": italian, "en": english}, rate, Decimal(price), (f"80012345{number:05d}",)
        )
        await office.database.write(partial(save_item, edit=edit, card=card))
    return {row.name: row.operator for row in await office.database.read(lambda c: list_operator_names(c, EVERYWHERE))}


async def _till(office: Office, number: int, shop: str) -> FakeTill:
    job = partial(
        add_till, actor=COMMAND_LINE, at=office.clock(), shop_id=shop, code=f"T{number}", name=f"Cassa {number}"
    )
    signer = Signer(Ed25519PrivateKey.generate())
    return FakeTill.of(await office.enrol(await office.database.write(job), signer), signer)


async def _hear(site: HeadOffice, tills: list[FakeTill]) -> None:
    """The first till is well, the second waits for a line and for paper, the third has not been heard of."""
    office, fleet = site.office, site.office.tills.fleet
    printer = DeviceStatus.of("Stampante", "receipt_printer", "ready")
    scanner = DeviceStatus.of("Lettore", "scanner", "ready")
    empty = DeviceStatus.of("Stampante", "receipt_printer", "attention", "printer.paper_out")
    office.clock.at = NOW - timedelta(minutes=46)
    fleet.seen(await office.known(tills[2]))
    await fleet.flush()
    office.clock.at = NOW
    for till, devices, unsent in ((tills[0], [printer, scanner], 0), (tills[1], [empty, scanner], 14)):
        since = utc_text(NOW - timedelta(minutes=70)) if unsent else None
        beat = Heartbeat(unsent=unsent, oldest_unsent_at=since, version="0.2.0", clock_offset_ms=40, devices=devices,
                         chain=till.chain, seq=till.head.seq)  # fmt: skip
        fleet.heard(await office.known(till), beat.model_dump_json())
    await fleet.flush()


async def _changes(site: HeadOffice) -> str:
    """Some days of work at head office, by Anna; returns a customer of hers."""
    office = site.office
    edit = Edit(COMMAND_LINE, office.company, office.clock(), Kinds((CUSTOMERS,)))
    cards = [Proposal(Customer(code=code, name=name, city=city, province=province, street="Via Manzoni 4", zip="20121",
                               destinations=(Destination(name="Magazzino", street="Via del Lavoro 12", zip="20090",
                                                         city="Segrate", province="MI"),)))
             for code, name, city, province in CUSTOMERS_OF_IT]  # fmt: skip
    saved = await office.database.write(partial(kit.save, kind=CUSTOMERS, edit=edit, proposals=cards))
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        anna = Visitor(session)
        await anna.sign_in()
        await _work(site, anna)
    return str(saved[0].id)


async def _work(site: HeadOffice, anna: Visitor) -> None:
    clock, (coffee, bread, _) = site.office.clock, site.items
    bread_form = {"sku": "A2", "name_it": "Pane casereccio", "name_en": "Country bread", "vat_code": "4", "unit": "kg"}
    steps = [
        (-1600, f"/items/{bread.id}", {**bread_form, "price": "4,70", "version": str(bread.version)}),
        (-1420, "/settings/users", {"name": "carlo", "display_name": "Carlo Bianchi", "password": "tre gatti sul tetto",
                                    "role": "viewer", "language": "it"}),
        (-95, f"/items/{coffee.id}", {"sku": "A1", "name_it": "Caffè macinato 250 g", "name_en": "Ground coffee 250 g",
                                      "vat_code": "10", "unit": "pc", "brand": "Aroma", "codes": "8001234500017",
                                      "price": "3,69", "version": str(coffee.version)}),
        (-40, "/reasons", {"code": "SCAD", "names.it": "Vicino alla scadenza", "names.en": "Short date",
                           "use": "discount"}),
    ]  # fmt: skip
    for minutes, path, form in steps:
        clock.at = NOW + timedelta(minutes=minutes)
        await anna.post(path, **form)
    clock.at = NOW
