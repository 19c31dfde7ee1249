from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.basket import Basket, apply, replay, tender_added
from commerce.canonical import canonical_bytes, parse_canonical
from commerce.documents import (
    IntendedEffect,
    IssuedNumber,
    Layout,
    ReceiptCode,
    SaleContext,
    Seller,
    read_receipt_code,
    receipt_code,
    sale_body,
    unnumbered_body,
)
from commerce.errors import BadInputError, RuleError
from tests.commerce.strategies import baskets, cash, journals
from tests.commerce.test_ledger import CHAIN, ORIGIN, SIGNER, STRANGER

NUMBER = IssuedNumber("doc-1", "receipt", "series-1", "T2K7QF", "2026", 12, "T2K7QF/26/000012", date(2026, 11, 23))
CONTEXT = SaleContext(
    seller=Seller("Bottega Rossi s.r.l.", "01234567890", "IT", "Centro", ("Via Roma 1", "20100 Milano"), "Cassa 2"),
    layout=Layout("receipt", 1, ("Bottega Rossi",), ("Grazie",)),
    pos_type="RECEIPT",
    settings_version=3,
    warehouse=None,
    drawer="drawer-1",
    zone="Europe/Rome",
)
CODE = "CF1.code"
EFFECTS = (IntendedEffect("effect-1", "print"), IntendedEffect("effect-2", "drawer"))


def paid(basket: Basket) -> Basket:
    exact = replace(basket, cash_step=None)
    return exact if exact.total == 0 else apply(exact, tender_added(cash(exact.total)))


@given(baskets())
def test_the_body_of_any_sale_balances_and_can_be_signed(basket: Basket) -> None:
    body: dict[str, Any] = parse_canonical(canonical_bytes(sale_body(paid(basket), NUMBER, CODE, CONTEXT, EFFECTS)))
    settled = body["settlement"]

    assert sum(t["value"] for t in body["tenders"]) - settled["change"] == (
        settled["due"] + settled["rounding"] + settled["excess"]
    )
    assert sum(row["taxable"] + row["tax"] for row in body["taxes"]) == settled["total"]


@given(journals())
def test_a_journal_gives_the_same_bytes_whatever_the_catalogue_is_now(journal: list[dict[str, Any]]) -> None:
    """Nothing of the catalogue is asked for when a journal is replayed: it holds resolved lines."""
    first = sale_body(paid(replay(journal)), NUMBER, CODE, CONTEXT, EFFECTS)
    again = [parse_canonical(canonical_bytes(event)) for event in journal]
    second = sale_body(paid(replay(again)), NUMBER, CODE, CONTEXT, EFFECTS)

    for body in (first, second):
        body["tenders"] = []
    assert canonical_bytes(first) == canonical_bytes(second)


@given(baskets())
def test_what_lines_have_prepared_gives_the_same_bytes(basket: Basket) -> None:
    plain = unnumbered_body(paid(basket), CONTEXT, EFFECTS)
    ready = unnumbered_body(paid(basket), CONTEXT, EFFECTS, ready=True) | {"tenders": plain["tenders"]}

    assert canonical_bytes(ready) == canonical_bytes(plain)


@given(baskets())
def test_stock_moves_against_the_line(basket: Basket) -> None:
    body = sale_body(paid(basket), NUMBER, CODE, CONTEXT, EFFECTS)
    coded = [row for row in basket.lines if row.item and row.quantity]

    assert [movement["line"] for movement in body["stock"]] == [row.id for row in coded]
    assert all(m["quantity"].startswith("-") == (row.quantity > 0) for m, row in zip(body["stock"], coded, strict=True))


def test_nothing_is_issued_for_a_sale_that_is_not_paid() -> None:
    basket = Basket("sale-1", "EUR", "it", "2026-11-23T08:00:00.000000Z")

    with pytest.raises(RuleError) as caught:
        sale_body(basket, NUMBER, CODE, CONTEXT, ())
    assert caught.value.code == "sale.no_lines"


codes = st.builds(
    ReceiptCode,
    st.just(ORIGIN.till),
    st.just(CHAIN),
    st.integers(1, 2**40),
    st.dates(),
    st.integers(-(10**12), 10**12),
)


@given(codes)
def test_a_receipt_code_proves_itself(code: ReceiptCode) -> None:
    assert read_receipt_code(receipt_code(code, SIGNER), SIGNER.public_key) == code


@given(codes, st.data())
def test_a_changed_receipt_code_is_refused(code: ReceiptCode, data: st.DataObject) -> None:
    text = receipt_code(code, SIGNER)
    at = data.draw(st.integers(0, len(text) - 2))
    changed = text[:at] + data.draw(st.sampled_from("ABCxyz019-_").filter(lambda c: c != text[at])) + text[at + 1 :]

    with pytest.raises(BadInputError):
        read_receipt_code(changed, SIGNER.public_key)


def test_a_receipt_of_another_till_is_no_proof() -> None:
    text = receipt_code(ReceiptCode(ORIGIN.till, CHAIN, 7, date(2026, 11, 23), 893), STRANGER)

    with pytest.raises(BadInputError) as caught:
        read_receipt_code(text, SIGNER.public_key)
    assert caught.value.code == "receipt_code.forged"
