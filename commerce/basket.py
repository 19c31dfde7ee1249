"""The open sale as a pure state machine: events in, basket out.

Whatever can change (item, price, VAT) is resolved before an event is made, so that replaying a journal gives the same
basket whatever the catalogue is now. An event is a JSON object with its version ``v``; readers accept every version
ever released.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from orjson import Fragment

from commerce.canonical import ready_part
from commerce.errors import BadInputError, RuleError
from commerce.money import EXCHANGE_SCALE, fixed, line_total_cents, price_text, quantity_text
from commerce.tender import Settlement, Tender, TenderKind, settle
from commerce.vat import TaxedLine, TaxRow, Treatment, VatMode, VatRate, tax_breakdown

EVENT_VERSION = 1
_OF_THE_LINES = ("total", "taxes")  # cached properties of a basket that do not depend on its tenders


class LineKind(StrEnum):
    """What a line is (functional rules §3.3); the first issue sells items and imports uncoded lines."""

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
    LABEL = "label"
    OPERATOR = "operator"
    IMPORT = "import"


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
    price_version: str | None = None
    item: str | None = None
    sku: str | None = None
    code: str | None = None  # as it was scanned or typed
    note: str | None = None
    operator: str | None = None
    approved_by: str | None = None
    added_at: str | None = None

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
            "sku": self.sku,
            "code": self.code,
            "names": self.names,
            "quantity": quantity_text(self.quantity),
            "unit": self.unit,
            "listed_price": None if self.listed_price is None else price_text(self.listed_price),
            "unit_price": price_text(self.unit_price),
            "price_origin": self.price_origin.value,
            "price_version": self.price_version,
            "discounts": [],
            "total": self.total,
            "total_origin": self.total_origin.value,
            "vat": self.vat.as_body(),
            "return_of": None,
            "order_line": None,
            "note": self.note,
            "operator": self.operator,
            "approved_by": self.approved_by,
            "added_at": self.added_at,
        }

    @cached_property
    def ready_body(self) -> Fragment:
        """Return ``body`` as canonical bytes, made when the line is scanned so that the commit need not."""
        return ready_part(self.body)

    @property
    def moves_stock(self) -> bool:
        """Return whether goods leave the shop, or come back, with this line."""
        return self.item is not None and self.kind in (LineKind.ITEM, LineKind.GIVEAWAY) and self.quantity != 0

    def stock_movement(self, warehouse: str | None) -> dict[str, Any]:
        """Return what the line takes from a warehouse, as documents store it."""
        return {
            "line": self.id,
            "item": self.item,
            "quantity": _opposite(self.body["quantity"]),
            "unit": self.unit,
            "warehouse": warehouse,
            "reason": self.movement,
        }

    def ready_movement(self, warehouse: str | None) -> Fragment:
        """Return ``stock_movement`` as canonical bytes, made when the line is scanned so that the commit need not."""
        made: dict[str | None, Fragment] = self.__dict__.setdefault("ready_movements", {})
        if warehouse not in made:
            made[warehouse] = ready_part(self.stock_movement(warehouse))
        return made[warehouse]


def read_line(body: Mapping[str, Any]) -> Line:
    """Read ``Line.body``; BadInputError ``basket.line`` when it is none."""
    try:
        vat = body["vat"]
        return Line(
            id=body["id"],
            kind=LineKind(body["kind"]),
            names=dict(body["names"]),
            quantity=Decimal(body["quantity"]),
            unit=body["unit"],
            unit_price=Decimal(body["unit_price"]),
            vat=VatRate(
                vat["code"], Decimal(vat["rate"]), Treatment(vat["treatment"]), vat["natura"], vat["receipt_code"]
            ),
            total=body["total"],
            total_origin=TotalOrigin(body["total_origin"]),
            price_origin=PriceOrigin(body["price_origin"]),
            listed_price=None if body["listed_price"] is None else Decimal(body["listed_price"]),
            price_version=body["price_version"],
            item=body["item"],
            sku=body["sku"],
            code=body["code"],
            note=body["note"],
            operator=body["operator"],
            approved_by=body["approved_by"],
            added_at=body["added_at"],
        )
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise BadInputError("basket.line") from error


def price_line(line: Line, quantity: Decimal, currency: str) -> Line:
    """Return the line with another quantity; only a computed amount can follow it (RuleError otherwise)."""
    if line.total_origin is not TotalOrigin.COMPUTED:
        raise RuleError("line.amount_stands", line=line.id)
    return replace(line, quantity=quantity, total=line_total_cents(quantity, line.unit_price, currency))


@dataclass(frozen=True)
class Basket:
    """An open sale. Lines keep the order they were added in; ``tenders`` settle it."""

    sale: str
    currency: str
    language: str
    started_at: str
    vat_mode: VatMode = VatMode.GROSS
    cash_step: int | None = None
    lines: tuple[Line, ...] = ()
    tenders: tuple[Tender, ...] = ()
    voided_lines: int = 0
    deposits: int = field(default=0)

    @cached_property
    def total(self) -> int:
        """Return the document total in minor units: gross in gross mode, with VAT added in net mode."""
        if self.vat_mode is VatMode.GROSS:
            return sum(line.total for line in self.lines)
        return sum(row.gross for row in self.taxes)

    @cached_property
    def taxes(self) -> tuple[TaxRow, ...]:
        """Return the tax breakdown."""
        return tax_breakdown((TaxedLine(line.vat, line.total) for line in self.lines), self.vat_mode)

    @cached_property
    def settlement(self) -> Settlement:
        """Return what is due, given and to be given back so far."""
        return settle(self.total, self.tenders, cash_step=self.cash_step, deposits_cents=self.deposits)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was scanned and nothing was paid."""
        return not self.lines and not self.tenders

    def find_line(self, line_id: str) -> Line | None:
        """Return the line, or None when it is not (or no longer) in the sale."""
        return next((line for line in self.lines if line.id == line_id), None)


def sale_started(
    sale: str, currency: str, language: str, started_at: str, *, vat_mode: VatMode, cash_step: int | None
) -> dict[str, Any]:
    """Return the event that opens a basket."""
    return {
        "v": EVENT_VERSION,
        "event": "sale_started",
        "sale": sale,
        "currency": currency,
        "language": language,
        "started_at": started_at,
        "vat_mode": vat_mode.value,
        "cash_step": cash_step,
    }


def lines_added(lines: Iterable[Line]) -> dict[str, Any]:
    """Return the event that adds resolved lines."""
    return {"v": EVENT_VERSION, "event": "lines_added", "lines": [line.body for line in lines]}


def line_changed(line: Line) -> dict[str, Any]:
    """Return the event that puts a line with the same id in its place (quantity, price, note)."""
    return {"v": EVENT_VERSION, "event": "line_changed", "line": line.body}


def line_voided(line_id: str) -> dict[str, Any]:
    """Return the event that takes a line out of the sale."""
    return {"v": EVENT_VERSION, "event": "line_voided", "line": line_id}


def tender_added(tender: Tender) -> dict[str, Any]:
    """Return the event that adds a means of settling."""
    return {"v": EVENT_VERSION, "event": "tender_added", "tender": tender.as_body()}


def tender_removed(tender_id: str) -> dict[str, Any]:
    """Return the event that takes a tender back before the sale completes."""
    return {"v": EVENT_VERSION, "event": "tender_removed", "tender": tender_id}


def language_chosen(language: str) -> dict[str, Any]:
    """Return the event that sets the language of the document."""
    return {"v": EVENT_VERSION, "event": "language_chosen", "language": language}


def start(event: Mapping[str, Any]) -> Basket:
    """Return the empty basket that a ``sale_started`` event opens."""
    _check_version(event)
    return Basket(
        sale=event["sale"],
        currency=event["currency"],
        language=event["language"],
        started_at=event["started_at"],
        vat_mode=VatMode(event["vat_mode"]),
        cash_step=event["cash_step"],
    )


def apply(basket: Basket, event: Mapping[str, Any]) -> Basket:
    """Return the basket after an event; RuleError when the sale's state does not allow it.

    Lines cannot change while tenders are on the sale (``sale.being_paid``): take the tenders back first.
    """
    _check_version(event)
    handler = _HANDLERS.get(event["event"])
    if handler is None:
        raise BadInputError("basket.event", event=str(event["event"]))
    return handler(basket, event)


def with_tender(basket: Basket, tender: Tender) -> Basket:
    """Return the basket with one more tender, as the event that adds it would; RuleError when it cannot settle."""
    if basket.settlement.is_settled:
        raise RuleError("sale.already_settled")
    paid = _with_tenders(basket, (*basket.tenders, tender))
    _ = paid.settlement  # refuses what cannot settle this sale
    return paid


def replay(events: Iterable[Mapping[str, Any]]) -> Basket:
    """Return the basket that a journal describes."""
    iterator = iter(events)
    basket = start(next(iterator))
    for event in iterator:
        basket = apply(basket, event)
    return basket


def _opposite(quantity: str) -> str:
    return quantity[1:] if quantity.startswith("-") else f"-{quantity}"


def _check_version(event: Mapping[str, Any]) -> None:
    if event.get("v") != EVENT_VERSION:
        raise BadInputError("basket.event_version", version=str(event.get("v")))


def _add_lines(basket: Basket, event: Mapping[str, Any]) -> Basket:
    _refuse_while_paying(basket)
    added = tuple(read_line(body) for body in event["lines"])
    return replace(basket, lines=basket.lines + added)


def _change_line(basket: Basket, event: Mapping[str, Any]) -> Basket:
    _refuse_while_paying(basket)
    changed = read_line(event["line"])
    _require_line(basket, changed.id)
    return replace(basket, lines=tuple(changed if line.id == changed.id else line for line in basket.lines))


def _void_line(basket: Basket, event: Mapping[str, Any]) -> Basket:
    _refuse_while_paying(basket)
    _require_line(basket, event["line"])
    remaining = tuple(line for line in basket.lines if line.id != event["line"])
    return replace(basket, lines=remaining, voided_lines=basket.voided_lines + 1)


def _add_tender(basket: Basket, event: Mapping[str, Any]) -> Basket:
    return with_tender(basket, read_tender(event["tender"]))


def _remove_tender(basket: Basket, event: Mapping[str, Any]) -> Basket:
    remaining = tuple(tender for tender in basket.tenders if tender.id != event["tender"])
    if len(remaining) == len(basket.tenders):
        raise RuleError("tender.unknown", tender=event["tender"])
    return _with_tenders(basket, remaining)


def _with_tenders(basket: Basket, tenders: tuple[Tender, ...]) -> Basket:
    """Keep what was worked out from the lines: they are the same, and this is on the way to the commit."""
    changed = replace(basket, tenders=tenders)
    changed.__dict__.update({name: basket.__dict__[name] for name in _OF_THE_LINES if name in basket.__dict__})
    return changed


def _choose_language(basket: Basket, event: Mapping[str, Any]) -> Basket:
    return replace(basket, language=event["language"])


_HANDLERS = {
    "lines_added": _add_lines,
    "line_changed": _change_line,
    "line_voided": _void_line,
    "tender_added": _add_tender,
    "tender_removed": _remove_tender,
    "language_chosen": _choose_language,
}


def read_tender(body: Mapping[str, Any]) -> Tender:
    """Read ``Tender.as_body``."""
    return Tender(
        id=body["id"],
        type=body["type"],
        kind=TenderKind(body["kind"]),
        names=dict(body["names"]),
        currency=body["currency"],
        amount=body["amount"],
        rate=Decimal(fixed(Decimal(body["rate"]), EXCHANGE_SCALE)),
        reference=body["reference"],
    )


def _refuse_while_paying(basket: Basket) -> None:
    if basket.tenders:
        raise RuleError("sale.being_paid")


def _require_line(basket: Basket, line_id: str) -> None:
    if basket.find_line(line_id) is None:
        raise RuleError("line.unknown", line=line_id)
