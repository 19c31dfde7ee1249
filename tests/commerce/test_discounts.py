"""Stages of a line's discounts: the worked cases of the pricing design, and what holds for all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.bodies.line import StageBody
from commerce.discounts import discounted
from commerce.money import line_total_cents, price_text


def stages(text: str, on: str = "remaining") -> list[StageBody]:
    """Read the shorthand ``50+10+5``; ``5#`` is five currency units, a minus sign a surcharge."""
    kinds = [("value", part.removesuffix("#")) if part.endswith("#") else ("percent", part) for part in text.split("+")]
    return [
        StageBody(kind, price_text(Decimal(value)), "list", None, on)  # type: ignore[arg-type]
        for kind, value in kinds
    ]


@pytest.mark.parametrize(
    ("amount", "shorthand", "total"),
    [
        (10000, "50+10+5", 4275),
        (1497, "10+5#", 847),
        (-1497, "10+5#", -847),
        (999, "-10", 1099),
        (300, "5#", 0),
        (-300, "5#", 0),
        (1999, "3+2+10", 1710),
        (497, "10", 447),
    ],
)
def test_stages_work_on_what_the_ones_before_left(amount: int, shorthand: str, total: int) -> None:
    assert discounted(amount, stages(shorthand), "EUR").total == total


@pytest.mark.parametrize(("on_amount", "total"), [(True, 3500), (False, 4275)])
def test_stages_on_the_amount_count_only_where_the_company_says_so(on_amount: bool, total: int) -> None:
    assert discounted(10000, stages("50+10+5", "amount"), "EUR", on_amount=on_amount).total == total


@pytest.mark.parametrize(("quantity", "amount"), [("3", 1000), ("1", 333), ("3000000", 1000000000)])
def test_a_price_for_several_units_is_divided_only_once(quantity: str, amount: int) -> None:
    """10.00 per 3: a rounded price of one would be off by a cent from some thousand pieces on."""
    assert line_total_cents(Decimal(quantity), Decimal(10), "EUR", Decimal(3)) == amount


def test_a_weighed_line_is_rounded_before_its_discount() -> None:
    assert line_total_cents(Decimal("0.385"), Decimal("12.90"), "EUR") == 497


percents = st.integers(-10_000, 10_000).map(lambda n: f"{Decimal(n).scaleb(-2)}")
shorthands = st.lists(percents | percents.map("{}#".format), min_size=1, max_size=5).map("+".join)


@given(st.integers(-(10**9), 10**9), shorthands)
def test_the_stages_are_the_difference_and_a_return_mirrors_its_sale(amount: int, shorthand: str) -> None:
    sold, returned = discounted(amount, stages(shorthand), "EUR"), discounted(-amount, stages(shorthand), "EUR")

    assert amount + sum(stage.amount for stage in sold.discounts) == sold.total == -returned.total
    assert [stage.amount for stage in sold.discounts] == [-stage.amount for stage in returned.discounts]
    assert sold.total * amount >= 0
