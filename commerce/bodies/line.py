"""A line of a sale: what was sold, at which price and why, its discounts and its tax."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from commerce.bodies.form import Cents, Code, Id, Names, Part, Price, Quantity, Rate, Text, UtcText, Word
from commerce.vat import Treatment


class LineKind(StrEnum):
    """What a line is. Tills sell items and import uncoded lines so far."""

    ITEM = "item"
    UNCODED = "uncoded"
    CHARGE = "charge"
    NOTE = "note"
    GIVEAWAY = "giveaway"


class TotalOrigin(StrEnum):
    """Where a line's amount comes from; all but ``computed`` stand as they came."""

    COMPUTED = "computed"
    SCALE = "scale"
    LABEL = "label"
    IMPORT = "import"


class PriceOrigin(StrEnum):
    """Where a unit price comes from."""

    REGISTRY = "registry"
    LIST = "list"
    QUANTITY = "quantity"  # a list's price by quantity
    DESTINATION = "destination"  # a list's price for a destination
    LABEL = "label"
    OPERATOR = "operator"
    ORDER = "order"  # the order's conditions hold, whatever lists say now
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class VatBody(Part):
    """How a line, charge or tax row is taxed."""

    code: Id
    rate: Rate
    treatment: Treatment
    natura: Text | None
    receipt_code: Text | None


@dataclass(frozen=True, slots=True)
class StageBody(Part):
    """A stage of discounts as conditions know it: a negative value is a surcharge."""

    kind: Literal["percent", "value"]
    value: Price  # percent, or major units of the document's currency
    origin: Word  # customer, payment, list_row, list, bracket, policy, operator
    source: Id | None  # the row it comes from
    on: Literal["remaining", "amount"]  # what earlier stages left, or price × quantity


@dataclass(frozen=True, slots=True)
class DiscountBody(StageBody):
    """One stage of a line's discounts, in whole cents.

    ``base`` is the amount that the stage was worked out on: what remained then, or the line's amount. ``amount`` is
    signed: what is added to the line, so a discount on a sale is negative.
    """

    base: Cents
    amount: Cents


@dataclass(frozen=True, slots=True)
class ReturnOf(Part):
    """What a returned line was sold with, where that is known."""

    document: Id
    line: Id


@dataclass(frozen=True, slots=True)
class OrderLine(Part):
    """The order's line that this one fulfils."""

    document: Id
    line: Id


@dataclass(frozen=True, slots=True)
class Weighed(Part):
    """The scale that a quantity was read from, by the name the till knows it under, and the tare it took off."""

    device: Id
    tare: Quantity | None


@dataclass(frozen=True, slots=True)
class LineBody(Part):
    """One row of a sale: ``total`` = ``amount`` + what its discounts add. Promotions are not in it."""

    id: Id
    kind: LineKind
    movement: Literal["sale", "return"]
    item: Id | None
    variant: Id | None
    sku: Code | None
    code: Code | None
    names: Names
    quantity: Quantity
    unit: Id
    weighed: Weighed | None
    listed_price: Price | None
    unit_price: Price
    price_per: Quantity  # so many units cost the unit price
    price_origin: PriceOrigin
    price_list: Id | None
    price_version: Text | None  # <list>/<row version>, or the item's version
    price_at: UtcText | None
    manual: bool  # a person set price or discounts: never repriced
    conditions: bool  # false: no list price and no discount, final ones included
    amount: Cents
    discounts: Annotated[tuple[DiscountBody, ...], Field(max_length=32, fail_fast=True)]
    total: Cents
    total_origin: TotalOrigin
    vat: VatBody
    return_of: ReturnOf | None
    order_line: OrderLine | None
    note: Text | None
    operator: Id | None
    approved_by: Id | None
    added_at: UtcText | None


@dataclass(frozen=True, slots=True)
class MovementBody(Part):
    """What a line takes from a warehouse, or brings back."""

    line: Id
    item: Id
    variant: Id | None
    quantity: Quantity
    unit: Id
    warehouse: Id | None
    reason: Word


@dataclass(frozen=True, slots=True)
class TaxBody(Part):
    """One row of the tax breakdown."""

    code: Id
    rate: Rate
    treatment: Treatment
    natura: Text | None
    receipt_code: Text | None
    taxable: Cents
    tax: Cents
