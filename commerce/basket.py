"""The open sale as a pure state machine: events in, basket out.

A basket is what its events say and nothing else; ``replay`` accepts every event version ever released.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import orjson

from commerce.bodies.form import Part, read
from commerce.bodies.paid import ChargeBody, CouponBody, DepositBody, DocumentDiscountBody
from commerce.bodies.sale import ConditionsBody, CustomerBody
from commerce.document_discounts import check_shares, shares_by_line, spread_discount
from commerce.errors import BadInputError, RuleError
from commerce.events import (
    EVENT_VERSION,
    charges_set,
    coupon_added,
    coupon_removed,
    customer_attached,
    customer_detached,
    deposits_set,
    document_discount_set,
    language_chosen,
    line_changed,
    line_voided,
    lines_added,
    lines_priced,
    pos_type_chosen,
    promotions_set,
    sale_started,
    tender_added,
    tender_changed,
    tender_removed,
)
from commerce.line import (
    Line,
    LineKind,
    PriceOrigin,
    Pricing,
    TotalOrigin,
    cut_quantity,
    price_line,
    read_line,
    reprice,
    vat_rate,
)
from commerce.money import MAX_CENTS
from commerce.tender import Settlement, Tender, TenderState, read_tender, settle
from commerce.vat import TaxedLine, TaxRow, VatMode, tax_breakdown

__all__ = [
    "EVENT_VERSION",
    "Basket",
    "Line",
    "LineKind",
    "PriceOrigin",
    "TotalOrigin",
    "apply",
    "charges_set",
    "coupon_added",
    "coupon_removed",
    "customer_attached",
    "customer_detached",
    "deposits_set",
    "document_discount_set",
    "language_chosen",
    "line_changed",
    "line_voided",
    "lines_added",
    "lines_priced",
    "pos_type_chosen",
    "price_line",
    "promotions_set",
    "read_line",
    "replay",
    "sale_started",
    "start",
    "tender_added",
    "tender_changed",
    "tender_removed",
    "with_tender",
]

# Cached properties of a basket that do not depend on its tenders.
_OF_THE_LINES = ("total", "taxes", "document_discounts", "shares", "deposits_cents")
P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class Basket:
    """An open sale. Lines keep the order they were added in; ``tenders`` settle it.

    ``promotions`` bring their shares along; of ``discounts`` on the whole document only the rule is kept.
    ``voided_lines`` counts lines that went and quantities that were cut.
    """

    sale: str
    currency: str
    language: str
    started_at: str
    vat_mode: VatMode = VatMode.GROSS
    cash_step: int | None = None
    pos_type: str | None = None
    customer: CustomerBody | None = None
    conditions: ConditionsBody | None = None
    lines: tuple[Line, ...] = ()
    promotions: tuple[DocumentDiscountBody, ...] = ()
    discounts: tuple[DocumentDiscountBody, ...] = ()
    coupons: tuple[CouponBody, ...] = ()
    charges: tuple[ChargeBody, ...] = ()
    deposits: tuple[DepositBody, ...] = ()
    tenders: tuple[Tender, ...] = ()
    voided_lines: int = 0

    @cached_property
    def document_discounts(self) -> tuple[DocumentDiscountBody, ...]:
        """Return promotions, then discounts on the whole document, each with what falls on which line."""
        made = self.promotions
        for rule in self.discounts:
            made = (*made, spread_discount(rule, self.lines, shares_by_line(made), self.currency))
        return made

    @cached_property
    def shares(self) -> Mapping[str, int]:
        """Return what document discounts add to each line that they touch."""
        return shares_by_line(self.document_discounts)

    @cached_property
    def total(self) -> int:
        """Return the document total in minor units: gross in gross mode, with VAT added in net mode."""
        if self.vat_mode is VatMode.GROSS:
            shared = sum(self.shares.values()) + sum(charge.amount for charge in self.charges)
            return sum(line.total for line in self.lines) + shared
        return sum(row.gross for row in self.taxes)

    @cached_property
    def taxes(self) -> tuple[TaxRow, ...]:
        """Return the tax breakdown of what is paid for each line, and of the charges."""
        shares = self.shares
        taxed = [TaxedLine(line.vat, line.total + shares.get(line.id, 0)) for line in self.lines]
        taxed += [TaxedLine(vat_rate(charge.vat), charge.amount) for charge in self.charges]
        return tax_breakdown(taxed, self.vat_mode)

    @cached_property
    def deposits_cents(self) -> int:
        """Return what was paid before."""
        return sum(deposit.amount for deposit in self.deposits)

    @cached_property
    def settlement(self) -> Settlement:
        """Return what is due, given and to be given back so far."""
        return settle(self.total, self.tenders, cash_step=self.cash_step, deposits_cents=self.deposits_cents)

    @property
    def is_paid(self) -> bool:
        """Return whether nothing remains and the outcome of every tender is known: the sale can be completed."""
        return self.settlement.is_settled and all(tender.state is TenderState.APPROVED for tender in self.tenders)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was scanned and nothing was paid."""
        return not self.lines and not self.tenders

    def find_line(self, line_id: str) -> Line | None:
        """Return the line, or None when it is not (or no longer) in the sale."""
        return next((line for line in self.lines if line.id == line_id), None)


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
        voided_lines=event["voided_lines"],
    )


def apply(basket: Basket, event: Mapping[str, Any]) -> Basket:
    """Return the basket after an event; RuleError when the sale's state does not allow it.

    Nothing but tenders and language changes while tenders are on the sale (``sale.being_paid``): take them back first.
    """
    _check_version(event)
    name = event["event"]
    if name in _CHANGES:
        if basket.tenders:
            raise RuleError("sale.being_paid")
        return _CHANGES[name](basket, event)
    if name not in _SETTLING:
        raise BadInputError("basket.event", event=str(name))
    return _SETTLING[name](basket, event)


def with_tender(basket: Basket, tender: Tender) -> Basket:
    """Return the basket with one more tender, as the event that adds it would; RuleError when it cannot settle."""
    if basket.settlement.is_settled:
        raise RuleError("sale.already_settled")
    paid = _with_tenders(basket, (*basket.tenders, tender))
    if abs(paid.settlement.tendered) > MAX_CENTS:  # reading it refuses what cannot settle this sale
        raise BadInputError("amount.too_large")
    return paid


def replay(events: Iterable[Mapping[str, Any]]) -> Basket:
    """Return the basket that a journal describes."""
    iterator = iter(events)
    basket = start(next(iterator))
    for event in iterator:
        basket = apply(basket, event)
    return basket


def _check_version(event: Mapping[str, Any]) -> None:
    if event.get("v") != EVENT_VERSION:
        raise BadInputError("basket.event_version", version=str(event.get("v")))


def _part(kind: type[P], value: object) -> P:
    return read(kind, orjson.dumps(value))


def _choose_pos_type(basket: Basket, event: Mapping[str, Any]) -> Basket:
    return replace(basket, pos_type=event["pos_type"])


def _add_lines(basket: Basket, event: Mapping[str, Any]) -> Basket:
    added = tuple(read_line(body) for body in event["lines"])
    return replace(basket, lines=basket.lines + added)


def _change_line(basket: Basket, event: Mapping[str, Any]) -> Basket:
    """A quantity that is cut counts as a line that was voided: both take away what was already scanned."""
    changed = read_line(event["line"])
    before = _require_line(basket, changed.id)
    voided = basket.voided_lines + bool(cut_quantity(before.quantity, changed.quantity))
    lines = tuple(changed if line.id == changed.id else line for line in basket.lines)
    return replace(basket, lines=lines, voided_lines=voided)


def _price_lines(basket: Basket, event: Mapping[str, Any]) -> Basket:
    priced = {pricing.id: pricing for pricing in (_part(Pricing, part) for part in event["lines"])}
    for line_id in priced:
        _require_line(basket, line_id)
    lines = tuple(reprice(line, priced[line.id]) if line.id in priced else line for line in basket.lines)
    return replace(basket, lines=lines)


def _void_line(basket: Basket, event: Mapping[str, Any]) -> Basket:
    """What promotions gave on the line goes with it, until they are set anew."""
    voided = _require_line(basket, event["line"]).id
    promotions = tuple(_without_line(promotion, voided) for promotion in basket.promotions)
    lines = tuple(line for line in basket.lines if line.id != voided)
    return replace(basket, lines=lines, promotions=promotions, voided_lines=basket.voided_lines + 1)


def _without_line(promotion: DocumentDiscountBody, line_id: str) -> DocumentDiscountBody:
    shares = tuple(share for share in promotion.shares if share[0] != line_id)
    return replace(promotion, shares=shares, amount=sum(cents for _, cents in shares))


def _set_promotions(basket: Basket, event: Mapping[str, Any]) -> Basket:
    changed = [_part(DocumentDiscountBody, body) for body in event["promotions"]]
    promotions = _replaced(basket.promotions, changed, event["removed"])
    check_shares(promotions, basket.lines)
    return replace(basket, promotions=promotions)


def _set_document_discount(basket: Basket, event: Mapping[str, Any]) -> Basket:
    changed = [] if event["discount"] is None else [_part(DocumentDiscountBody, event["discount"])]
    removed = [] if event["removed"] is None else [event["removed"]]
    return replace(basket, discounts=_replaced(basket.discounts, changed, removed))


def _replaced(
    present: tuple[DocumentDiscountBody, ...], changed: Iterable[DocumentDiscountBody], removed: Iterable[str]
) -> tuple[DocumentDiscountBody, ...]:
    """Keep the order in which they first came: it is the order in which they are printed."""
    kept = {one.id: one for one in present}
    kept.update({one.id: one for one in changed})
    gone = set(removed)
    return tuple(one for one in kept.values() if one.id not in gone)


def _attach_customer(basket: Basket, event: Mapping[str, Any]) -> Basket:
    conditions = event["conditions"]
    return replace(
        basket,
        customer=_part(CustomerBody, event["customer"]),
        conditions=None if conditions is None else _part(ConditionsBody, conditions),
    )


def _detach_customer(basket: Basket, _: Mapping[str, Any]) -> Basket:
    return replace(basket, customer=None, conditions=None)


def _add_coupon(basket: Basket, event: Mapping[str, Any]) -> Basket:
    coupon = _part(CouponBody, event["coupon"])
    if any(coupon.id == known.id for known in basket.coupons):
        raise RuleError("coupon.taken", code=coupon.code)
    return replace(basket, coupons=(*basket.coupons, coupon))


def _remove_coupon(basket: Basket, event: Mapping[str, Any]) -> Basket:
    kept = tuple(coupon for coupon in basket.coupons if coupon.id != event["coupon"])
    if len(kept) == len(basket.coupons):
        raise RuleError("coupon.unknown")
    return replace(basket, coupons=kept)


def _set_charges(basket: Basket, event: Mapping[str, Any]) -> Basket:
    return replace(basket, charges=tuple(_part(ChargeBody, body) for body in event["charges"]))


def _set_deposits(basket: Basket, event: Mapping[str, Any]) -> Basket:
    return replace(basket, deposits=tuple(_part(DepositBody, body) for body in event["deposits"]))


def _add_tender(basket: Basket, event: Mapping[str, Any]) -> Basket:
    return with_tender(basket, read_tender(event["tender"]))


def _change_tender(basket: Basket, event: Mapping[str, Any]) -> Basket:
    """Another state, never another amount: what is due was worked out with it."""
    changed = read_tender(event["tender"])
    before = next((tender for tender in basket.tenders if tender.id == changed.id), None)
    if before is None or (before.value, before.kind) != (changed.value, changed.kind):
        raise RuleError("tender.unknown", tender=changed.id)
    return _with_tenders(basket, tuple(changed if t.id == changed.id else t for t in basket.tenders))


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


_CHANGES = {
    "pos_type_chosen": _choose_pos_type,
    "lines_added": _add_lines,
    "line_changed": _change_line,
    "lines_priced": _price_lines,
    "line_voided": _void_line,
    "promotions_set": _set_promotions,
    "document_discount_set": _set_document_discount,
    "customer_attached": _attach_customer,
    "customer_detached": _detach_customer,
    "coupon_added": _add_coupon,
    "coupon_removed": _remove_coupon,
    "charges_set": _set_charges,
    "deposits_set": _set_deposits,
}
_SETTLING = {
    "tender_added": _add_tender,
    "tender_changed": _change_tender,
    "tender_removed": _remove_tender,
    "language_chosen": _choose_language,
}


def _require_line(basket: Basket, line_id: str) -> Line:
    line = basket.find_line(line_id)
    if line is None:
        raise RuleError("line.unknown", line=line_id)
    return line
