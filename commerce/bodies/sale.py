"""Bodies of sales and documents: the whole receipt in one entry; a reprint needs nothing else."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from commerce.bodies.form import (
    MAX_LINES,
    Body,
    Cents,
    Count,
    Currency,
    Digest,
    Id,
    Language,
    Part,
    Quantity,
    Rows,
    Text,
    UtcText,
    Word,
)
from commerce.bodies.line import LineBody, MovementBody, StageBody, TaxBody
from commerce.bodies.paid import (
    ChargeBody,
    CouponBody,
    DepositBody,
    DocumentDiscountBody,
    SettlementBody,
    TenderBody,
)
from commerce.bodies.parties import DocumentBody, LayoutBody, SellerBody
from commerce.kinds import Kind
from commerce.vat import VatMode

Lines = Annotated[tuple[LineBody, ...], Field(max_length=MAX_LINES, fail_fast=True)]
CodeText = Annotated[
    str, Field(max_length=400, pattern=r"^CF1\.[A-Za-z0-9_-]+$", examples=["CF1.AAAA"])
]  # of a receipt's QR code


@dataclass(frozen=True, slots=True)
class CustomerBody(Part):
    """Who bought, by the registry's id and row version; name and address stand in the entry's personal part."""

    id: Id
    version: Count
    code: Id | None


@dataclass(frozen=True, slots=True)
class ConditionsBody(Part):
    """The commercial conditions as they held: lists in the order they were asked, stages for lines added later."""

    version: Text
    price_list: Id | None  # the document's own, which always wins
    price_lists: Rows[Id]
    discounts: Annotated[tuple[StageBody, ...], Field(max_length=32, fail_fast=True)]
    payment: Id | None


@dataclass(frozen=True, slots=True)
class EffectBody(Part):
    """Something outside the ledger that the document asks for, and of which device where that is known."""

    id: Id
    kind: Word  # print, drawer, fiscal, card
    device: Id | None


@dataclass(frozen=True, slots=True)
class SourceBody(Part):
    """A document that another is made from, and how: invoiced, delivered, returned."""

    document: Id
    relation: Word


@dataclass(frozen=True, slots=True)
class SaleCompleted(Body):
    """A completed sale, which is a document with its number."""

    KIND: ClassVar[Kind] = Kind.SALE_COMPLETED
    sale: Id
    started_at: UtcText
    pos_type: Id
    settings_version: Count
    drawer: Id | None
    zone: Id
    currency: Currency
    vat_mode: VatMode
    language: Language
    layout: LayoutBody
    seller: SellerBody
    customer: CustomerBody | None
    conditions: ConditionsBody | None
    personal: Digest | None
    lines: Lines
    voided_lines: Count
    document_discounts: Rows[DocumentDiscountBody]
    charges: Rows[ChargeBody]
    coupons: Rows[CouponBody]
    deposits: Rows[DepositBody]
    settlement: SettlementBody
    tenders: Rows[TenderBody]
    taxes: Rows[TaxBody]
    stock: Annotated[tuple[MovementBody, ...], Field(max_length=MAX_LINES, fail_fast=True)]
    effects: Rows[EffectBody]
    document: DocumentBody
    receipt_code: CodeText


@dataclass(frozen=True, slots=True)
class DocumentIssued(Body):
    """A document that no sale at this till brings along: an invoice of earlier receipts, a delivery note."""

    KIND: ClassVar[Kind] = Kind.DOCUMENT_ISSUED
    sources: Rows[SourceBody]
    zone: Id
    currency: Currency
    vat_mode: VatMode
    language: Language
    layout: LayoutBody
    seller: SellerBody
    customer: CustomerBody | None
    conditions: ConditionsBody | None
    personal: Digest | None
    lines: Lines
    document_discounts: Rows[DocumentDiscountBody]
    charges: Rows[ChargeBody]
    deposits: Rows[DepositBody]
    total: Cents
    taxes: Rows[TaxBody]
    stock: Annotated[tuple[MovementBody, ...], Field(max_length=MAX_LINES, fail_fast=True)]
    effects: Rows[EffectBody]
    document: DocumentBody
    receipt_code: CodeText


@dataclass(frozen=True, slots=True)
class SaleVoided(Body):
    """A sale that was given up, with the lines it had."""

    KIND: ClassVar[Kind] = Kind.SALE_VOIDED
    sale: Id
    currency: Currency
    lines: Lines
    reason: Text


@dataclass(frozen=True, slots=True)
class LineVoided(Body):
    """What was taken off a line before the sale completed: the line as it was, and how much of it went.

    ``quantity`` is the line's whole quantity when the line went, less when it was cut.
    """

    KIND: ClassVar[Kind] = Kind.LINE_VOIDED
    sale: Id
    currency: Currency
    line: LineBody
    quantity: Quantity
    reason: Text
