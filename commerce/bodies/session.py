"""Bodies of operators and till sessions, from opening cash to the Z."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from commerce.bodies.form import (
    Body,
    Cents,
    Count,
    Currency,
    DayText,
    HalfDigest,
    Id,
    Language,
    Names,
    Part,
    Rate,
    Rows,
    Text,
    UtcText,
    Whole,
    Word,
)
from commerce.bodies.parties import LayoutBody, SellerBody
from commerce.kinds import Kind, TenderKind
from commerce.vat import Treatment


@dataclass(frozen=True, slots=True)
class OperatorSignedOn(Body):
    """Somebody took the till, under the name that documents of that time carry."""

    KIND: ClassVar[Kind] = Kind.OPERATOR_SIGNED_ON
    operator: Id
    name: Text
    method: Word  # pin, badge


@dataclass(frozen=True, slots=True)
class OperatorSignedOff(Body):
    """Somebody left the till, or was made to."""

    KIND: ClassVar[Kind] = Kind.OPERATOR_SIGNED_OFF
    operator: Id
    reason: Word  # asked, switched, inactive


@dataclass(frozen=True, slots=True)
class SessionOpened(Body):
    """A till session begins, for one drawer."""

    KIND: ClassVar[Kind] = Kind.SESSION_OPENED
    session: Id
    drawer: Id | None
    currency: Currency
    opening_cash: Cents
    business_day: DayText
    zone: Id


@dataclass(frozen=True, slots=True)
class CashMoved(Body):
    """Cash that came into a drawer or left it without a sale; ``amount`` is positive."""

    KIND: ClassVar[Kind] = Kind.CASH_MOVED
    session: Id
    drawer: Id | None
    movement: Literal["loan", "pickup", "paid_in", "paid_out"]
    currency: Currency
    amount: Annotated[int, Field(ge=0, lt=2**53)]
    reason: Text


@dataclass(frozen=True, slots=True)
class ZTotals(Part):
    """The sums of a session's settlements."""

    total: Whole
    deposits: Whole
    rounding: Whole
    excess: Whole


@dataclass(frozen=True, slots=True)
class ZTender(Part):
    """What one means of settling came to, change taken off."""

    type: Id
    kind: TenderKind
    currency: Currency
    names: Names
    amount: Whole
    count: Count


@dataclass(frozen=True, slots=True)
class ZTax(Part):
    """What one VAT code came to."""

    code: Id
    rate: Rate
    treatment: Treatment
    natura: Text | None
    receipt_code: Text | None
    taxable: Whole
    tax: Whole


@dataclass(frozen=True, slots=True)
class UnknownEffect(Part):
    """An effect whose outcome nobody knew at the Z; it is carried over."""

    effect: Id
    kind: Word
    of: Id
    title: Text
    state: Word


@dataclass(frozen=True, slots=True)
class LeftOut(Part):
    """An entry of the session that does not hold: it is named, and no sum has it in it."""

    chain: HalfDigest
    seq: Count
    reason: Word


@dataclass(frozen=True, slots=True)
class SessionClosed(Body):
    """The Z, complete: it is printed again from here alone."""

    KIND: ClassVar[Kind] = Kind.SESSION_CLOSED
    session: Id
    drawer: Id | None
    z_number: Count
    currency: Currency
    business_day: DayText
    zone: Id
    language: Language
    layout: LayoutBody
    seller: SellerBody
    opened_at: UtcText
    opening_cash: Cents
    sales: Count
    voids: Count
    totals: ZTotals
    tenders: Rows[ZTender]
    taxes: Rows[ZTax]
    expected_cash: Whole
    counted_cash: Whole
    over_short: Whole
    unknown_effects: Annotated[tuple[UnknownEffect, ...], Field(max_length=100_000, fail_fast=True)]
    left_out: Annotated[tuple[LeftOut, ...], Field(max_length=100_000, fail_fast=True)]
    first_chain: HalfDigest
    first_seq: Count
    last_seq: Count
