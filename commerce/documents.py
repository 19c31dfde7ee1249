"""Documents: issued, numbered, never changed. The sale's body is the whole receipt; a reprint needs nothing else."""

import base64
import hashlib
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, make_dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from orjson import Fragment

from commerce.basket import Basket
from commerce.bodies.form import Body, read
from commerce.bodies.parties import LayoutBody, SellerBody
from commerce.bodies.sale import SaleCompleted
from commerce.canonical import canonical_bytes, canonical_bytes_of_form
from commerce.errors import BadInputError, RuleError
from commerce.ledger import Signer, verify_signature
from commerce.tender import Settlement, TenderState
from commerce.vat import VatMode

_RECEIPT_CODE = struct.Struct(">B16s16sQIq")
_RECEIPT_TAG = b"cassaforte.receipt.v1\x00"
_RECEIPT_PREFIX = "CF1."


Layout = LayoutBody
Seller = SellerBody


@dataclass(frozen=True, slots=True)
class IssuedNumber:
    """A number taken from a series: the document's name for people, never its identity."""

    document: str
    kind: str
    series: str
    series_code: str
    period: str
    number: int
    formatted: str
    date: date

    def as_body(self) -> dict[str, Any]:
        """Return the number as documents store it."""
        return {
            "id": self.document,
            "kind": self.kind,
            "series": self.series,
            "series_code": self.series_code,
            "period": self.period,
            "number": self.number,
            "formatted": self.formatted,
            "date": self.date.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class IntendedEffect:
    """Something outside the database that the sale asks for: print, drawer, fiscal document, card."""

    id: str
    kind: str
    device: str | None = None

    def as_body(self) -> dict[str, str | None]:
        """Return the effect as entries store it."""
        return {"id": self.id, "kind": self.kind, "device": self.device}


@dataclass(frozen=True, slots=True)
class SaleContext:
    """What a sale is completed under, beside its basket."""

    seller: Seller
    layout: Layout
    pos_type: str
    settings_version: int
    warehouse: str | None
    drawer: str | None
    zone: str


def sale_body(
    basket: Basket, number: IssuedNumber, code: str, context: SaleContext, effects: Sequence[IntendedEffect]
) -> dict[str, Any]:
    """Return the body of ``sale_completed`` version 1; RuleError as ``unnumbered_body``."""
    return numbered_body(unnumbered_body(basket, context, effects), number, code)


def numbered_body(unnumbered: dict[str, Any], number: IssuedNumber, code: str) -> dict[str, Any]:
    """Return the whole body: the number and the receipt's code are made in the transaction and not before."""
    return unnumbered | {"document": number.as_body(), "receipt_code": code}


def readable_bytes(body: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a body with ready parts; BadInputError as its reader: only what it takes is signed.

    Parts that stand ready were read when they were made, and are most of a body.
    """
    read(_REST, orjson.dumps({name: body[name] for name in _UNREAD}))
    return canonical_bytes_of_form(body)


def unnumbered_body(
    basket: Basket, context: SaleContext, effects: Sequence[IntendedEffect], *, ready: bool = False
) -> dict[str, Any]:
    """Return the body that lacks ``document`` and ``receipt_code``, which ``numbered_body`` adds.

    ``ready``: what lines have prepared stands as encoded bytes. RuleError ``sale.no_lines``, ``sale.not_settled`` or
    ``tender.not_approved``: nothing is issued for a sale that is not paid.
    """
    settlement = basket.settlement
    _refuse_unpaid(basket, settlement)
    terms = _Terms(context, basket.pos_type, basket.currency, basket.vat_mode, basket.language)
    return (_ready(terms) if ready else terms.as_body()) | {
        "sale": basket.sale,
        "started_at": basket.started_at,
        "customer": basket.customer and basket.customer.as_body(),
        "conditions": basket.conditions and basket.conditions.as_body(),
        "personal": None,
        "lines": [line.ready_body if ready else line.body for line in basket.lines],
        "voided_lines": basket.voided_lines,
        "document_discounts": [discount.as_body() for discount in basket.document_discounts],
        "charges": [charge.as_body() for charge in basket.charges],
        "coupons": [coupon.as_body() for coupon in basket.coupons],
        "deposits": [deposit.as_body() for deposit in basket.deposits],
        "settlement": settlement.as_body(),
        "tenders": [tender.as_body() for tender in basket.tenders],
        "taxes": [row.as_body() for row in basket.taxes],
        "stock": [
            line.ready_movement(context.warehouse) if ready else line.stock_movement(context.warehouse)
            for line in basket.lines
            if line.moves_stock
        ],
        "effects": [effect.as_body() for effect in effects],
    }


def _refuse_unpaid(basket: Basket, settlement: Settlement) -> None:
    if not basket.lines:
        raise RuleError("sale.no_lines")
    if not settlement.is_settled:
        raise RuleError("sale.not_settled", remaining=settlement.remaining)
    waiting = next((tender.id for tender in basket.tenders if tender.state is not TenderState.APPROVED), None)
    if waiting is not None:
        raise RuleError("tender.not_approved", tender=waiting)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a sale's body says of where and how it was sold: the same from sale to sale."""

    context: SaleContext
    pos_type: str | None
    currency: str
    vat_mode: VatMode
    language: str

    def as_body(self) -> dict[str, Any]:
        """Return these members of the body."""
        return {
            "pos_type": self.pos_type or self.context.pos_type,
            "settings_version": self.context.settings_version,
            "zone": self.context.zone,
            "currency": self.currency,
            "vat_mode": self.vat_mode.value,
            "language": self.language,
            "layout": self.context.layout.as_body(),
            "seller": self.context.seller.as_body(),
            "drawer": self.context.drawer,
        }


@lru_cache(maxsize=16)
def _ready(terms: _Terms) -> dict[str, Fragment]:
    """Return the members in canonical bytes, read back once."""
    body = terms.as_body()
    read(_TERMS, canonical_bytes(body))
    return {name: Fragment(canonical_bytes({"": value})[4:-1]) for name, value in body.items()}


def _of(whole: type[Body], names: Collection[str]) -> type[Body]:
    """Return the form of some of a body's members."""
    members = [(field.name, field.type) for field in fields(whole) if field.name in names]  # type: ignore[arg-type]
    return make_dataclass("Members", members, bases=(Body,), namespace={"KIND": whole.KIND}, frozen=True)


_OF_TERMS = frozenset(
    ("pos_type", "settings_version", "zone", "currency", "vat_mode", "language", "layout", "seller", "drawer")
)
_TERMS = _of(SaleCompleted, _OF_TERMS)
_UNREAD = frozenset(field.name for field in fields(SaleCompleted)) - _OF_TERMS - {"lines", "stock"}
_REST = _of(SaleCompleted, _UNREAD)


@dataclass(frozen=True, slots=True)
class ReceiptCode:
    """What a receipt's QR code carries: where the sale stands in which chain, when and how much."""

    till: str
    chain: str
    seq: int
    date: date
    total_cents: int


def receipt_code(code: ReceiptCode, signer: Signer) -> str:
    """Return the QR text: version, till, chain, seq, date, total and a whole signature over those bytes."""
    till, chain = _place_bytes(code.till, code.chain)
    payload = _RECEIPT_CODE.pack(1, till, chain, code.seq, code.date.toordinal(), code.total_cents)
    signature = signer.sign(hashlib.sha256(_RECEIPT_TAG + payload).digest())
    return _RECEIPT_PREFIX + base64.urlsafe_b64encode(payload + signature).decode().rstrip("=")


@lru_cache(maxsize=8)
def _place_bytes(till: str, chain: str) -> tuple[bytes, bytes]:
    return UUID(till).bytes, bytes.fromhex(chain)


def read_receipt_code(text: str, public_key: bytes) -> ReceiptCode:
    """Read a QR text; BadInputError ``receipt_code.unreadable`` or ``receipt_code.forged``."""
    encoded = text.removeprefix(_RECEIPT_PREFIX)
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        payload, signature = raw[: _RECEIPT_CODE.size], raw[_RECEIPT_CODE.size :]
        version, till, chain, seq, day, total = _RECEIPT_CODE.unpack(payload)
        code = ReceiptCode(str(UUID(bytes=till)), chain.hex(), seq, date.fromordinal(day), total)
    except (ValueError, struct.error, OverflowError) as error:
        raise BadInputError("receipt_code.unreadable") from error
    if not text.startswith(_RECEIPT_PREFIX) or version != 1:
        raise BadInputError("receipt_code.unreadable")
    if not verify_signature(public_key, hashlib.sha256(_RECEIPT_TAG + payload).digest(), signature):
        raise BadInputError("receipt_code.forged")
    return code
