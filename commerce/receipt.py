"""A receipt laid out from its stored body, in the document's language: the same rows on paper and on a page.

Everything comes from the body, so a reprint years later is identical. The fiscal reference arrives later and is added.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from commerce.bodies.effect import FiscalReference
from commerce.bodies.line import DiscountBody, LineBody, TaxBody
from commerce.bodies.parties import SellerBody
from commerce.bodies.sale import SaleCompleted
from commerce.bodies.session import SessionClosed, ZTax
from commerce.dates import parse_utc
from commerce.ids import short_code
from commerce.texts import N_, Translator, translator
from commerce.texts.formats import Formats, formats


@dataclass(frozen=True, slots=True)
class Words:
    """Words on a line of their own."""

    text: str
    centred: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """A description and an amount at the right edge."""

    text: str
    amount: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Ruler:
    """A line across."""


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code."""

    text: str


Element = Words | Amount | Ruler | Code

# Marks that the paper carries beside what the document says.
MARKS = {
    "REPRINT": N_("REPRINT"),
    "COPY": N_("COPY"),
    "training": N_("TRAINING - NOT A SALE"),
    "demo": N_("DEMONSTRATION - NOT A SALE"),
    "replay": N_("REPLAY - NOT A SALE"),
}


@dataclass(frozen=True, slots=True)
class Printing:
    """What a print adds to the document: when and by whom its entry was written, which entry it is, its marks."""

    at: str  # UTC text of the entry
    operator: str
    marks: Sequence[str] = ()
    head_hash: bytes | None = None
    fiscal: FiscalReference | None = None


class _Sheet:
    """The language, formats and currency of one document."""

    def __init__(self, language: str, currency: str, zone: str) -> None:
        self.words: Translator = translator(language)
        self.formats: Formats = formats(language)
        self._currency = currency
        self._zone = ZoneInfo(zone)

    def money(self, cents: int) -> str:
        return self.formats.amount(cents, self._currency)

    def price(self, text: str) -> str:
        return self.formats.price(Decimal(text), self._currency)

    def name(self, names: Mapping[str, str]) -> str:
        return name_in(names, self.words.language)

    def local(self, at: str) -> datetime:
        return parse_utc(at).astimezone(self._zone)


def name_in(names: Mapping[str, str], language: str) -> str:
    """Return a stored name in a language, any other one where it has none in it."""
    return names.get(language) or next(iter(names.values()), "")


def receipt_elements(body: SaleCompleted, printing: Printing) -> list[Element]:
    """Return the rows of a receipt."""
    sheet = _Sheet(body.language, body.currency, body.zone)
    elements: list[Element] = [*_marks(sheet, printing.marks), *_heading(sheet, body)]
    elements += [element for line in body.lines for element in _line(sheet, line)]
    elements += [Ruler(), *_additions(sheet, body), *_totals(sheet, body), Ruler()]
    elements += [
        *_taxes(sheet, body.taxes),
        Ruler(),
        *_closing(sheet, body, printing),
        *_fiscal(sheet, printing.fiscal),
    ]
    elements += [Words(text, centred=True) for text in body.layout.footer]
    return elements + list(_marks(sheet, printing.marks)) + _proof(sheet, printing, body.receipt_code)


def z_elements(body: SessionClosed, printing: Printing) -> list[Element]:
    """Return the rows of a Z report."""
    sheet = _Sheet(body.language, body.currency, body.zone)
    t = sheet.words.t
    elements: list[Element] = [*_marks(sheet, printing.marks), *_seller(body.seller)]
    elements += [
        Ruler(),
        Words(t("Z report {number}", number=body.z_number), centred=True, bold=True),
        Amount(t("Business day"), sheet.formats.day(datetime.fromisoformat(body.business_day))),
        Amount(t("Opened"), sheet.formats.moment(sheet.local(body.opened_at))),
        Amount(t("Closed"), sheet.formats.moment(sheet.local(printing.at))),
        Amount(t("Receipts"), str(body.sales)),
        Amount(t("Voided sales"), str(body.voids)),
        Ruler(),
        Amount(t("TOTAL"), sheet.money(body.totals.total), strong=True),
    ]
    elements += [Amount(f"{sheet.name(row.names)} ({row.count})", sheet.money(row.amount)) for row in body.tenders]
    elements += [Ruler(), *_taxes(sheet, body.taxes), Ruler()]
    elements += [
        Amount(t("Expected cash"), sheet.money(body.expected_cash)),
        Amount(t("Counted cash"), sheet.money(body.counted_cash)),
        Amount(t("Difference"), sheet.money(body.over_short), strong=True),
    ]
    if body.unknown_effects:
        elements.append(Words(t("Outcomes not known: {count}", count=len(body.unknown_effects)), bold=True))
    return elements + list(_marks(sheet, printing.marks)) + _proof(sheet, printing, None)


def _marks(sheet: _Sheet, marks: Sequence[str]) -> Iterator[Element]:
    for mark in marks:
        yield Words(f"*** {sheet.words.t(MARKS[mark])} ***", centred=True, bold=True)


def _heading(sheet: _Sheet, body: SaleCompleted) -> Iterator[Element]:
    for text in body.layout.header:
        yield Words(text, centred=True, bold=True)
    yield from _seller(body.seller)
    yield Words(sheet.words.t("MANAGEMENT DOCUMENT - NOT A FISCAL RECEIPT"), centred=True, bold=True)
    yield Ruler()


def _seller(seller: SellerBody) -> Iterator[Element]:
    yield Words(seller.company_name, centred=True, bold=True)
    for text in (seller.shop_name, *seller.address):
        yield Words(text, centred=True)
    if seller.tax_id:
        yield Words(f"{'P.IVA' if seller.country == 'IT' else 'VAT'} {seller.tax_id}", centred=True)


def _line(sheet: _Sheet, line: LineBody) -> Iterator[Element]:
    name = sheet.name(line.names)
    if line.movement == "return":
        name = f"{sheet.words.t('RETURN')} {name}"
    quantity, per = Decimal(line.quantity), Decimal(line.price_per)
    if quantity != 1 or per != 1:
        unit = "" if line.unit == "pc" else f" {line.unit}"
        price = sheet.price(line.unit_price) if per == 1 else f"{sheet.price(line.unit_price)}/{_number(sheet, per)}"
        yield Words(f"  {_number(sheet, quantity)}{unit} x {price}")
    label = line.vat.receipt_code or sheet.formats.percent(Decimal(line.vat.rate))
    yield Amount(f"{name}  {label}", sheet.money(line.amount))
    for stage in line.discounts:
        yield Amount(f"  {_stage(sheet, stage)}", sheet.money(stage.amount))
    if line.note:
        yield Words(f"  {line.note}")


def _number(sheet: _Sheet, quantity: Decimal) -> str:
    return sheet.formats.quantity(quantity)


def _stage(sheet: _Sheet, stage: DiscountBody) -> str:
    t, value = sheet.words.t, Decimal(stage.value)
    word = t("Surcharge") if value < 0 else t("Discount")
    return f"{word} {sheet.formats.percent(abs(value))}" if stage.kind == "percent" else word


def _additions(sheet: _Sheet, body: SaleCompleted) -> Iterator[Element]:
    """What stands between the lines and the total, so that a reader can add the paper up."""
    if not body.document_discounts and not body.charges:
        return
    yield Amount(sheet.words.t("Subtotal"), sheet.money(sum(line.total for line in body.lines)))
    for discount in body.document_discounts:
        yield Amount(sheet.name(discount.names), sheet.money(discount.amount))
    for charge in body.charges:
        label = charge.vat.receipt_code or sheet.formats.percent(Decimal(charge.vat.rate))
        yield Amount(f"{sheet.name(charge.names)}  {label}", sheet.money(charge.amount))


def _totals(sheet: _Sheet, body: SaleCompleted) -> Iterator[Element]:
    t, settled = sheet.words.t, body.settlement
    yield Amount(f"{t('TOTAL')} {body.currency}", sheet.money(settled.total), strong=True)
    if settled.deposits:
        yield Amount(t("Deposit already paid"), sheet.money(-settled.deposits))
    if settled.rounding:
        yield Amount(t("Cash rounding"), sheet.money(settled.rounding))
    for tender in body.tenders:
        yield Amount(sheet.name(tender.names), sheet.money(tender.value))
    if settled.change:
        yield Amount(t("Change"), sheet.money(settled.change), strong=True)


def _taxes(sheet: _Sheet, rows: Sequence[TaxBody] | Sequence[ZTax]) -> Iterator[Element]:
    t = sheet.words.t
    for row in rows:
        label = row.receipt_code or sheet.formats.percent(Decimal(row.rate))
        yield Amount(t("VAT {code} on {taxable}", code=label, taxable=sheet.money(row.taxable)), sheet.money(row.tax))
    yield Amount(t("of which VAT"), sheet.money(sum(row.tax for row in rows)))


def _closing(sheet: _Sheet, body: SaleCompleted, printing: Printing) -> Iterator[Element]:
    t, document = sheet.words.t, body.document
    day = sheet.formats.day(datetime.fromisoformat(document.date))
    yield Words(t("Document {number} of {day}", number=document.formatted, day=day))
    yield Words(f"{sheet.formats.moment(sheet.local(printing.at))}  {body.seller.till_name}  {printing.operator}")


def _fiscal(sheet: _Sheet, reference: FiscalReference | None) -> Iterator[Element]:
    if reference:
        number = f"{reference.closure:04d}-{reference.number:04d}"
        yield Words(sheet.words.t("Fiscal document {number} by {serial}", number=number, serial=reference.serial))


def _proof(sheet: _Sheet, printing: Printing, qr: str | None) -> list[Element]:
    """Return the QR code that proves the receipt, and the short head code that names the entry to a person."""
    elements: list[Element] = [Code(qr)] if qr else []
    if printing.head_hash:
        code = short_code(printing.head_hash, 10)
        elements.append(Words(sheet.words.t("Ledger code {code}", code=f"{code[:5]}-{code[5:]}"), centred=True))
    return elements
