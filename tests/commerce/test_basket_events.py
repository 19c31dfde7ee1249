"""What a sale takes in beside its lines: customer, prices, promotions, discounts on the whole, coupons, charges."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce import basket as sale
from commerce.basket import Basket, Line, PriceOrigin, TotalOrigin, apply, replay, start
from commerce.bodies.form import read
from commerce.bodies.line import StageBody
from commerce.bodies.paid import ChargeBody, CouponBody, DepositBody, DocumentDiscountBody
from commerce.bodies.sale import ConditionsBody, CustomerBody, SaleCompleted
from commerce.canonical import canonical_bytes
from commerce.discounts import discounted
from commerce.documents import sale_body, unnumbered_body
from commerce.errors import BadInputError, PosError, RuleError
from commerce.line import vat_rate
from commerce.money import percent_of, price_text, spread
from commerce.sums import paid_by_line, sale_fault
from commerce.tender import Tender, TenderKind, TenderState
from commerce.vat import VatRate
from tests.commerce.strategies import VAT_RATES, card, cash, lines
from tests.commerce.test_basket import OPENED, basket_of, line
from tests.commerce.test_documents import CODE, CONTEXT, EFFECTS, NUMBER

V4, V10, V22 = (VatRate(code, Decimal(code)) for code in ("4", "10", "22"))
TEN = StageBody("percent", "10.00000000", "customer", "c-1", "remaining")
CUSTOMER = CustomerBody("customer-1", 4, "C0042")
CONDITIONS = ConditionsBody("4", None, ("L1", "L2"), (TEN,), "RIBA30")


def discount(line_id: str, kind: Any, value: str, shares: dict[str, int] | None = None) -> DocumentDiscountBody:  # noqa: ANN401
    given_out = tuple((shares or {}).items())
    return DocumentDiscountBody(
        line_id, "promotion" if shares else "operator", None, None, {"it": "Sconto", "en": "Discount"}, kind,
        price_text(Decimal(value)), sum(cents for _, cents in given_out), given_out,
    )  # fmt: skip


def priced(total: int, line_id: str, vat: VatRate = V22) -> Line:
    return replace(line(total, line_id), vat=vat)


def journaled(basket: Basket, *events: dict[str, Any]) -> Basket:
    """The basket after events that went to disk and back."""
    for event in events:
        basket = apply(basket, orjson.loads(canonical_bytes(event)))
    return basket


def code_of(basket: Basket, event: dict[str, Any]) -> str:
    with pytest.raises(PosError) as caught:
        journaled(basket, event)
    return caught.value.code


def completed(basket: Basket) -> SaleCompleted:
    due = basket.settlement.due
    paid = basket if due == 0 else apply(replace(basket, cash_step=None), sale.tender_added(cash(due)))
    return read(SaleCompleted, canonical_bytes(sale_body(paid, NUMBER, CODE, CONTEXT, EFFECTS)))


def test_who_buys_and_under_which_conditions_is_on_the_document_until_detached() -> None:
    basket = journaled(basket_of(line()), sale.customer_attached(CUSTOMER, CONDITIONS))

    assert (completed(basket).customer, completed(basket).conditions) == (CUSTOMER, CONDITIONS)
    assert journaled(basket, sale.customer_detached()) == basket_of(line())


def test_a_line_that_is_added_may_change_the_price_of_others() -> None:
    """Brackets count an item's quantity over the sale: 10.00, then 7 % from two pieces on."""
    first, second = priced(1000, "a"), priced(1000, "b")
    bracket = StageBody("percent", "7.00000000", "bracket", None, "remaining")
    staged = discounted(1000, [bracket], "EUR")
    again = replace(first, price_list="L1", price_version="L1/3", price_origin=PriceOrigin.LIST,
                    discounts=staged.discounts, total=staged.total, price_at="2026-11-23T09:00:00.000000Z")  # fmt: skip

    after = journaled(basket_of(first), sale.lines_added([second]), sale.lines_priced([again]))

    assert [row.total for row in after.lines] == [930, 1000]
    assert after.lines[0] == again


def test_repricing_changes_nothing_but_the_price() -> None:
    row = priced(1000, "a")
    event = sale.lines_priced([replace(row, unit_price=Decimal(9), total=900, note="other", quantity=Decimal(5))])

    after = journaled(basket_of(row), event).lines[0]

    assert after == replace(row, unit_price=Decimal(9), total=900)
    assert "names" not in event["lines"][0]


@pytest.mark.parametrize("changes", [{"manual": True}, {"total_origin": TotalOrigin.LABEL}])
def test_what_a_person_or_a_label_priced_is_never_repriced(changes: dict[str, Any]) -> None:
    row = replace(priced(1000, "a"), **changes)

    assert code_of(basket_of(row), sale.lines_priced([replace(row, total=900)])) == "line.price_stands"


def test_a_line_whose_stages_do_not_add_up_is_refused() -> None:
    staged = discounted(1000, [TEN], "EUR")
    body = sale.lines_added([replace(priced(900, "a"), discounts=staged.discounts)])
    body["lines"][0]["total"] = 901

    assert code_of(start(OPENED), body) == "line.sum"


def test_another_quantity_works_the_stages_out_anew() -> None:
    """3 x 4.99 with 10 % and 5.00 off is 8.47."""
    value = StageBody("value", "5.00000000", "list", "L1", "remaining")
    row = replace(priced(499, "a"), discounts=discounted(499, [TEN, value], "EUR").discounts, total=0)

    changed = sale.price_line(row, Decimal(3), "EUR")

    assert (changed.amount, changed.total, [stage.amount for stage in changed.discounts]) == (1497, 847, [-150, -500])


def test_a_cut_counts_as_a_voided_line_and_an_addition_does_not() -> None:
    row = replace(priced(1000, "a"), quantity=Decimal(3), total=3000)
    changes = [sale.line_changed(sale.price_line(row, Decimal(n), "EUR")) for n in (2, 4, 1)]

    assert journaled(basket_of(row), *changes).voided_lines == 2


# (lines, shares, what each line is paid at, taxes by code)
PROMOTIONS = [
    pytest.param(
        [("a", 1000, V22), ("b", 900, V22), ("c", 200, V22)], {"a": -95, "b": -86, "c": -19}, 1900, {"22": 343},
        id="3 for 2",
    ),
    pytest.param([("a", 600, V10), ("b", 350, V22)], {"a": -95, "b": -55}, 800, {"10": 46, "22": 53}, id="bundle"),
    pytest.param([("a", 2331, V22)], {"a": -666}, 1665, {"22": 300}, id="3 for 2, seven times 3.33"),
    pytest.param(
        [(f"l-{place}", 333, V22) for place in range(7)],
        {f"l-{place}": cents for place, cents in enumerate(spread(-666, [(333, "22")] * 7))},
        1665, {"22": 300}, id="3 for 2, scanned one by one",
    ),
    pytest.param([("a", 1797, V22)], {"a": -percent_of(599, Decimal(50))}, 1497, {"22": 270}, id="second piece half"),
    pytest.param(
        [("a", 599, V22), ("b", 599, V22), ("c", 599, V22)], {"a": -150, "b": -150}, 1497, {"22": 270},
        id="second piece half, scanned one by one",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "shares", "total", "taxes"), PROMOTIONS)
def test_a_promotion_stays_out_of_its_lines_and_moves_total_and_tax(
    rows: list[tuple[str, int, VatRate]], shares: dict[str, int], total: int, taxes: dict[str, int]
) -> None:
    before = basket_of(*(priced(cents, line_id, vat) for line_id, cents, vat in rows))
    ready = [row.ready_body for row in before.lines]

    after = journaled(before, sale.promotions_set([discount("p-1", "cheapest", "0", shares)]))
    sold = completed(after)

    assert after.total == sold.settlement.total == total
    assert {row.code: row.tax for row in sold.taxes} == taxes
    assert [row.ready_body for row in after.lines] == ready
    assert paid_by_line(sold) == {line_id: cents + shares.get(line_id, 0) for line_id, cents, _ in rows}
    assert sale_fault(sold) is None


def test_a_promotion_that_changed_takes_the_place_of_the_old_one() -> None:
    before = basket_of(priced(1000, "a"), priced(1000, "b"))
    first, other = discount("p-1", "percent", "10", {"a": -100}), discount("p-2", "percent", "5", {"b": -50})
    more = discount("p-1", "percent", "20", {"a": -200})

    both = journaled(before, sale.promotions_set([first, other]))

    assert journaled(both, sale.promotions_set([more])).promotions == (more, other)
    assert journaled(both, sale.promotions_set([], ["p-1"])).promotions == (other,)


def test_what_a_promotion_gave_on_a_voided_line_goes_with_it() -> None:
    before = basket_of(priced(1000, "a"), priced(1000, "b"))
    promoted = journaled(before, sale.promotions_set([discount("p-1", "percent", "10", {"a": -100, "b": -100})]))

    left = journaled(promoted, sale.line_voided("a"))

    assert (left.total, left.promotions[0].amount) == (900, -100)


@pytest.mark.parametrize("shares", [{"a": 1}, {"a": -1001}, {"x": -1}])
def test_a_promotion_never_raises_a_price_or_goes_below_zero(shares: dict[str, int]) -> None:
    event = sale.promotions_set([discount("p-1", "percent", "10", shares)])

    assert code_of(basket_of(priced(1000, "a")), event) == "discount.shares"


@pytest.mark.parametrize(
    ("rows", "rule", "shares", "taxes"),
    [
        ([(95, V22)] * 3, ("percent", "10"), [-10, -10, -9], {"22": 46}),
        ([(1000, V4), (1000, V10), (1000, V22)], ("value", "1.00"), [-34, -33, -33], {"4": 37, "10": 88, "22": 174}),
        ([(3000, V4), (2500, V22)], ("percent", "10"), [-300, -250], {"4": 104, "22": 406}),
        ([(1000, V22), (-200, V22)], ("percent", "10"), [-100, 20], {"22": 130}),
    ],
)
def test_a_discount_on_the_whole_is_spread_by_law(
    rows: list[tuple[int, VatRate]], rule: tuple[str, str], shares: list[int], taxes: dict[str, int]
) -> None:
    before = basket_of(*(
        replace(priced(abs(cents), f"l-{place}", vat), quantity=Decimal(1 if cents > 0 else -1), total=cents)
        for place, (cents, vat) in enumerate(rows)
    ))  # fmt: skip

    sold = completed(journaled(before, sale.document_discount_set(discount("d-1", *rule))))

    assert [cents for _, cents in sold.document_discounts[0].shares] == shares
    assert {row.code: row.tax for row in sold.taxes} == taxes
    assert sale_fault(sold) is None


def test_a_discount_on_the_whole_follows_the_lines_and_can_be_taken_off() -> None:
    ten = sale.document_discount_set(discount("d-1", "percent", "10"))
    basket = journaled(basket_of(priced(1000, "a")), ten, sale.lines_added([priced(500, "b")]))

    assert basket.total == 1350
    assert journaled(basket, sale.document_discount_set(None, "d-1")).total == 1500


def test_a_discount_on_the_whole_works_on_what_promotions_left_and_spares_lines_without_conditions() -> None:
    tobacco = replace(priced(600, "c"), conditions=False)
    before = basket_of(priced(1000, "a"), priced(1000, "b"), tobacco)
    events = [
        sale.promotions_set([discount("p-1", "percent", "50", {"a": -500})]),
        sale.document_discount_set(discount("d-1", "percent", "10")),
    ]

    basket = journaled(before, *events)

    assert basket.document_discounts[1].shares == (("a", -50), ("b", -100))
    assert basket.total == 500 + 1000 + 600 - 150


def test_a_discount_on_the_whole_takes_no_more_than_there_is() -> None:
    basket = journaled(basket_of(priced(300, "a")), sale.document_discount_set(discount("d-1", "value", "5")))

    assert basket.total == 0
    assert completed(basket).settlement.total == 0


def test_charges_are_taxed_on_their_own_and_not_discounted() -> None:
    charge = ChargeBody("ch-1", "transport", {"it": "Trasporto"}, "customer", None, 500, completed(
        basket_of(priced(1, "x", V22))).lines[0].vat)  # fmt: skip
    basket = journaled(
        basket_of(priced(1000, "a", V10)),
        sale.document_discount_set(discount("d-1", "percent", "10")),
        sale.charges_set([charge]),
    )

    assert vat_rate(charge.vat) == V22
    assert basket.total == 1400
    assert {row.vat.code: row.gross for row in basket.taxes} == {"10": 900, "22": 500}
    assert sale_fault(completed(basket)) is None
    assert journaled(basket, sale.charges_set([])).total == 900


def test_deposits_are_taken_off_what_is_due_and_named_on_the_document() -> None:
    deposit = DepositBody("dep-1", "doc-0", "T1/26/000001", "2026-11-20", 400)
    sold = completed(journaled(basket_of(priced(1000, "a")), sale.deposits_set([deposit])))

    assert (sold.settlement.total, sold.settlement.deposits, sold.settlement.due) == (1000, 400, 600)
    assert sold.deposits == (deposit,)
    assert sale_fault(sold) is None


def test_coupons_are_taken_once_and_can_be_handed_back() -> None:
    coupon = CouponBody("k-1", "COUPON-5", "promotion-1", {"it": "Buono"}, None, None)
    basket = journaled(basket_of(line()), sale.coupon_added(coupon))

    assert completed(basket).coupons == (coupon,)
    assert code_of(basket, sale.coupon_added(coupon)) == "coupon.taken"
    assert journaled(basket, sale.coupon_removed("k-1")).coupons == ()
    assert code_of(basket, sale.coupon_removed("k-2")) == "coupon.unknown"


def test_the_chosen_pos_type_is_the_documents() -> None:
    assert completed(journaled(basket_of(line()), sale.pos_type_chosen("INVOICE"))).pos_type == "INVOICE"
    assert completed(basket_of(line())).pos_type == CONTEXT.pos_type


CHANGES = [
    sale.pos_type_chosen("INVOICE"), sale.lines_priced([]), sale.promotions_set([]), sale.document_discount_set(None),
    sale.customer_attached(CUSTOMER, None), sale.customer_detached(), sale.charges_set([]), sale.deposits_set([]),
    sale.coupon_added(CouponBody("k-1", "C", None, {}, None, None)), sale.coupon_removed("k-1"),
]  # fmt: skip


@pytest.mark.parametrize("event", CHANGES, ids=lambda event: event["event"])
def test_nothing_that_moves_the_total_changes_while_the_sale_is_being_paid(event: dict[str, Any]) -> None:
    assert code_of(apply(basket_of(line(349)), sale.tender_added(card(100))), event) == "sale.being_paid"


def test_nothing_is_issued_on_a_payment_that_is_not_approved() -> None:
    waiting = Tender("t-1", "card", TenderKind.CARD, {"it": "Carta"}, "EUR", 349, state=TenderState.PENDING)
    basket = journaled(basket_of(line(349)), sale.tender_added(waiting))

    with pytest.raises(RuleError) as caught:
        unnumbered_body(basket, CONTEXT, EFFECTS)
    assert caught.value.code in ("tender.not_approved", "sale.not_settled")


def test_several_payments_are_no_more_than_the_law_allows_either() -> None:
    basket = basket_of(replace(line(1), total_origin=TotalOrigin.IMPORT, total=10**11))
    most = journaled(basket, sale.tender_added(cash(10**11 - 1)))

    with pytest.raises(BadInputError) as caught:
        apply(most, sale.tender_added(cash(10**11)))
    assert caught.value.code == "amount.too_large"


rules = st.lists(
    st.builds(
        lambda kind, value: discount("", kind, str(Decimal(value).scaleb(-2))),
        st.sampled_from(["percent", "value"]),
        st.integers(-2000, 12000),
    ),
    max_size=3,
)


@given(st.lists(lines(), min_size=1, max_size=8), rules, st.sampled_from(VAT_RATES), st.integers(-5000, 5000))
def test_whatever_is_on_a_sale_its_sums_hold(
    rows: list[Line], asked: list[DocumentDiscountBody], vat: VatRate, charged: int
) -> None:
    """Sales and returns, discounts, surcharges and charges mixed: central's rule takes all that the till completes."""
    charge = read(ChargeBody, canonical_bytes({
        "id": "ch-1", "type": "t", "names": {}, "origin": "customer", "source": None, "amount": charged,
        "vat": vat.as_body(),
    }))  # fmt: skip
    discounts = [sale.document_discount_set(replace(rule, id=f"d-{n}")) for n, rule in enumerate(asked)]
    journal = [OPENED, sale.lines_added(rows), *discounts, sale.charges_set([charge])]

    sold = completed(replay([orjson.loads(canonical_bytes(event)) for event in journal]))

    assert sale_fault(sold) is None
    paid = paid_by_line(sold)
    if all(rule.value.startswith("-") is False for rule in asked):
        assert all(min(row.total, 0) <= paid[row.id] <= max(row.total, 0) for row in rows)
