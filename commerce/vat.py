"""VAT: one function makes the tax breakdown for till, central, e-invoice and fiscal register."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from commerce.errors import RuleError
from commerce.money import rate_text, tax_in_gross, tax_on_net


class VatMode(StrEnum):
    """Whether the amounts of a document include VAT."""

    GROSS = "gross"
    NET = "net"


class Treatment(StrEnum):
    """How a row of the breakdown is taxed."""

    TAXED = "taxed"
    ZERO = "zero"  # rate 0 with a natura
    OUT_OF_SCOPE = "out_of_scope"
    VENTILAZIONE = "ventilazione"  # takings without rate; the tax is split later (DM 24 February 1973)


@dataclass(frozen=True, slots=True)
class VatRate:
    """A VAT code as it stands on a document: rate in percent, natura for invoices, short code for receipts."""

    code: str
    rate: Decimal
    treatment: Treatment = Treatment.TAXED
    natura: str | None = None
    receipt_code: str | None = None

    def as_body(self) -> dict[str, str | None]:
        """Return the part of a line or tax row that says how it is taxed."""
        return {
            "code": self.code,
            "rate": rate_text(self.rate),
            "treatment": self.treatment.value,
            "natura": self.natura,
            "receipt_code": self.receipt_code,
        }


@dataclass(frozen=True, slots=True)
class VatCode:
    """A VAT code of the registry with its rates by the date they hold from."""

    id: str
    code: str
    names: dict[str, str]
    rates: tuple[tuple[date, Decimal], ...]
    treatment: Treatment = Treatment.TAXED
    natura: str | None = None
    receipt_code: str | None = None

    def on(self, day: date) -> VatRate:
        """Return the rate that holds on a document date; RuleError ``vat.no_rate`` before the first one."""
        valid = [(since, rate) for since, rate in self.rates if since <= day]
        if not valid:
            raise RuleError("vat.no_rate", code=self.code, day=day.isoformat())
        return VatRate(self.code, max(valid)[1], self.treatment, self.natura, self.receipt_code)


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """An amount under one VAT code: gross or net as the document's mode says."""

    vat: VatRate
    amount: int


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One row of the tax breakdown (EN 16931 BG-23); ``net + tax == gross``, in minor units.

    Under ventilazione the tax is not known yet: it is 0 and net is the whole amount.
    """

    vat: VatRate
    net: int
    tax: int

    @property
    def gross(self) -> int:
        """Return the row's amount with VAT."""
        return self.net + self.tax

    def as_body(self) -> dict[str, str | int | None]:
        """Return the row as documents store it."""
        return {**self.vat.as_body(), "taxable": self.net, "tax": self.tax}


def tax_breakdown(lines: Iterable[TaxedLine], mode: VatMode = VatMode.GROSS) -> tuple[TaxRow, ...]:
    """Return one row per VAT code, sorted by code; the rows' amounts add up to the lines in either mode.

    Gross: tax = half up of G·r/(100+r), net = G − tax. Net: tax = half up of sum · rate. Two lines of one code must
    agree on the rate and treatment: RuleError ``vat.mixed_rates``.
    """
    sums: dict[str, int] = {}
    rates: dict[str, VatRate] = {}
    for line in lines:
        code = line.vat.code
        known = rates.setdefault(code, line.vat)
        if known is not line.vat and known != line.vat:
            raise RuleError("vat.mixed_rates", code=code)
        sums[code] = sums.get(code, 0) + line.amount
    return tuple(_row(rates[code], sums[code], mode) for code in sorted(sums))


def _row(vat: VatRate, amount: int, mode: VatMode) -> TaxRow:
    if vat.treatment is not Treatment.TAXED:
        return TaxRow(vat, amount, 0)
    if mode is VatMode.GROSS:
        tax = tax_in_gross(amount, vat.rate)
        return TaxRow(vat, amount - tax, tax)
    return TaxRow(vat, amount, tax_on_net(amount, vat.rate))
