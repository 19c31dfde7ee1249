from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from commerce.errors import RuleError
from commerce.tender import Settlement, Tender, TenderKind, cash_due, settle
from tests.commerce.strategies import card, cash, voucher


def balanced(settlement: Settlement) -> bool:
    return settlement.tendered - settlement.change == settlement.due + settlement.rounding + settlement.excess


amounts = st.integers(min_value=0, max_value=100_000)
tenders = st.lists(
    st.one_of(st.builds(cash, amounts), st.builds(card, amounts), st.builds(voucher, amounts)), max_size=5
)


@given(amounts, tenders, st.sampled_from([None, 5]), amounts)
def test_what_is_settled_balances(total: int, given_tenders: list[Tender], step: int | None, deposits: int) -> None:
    cards = sum(tender.value for tender in given_tenders if tender.kind is TenderKind.CARD)
    assume(cards <= total)

    settlement = settle(total + deposits, given_tenders, cash_step=step, deposits_cents=deposits)

    assert settlement.due == total
    assert balanced(settlement) or settlement.remaining == total + settlement.rounding - settlement.tendered
    if settlement.is_settled:
        assert balanced(settlement)
        assert 0 <= settlement.change <= sum(t.value for t in given_tenders if t.kind is TenderKind.CASH)
        assert 0 <= settlement.excess <= sum(t.value for t in given_tenders if t.kind is TenderKind.VOUCHER)


@given(st.integers(min_value=1, max_value=100_000), st.sampled_from([None, 5]))
def test_a_refund_settled_exactly_balances(owed: int, step: int | None) -> None:
    settlement = settle(-owed, [cash(-cash_due(owed, step))], cash_step=step)

    assert settlement.is_settled
    assert balanced(settlement)
    assert settlement.change == 0


@pytest.mark.parametrize(
    ("total", "given_tenders", "step", "expected"),
    [
        (893, [cash(1000)], None, (893, 0, 0, 107)),
        (893, [cash(1000)], 5, (893, 2, 0, 105)),
        (892, [cash(1000)], 5, (892, -2, 0, 110)),
        (893, [card(893)], 5, (893, 0, 0, 0)),
        (893, [card(500), cash(400)], 5, (893, 0, 0, 7)),
        (893, [voucher(1000)], None, (893, 0, 107, 0)),
        (893, [voucher(500), cash(500)], None, (893, 0, 0, 107)),
        (0, [], 5, (0, 0, 0, 0)),
        (-250, [cash(-250)], None, (-250, 0, 0, 0)),
        (-253, [cash(-255)], 5, (-253, -2, 0, 0)),
    ],
)
def test_worked_settlements(
    total: int, given_tenders: list[Tender], step: int | None, expected: tuple[int, ...]
) -> None:
    settlement = settle(total, given_tenders, cash_step=step)

    assert (settlement.due, settlement.rounding, settlement.excess, settlement.change) == expected
    assert settlement.is_settled
    assert balanced(settlement)


def test_a_deposit_is_taken_off_what_is_due() -> None:
    assert settle(1000, [cash(700)], deposits_cents=300).is_settled


def test_a_card_above_what_is_due_is_refused() -> None:
    with pytest.raises(RuleError) as caught:
        settle(893, [card(1000)])

    assert caught.value.code == "tender.more_than_due"


def test_a_card_is_never_given_back_in_cash() -> None:
    assert settle(1000, [card(900), cash(500)]).change == 400
    with pytest.raises(RuleError):
        settle(1000, [card(1100), cash(50)])


def test_a_refund_cannot_be_settled_by_taking_money() -> None:
    with pytest.raises(RuleError):
        settle(-100, [cash(100)])
    with pytest.raises(RuleError):
        settle(-100, [cash(-150)])


def test_a_sale_cannot_be_settled_by_giving_money() -> None:
    with pytest.raises(RuleError) as caught:
        settle(100, [cash(-100)])
    assert caught.value.code == "tender.negative"


def test_foreign_cash_counts_at_its_rate() -> None:
    dollars = Tender("id", "usd", TenderKind.CASH, {}, "USD", 1000, Decimal("0.90"))

    assert settle(893, [dollars]).change == 7


def test_part_payment_leaves_the_rest_open() -> None:
    settlement = settle(893, [card(500)])

    assert (settlement.remaining, settlement.is_settled) == (393, False)
