"""The events of an open sale, as the journal stores them: JSON objects with their version ``v``.

Whatever can change (item, price, VAT, promotion, customer) is resolved before an event is made, so that replaying a
journal gives the same basket whatever the catalogue is now.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from commerce.bodies.paid import ChargeBody, CouponBody, DepositBody, DocumentDiscountBody
from commerce.bodies.sale import ConditionsBody, CustomerBody
from commerce.line import Line, pricing_of
from commerce.tender import Tender
from commerce.vat import VatMode

EVENT_VERSION = 1


def sale_started(
    sale: str,
    currency: str,
    language: str,
    started_at: str,
    *,
    vat_mode: VatMode,
    cash_step: int | None,
    voided_lines: int = 0,
) -> dict[str, Any]:
    """Return the event that opens a basket; ``voided_lines`` where its journal is written anew."""
    return _event(
        "sale_started",
        sale=sale,
        currency=currency,
        language=language,
        started_at=started_at,
        vat_mode=vat_mode.value,
        cash_step=cash_step,
        voided_lines=voided_lines,
    )


def pos_type_chosen(pos_type: str) -> dict[str, Any]:
    """Return the event that says what kind of document the sale becomes."""
    return _event("pos_type_chosen", pos_type=pos_type)


def lines_added(lines: Iterable[Line]) -> dict[str, Any]:
    """Return the event that adds resolved lines."""
    return _event("lines_added", lines=[line.body for line in lines])


def line_changed(line: Line) -> dict[str, Any]:
    """Return the event that puts a line with the same id in its place (quantity, price, note)."""
    return _event("line_changed", line=line.body)


def lines_priced(lines: Iterable[Line]) -> dict[str, Any]:
    """Return the event that gives lines other prices: their pricing fields only.

    Another line of the same item, a customer, or the hour may do that; what a person priced is never among them.
    """
    return _event("lines_priced", lines=[pricing_of(line).as_body() for line in lines])


def line_voided(line_id: str) -> dict[str, Any]:
    """Return the event that takes a line out of the sale."""
    return _event("line_voided", line=line_id)


def promotions_set(changed: Iterable[DocumentDiscountBody], removed: Sequence[str] = ()) -> dict[str, Any]:
    """Return the event that puts promotions in place, by id: those whose shares changed, and those that are gone."""
    return _event("promotions_set", promotions=[one.as_body() for one in changed], removed=list(removed))


def document_discount_set(discount: DocumentDiscountBody | None, removed: str | None = None) -> dict[str, Any]:
    """Return the event that sets a discount on the whole document, or takes one off.

    Only the rule is stored: what it comes to is worked out from the lines whenever they change.
    """
    return _event("document_discount_set", discount=None if discount is None else discount.as_body(), removed=removed)


def customer_attached(customer: CustomerBody, conditions: ConditionsBody | None) -> dict[str, Any]:
    """Return the event that says who buys, under which conditions."""
    held = None if conditions is None else conditions.as_body()
    return _event("customer_attached", customer=customer.as_body(), conditions=held)


def customer_detached() -> dict[str, Any]:
    """Return the event that makes the sale anonymous again."""
    return _event("customer_detached")


def coupon_added(coupon: CouponBody) -> dict[str, Any]:
    """Return the event that takes a coupon in."""
    return _event("coupon_added", coupon=coupon.as_body())


def coupon_removed(coupon_id: str) -> dict[str, Any]:
    """Return the event that hands a coupon back."""
    return _event("coupon_removed", coupon=coupon_id)


def charges_set(charges: Iterable[ChargeBody]) -> dict[str, Any]:
    """Return the event that says which charges the document carries, all of them."""
    return _event("charges_set", charges=[charge.as_body() for charge in charges])


def deposits_set(deposits: Iterable[DepositBody]) -> dict[str, Any]:
    """Return the event that says what was paid before and is taken off, all of it."""
    return _event("deposits_set", deposits=[deposit.as_body() for deposit in deposits])


def tender_added(tender: Tender) -> dict[str, Any]:
    """Return the event that adds a means of settling."""
    return _event("tender_added", tender=tender.as_body())


def tender_changed(tender: Tender) -> dict[str, Any]:
    """Return the event that puts a tender with the same id in its place: its state, what a reader said of it."""
    return _event("tender_changed", tender=tender.as_body())


def tender_removed(tender_id: str) -> dict[str, Any]:
    """Return the event that takes a tender back before the sale completes."""
    return _event("tender_removed", tender=tender_id)


def language_chosen(language: str) -> dict[str, Any]:
    """Return the event that sets the language of the document."""
    return _event("language_chosen", language=language)


def _event(name: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
    return {"v": EVENT_VERSION, "event": name, **values}
