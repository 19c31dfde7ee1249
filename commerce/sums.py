"""The sums that every completed sale keeps, checked on its stored body: who adds up sales can trust each of them.

Whole numbers only, from the texts that were signed: central checks this for every sale of every till.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from commerce.bodies.line import LineBody, TaxBody, TotalOrigin
from commerce.bodies.paid import TenderBody
from commerce.bodies.sale import SaleCompleted
from commerce.kinds import TenderState
from commerce.money import convert_cents, line_total_cents, tax_in_gross, tax_on_net
from commerce.vat import Treatment, VatMode


def sale_fault(sale: SaleCompleted) -> str | None:
    """Return the first sum that does not hold (a stable word), or None: the sale is what the law says it is."""
    return next(_faults(sale), None)


def paid_by_line(sale: SaleCompleted) -> dict[str, int]:
    """Return what was paid for each line: its total and what document discounts add to it."""
    paid = {line.id: line.total for line in sale.lines}
    for discount in sale.document_discounts:
        for line, cents in discount.shares:
            paid[line] += cents
    return paid


def _faults(sale: SaleCompleted) -> Iterator[str]:
    if len({line.id for line in sale.lines}) != len(sale.lines):
        yield "lines"
    if not all(_line_holds(line, sale.currency) for line in sale.lines):
        yield "lines"
    if not _shares_hold(sale):
        yield "document_discounts"
        return
    if not _taxes_hold(sale):
        yield "taxes"
    if sum(deposit.amount for deposit in sale.deposits) != sale.settlement.deposits:
        yield "deposits"
    if not all(_tender_holds(tender) for tender in sale.tenders):
        yield "tenders"
    if not _settlement_holds(sale):
        yield "settlement"


def _line_holds(line: LineBody, currency: str) -> bool:
    if line.amount + sum(stage.amount for stage in line.discounts) != line.total:
        return False
    if line.total_origin is not TotalOrigin.COMPUTED:
        return True
    return line.amount == _line_amount(line.quantity, line.unit_price, currency, line.price_per)


@lru_cache(8192)  # shops sell the same again and again
def _line_amount(quantity: str, unit_price: str, currency: str, price_per: str) -> int | None:
    per = _decimal(price_per)
    return line_total_cents(_decimal(quantity), _decimal(unit_price), currency, per) if per > 0 else None


def _shares_hold(sale: SaleCompleted) -> bool:
    known = {line.id for line in sale.lines} if sale.document_discounts else set()
    return all(
        sum(cents for _, cents in discount.shares) == discount.amount
        and all(line in known for line, _ in discount.shares)
        for discount in sale.document_discounts
    )


def _taxes_hold(sale: SaleCompleted) -> bool:
    """Each VAT code's row is worked out on what was paid under the code, and the rows are the document's total."""
    sums = _by_code(sale)
    rows = {row.code: row for row in sale.taxes}
    return (
        len(rows) == len(sale.taxes)
        and rows.keys() == sums.keys()
        and all(_tax_holds(rows[code], amount, sale.vat_mode) for code, amount in sums.items())
        and sum(row.taxable + row.tax for row in sale.taxes) == sale.settlement.total
    )


def _by_code(sale: SaleCompleted) -> dict[str, int]:
    paid, sums = paid_by_line(sale), dict[str, int]()
    for line in sale.lines:
        sums[line.vat.code] = sums.get(line.vat.code, 0) + paid[line.id]
    for charge in sale.charges:
        sums[charge.vat.code] = sums.get(charge.vat.code, 0) + charge.amount
    return sums


def _tax_holds(row: TaxBody, amount: int, mode: VatMode) -> bool:
    if row.treatment is not Treatment.TAXED:
        return (row.taxable, row.tax) == (amount, 0)
    if mode is VatMode.GROSS:
        return row.taxable + row.tax == amount and row.tax == tax_in_gross(amount, _decimal(row.rate))
    return row.taxable == amount and row.tax == tax_on_net(amount, _decimal(row.rate))


def _tender_holds(tender: TenderBody) -> bool:
    rate = _decimal(tender.rate)
    value = tender.amount if rate == 1 else convert_cents(tender.amount, rate)
    return tender.state is TenderState.APPROVED and tender.value == value


def _settlement_holds(sale: SaleCompleted) -> bool:
    paid = sale.settlement
    tendered = sum(tender.value for tender in sale.tenders)
    return (
        tendered == paid.tendered
        and tendered - paid.change == paid.due + paid.rounding + paid.excess
        and paid.due == paid.total - paid.deposits
    )


@lru_cache(8192)
def _decimal(text: str) -> Decimal:
    return Decimal(text)
