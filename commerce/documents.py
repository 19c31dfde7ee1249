"""Documents: issued, numbered, never changed. The sale's body is the whole receipt; a reprint needs nothing else."""

import base64
import hashlib
import struct
from collections.abc import Mapping, Sequence
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
from commerce.canonical import canonical_bytes
from commerce.errors import BadInputError, RuleError
from commerce.ledger import Signer, verify_signature
from commerce.tender import Settlement, TenderState

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


def refuse_unreadable(body: Mapping[str, Any]) -> None:
    """Raise BadInputError as the body's reader does: what no reader takes is not signed.

    Parts that stand ready were read when they were made, and are most of a body.
    """
    read(_REST, orjson.dumps({name: value for name, value in body.items() if name not in _READ_BEFORE}))


def unnumbered_body(
    basket: Basket, context: SaleContext, effects: Sequence[IntendedEffect], *, ready: bool = False
) -> dict[str, Any]:
    """Return the body that lacks ``document`` and ``receipt_code``, which ``numbered_body`` adds.

    ``ready``: what lines have prepared stands as encoded bytes. RuleError ``sale.no_lines``, ``sale.not_settled`` or
    ``tender.not_approved``: nothing is issued for a sale that is not paid.
    """
    settlement = basket.settlement
    _refuse_unpaid(basket, settlement)
    return {
        "sale": basket.sale,
        "started_at": basket.started_at,
        "pos_type": basket.pos_type or context.pos_type,
        "settings_version": context.settings_version,
        "zone": context.zone,
        "currency": basket.currency,
        "vat_mode": basket.vat_mode.value,
        "language": basket.language,
        "layout": _ready(context.layout) if ready else context.layout.as_body(),
        "seller": _ready(context.seller) if ready else context.seller.as_body(),
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
        "drawer": context.drawer,
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


@lru_cache(maxsize=16)  # the same from sale to sale
def _ready(part: Layout | Seller) -> Fragment:
    encoded = canonical_bytes(part.as_body())
    read(type(part), encoded)
    return Fragment(encoded)


def _without(whole: type[Body], names: frozenset[str]) -> type[Body]:
    """Return a body's form without some of its members."""
    left = [(field.name, field.type) for field in fields(whole) if field.name not in names]  # type: ignore[arg-type]
    given = {"KIND": whole.KIND, "__slots__": ()}
    return make_dataclass("Rest", left, bases=(Body,), namespace=given, frozen=True)


_READ_BEFORE = frozenset({"lines", "stock", "layout", "seller"})
_REST = _without(SaleCompleted, _READ_BEFORE)


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
    payload = _RECEIPT_CODE.pack(
        1, UUID(code.till).bytes, bytes.fromhex(code.chain), code.seq, code.date.toordinal(), code.total_cents
    )
    signature = signer.sign(hashlib.sha256(_RECEIPT_TAG + payload).digest())
    return _RECEIPT_PREFIX + base64.urlsafe_b64encode(payload + signature).decode().rstrip("=")


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
