from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from commerce.errors import RuleError
from commerce.vat import TaxedLine, TaxRow, Treatment, VatCode, VatMode, VatRate, tax_breakdown
from tests.commerce.strategies import VAT_RATES, modes, taxed_lines

R22, R10, R05, R04, *_ = VAT_RATES
VENTILAZIONE = VAT_RATES[-1]


@given(taxed_lines)
def test_gross_breakdown_adds_up_to_the_lines(lines: list[TaxedLine]) -> None:
    rows = tax_breakdown(lines, VatMode.GROSS)

    assert sum(row.net + row.tax for row in rows) == sum(line.amount for line in lines)


@given(taxed_lines)
def test_net_breakdown_adds_up_to_the_lines(lines: list[TaxedLine]) -> None:
    rows = tax_breakdown(lines, VatMode.NET)

    assert sum(row.net for row in rows) == sum(line.amount for line in lines)
    assert sum(row.gross for row in rows) == sum(row.net for row in rows) + sum(row.tax for row in rows)


@given(taxed_lines, modes)
def test_a_refund_of_everything_is_the_breakdown_with_the_other_sign(lines: list[TaxedLine], mode: VatMode) -> None:
    back = tax_breakdown([TaxedLine(line.vat, -line.amount) for line in lines], mode)

    assert [(row.net, row.tax) for row in back] == [(-row.net, -row.tax) for row in tax_breakdown(lines, mode)]


@given(taxed_lines, modes)
def test_the_order_of_lines_changes_nothing(lines: list[TaxedLine], mode: VatMode) -> None:
    assert tax_breakdown(lines, mode) == tax_breakdown(list(reversed(lines)), mode)


def test_worked_receipt_of_39_98_has_5_21_of_vat() -> None:
    """The figures of the Italian reference: 21.33 at 22 %, 12.35 at 10 %, 6.30 at 4 %."""
    rows = tax_breakdown([TaxedLine(R22, 2133), TaxedLine(R10, 1235), TaxedLine(R04, 630)])

    assert [(row.vat.code, row.net, row.tax) for row in rows] == [("04", 606, 24), ("10", 1123, 112), ("22", 1748, 385)]
    assert sum(row.tax for row in rows) == 521


def test_tax_is_taken_per_code_and_not_per_line() -> None:
    by_code = tax_breakdown([TaxedLine(R22, 100)] * 11)

    assert by_code == (TaxRow(R22, 902, 198),)  # per line it would be 11 · 18 = 198; of 1.01 it differs
    assert tax_breakdown([TaxedLine(R04, 195)] * 2)[0].tax == 15


def test_net_mode_taxes_the_sum_of_the_code() -> None:
    rows = tax_breakdown([TaxedLine(R22, 1051), TaxedLine(R22, 1051)], VatMode.NET)

    assert rows == (TaxRow(R22, 2102, 462),)


def test_amounts_outside_vat_carry_no_tax() -> None:
    rows = tax_breakdown([TaxedLine(vat, 1000) for vat in VAT_RATES[4:]])

    assert [(row.net, row.tax) for row in rows] == [(1000, 0)] * 3
    assert {row.vat.treatment for row in rows} == {Treatment.ZERO, Treatment.OUT_OF_SCOPE, Treatment.VENTILAZIONE}


@pytest.mark.parametrize("treatment", [Treatment.ZERO, Treatment.OUT_OF_SCOPE, Treatment.VENTILAZIONE])
@pytest.mark.parametrize("mode", list(VatMode))
def test_the_treatment_decides_and_not_the_rate_that_stands_beside_it(treatment: Treatment, mode: VatMode) -> None:
    (row,) = tax_breakdown([TaxedLine(VatRate("V", Decimal(22), treatment), 1000)], mode)

    assert (row.net, row.tax) == (1000, 0)


def test_one_code_at_two_rates_is_refused() -> None:
    with pytest.raises(RuleError) as caught:
        tax_breakdown([TaxedLine(R22, 1), TaxedLine(VatRate("22", Decimal(21)), 1)])

    assert caught.value.code == "vat.mixed_rates"


def test_a_code_has_the_rate_of_the_document_date() -> None:
    code = VatCode("id", "22", {}, ((date(2011, 9, 17), Decimal(21)), (date(2013, 10, 1), Decimal(22))))

    assert code.on(date(2013, 9, 30)).rate == 21
    assert code.on(date(2013, 10, 1)).rate == 22
    with pytest.raises(RuleError) as caught:
        code.on(date(2011, 9, 16))
    assert caught.value.code == "vat.no_rate"
