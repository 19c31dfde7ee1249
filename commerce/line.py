"""A line of an open sale, as values; its body is what journal and ledger store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import orjson
from orjson import Fragment

from commerce.bodies.form import Cents, Id, Part, Price, Quantity, Text, UtcText, read
from commerce.bodies.line import (
    DiscountBody,
    LineBody,
    LineKind,
    MovementBody,
    OrderLine,
    PriceOrigin,
    ReturnOf,
    TotalOrigin,
    VatBody,
    Weighed,
)
from commerce.canonical import canonical_bytes
from commerce.discounts import discounted
from commerce.errors import BadInputError, RuleError
from commerce.money import line_total_cents, price_text, quantity_text
from commerce.vat import VatRate

__all__ = [
    "Line",
    "LineKind",
    "PriceOrigin",
    "Pricing",
    "TotalOrigin",
    "line_of",
    "price_line",
    "pricing_of",
    "read_line",
    "reprice",
    "vat_rate",
]
_ONE = Decimal(1)


@dataclass(frozen=True)
class Line:
    """One row of a sale. Quantity and total are negative on a return; ``total`` is in the document's minor units."""

    id: str
    kind: LineKind
    names: dict[str, str]
    quantity: Decimal
    unit: str
    unit_price: Decimal
    vat: VatRate
    total: int
    total_origin: TotalOrigin = TotalOrigin.COMPUTED
    price_origin: PriceOrigin = PriceOrigin.REGISTRY
    listed_price: Decimal | None = None
    price_per: Decimal = _ONE
    price_list: str | None = None
    price_version: str | None = None
    price_at: str | None = None
    manual: bool = False
    conditions: bool = True
    discounts: tuple[DiscountBody, ...] = ()
    item: str | None = None
    variant: str | None = None
    sku: str | None = None
    code: str | None = None  # as it was scanned or typed
    weighed: Weighed | None = None
    return_of: ReturnOf | None = None
    order_line: OrderLine | None = None
    note: str | None = None
    operator: str | None = None
    approved_by: str | None = None
    added_at: str | None = None

    @property
    def amount(self) -> int:
        """Return price × quantity: the total before its discounts."""
        return self.total - sum(stage.amount for stage in self.discounts)

    @property
    def movement(self) -> str:
        """Return ``sale`` or ``return``."""
        return "return" if self.quantity < 0 or (self.quantity == 0 and self.total < 0) else "sale"

    @cached_property
    def body(self) -> dict[str, Any]:
        """Return the line as events and entries store it; computed once, because the commit path reads it."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "movement": self.movement,
            "item": self.item,
            "variant": self.variant,
            "sku": self.sku,
            "code": self.code,
            "names": self.names,
            "quantity": quantity_text(self.quantity),
            "unit": self.unit,
            "weighed": self.weighed and self.weighed.as_body(),
            "listed_price": None if self.listed_price is None else price_text(self.listed_price),
            "unit_price": price_text(self.unit_price),
            "price_per": quantity_text(self.price_per),
            "price_origin": self.price_origin.value,
            "price_list": self.price_list,
            "price_version": self.price_version,
            "price_at": self.price_at,
            "manual": self.manual,
            "conditions": self.conditions,
            "amount": self.amount,
            "discounts": [stage.as_body() for stage in self.discounts],
            "total": self.total,
            "total_origin": self.total_origin.value,
            "vat": self.vat.as_body(),
            "return_of": self.return_of and self.return_of.as_body(),
            "order_line": self.order_line and self.order_line.as_body(),
            "note": self.note,
            "operator": self.operator,
            "approved_by": self.approved_by,
            "added_at": self.added_at,
        }

    @property
    def stored(self) -> LineBody:
        """Return the line as entries other than its sale name it."""
        return read(LineBody, orjson.dumps(self.body))

    @cached_property
    def ready_body(self) -> Fragment:
        """Return ``body`` as canonical bytes, made when the line is scanned so that the commit need not.

        BadInputError ``body.unreadable`` or ``body.out_of_bounds`` when no reader would take them.
        """
        return _read_back(LineBody, self.body)

    @property
    def moves_stock(self) -> bool:
        """Return whether goods leave the shop, or come back, with this line."""
        return self.item is not None and self.kind in (LineKind.ITEM, LineKind.GIVEAWAY) and self.quantity != 0

    def stock_movement(self, warehouse: str | None) -> dict[str, Any]:
        """Return what the line takes from a warehouse, as documents store it."""
        return {
            "line": self.id,
            "item": self.item,
            "variant": self.variant,
            "quantity": _opposite(quantity_text(self.quantity)),
            "unit": self.unit,
            "warehouse": warehouse,
            "reason": self.movement,
        }

    def ready_movement(self, warehouse: str | None) -> Fragment:
        """Return ``stock_movement`` as canonical bytes, made when the line is scanned; errors as ``ready_body``."""
        made: dict[str | None, Fragment] = self.__dict__.setdefault("ready_movements", {})
        if warehouse not in made:
            made[warehouse] = _read_back(MovementBody, self.stock_movement(warehouse))
        return made[warehouse]


def _read_back(kind: type[Part], body: Mapping[str, object]) -> Fragment:
    encoded = canonical_bytes(body)
    read(kind, encoded)
    return Fragment(encoded)


def read_line(body: Mapping[str, Any]) -> Line:
    """Read ``Line.body``; BadInputError ``body.unreadable``, or ``line.sum`` when its amounts do not add up."""
    return line_of(read(LineBody, orjson.dumps(body)))


def line_of(body: LineBody) -> Line:
    """Return the values of a stored line; BadInputError ``line.sum`` when its amounts do not add up."""
    if body.amount + sum(stage.amount for stage in body.discounts) != body.total:
        raise BadInputError("line.sum", line=body.id)
    return Line(
        id=body.id,
        kind=body.kind,
        names=body.names,
        quantity=Decimal(body.quantity),
        unit=body.unit,
        unit_price=Decimal(body.unit_price),
        vat=vat_rate(body.vat),
        total=body.total,
        total_origin=body.total_origin,
        price_origin=body.price_origin,
        listed_price=None if body.listed_price is None else Decimal(body.listed_price),
        price_per=Decimal(body.price_per),
        price_list=body.price_list,
        price_version=body.price_version,
        price_at=body.price_at,
        manual=body.manual,
        conditions=body.conditions,
        discounts=body.discounts,
        item=body.item,
        variant=body.variant,
        sku=body.sku,
        code=body.code,
        weighed=body.weighed,
        return_of=body.return_of,
        order_line=body.order_line,
        note=body.note,
        operator=body.operator,
        approved_by=body.approved_by,
        added_at=body.added_at,
    )


@dataclass(frozen=True, slots=True)
class Pricing(Part):
    """What repricing changes of a line, and nothing else: the journal of a long sale keeps only this of each line."""

    id: Id
    listed_price: Price | None
    unit_price: Price
    price_per: Quantity
    price_origin: PriceOrigin
    price_list: Id | None
    price_version: Text | None
    price_at: UtcText | None
    discounts: tuple[DiscountBody, ...]
    amount: Cents
    total: Cents


def pricing_of(line: Line) -> Pricing:
    """Return the pricing part of a line."""
    return read(Pricing, orjson.dumps({name: line.body[name] for name in Pricing.__slots__}))


def reprice(line: Line, pricing: Pricing) -> Line:
    """Return the line at another price; RuleError ``line.price_stands`` where a person, label or scale set it."""
    if line.manual or line.total_origin is not TotalOrigin.COMPUTED:
        raise RuleError("line.price_stands", line=line.id)
    if pricing.amount + sum(stage.amount for stage in pricing.discounts) != pricing.total:
        raise BadInputError("line.sum", line=line.id)
    return replace(
        line,
        listed_price=None if pricing.listed_price is None else Decimal(pricing.listed_price),
        unit_price=Decimal(pricing.unit_price),
        price_per=Decimal(pricing.price_per),
        price_origin=pricing.price_origin,
        price_list=pricing.price_list,
        price_version=pricing.price_version,
        price_at=pricing.price_at,
        discounts=pricing.discounts,
        total=pricing.total,
    )


def vat_rate(body: VatBody) -> VatRate:
    """Return a stored VAT code as the tax law takes it."""
    return VatRate(body.code, Decimal(body.rate), body.treatment, body.natura, body.receipt_code)


def cut_quantity(before: Decimal, after: Decimal) -> Decimal:
    """Return how much of a line's quantity goes when it changes, signed as it was: all of it when it turns round."""
    if before < 0:
        return -cut_quantity(-before, -after)
    return before - max(after, Decimal(0)) if after < before else Decimal(0)


def price_line(line: Line, quantity: Decimal, currency: str, *, on_amount: bool = True) -> Line:
    """Return the line with another quantity, its discounts worked out anew; RuleError where its amount stands."""
    if line.total_origin is not TotalOrigin.COMPUTED:
        raise RuleError("line.amount_stands", line=line.id)
    amount = line_total_cents(quantity, line.unit_price, currency, line.price_per)
    staged = discounted(amount, line.discounts, currency, on_amount=on_amount)
    return replace(line, quantity=quantity, total=staged.total, discounts=staged.discounts)


def _opposite(quantity: str) -> str:
    return quantity[1:] if quantity.startswith("-") else f"-{quantity}"
