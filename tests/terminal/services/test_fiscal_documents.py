"""What the fiscal register is sent adds up, however a sale was discounted and settled."""

from dataclasses import replace
from datetime import date

import orjson
from hypothesis import given
from hypothesis import strategies as st

from commerce.basket import Basket
from commerce.bodies.form import read
from commerce.bodies.line import VatBody
from commerce.bodies.paid import ChargeBody, DepositBody, DocumentDiscountBody
from commerce.bodies.sale import SaleCompleted
from commerce.documents import IssuedNumber, Layout, SaleContext, Seller, sale_body
from commerce.vat import Treatment
from terminal.devices.protocols import FiscalDocument
from terminal.services.fiscal_documents import fiscal_document
from tests.commerce.strategies import baskets, card, cash, voucher

NUMBER = IssuedNumber("d-1", "receipt", "s", "T1", "2026", 1, "T1/26/000001", date(2026, 11, 23))
CONTEXT = SaleContext(
    Seller("Emporio Aurora", "00000000000", "IT", "Centro", (), "Cassa 1"),
    Layout("standard", 1, (), ()),
    "RECEIPT",
    1,
    None,
    "main",
    "Europe/Rome",
)
TEN_PERCENT = DocumentDiscountBody("x1", "operator", None, None, {"it": "Sconto"}, "percent", "10.00000000", 0, ())
DELIVERY = ChargeBody(
    "c1", "delivery", {"it": "Trasporto"}, "operator", None, 350, VatBody("22", "22.00", Treatment.TAXED, None, None)
)
DEPOSIT = DepositBody("p1", None, None, None, 1)


def document_of(basket: Basket) -> FiscalDocument:
    body = sale_body(basket, NUMBER, "CF1.abc", CONTEXT, [])
    return fiscal_document("effect-1", read(SaleCompleted, orjson.dumps(body)))


def settled(basket: Basket, extra: int, kind: str) -> Basket:
    """Settle a sale by card, cash or vouchers, giving too much where that may be."""
    due = basket.settlement.due
    if due <= 0 or kind == "card":
        return replace(basket, tenders=(card(due),))
    if kind == "cash":
        return replace(basket, tenders=(cash(due + 5 + extra),))
    half = due // 2
    return replace(basket, tenders=(card(half), voucher(due - half + extra)) if half else (voucher(due + extra),))


@given(
    baskets(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 700),
    st.sampled_from(["card", "cash", "voucher"]),
)
def test_rows_and_adjustments_come_to_the_total_and_payments_to_what_was_to_be_paid(
    basket: Basket, is_discounted: bool, is_charged: bool, has_deposit: bool, extra: int, kind: str
) -> None:
    basket = replace(
        basket,
        discounts=(TEN_PERCENT,) if is_discounted else (),
        charges=(DELIVERY,) if is_charged else (),
        deposits=(DEPOSIT,) if has_deposit else (),
    )
    sale = settled(basket, extra, kind)

    document = document_of(sale)

    rows = sum(line.line_total_cents for line in document.lines)
    assert rows + sum(each.amount_cents for each in document.adjustments) == document.total_cents
    paid = sum(cents for _, cents in document.payments)
    assert paid == document.total_cents - document.deposits_cents + document.rounding_cents
    assert document.total_cents == sale.total
