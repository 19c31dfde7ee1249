"""The rules that only one registry has; what all of them hold to, the contract suite of the kit asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from central.kit import service
from central.kit.proposals import Proposal
from central.registry.categories import CATEGORIES, DEEPEST, Category
from central.registry.customers import CUSTOMERS, Customer, ExcludedMonth, Owner
from central.registry.document_types import DOCUMENT_TYPES, DocumentType
from central.registry.factory_calendars import FACTORY_CALENDARS, Closure, FactoryCalendar, calendar_of
from central.registry.payments import PAYMENT_SOLUTIONS, PAYMENT_TYPES, Instalment, PaymentSolution, PaymentType
from central.registry.pos_types import POS_TYPES, PosType
from central.registry.quick_keys import QUICK_KEY_PAGES, QuickKey, QuickKeyPage
from central.registry.receipt_layouts import RECEIPT_LAYOUTS, ReceiptLayout
from central.registry.seeding import seed_italian_defaults
from central.registry.service import Edit, save_item
from central.registry.stock_reasons import STOCK_REASONS, StockReason
from central.registry.suppliers import SUPPLIERS, Supplier, SupplierContact
from central.registry.units import UNITS, Unit
from central.registry.values import ItemCard
from central.registry.warehouses import WAREHOUSES, Warehouse
from commerce.errors import InvalidError
from commerce.receipt_text import WIDTH
from tests.central.kit.samples import edit_of

if TYPE_CHECKING:
    from central.kit.kinds import Kind
    from central.kit.proposals import Record
    from tests.central.office import Office

NAMES = {"it": "Nome", "en": "Name"}


async def save(office: Office, kind: Kind, *cards: object) -> list[Record]:
    proposals = [one if isinstance(one, Proposal) else Proposal(one) for one in cards]
    return await office.database.write(partial(service.save, kind=kind, edit=edit_of(office), proposals=proposals))


async def refused(office: Office, kind: Kind, *cards: object) -> list[tuple[str | None, str]]:
    """Field and code of what is wrong with cards."""
    with pytest.raises(InvalidError) as error:
        await save(office, kind, *cards)
    return [(one.field, one.code) for one in error.value.problems]


def category(code: str, parent: str | None = None) -> Category:
    return Category(code=code, names=NAMES, parent=parent)


async def test_a_category_stands_below_nothing_that_stands_below_it(office: Office) -> None:
    top = (await save(office, CATEGORIES, category("A")))[0]
    middle = (await save(office, CATEGORIES, category("B", top.id)))[0]
    low = (await save(office, CATEGORIES, category("C", middle.id)))[0]
    for parent in (top, middle, low):
        found = await refused(office, CATEGORIES, Proposal(category("A", parent.id), top.id, 1))
        assert found == [("parent", "category.cycle")]

    moved = (await save(office, CATEGORIES, Proposal(category("C", top.id), low.id, 1)))[0]

    assert moved.card.parent == top.id


async def test_two_changes_at_once_make_no_ring(office: Office) -> None:
    one, other = await save(office, CATEGORIES, category("A"), category("B"))
    both = (Proposal(category("A", other.id), one.id, 1), Proposal(category("B", one.id), other.id, 1))

    assert {code for _, code in await refused(office, CATEGORIES, *both)} == {"category.cycle"}


async def test_categories_are_no_deeper_than_people_walk(office: Office) -> None:
    at = None
    for number in range(DEEPEST):
        at = (await save(office, CATEGORIES, category(f"C{number}", at)))[0].id

    assert await refused(office, CATEGORIES, category("LOW", at)) == [("parent", "category.deep")]


def unit(code: str, base: str | None = None, factor: int = 1) -> Unit:
    return Unit(code=code, names=NAMES, base=base, factor=Decimal(factor))


async def test_units_are_counted_in_one_that_stands_by_itself(office: Office) -> None:
    gram = (await save(office, UNITS, unit("g")))[0]
    kilo = (await save(office, UNITS, unit("kg", gram.id, 1000)))[0]

    assert await refused(office, UNITS, unit("t", kilo.id, 1000)) == [("base", "unit.chain")]
    assert await refused(office, UNITS, Proposal(unit("g", gram.id), gram.id, 1)) == [("base", "unit.chain")]
    other = (await save(office, UNITS, unit("lb")))[0]
    assert await refused(office, UNITS, Proposal(unit("g", other.id, 2), gram.id, 1)) == [("base", "unit.chain")]
    assert await refused(office, UNITS, unit("x", None, 2)) == [("factor", "unit.factor")]
    assert await refused(office, UNITS, unit("x", gram.id, 0)) == [("factor", "field.range")]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("vat_number", "01234567890", "party.vat_number"), ("iban", "IT00X", "party.iban"),
     ("pec", "nobody", "party.pec"), ("country", "Italy", "field.long"), ("country", "I1", "party.country")],
)  # fmt: skip
async def test_a_supplier_is_held_to_check_digits(office: Office, field: str, value: str, code: str) -> None:
    card = replace(Supplier(code="F1", name="Mulino"), **{field: value})  # type: ignore[arg-type]

    assert (field, code) in await refused(office, SUPPLIERS, card)


async def test_the_same_supplier_twice_is_asked_about(office: Office) -> None:
    await save(office, SUPPLIERS, Supplier(code="F1", name="Mulino", vat_number="IT 01234567897"))

    twin = Supplier(code="F2", name="Mulino due", vat_number="01234567897")

    assert await refused(office, SUPPLIERS, twin) == [("vat_number", "supplier.twin")]
    wrong = Supplier(code="F3", name="Forno", contacts=(SupplierContact(name="Anna", mail="a@b.example; anna"),))
    assert await refused(office, SUPPLIERS, wrong) == [("contacts.0.mail", "party.mail")]


async def test_a_payment_type_has_one_discount(office: Office) -> None:
    both = PaymentType(code="P", names=NAMES, line_discount=Decimal(2), financial_discount=Decimal(1))

    assert await refused(office, PAYMENT_TYPES, both) == [("financial_discount", "payment_type.discounts")]


async def test_terms_have_instalments_whose_shares_are_the_whole_or_left_out(office: Office) -> None:
    def terms(*shares: int | None) -> PaymentSolution:
        parts = tuple(Instalment(of_taxable=None if one is None else Decimal(one)) for one in shares)
        return PaymentSolution(code="T", names=NAMES, instalments=parts)

    assert await refused(office, PAYMENT_SOLUTIONS, terms()) == [("instalments", "payment_solution.empty")]
    short = await refused(office, PAYMENT_SOLUTIONS, terms(50, 40))
    assert short == [("instalments.0.of_taxable", "payment_solution.shares")]
    assert len((await save(office, PAYMENT_SOLUTIONS, terms(None, None)))[0].card.instalments) == 2
    assert (await save(office, PAYMENT_SOLUTIONS, replace(terms(60, 40), code="T2")))[0].version == 1


async def test_a_type_names_next_documents_of_the_sort_it_says(office: Office) -> None:
    note, invoice = await save(
        office,
        DOCUMENT_TYPES,
        DocumentType(code="DDT", names=NAMES, makes="delivery_note", series="D"),
        DocumentType(code="FT", names=NAMES, makes="invoice", series="F"),
    )
    order = DocumentType(code="ORD", names=NAMES, series="O", delivery_type=note.id, invoice_type=invoice.id)
    await save(office, DOCUMENT_TYPES, order)

    crossed = replace(order, code="ORD2", delivery_type=invoice.id, invoice_type=note.id)
    found = await refused(office, DOCUMENT_TYPES, crossed)
    assert found == [("delivery_type", "document_type.delivery_type"), ("invoice_type", "document_type.invoice_type")]
    turned = Proposal(replace(note.card, makes="offer"), note.id, 1)
    assert await refused(office, DOCUMENT_TYPES, turned) == [("makes", "document_type.makes")]


async def test_a_pos_type_moves_goods_out_and_taxes_by_codes_that_are_there(office: Office) -> None:
    await office.database.write(partial(seed_italian_defaults, edit=_edit(office)))
    house = (await save(office, WAREHOUSES, Warehouse(code="W", name="Negozio")))[0]
    out, into = await save(
        office,
        STOCK_REASONS,
        StockReason(code="OUT", names=NAMES),
        StockReason(code="IN", names=NAMES, way="in"),
    )
    card = PosType(code="SC", names=NAMES, warehouse=house.id, stock_reason=out.id, vat_code="22", rounding_vat="NS")
    await save(office, POS_TYPES, card)

    for change, said in (
        ({"stock_reason": into.id}, ("stock_reason", "pos_type.stock_reason")),
        ({"stock_reason": None}, ("stock_reason", "pos_type.no_reason")),
        ({"vat_code": "23"}, ("vat_code", "item.vat_unknown")),
        ({"rounding_vat": "XX"}, ("rounding_vat", "item.vat_unknown")),
    ):
        other: dict[str, Any] = {"code": "SC2", **change}
        assert await refused(office, POS_TYPES, replace(card, **other)) == [said]


async def test_a_quick_key_means_one_thing_that_is_there(office: Office) -> None:
    await office.database.write(partial(seed_italian_defaults, edit=_edit(office)))
    await office.database.write(partial(save_item, edit=_edit(office), card=ItemCard("A1", NAMES, "22")))
    bread = (await save(office, CATEGORIES, category("PANE")))[0]

    def page(*keys: QuickKey) -> QuickKeyPage:
        return QuickKeyPage(code="P1", names=NAMES, keys=keys)

    keys = (QuickKey(names=NAMES, sku="A1"), QuickKey(names=NAMES, category=bread.id), QuickKey(names=NAMES))
    assert len((await save(office, QUICK_KEY_PAGES, page(*keys)))[0].card.keys) == 3
    unknown = replace(page(QuickKey(names=NAMES, sku="A2")), code="P2")
    assert await refused(office, QUICK_KEY_PAGES, unknown) == [("keys.0.sku", "field.unknown")]
    two = replace(page(QuickKey(names=NAMES, sku="A1", category=bread.id)), code="P2")
    assert await refused(office, QUICK_KEY_PAGES, two) == [("keys.0.category", "quick_key.two")]


async def test_a_layout_fits_on_paper(office: Office) -> None:
    def layout(*header: str) -> ReceiptLayout:
        return ReceiptLayout(code="L", names=NAMES, header=header)

    assert await refused(office, RECEIPT_LAYOUTS, layout("x" * (WIDTH + 1))) == [("header", "field.long")]
    assert await refused(office, RECEIPT_LAYOUTS, layout(*"x" * 13)) == [("header", "field.many")]
    assert (await save(office, RECEIPT_LAYOUTS, layout("x" * WIDTH, *"x" * 11)))[0].version == 1


async def test_a_calendar_reckons_by_its_days(office: Office) -> None:
    august = Closure(name="Ferie", since=date(2026, 8, 10), until=date(2026, 8, 21))
    opened = Closure(name="Inventario", since=date(2026, 8, 22), works=True)
    card = FactoryCalendar(code="C", names=NAMES, closures=(august, opened))
    saved = (await save(office, FACTORY_CALENDARS, card))[0]

    reckoned = calendar_of(saved.card)

    assert reckoned.next_from(date(2026, 8, 8)) == date(2026, 8, 22)  # a Saturday, open all the same
    assert reckoned.add(date(2026, 8, 7), 2) == date(2026, 8, 24)


async def test_a_calendar_has_working_days_and_spans_that_end(office: Office) -> None:
    def closed(until: date) -> FactoryCalendar:
        row = Closure(name="Ferie", since=date(2026, 8, 10), until=until)
        return FactoryCalendar(code="C", names=NAMES, closures=(row,))

    never = FactoryCalendar(code="C", names=NAMES, closed_on=("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    assert await refused(office, FACTORY_CALENDARS, never) == [("closed_on", "factory_calendar.week")]
    backwards = await refused(office, FACTORY_CALENDARS, closed(date(2026, 8, 9)))
    assert backwards == [("closures.0.until", "factory_calendar.ends")]
    endless = await refused(office, FACTORY_CALENDARS, closed(date(2027, 8, 11)))
    assert endless == [("closures.0.until", "factory_calendar.long")]


def customer(**values: Any) -> Customer:  # noqa: ANN401
    return Customer(code="C1", name="Rossi", **values)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("08", 5, "09"), ("12", 7, "01")], []),
        ([("08", 5, "09"), ("08", 7, "10")], [("excluded_months.1.month", "customer.month_twice")]),
        ([("08", 5, "12"), ("12", 7, "01")], [("excluded_months.0.to_month", "customer.month_excluded")]),
        ([("01", 29, "02")], [("excluded_months.0.to_day", "customer.month_day")]),
        ([("08", 31, "09")], [("excluded_months.0.to_day", "customer.month_day")]),
    ],
)
async def test_deadlines_leave_a_month_for_a_day_that_is_there(
    office: Office, rows: list[tuple[str, int, str]], said: list[tuple[str, str]]
) -> None:
    months = tuple(ExcludedMonth(month=one, to_day=Decimal(day), to_month=other) for one, day, other in rows)
    if said:
        assert await refused(office, CUSTOMERS, customer(excluded_months=months)) == said
    else:
        assert (await save(office, CUSTOMERS, customer(excluded_months=months)))[0].version == 1


async def test_joint_owners_have_no_more_than_the_whole(office: Office) -> None:
    owners = (Owner(name="Anna", share=Decimal(60)), Owner(name="Bruno", share=Decimal("40.01"), fiscal_code="XX"))

    found = await refused(office, CUSTOMERS, customer(owners=owners))

    assert set(found) == {("owners.0.share", "customer.shares"), ("owners.1.fiscal_code", "party.fiscal_code")}
    assert await refused(office, CUSTOMERS, customer(currency="EURO")) == [("currency", "field.long")]
    assert await refused(office, CUSTOMERS, customer(currency="E1")) == [("currency", "customer.currency")]


def _edit(office: Office) -> Edit:
    return Edit(edit_of(office).actor, office.company, office.clock())
