from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import BadInputError, RuleError
from commerce.money import (
    Money,
    amount_cents,
    cents_decimal,
    divide_half_up,
    fixed,
    line_total_cents,
    parse_decimal,
    price_text,
    quantity_text,
    round_to_step,
    scaled,
    spread,
    tax_in_gross,
    tax_on_net,
    unscaled,
)
from tests.commerce.strategies import cents, prices, quantities


def test_money_of_two_currencies_does_not_add_up() -> None:
    with pytest.raises(RuleError) as caught:
        _ = Money(1, "EUR") + Money(1, "USD")

    assert caught.value.code == "money.mixed_currencies"


@pytest.mark.parametrize("amount", [1.0, Decimal(1), "1", True])
def test_money_refuses_anything_but_int(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "EUR")  # type: ignore[arg-type]


def test_money_adds_subtracts_and_negates() -> None:
    assert Money(5, "EUR") + Money(7, "EUR") - Money(2, "EUR") == -Money(-10, "EUR")


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"), [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (-4, 3, -1), (0, 7, 0), (1, 2, 1)]
)
def test_halves_go_away_from_zero(numerator: int, denominator: int, expected: int) -> None:
    assert divide_half_up(numerator, denominator) == expected


def test_tax_of_195_at_4_percent_is_8_cents() -> None:
    assert tax_in_gross(195, Decimal(4)) == 8
    assert tax_in_gross(-195, Decimal(4)) == -8


@given(cents, st.sampled_from([Decimal(4), Decimal(5), Decimal(10), Decimal(22)]))
def test_tax_of_a_refund_mirrors_the_sale(amount: int, rate: Decimal) -> None:
    assert tax_in_gross(-amount, rate) == -tax_in_gross(amount, rate)
    assert tax_on_net(-amount, rate) == -tax_on_net(amount, rate)


@given(cents, st.sampled_from([Decimal(4), Decimal(10), Decimal(22)]))
def test_tax_in_gross_is_the_nearest_cent(amount: int, rate: Decimal) -> None:
    exact = Decimal(amount) * rate / (100 + rate)

    assert abs(exact - tax_in_gross(amount, rate)) <= Decimal("0.5")


@given(quantities, prices)
def test_line_total_is_the_product_to_the_nearest_cent(quantity: Decimal, price: Decimal) -> None:
    assert abs(quantity * price * 100 - line_total_cents(quantity, price, "EUR")) <= Decimal("0.5")


def test_line_total_follows_the_currency() -> None:
    assert line_total_cents(Decimal(3), Decimal("1.995"), "EUR") == 599
    assert line_total_cents(Decimal(3), Decimal("199.5"), "JPY") == 599
    assert line_total_cents(Decimal(3), Decimal("1.9951"), "KWD") == 5985


@given(prices)
def test_scaled_prices_come_back(price: Decimal) -> None:
    assert unscaled(scaled(price, 8), 8) == price


def test_more_decimals_than_the_scale_are_refused_and_never_cut() -> None:
    with pytest.raises(BadInputError) as caught:
        scaled(Decimal("0.0000001"), 6)

    assert caught.value.code == "number.too_many_decimals"


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "1,5", "1e99", "--1"])
def test_unreadable_numbers_say_so(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_decimal(text, 2)

    assert caught.value.code == "number.unreadable"


def test_wire_texts_have_fixed_scale() -> None:
    assert quantity_text(Decimal("2.5")) == "2.500000"
    assert price_text(Decimal("3.49")) == "3.49000000"
    assert fixed(Decimal(22), 2) == "22.00"


def test_import_amounts_round_half_up() -> None:
    assert amount_cents(Decimal("0.005"), "EUR") == 1
    assert amount_cents(Decimal("-0.005"), "EUR") == -1
    assert cents_decimal(893, "EUR") == Decimal("8.93")


@pytest.mark.parametrize(
    ("amount", "expected"), [(1, 0), (2, 0), (3, 5), (4, 5), (6, 5), (7, 5), (8, 10), (9, 10), (-3, -5), (-2, 0)]
)
def test_cash_is_rounded_to_five_cents_as_the_law_says(amount: int, expected: int) -> None:
    assert round_to_step(amount, 5) == expected


codes = st.sampled_from(["4", "10", "22"])
weights = st.lists(st.tuples(st.integers(-(10**7), 10**7), codes), min_size=1, max_size=12)


@given(cents, weights)
def test_spread_stays_within_a_cent_per_code_and_per_row(total: int, parts: list[tuple[int, str]]) -> None:
    """Sales and returns mixed: the exact parts are fractions of signed sums."""
    shares, whole = spread(total, parts), sum(weight for weight, _ in parts)

    assert sum(shares) == total
    for code in {code for _, code in parts} if whole else ():
        rows = [(share, weight) for share, (weight, of) in zip(shares, parts, strict=True) if of == code]
        given_out, weight_of_code = sum(share for share, _ in rows), sum(weight for _, weight in rows)
        assert abs(given_out - Fraction(total * weight_of_code, whole)) < 1
        for share, weight in rows if weight_of_code else ():
            assert abs(share - Fraction(given_out * weight, weight_of_code)) < 1


@given(cents, weights)
def test_spread_turns_with_the_sign_of_amount_and_rows(total: int, parts: list[tuple[int, str]]) -> None:
    turned = [(-weight, code) for weight, code in parts]
    negated = [-share for share in spread(total, parts)]

    assert spread(-total, parts) == negated
    if sum(weight for weight, _ in parts):
        assert spread(total, turned) == spread(total, parts)


@given(weights, st.data())
def test_spread_takes_from_no_row_more_than_it_weighs(parts: list[tuple[int, str]], data: st.DataObject) -> None:
    """A discount on the document never turns a line's sign, whatever returns stand beside it."""
    whole = sum(weight for weight, _ in parts)
    shares = spread(data.draw(st.integers(min(whole, 0), max(whole, 0))), parts)

    assert all(min(weight, 0) <= share <= max(weight, 0) for share, (weight, _) in zip(shares, parts, strict=True))


def test_a_return_takes_its_part_of_the_discount_back() -> None:
    assert spread(-80, [(1000, "22"), (-200, "22")]) == [-100, 20]
    assert spread(-80, [(1000, "22"), (-200, "10")]) == [-100, 20]


def test_spread_breaks_ties_by_the_codes_position() -> None:
    """As text "10" stands before "4": what a code is called must not decide where a cent goes."""
    assert spread(1, [(100, "4"), (100, "10"), (100, "22")]) == [1, 0, 0]
    assert spread(100, [(1000, "4"), (1000, "10"), (1000, "22")]) == [34, 33, 33]


def test_spread_rounds_codes_before_rows() -> None:
    """Over the rows alone the two first would get a cent each, and their code one more than is due to it."""
    assert spread(2, [(100, "A"), (100, "A"), (100, "A"), (299, "B")]) == [1, 0, 0, 1]


def test_what_cancels_out_counts_by_its_size() -> None:
    assert spread(10, [(500, "22"), (-500, "10")]) == [5, 5]
    assert spread(7, [(0, "22"), (0, "10")]) == [7, 0]


def test_nothing_can_be_spread_on_nothing() -> None:
    with pytest.raises(RuleError):
        spread(5, [])
