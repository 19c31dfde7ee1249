"""What a sale comes to and how it was settled: discounts on the whole, charges, deposits, tenders, the sums."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from commerce.bodies.form import (
    MAX_LINES,
    Cents,
    Code,
    Currency,
    DayText,
    Id,
    Names,
    Part,
    Price,
    Reason,
    Rows,
    Text,
    UtcText,
    Word,
)
from commerce.bodies.line import VatBody
from commerce.kinds import TenderKind, TenderState

Share = tuple[Id, Cents]  # a line and what of the amount falls on it


@dataclass(frozen=True, slots=True)
class DocumentDiscountBody(Part):
    """A promotion, or a discount on the whole document: what it gave, and on which lines that falls.

    ``amount`` is signed like a line's discounts and is what the shares add up to.
    """

    id: Id
    origin: Word  # promotion, operator, customer, coupon
    source: Id | None
    version: Text | None
    names: Names
    kind: Literal["percent", "value", "price", "cheapest"]
    value: Price
    amount: Cents
    shares: Annotated[tuple[Share, ...], Field(max_length=MAX_LINES, fail_fast=True)]


@dataclass(frozen=True, slots=True)
class ChargeBody(Part):
    """A charge on the document (transport, collection, stamp), taxed on its own and never spread over lines."""

    id: Id
    type: Id
    names: Names
    origin: Word
    source: Id | None
    amount: Cents
    vat: VatBody


@dataclass(frozen=True, slots=True)
class CouponBody(Part):
    """A coupon that was handed in: its code as it was read, and the promotion it opens."""

    id: Id
    code: Code
    promotion: Id | None
    names: Names
    operator: Id | None
    added_at: UtcText | None


@dataclass(frozen=True, slots=True)
class DepositBody(Part):
    """Something paid before and taken off what is due, with the document that it was paid on."""

    id: Id
    document: Id | None
    formatted: Text | None
    date: DayText | None
    amount: Cents


@dataclass(frozen=True, slots=True)
class AttemptBody(Part):
    """One request to a card reader: what became of it, and what the reader calls it. Never a card number."""

    id: Id
    device: Id | None
    at: UtcText
    outcome: Literal["approved", "declined", "unknown", "reversed"]
    reason: Reason
    reference: Text | None


@dataclass(frozen=True, slots=True)
class TenderBody(Part):
    """One means of settling; ``amount`` in its own currency, ``value`` in the document's."""

    id: Id
    type: Id
    kind: TenderKind
    names: Names
    currency: Currency
    amount: Cents
    rate: Price
    value: Cents
    reference: Text | None
    state: TenderState
    attempts: Rows[AttemptBody]


@dataclass(frozen=True, slots=True)
class SettlementBody(Part):
    """The separate signed amounts: Σ tenders − change = due + rounding + excess, due = total − deposits."""

    total: Cents
    deposits: Cents
    due: Cents
    rounding: Cents
    excess: Cents
    tendered: Cents
    change: Cents
