import json
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.basket import (
    Basket,
    Line,
    LineKind,
    TotalOrigin,
    apply,
    language_chosen,
    line_changed,
    line_voided,
    lines_added,
    price_line,
    read_line,
    replay,
    sale_started,
    start,
    tender_added,
    tender_removed,
)
from commerce.canonical import canonical_bytes
from commerce.errors import BadInputError, RuleError
from commerce.journal import journal_of
from commerce.vat import VatMode, tax_breakdown
from tests.commerce.strategies import VAT_RATES, baskets, card, cash, journals, lines

OPENED = sale_started("sale-1", "EUR", "it", "2026-11-23T08:00:00.000000Z", vat_mode=VatMode.GROSS, cash_step=None)


def line(total: int = 349, line_id: str = "line-1", origin: TotalOrigin = TotalOrigin.COMPUTED) -> Line:
    return Line(
        id=line_id,
        kind=LineKind.ITEM,
        names={"it": "Caffè", "en": "Coffee"},
        quantity=Decimal(1),
        unit="pc",
        unit_price=Decimal(total).scaleb(-2),
        vat=VAT_RATES[0],
        total=total,
        total_origin=origin,
    )


def basket_of(*rows: Line) -> Basket:
    return apply(start(OPENED), lines_added(rows))


@given(journals())
def test_a_journal_read_back_from_disk_gives_the_same_basket(journal: list[dict[str, Any]]) -> None:
    from_disk = [json.loads(canonical_bytes(event)) for event in journal]

    assert replay(from_disk) == replay(json.loads(json.dumps(from_disk)))
    assert [row.body for row in replay(from_disk).lines] == [row for event in from_disk[1:] for row in event["lines"]]


@given(baskets())
def test_breakdown_rows_of_any_basket_add_up(basket: Basket) -> None:
    assert sum(row.gross for row in basket.taxes) == basket.total
    if basket.vat_mode is VatMode.NET:
        assert sum(row.net for row in basket.taxes) == sum(row.total for row in basket.lines)


@given(baskets(), st.booleans())
def test_any_basket_paid_exactly_balances(basket: Basket, by_card: bool) -> None:
    exact = card(basket.total) if by_card else cash(basket.total)
    paid = basket if basket.total == 0 else apply(replace(basket, cash_step=None), tender_added(exact))
    settlement = paid.settlement

    assert settlement.is_settled
    assert settlement.tendered - settlement.change == settlement.due + settlement.rounding + settlement.excess


@given(lines())
def test_a_line_read_back_is_the_line(row: Line) -> None:
    assert read_line(json.loads(canonical_bytes(row.body))).body == json.loads(canonical_bytes(row.body))


def test_lines_keep_their_order_and_can_be_voided() -> None:
    basket = basket_of(line(100, "a"), line(200, "b"), line(300, "c"))

    left = apply(basket, line_voided("b"))

    assert [row.id for row in left.lines] == ["a", "c"]
    assert (left.total, left.voided_lines) == (400, 1)


def test_a_quantity_changes_the_computed_total() -> None:
    basket = basket_of(line(349))

    changed = apply(basket, line_changed(price_line(basket.lines[0], Decimal(3), "EUR")))

    assert changed.total == 1047


@pytest.mark.parametrize("origin", [TotalOrigin.LABEL, TotalOrigin.SCALE, TotalOrigin.IMPORT])
def test_a_printed_amount_stands(origin: TotalOrigin) -> None:
    with pytest.raises(RuleError) as caught:
        price_line(line(origin=origin), Decimal(2), "EUR")
    assert caught.value.code == "line.amount_stands"


def test_lines_cannot_change_while_the_sale_is_being_paid() -> None:
    paying = apply(basket_of(line(349)), tender_added(card(100)))

    for event in (lines_added([line(1, "x")]), line_voided("line-1"), line_changed(line(2))):
        with pytest.raises(RuleError) as caught:
            apply(paying, event)
        assert caught.value.code == "sale.being_paid"


def test_a_tender_taken_back_opens_the_sale_again() -> None:
    tender = card(100)
    basket = basket_of(line(349))

    assert apply(apply(basket, tender_added(tender)), tender_removed(tender.id)) == basket
    with pytest.raises(RuleError):
        apply(basket, tender_removed("unknown"))


def test_nothing_more_is_taken_once_settled() -> None:
    settled = apply(basket_of(line(349)), tender_added(cash(400)))

    with pytest.raises(RuleError) as caught:
        apply(settled, tender_added(cash(1)))
    assert caught.value.code == "sale.already_settled"


def test_the_document_language_can_be_chosen_until_the_end() -> None:
    assert apply(basket_of(line()), language_chosen("en")).language == "en"


def test_a_return_line_has_a_negative_quantity() -> None:
    back = replace(line(), quantity=Decimal(-2), total=-698)

    assert back.movement == "return"
    assert line().movement == "sale"


@pytest.mark.parametrize(
    "event", [{"v": 2, "event": "lines_added"}, {"event": "lines_added"}, {"v": 1, "event": "other"}]
)
def test_an_event_of_another_version_or_kind_is_not_guessed(event: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        apply(start(OPENED), event)


def test_a_line_that_is_none_says_so() -> None:
    with pytest.raises(BadInputError) as caught:
        read_line({"id": "x"})
    assert caught.value.code == "body.unreadable"


def test_unknown_lines_are_not_voided() -> None:
    with pytest.raises(RuleError) as caught:
        apply(basket_of(line()), line_voided("other"))
    assert caught.value.code == "line.unknown"


def test_the_basket_asks_the_one_tax_function() -> None:
    basket = basket_of(
        line(2133), replace(line(1235, "b"), vat=VAT_RATES[1]), replace(line(630, "c"), vat=VAT_RATES[3])
    )

    assert basket.total == 3998
    assert sum(row.tax for row in basket.taxes) == 521
    assert tax_breakdown([]) == ()


@given(baskets())
def test_a_journal_written_anew_describes_the_very_basket(basket: Basket) -> None:
    changed = replace(basket, voided_lines=3, pos_type="B2B_INVOICE")

    assert replay(journal_of(changed)) == changed


def test_a_journal_written_anew_has_whatever_a_basket_has() -> None:
    """A field that a basket gets later has its event here too, or a sale would come back without it."""
    assert {field.name for field in fields(Basket)} == {
        "sale", "currency", "language", "started_at", "vat_mode", "cash_step", "voided_lines", "pos_type", "customer",
        "conditions", "lines", "promotions", "discounts", "coupons", "charges", "deposits", "tenders",
    }  # fmt: skip
