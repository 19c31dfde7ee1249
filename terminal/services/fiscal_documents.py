"""A sale as the fiscal register is asked to print it; what is sent adds up to the cent.

The register adds rows and payments up itself and refuses, or numbers for ever, what does not agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from commerce.bodies.line import VatBody
from commerce.bodies.sale import SaleCompleted
from commerce.kinds import TenderKind
from commerce.money import spread
from commerce.vat import VatMode
from terminal.devices.protocols import FiscalAdjustment, FiscalDocument, FiscalLine

_PAYMENTS: Mapping[TenderKind, str] = {
    TenderKind.CASH: "cash",
    TenderKind.CARD: "electronic",
    TenderKind.VOUCHER: "not_collected",
    TenderKind.ON_ACCOUNT: "not_collected",
}
_Vat = tuple[str, str]  # short receipt code, rate


def fiscal_document(effect: str, sale: SaleCompleted) -> FiscalDocument:
    """Return the document: its rows and adjustments come to its total, payments to what was to be paid.

    Change is taken off cash and a voucher's surplus off the vouchers; cash rounding and deposits are told apart. Where
    the sale's amounts are without VAT, each row brings its part of the tax of its code.
    """
    rows = [*_lines(sale), *_charges(sale)]
    adjustments = list(_adjustments(sale))
    if sale.vat_mode is VatMode.NET:
        rows, adjustments = _with_tax(sale, rows, adjustments)
    settlement = sale.settlement
    return FiscalDocument(
        effect,
        settlement.total,
        tuple(rows),
        _payments(sale),
        tuple(adjustments),
        settlement.deposits,
        settlement.rounding,
        sale.language,
    )


def _lines(sale: SaleCompleted) -> Iterable[FiscalLine]:
    for line in sale.lines:
        yield FiscalLine(_name(line.names, sale.language), line.quantity, line.total, *_vat(line.vat))


def _charges(sale: SaleCompleted) -> Iterable[FiscalLine]:
    for charge in sale.charges:
        yield FiscalLine(_name(charge.names, sale.language), "1", charge.amount, *_vat(charge.vat))


def _adjustments(sale: SaleCompleted) -> Iterable[FiscalAdjustment]:
    """Split each discount on the document over the VAT codes of the lines that it falls on."""
    vat_of = {line.id: _vat(line.vat) for line in sale.lines}
    for discount in sale.document_discounts:
        amounts: dict[_Vat, int] = defaultdict(int)
        for line, cents in discount.shares:
            amounts[vat_of[line]] += cents
        name = _name(discount.names, sale.language)
        yield from (FiscalAdjustment(name, cents, *vat) for vat, cents in amounts.items() if cents)


def _with_tax(
    sale: SaleCompleted, rows: Sequence[FiscalLine], adjustments: Sequence[FiscalAdjustment]
) -> tuple[list[FiscalLine], list[FiscalAdjustment]]:
    """Add to each amount its part of the tax of its VAT code."""
    taxes: dict[_Vat, int] = defaultdict(int)
    for tax in sale.taxes:
        taxes[_vat_of(tax.receipt_code, tax.code, tax.rate)] += tax.tax
    places: dict[_Vat, list[int]] = defaultdict(list)
    parts = [
        *((row.line_total_cents, row.vat) for row in rows),
        *((each.amount_cents, each.vat) for each in adjustments),
    ]
    for place, (_, vat) in enumerate(parts):
        places[vat].append(place)
    gross = [cents for cents, _ in parts]
    for vat, mine in places.items():
        for place, part in zip(mine, spread(taxes[vat], [(parts[p][0], "") for p in mine]), strict=True):
            gross[place] += part
    with_tax = [row.of(cents) for row, cents in zip(rows, gross, strict=False)]
    return with_tax, [each.of(cents) for each, cents in zip(adjustments, gross[len(rows) :], strict=True)]


def _payments(sale: SaleCompleted) -> tuple[tuple[str, int], ...]:
    sums: dict[str, int] = defaultdict(int)
    for tender in sale.tenders:
        sums[_PAYMENTS[tender.kind]] += tender.value
    sums["cash"] -= sale.settlement.change
    sums["not_collected"] -= sale.settlement.excess
    return tuple((kind, cents) for kind, cents in sums.items() if cents)


def _vat(vat: VatBody) -> _Vat:
    return _vat_of(vat.receipt_code, vat.code, vat.rate)


def _vat_of(receipt_code: str | None, code: str, rate: str) -> _Vat:
    return receipt_code or code, rate


def _name(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or next(iter(names.values()), "")
